/** The queue as the viewer may see it. Strangers see that a submission waits, its task and for how long, but no name. */

import { getQueueState, listPastRuns, type QueueRow } from '#db/queue/lines.ts';
import type { ScoringProcesses } from '#db/queue/processes.ts';
import { ATTEMPTS, LEASE_SECONDS } from '#db/queue/queue.ts';
import type { Progress } from '#db/schema.ts';
import { seconds } from '#lib/format.ts';
import { canNameInQueue, canTakeOut, canViewSubmission, isMaintainer, isOwner, type Viewer } from '#lib/permissions.ts';
import { estimateSeconds, secondsUntilTurn } from '#lib/queue-estimate.ts';
import { parseTask } from '#lib/tasks/index.ts';

export interface QueueEntry {
  taskId: string;
  /** the task's name */
  task: string;
  dataset: string;
  submittedAt: Date;
  /** null: hidden from this viewer */
  known: { id: string; method: string; submitter: string | null; href: string | null } | null;
  /** 1: next in line; null: being scored */
  position: number | null;
  attempt: number;
  attempts: number;
  progress: Progress | null;
  /** seconds until it is scored, and until its turn comes; null if unknown */
  secondsLeft: number | null;
  secondsUntilTurn: number | null;
  /** why it waits, or the state of its process, in a sentence */
  says: string;
  /** whether the viewer may take it out of the queue */
  mayTakeOut: boolean;
}

interface QueueView {
  processes: ScoringProcesses;
  running: QueueEntry[];
  waiting: QueueEntry[];
}

export async function queueFor(viewer: Viewer, now = new Date()): Promise<QueueView> {
  const { processes, running, waiting } = await getQueueState();
  const past = running.length + waiting.length > 0 ? await listPastRuns() : [];
  const whole = (row: QueueRow) =>
    estimateSeconds(past, { task: row.submission.task, dataset: row.dataset, bytes: row.bytes });
  const left = running.map((row) => {
    const estimate = whole(row);
    const { startedAt, progress } = row.submission;
    if (estimate === null || !startedAt) return null;
    // this run's own speed predicts better than the speed of other runs
    const spent = (now.getTime() - startedAt.getTime()) / 1000;
    const fraction = progress?.fraction ?? 0;
    return fraction > 0.1 ? (spent / fraction) * (1 - fraction) : Math.max(0, estimate - spent);
  });
  const own = waiting.map(whole);
  const turns = secondsUntilTurn(left, own, processes.alive);
  const entryOf = (row: QueueRow): Omit<QueueEntry, 'position' | 'secondsLeft' | 'secondsUntilTurn' | 'says'> => {
    const { submission, dataset, team, submitter, job } = row;
    const { id, task, createdAt, method, progress } = submission;
    return {
      taskId: task,
      task: parseTask(task)?.name ?? task,
      dataset,
      submittedAt: createdAt,
      progress,
      known: canNameInQueue(viewer, submission, now)
        ? {
            id,
            method,
            submitter: team ?? submitter,
            href: canViewSubmission(viewer, submission) ? `/submissions/${id}` : null,
          }
        : null,
      attempt: job?.attempt ?? Math.max(1, submission.attempts),
      attempts: Math.max(ATTEMPTS, job?.attempt ?? submission.attempts),
      mayTakeOut: canTakeOut(viewer, submission),
    };
  };
  const insider = ({ submission }: QueueRow) => isOwner(viewer, submission) || isMaintainer(viewer);
  return {
    processes,
    running: running.map((row, index) => ({
      ...entryOf(row),
      position: null,
      secondsUntilTurn: 0,
      secondsLeft: left[index],
      says: howItRuns(row, now),
    })),
    waiting: waiting.map((row, index) => {
      const [turn, run] = [turns[index], own[index]];
      return {
        ...entryOf(row),
        position: index + 1,
        secondsUntilTurn: turn,
        secondsLeft: turn === null || run === null ? null : turn + run,
        says: whyItWaits(row, { index, running: running.length, processes, insider: insider(row), now }),
      };
    }),
  };
}

/** Describe the lease of the process that scores it, and what happens when the lease ends. */
export function howItRuns({ job }: Pick<QueueRow, 'job'>, now: Date): string {
  if (!job) return 'No process has it any more. It goes back into the queue within seconds.';
  if (job.state === 'exhausted') return 'No attempt is left. It is about to be marked as failed, with the reason.';
  if (job.state !== 'active' || !job.seenAt || !job.leaseUntil)
    return 'Its process gave no sign of life. It goes back into the queue, for the next process that is free.';
  const silent = Math.max(0, (now.getTime() - job.seenAt.getTime()) / 1000);
  if (job.leaseUntil <= now)
    return `Its process has been silent for ${seconds(silent)}. It goes back into the queue, for the next process that is free.`;
  return `Last sign of life ${silent < 1 ? 'just now' : `${Math.round(silent)} s ago`}. After ${LEASE_SECONDS} s of silence it goes back into the queue.`;
}

export function whyItWaits(
  { job, lastReturn }: Pick<QueueRow, 'job' | 'lastReturn'>,
  {
    index,
    running,
    processes,
    insider,
    now,
  }: { index: number; running: number; processes: ScoringProcesses; insider: boolean; now: Date },
): string {
  const because = insider && lastReturn ? ` The last attempt ended: ${lastReturn.replace(/\.$/, '')}.` : '';
  if (!job) return 'It has lost its place. It gets a new one within seconds.';
  if (job.state === 'exhausted') return `No attempt is left. It is about to be marked as failed.${because}`;
  if (processes.alive === 0)
    return processes.silentSeconds === null
      ? 'No scoring process has reported within a day. It is scored as soon as one is back.'
      : `No scoring process has reported for ${seconds(processes.silentSeconds)}. It is scored as soon as one is back.`;
  if (job.startsAt && job.startsAt > now) {
    const wait = seconds((job.startsAt.getTime() - now.getTime()) / 1000);
    if (job.state === 'waiting')
      return `Its scoring process was lost several times, which is our fault. Another one gets it in ${wait}.${because}`;
    if (job.attempt > ATTEMPTS)
      return `Scoring it failed ${job.attempt - 1} times, which is our fault; the maintainers have been told. It is tried again in ${wait}.${because}`;
    return `Waiting for attempt ${job.attempt} of ${ATTEMPTS}, in ${wait} at the earliest.${because}`;
  }
  let turns = '';
  if (job.behind === 'real ones') turns = ' Submissions for practice come after the others.';
  else if (job.behind && insider) turns = ' People take turns, and others of yours came first.';
  if (index > 0) return `${index === 1 ? 'One is' : `${index} are`} before it.${turns}${because}`;
  if (running >= processes.alive)
    return `${processes.alive === 1 ? 'The scoring process is' : `All ${processes.alive} scoring processes are`} scoring ${running === 1 ? 'another submission' : 'other submissions'}.${because}`;
  return `It is taken within a second.${because}`;
}

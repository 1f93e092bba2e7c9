/** Scores files in this process, for the commands that need no server. */
import { MessageChannel } from 'node:worker_threads';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { Task } from '#lib/tasks/task.ts';
import { InputError, type Output, ofPredictions, problemLine, warningNote } from '#workers/cli/command.ts';
import type { SlotFile } from '#workers/cli/slot-arguments.ts';
import type { ScoreJob } from '#workers/scoring/job.ts';

interface FilesToScore
  extends Pick<ScoreJob, 'intervals' | 'errors' | 'anyCategory' | 'category' | 'families' | 'labelThreshold'> {
  task: Task;
  protocol: ProtocolId;
  /** path */
  groundTruth: string;
  files: (SlotFile & { groundTruth?: string; scoreThreshold?: number })[];
}

/** @throws InputError with the problems of the files */
export async function scoreHere(
  { task, protocol, groundTruth, files, ...options }: FilesToScore,
  out: Output,
): Promise<Report> {
  const { dismissHelpers, ThreadTeam } = await import('#workers/scoring/threads.ts');
  new ThreadTeam().warmUp(files.map(({ path }) => path)); // while everything else is loaded
  const { default: scoreTask } = await import('#workers/scoring/task.ts');
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ({ phase, fraction }: { phase: string; fraction: number }) =>
    out.progress(`${phase} ${Math.round(fraction * 100)} %`),
  );
  port1.unref();
  try {
    const outcome = await scoreTask({
      task: task.id,
      groundTruth: { path: groundTruth },
      files,
      protocols: [protocol],
      ...options,
      port: port2,
    });
    if (outcome.ok) {
      const [report] = outcome.reports;
      return { ...report, warnings: [...(outcome.groundTruthWarnings ?? []), ...report.warnings] };
    }
    throw refused(outcome.problems, [...(outcome.groundTruthWarnings ?? []), ...outcome.warnings], out);
  } finally {
    port1.close();
    await dismissHelpers();
  }
}

/** Report a wrong file: a document for programs, one line per problem for people. */
export function refused(problems: Problem[], warnings: Warning[], out: Output): InputError {
  const error = new InputError(
    ...problems.map(problemLine),
    ...(out.json ? [] : ofPredictions(warnings).map(warningNote)),
  );
  error.details = { ...WRONG_FILE, problems, warnings };
  return error;
}

/** What a site answers for a file with problems. */
const WRONG_FILE = { title: 'The file has problems', status: 422 };

/** Waiting and running submissions with all that a page can show of them. Callers check what the viewer may see. */
import { desc, eq, inArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, type Submission, submissionFiles, submissions, teams, users } from '#db/schema.ts';
import type { PastRun } from '#lib/queue-estimate.ts';
import { getScoringProcesses, type ScoringProcesses } from './processes.ts';
import { type LiveJob, listLiveJobs } from './queue.ts';

export interface QueueRow {
  submission: Submission;
  dataset: string;
  submitter: string | null;
  team: string | null;
  /** bytes of all its files */
  bytes: number;
  /** null: it has lost its job; the sweeper notices that within seconds */
  job: LiveJob | null;
  /** why it last returned to the queue; null: it never did */
  lastReturn: string | null;
}

interface QueueState {
  processes: ScoringProcesses;
  running: QueueRow[];
  /** in the order in which workers take them */
  waiting: QueueRow[];
}

/** Return all submissions that wait or run. */
export async function getQueueState(tx: Tx = db()): Promise<QueueState> {
  const lastReturn = sql<string | null>`(select detail->>'reason' from audit_events
    where submission_id = ${submissions.id} and kind = 'returned' order by id desc limit 1)`;
  const rows = await tx
    .select({
      submission: submissions,
      dataset: datasets.name,
      submitter: users.name,
      team: teams.name,
      bytes: totalBytes(),
      lastReturn,
    })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(users, eq(users.id, submissions.userId))
    .leftJoin(teams, eq(teams.id, submissions.teamId))
    .where(inArray(submissions.state, ['queued', 'scoring']))
    .orderBy(submissions.createdAt, submissions.id);
  const jobs = await listLiveJobs(tx);
  const found = rows.map((row) => ({
    ...row,
    job: jobs.find(({ submissionId }) => submissionId === row.submission.id) ?? null,
  }));
  // workers take jobs in this order; a retry waits for its time, whatever its place
  const turn = ({ job }: QueueRow) => (job ? jobs.indexOf(job) : jobs.length);
  return {
    processes: await getScoringProcesses(tx),
    running: found.filter(({ submission }) => submission.state === 'scoring'),
    waiting: found.filter(({ submission }) => submission.state === 'queued').sort((a, b) => turn(a) - turn(b)),
  };
}

/** Return the durations of the latest runs, for estimates. */
export async function listPastRuns(limit = 200, tx: Tx = db()): Promise<PastRun[]> {
  return tx
    .select({
      task: submissions.task,
      dataset: datasets.name,
      bytes: totalBytes(),
      seconds: sql<number>`extract(epoch from ${submissions.finishedAt} - ${submissions.startedAt})::float8`,
    })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(sql`${submissions.state} = 'scored' and ${submissions.finishedAt} >= ${submissions.startedAt}`)
    .orderBy(desc(submissions.finishedAt))
    .limit(limit);
}

/** Sum the sizes of the files; an archive that fills several slots counts once. */
function totalBytes() {
  return sql<number>`(select coalesce(sum(bytes), 0)::float8 from (
    select distinct storage_key, bytes from ${submissionFiles} where submission_id = ${submissions.id}) as files)`;
}

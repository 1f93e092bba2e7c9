/** What waits and what is being scored, with everything a page can tell about it. What may be told is asked elsewhere. */
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
  /** of all its files */
  bytes: number;
  /** null: it has lost its job, which the sweeper finds within seconds */
  job: LiveJob | null;
  /** why it went back into the line the last time; null: it never did */
  lastReturn: string | null;
}

interface QueueState {
  processes: ScoringProcesses;
  running: QueueRow[];
  /** in the order they are taken */
  waiting: QueueRow[];
}

/** Everything that is not over. */
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
  // the order of the jobs is the order they are taken in; a retry waits for its time, whatever its place
  const turn = ({ job }: QueueRow) => (job ? jobs.indexOf(job) : jobs.length);
  return {
    processes: await getScoringProcesses(tx),
    running: found.filter(({ submission }) => submission.state === 'scoring'),
    waiting: found.filter(({ submission }) => submission.state === 'queued').sort((a, b) => turn(a) - turn(b)),
  };
}

/** How long the last runs took, for estimates. */
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

/** One archive may stand for several slots, and counts once. */
function totalBytes() {
  return sql<number>`(select coalesce(sum(bytes), 0)::float8 from (
    select distinct storage_key, bytes from ${submissionFiles} where submission_id = ${submissions.id}) as files)`;
}

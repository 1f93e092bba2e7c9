/**
 * The life of a submission. Every change of state guards what must hold before it in its own `where`, and writes its
 * audit event in the same transaction; so two people (or two workers) cannot both do it.
 *
 *   queued ─▶ scoring ─▶ scored          private ─▶ pending ─▶ published
 *     ▲          │  ├──▶ rejected           ▲          │           │
 *     └──────────┘  └──▶ failed             └──────────┴── hidden ◀┘
 */
import { and, count, desc, eq, inArray, isNull, lt, ne, notInArray, or, sql } from 'drizzle-orm';
import { changesOf, recordEvent } from '#db/audit.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { audienceOf, notify } from '#db/notices/notices.ts';
import { enqueueScore } from '#db/queue/queue.ts';
import { chargePlace, reservePlace, returnPlace } from '#db/quota/ledger.ts';
import {
  type Dataset,
  datasets,
  evaluations,
  type NoticeKind,
  type Progress,
  type Submission,
  type SubmissionFile,
  submissionFiles,
  submissions,
  teams,
  users,
  type WithdrawalReason,
} from '#db/schema.ts';
import type { AuditEvent } from '#lib/audit.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { type AnyReport, type ScoreReport, withoutGroundTruth } from '#lib/scoring/report.ts';
import { slotsAreDatasets } from '#lib/tasks/index.ts';
import { currentFirst, isReleased } from './current-score.ts';
import { keepShown, lockMethod, methodFor, nextVersion } from './methods.ts';

export interface NewSubmission {
  task: string;
  datasetId: string;
  userId: string | null;
  /** whom it is submitted for; absent or null: the person */
  teamId?: string | null;
  /** of a method of this person or team; absent: the one with the name below, made where there is none */
  methodId?: string | null;
  method: string;
  description?: string;
  paperUrl?: string | null;
  codeUrl?: string | null;
  trainingData?: string;
  testImagesSeen?: boolean;
  /** count detections of every category as cells */
  anyCategory?: boolean;
  /** only `private` or `pending`; publishing is a maintainer's decision */
  visibility?: 'private' | 'pending';
  files: {
    slot: string;
    fileName: string;
    bytes: number;
    sha256: string;
    storageKey: string;
    scoreThreshold?: number | null;
  }[];
}

export interface SubmissionDetail extends Submission {
  files: SubmissionFile[];
  user: { id: string; name: string | null } | null;
  team: { id: string; name: string } | null;
  dataset: Dataset;
  /** 1: the next to be scored; null unless queued */
  queuePosition: number | null;
}

/** A line of a list of submissions. */
export interface SubmissionSummary extends Submission {
  user: { id: string; name: string | null } | null;
  team: { id: string; name: string } | null;
  datasetName: string;
}

/** Everything a worker needs to score. */
export interface ScoringInput {
  submission: Submission;
  dataset: Dataset;
  /** where slots are data sets: all there are, the submission's first */
  datasets?: Dataset[];
  files: SubmissionFile[];
}

/** A submission, its files, its job and its audit event: all of them or none. */
export async function createSubmission(input: NewSubmission, tx: Tx = db()): Promise<Submission> {
  return insertSubmission(input, tx);
}

/** Entries of our own making for the demo benchmark: nobody's, marked as demo, published as soon as they are scored. */
export async function createDemoSubmission(input: Omit<NewSubmission, 'userId'>, tx: Tx = db()): Promise<Submission> {
  return insertSubmission({ ...input, userId: null, demo: true, visibility: 'published', publishedAt: new Date() }, tx);
}

async function insertSubmission(
  input: Omit<NewSubmission, 'visibility'> & Partial<Pick<Submission, 'visibility' | 'demo' | 'publishedAt'>>,
  tx: Tx,
): Promise<Submission> {
  const { files, teamId = null, methodId: wanted, ...columns } = input;
  if (files.length === 0) throw new AppError('invalid', 'A submission needs at least one file.');
  return tx.transaction(async (tx) => {
    const { userId: person, datasetId, description, paperUrl, codeUrl, testImagesSeen } = columns;
    const said = await methodFor(
      { userId: person, teamId },
      { id: wanted, name: columns.method },
      { description, paperUrl, codeUrl, testImagesSeen },
      tx,
    );
    const { id: methodId, name } = said;
    await lockMethod(methodId, tx);
    const version = await nextVersion({ methodId, task: columns.task, datasetId }, tx);
    const [submission] = await tx
      .insert(submissions)
      .values({
        ...columns,
        teamId,
        methodId,
        method: name,
        version,
        testImagesSeen: testImagesSeen || said.testImagesSeen,
      })
      .returning();
    await tx.insert(submissionFiles).values(files.map((file) => ({ ...file, submissionId: submission.id })));
    await reservePlace(submission, tx);
    await enqueueScore(submission.id, {}, tx);
    const { id: submissionId, task, method, userId } = submission;
    await recordEvent(userId, { kind: 'submitted', submissionId, task, method }, tx);
    if (submission.visibility === 'pending') {
      await recordEvent(userId, { kind: 'publication-requested', submissionId }, tx);
    }
    return submission;
  });
}

// --- reading ---

export async function getSubmission(id: string, tx: Tx = db()): Promise<SubmissionDetail | null> {
  const [row] = await tx
    .select({
      submission: submissions,
      dataset: datasets,
      user: { id: users.id, name: users.name },
      team: { id: teams.id, name: teams.name },
    })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(users, eq(users.id, submissions.userId))
    .leftJoin(teams, eq(teams.id, submissions.teamId))
    .where(eq(submissions.id, id));
  if (!row) return null;
  const files = await filesOf(id, tx);
  const queuePosition = row.submission.state === 'queued' ? await positionOf(row.submission, tx) : null;
  return { ...row.submission, dataset: row.dataset, user: row.user, team: row.team, files, queuePosition };
}

/** Whether another submission still has the same file: one upload may serve several tasks. */
export async function isSharedFile(storageKey: string, submissionId: string, tx: Tx = db()): Promise<boolean> {
  const [other] = await tx
    .select({ id: submissions.id })
    .from(submissionFiles)
    .innerJoin(submissions, eq(submissions.id, submissionFiles.submissionId))
    .where(
      and(
        eq(submissionFiles.storageKey, storageKey),
        ne(submissions.id, submissionId),
        ne(submissions.state, 'withdrawn'),
        isNull(submissions.filesDeletedAt),
      ),
    )
    .limit(1);
  return other !== undefined;
}

async function filesOf(submissionId: string, tx: Tx): Promise<SubmissionFile[]> {
  return tx
    .select()
    .from(submissionFiles)
    .where(eq(submissionFiles.submissionId, submissionId))
    .orderBy(submissionFiles.slot);
}

async function positionOf(submission: Submission, tx: Tx): Promise<number> {
  const before = or(
    lt(submissions.createdAt, submission.createdAt),
    and(eq(submissions.createdAt, submission.createdAt), lt(submissions.id, submission.id)),
  );
  const [{ ahead }] = await tx
    .select({ ahead: count() })
    .from(submissions)
    .where(and(eq(submissions.state, 'queued'), before));
  return ahead + 1;
}

/**
 * The report per protocol that counts now, else the newest that did; of a submission to any task:
 * `getReports<AnyReport>(id)`. What is kept back until a board switches is not among them.
 */
export async function getReports<Report extends AnyReport | ScoreReport = ScoreReport>(
  submissionId: string,
  tx: Tx = db(),
): Promise<Partial<Record<ProtocolId, Report>>> {
  const rows = await tx
    .selectDistinctOn([evaluations.protocol], {
      protocol: evaluations.protocol,
      report: evaluations.report,
      public: datasets.public,
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(and(eq(evaluations.submissionId, submissionId), isReleased()))
    .orderBy(evaluations.protocol, ...currentFirst());
  // also where the ground truth was public when it was scored, and is not any more
  const shown = (row: (typeof rows)[number]) => (row.public ? row.report : withoutGroundTruth(row.report as AnyReport));
  return Object.fromEntries(rows.map((row) => [row.protocol, shown(row) as Report]));
}

/** Lists of submissions begin here. */
export function summaries(tx: Tx) {
  return tx
    .select({
      submission: submissions,
      user: { id: users.id, name: users.name },
      team: { id: teams.id, name: teams.name },
      datasetName: datasets.name,
    })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(users, eq(users.id, submissions.userId))
    .leftJoin(teams, eq(teams.id, submissions.teamId))
    .$dynamic();
}

export function toSummary(row: Awaited<ReturnType<typeof summaries>>[number]): SubmissionSummary {
  return { ...row.submission, user: row.user, team: row.team, datasetName: row.datasetName };
}

/** What a person has submitted in their own name, and what was submitted for their teams; the newest first. */
export async function listSubmissionsOf(
  owner: { id: string; teams: readonly { id: string }[] },
  tx: Tx = db(),
): Promise<SubmissionSummary[]> {
  const teamIds = owner.teams.map(({ id }) => id);
  const rows = await summaries(tx)
    .where(
      or(
        and(eq(submissions.userId, owner.id), isNull(submissions.teamId)),
        teamIds.length > 0 ? inArray(submissions.teamId, teamIds) : undefined,
      ),
    )
    .orderBy(desc(submissions.createdAt), submissions.id);
  return rows.map(toSummary);
}

/** What was submitted for a team, the newest first. */
export async function listSubmissionsOfTeam(teamId: string, tx: Tx = db()): Promise<SubmissionSummary[]> {
  const rows = await summaries(tx)
    .where(eq(submissions.teamId, teamId))
    .orderBy(desc(submissions.createdAt), submissions.id);
  return rows.map(toSummary);
}

/** Everybody's submissions, the newest first. */
export async function listAllSubmissions(
  options: { limit?: number } = {},
  tx: Tx = db(),
): Promise<SubmissionSummary[]> {
  const rows = await summaries(tx)
    .orderBy(desc(submissions.createdAt), submissions.id)
    .limit(options.limit ?? 200);
  return rows.map(toSummary);
}

// --- scoring (the worker's side) ---

/**
 * Claims a submission for an attempt. Null when there is nothing to score any more: withdrawn, or finished by another
 * attempt. A submission that is being scored already is claimed again, since its first worker may have been killed.
 */
export async function startScoring(id: string, attempt: number, tx: Tx = db()): Promise<ScoringInput | null> {
  return tx.transaction(async (tx) => {
    const [submission] = await tx
      .update(submissions)
      .set({ state: 'scoring', attempts: attempt, startedAt: sql`now()`, progress: null })
      .where(and(eq(submissions.id, id), inArray(submissions.state, ['queued', 'scoring'])))
      .returning();
    if (!submission) return null;
    const [dataset] = await tx.select().from(datasets).where(eq(datasets.id, submission.datasetId));
    const outside = slotsAreDatasets(submission.task)
      ? [dataset, ...(await listDatasets({ task: submission.task }, tx)).filter(({ id }) => id !== dataset.id)]
      : undefined;
    return { submission, dataset, datasets: outside, files: await filesOf(id, tx) };
  });
}

/** How far scoring has come. Late news of an attempt that is over changes nothing. */
export async function saveProgress(id: string, progress: Progress, tx: Tx = db()): Promise<void> {
  await tx
    .update(submissions)
    .set({ progress })
    .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')));
}

/** Whether a score is still wanted: false once the submission was withdrawn, or somebody else has taken it over. */
export async function isScoring(id: string, tx: Tx = db()): Promise<boolean> {
  const [row] = await tx.select({ state: submissions.state }).from(submissions).where(eq(submissions.id, id));
  return row?.state === 'scoring';
}

/** The reports of all protocols at once: a submission is scored under all of them or under none. False: came too late. */
export async function saveReports(
  id: string,
  reports: readonly (AnyReport | ScoreReport)[],
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    await holdMethodOf(id, tx);
    const [scored] = await tx
      .update(submissions)
      .set({
        state: 'scored',
        progress: null,
        problems: null,
        failure: null,
        warnings: reports[0]?.warnings ?? [],
        finishedAt: sql`now()`,
      })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning();
    if (!scored) return false;
    // the entries of a demo are published before they have a score
    if (!scored.wasPublished) await keepShown(null, scored, tx);
    // an evaluation is never overwritten: the same evaluator on the same data has nothing new to say
    await tx
      .insert(evaluations)
      .values(
        reports.map((report) => ({
          submissionId: id,
          protocol: report.protocol,
          evaluatorVersion: report.evaluator.version,
          groundTruthSha256: report.groundTruth.sha256,
          report,
        })),
      )
      .onConflictDoNothing();
    await chargePlace(id, tx);
    await recordEvent(
      null,
      {
        kind: 'scored',
        submissionId: id,
        protocols: reports.map((report) => report.protocol),
        attempt: scored.attempts,
      },
      tx,
    );
    await tell(scored, 'scored', `“${scored.method}” was scored.`, tx);
    return true;
  });
}

/** The file is wrong. Not retried: the same file would be wrong again. */
export async function rejectSubmission(
  id: string,
  problems: Problem[],
  warnings: Warning[],
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [rejected] = await tx
      .update(submissions)
      .set({ state: 'rejected', progress: null, problems, warnings, finishedAt: sql`now()` })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning();
    if (!rejected) return false;
    await returnPlace(id, 'the file was rejected', tx);
    await recordEvent(null, { kind: 'rejected', submissionId: id, problems: countOf(problems) }, tx);
    const more = countOf(problems) - 1;
    const first = problems[0] ? ` ${problems[0].message}${more > 0 ? ` (and ${more} more)` : ''}` : '';
    await tell(rejected, 'rejected', `A file of “${rejected.method}” was rejected.${first}`, tx);
    return true;
  });
}

/** Its owner, or everybody in the team it belongs to, hears what became of it. */
async function tell(submission: Submission, kind: NoticeKind, text: string, tx: Tx): Promise<void> {
  await notify(await audienceOf(submission, tx), { kind, text, link: `/submissions/${submission.id}` }, tx);
}

/** Problems of one kind are listed a few times; the last one says how many more there are. */
function countOf(problems: Problem[]): number {
  return problems.reduce((sum, problem) => sum + 1 + (problem.more ?? 0), 0);
}

/** Back into the line, with the reason on record. The job that brought it here is tried again by the queue. */
export async function returnToQueue(id: string, reason: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const returned = await tx
      .update(submissions)
      .set({ state: 'queued', progress: null })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning({ id: submissions.id });
    if (returned.length === 0) return false;
    await recordEvent(null, { kind: 'returned', submissionId: id, reason }, tx);
    return true;
  });
}

/** Back into the line with a job of its own and all attempts left: its worker was told to stop, and nothing failed. */
export async function handBack(id: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    if (await returnToQueue(id, 'the scoring process was stopped', tx)) await enqueueScore(id, { first: true }, tx);
  });
}

/** A maintainer puts a failed submission back into the line, with a job of its own and all attempts left. */
export async function tryAgain(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return tx.transaction(async (tx) => {
    const submission = await changeSubmission(
      id,
      actorId,
      {
        allowed: and(eq(submissions.state, 'failed'), isNull(submissions.filesDeletedAt)),
        set: { state: 'queued', attempts: 0, failure: null, startedAt: null, finishedAt: null },
        event: { kind: 'returned', reason: 'it is to be tried again' },
        otherwise: 'Only a submission that failed and still has its files can be tried again.',
      },
      tx,
    );
    await enqueueScore(id, {}, tx);
    return submission;
  });
}

/** We failed for good. */
export async function failSubmission(id: string, reason: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [failed] = await tx
      .update(submissions)
      .set({ state: 'failed', progress: null, failure: reason, finishedAt: sql`now()` })
      .where(and(eq(submissions.id, id), inArray(submissions.state, ['queued', 'scoring'])))
      .returning();
    if (!failed) return false;
    await returnPlace(id, 'scoring failed on our side', tx);
    await recordEvent(null, { kind: 'failed', submissionId: id, reason }, tx);
    await tell(failed, 'failed', `“${failed.method}” could not be scored, which is our fault. ${reason}`, tx);
    return true;
  });
}

// --- publication (people's side; who may do it is `lib/permissions.ts`) ---

/** An event of one submission, whose id goes without saying. */
type ChangeEvent = AuditEvent extends infer Event
  ? Event extends { submissionId: string }
    ? Omit<Event, 'submissionId'>
    : never
  : never;

/**
 * One change of a submission that is in a state that allows it, with its audit event.
 *
 * @throws AppError `not-found`; `conflict` with the words of `otherwise` where the state does not allow it
 */
export async function changeSubmission(
  id: string,
  actorId: string | null,
  options: {
    allowed: ReturnType<typeof and>;
    set: Partial<Record<keyof Submission, unknown>>;
    event: ChangeEvent;
    otherwise: string;
  },
  tx: Tx,
): Promise<Submission> {
  return tx.transaction(async (tx) => {
    await holdMethodOf(id, tx);
    // locked, so that what is recorded as before is what the change has changed
    const [before] = await tx.select().from(submissions).where(eq(submissions.id, id)).for('update');
    if (!before) throw new AppError('not-found', 'There is no such submission.');
    const [changed] = await tx
      .update(submissions)
      .set(options.set as Partial<Submission>)
      .where(and(eq(submissions.id, id), options.allowed))
      .returning();
    if (!changed) throw new AppError('conflict', options.otherwise);
    if (changed.state === 'withdrawn') await returnPlace(id, 'withdrawn before it had a score', tx);
    const changes = changesOf(before, changed, Object.keys(options.set) as (keyof Submission)[]);
    await recordEvent(actorId, { ...options.event, submissionId: id, changes } as AuditEvent, tx);
    return keepShown(before, changed, tx);
  });
}

/** Before the submission itself: the versions of a method are changed one after the other. */
async function holdMethodOf(id: string, tx: Tx): Promise<void> {
  const [row] = await tx.select({ methodId: submissions.methodId }).from(submissions).where(eq(submissions.id, id));
  if (row?.methodId) await lockMethod(row.methodId, tx);
}

/** The owner asks to publish; possible while it is still being scored. What is said with it answers a question. */
export async function requestPublication(
  id: string,
  actorId: string | null,
  { message }: { message?: string } = {},
  tx: Tx = db(),
): Promise<Submission> {
  const alive = inArray(submissions.state, ['queued', 'scoring', 'scored']);
  return changeSubmission(
    id,
    actorId,
    {
      allowed: and(eq(submissions.visibility, 'private'), alive),
      set: { visibility: 'pending' },
      event: { kind: 'publication-requested', ...(message && { message }) },
      otherwise: 'Only a private submission that was not rejected can be proposed for publication.',
    },
    tx,
  );
}

/** The owner takes it back from the board, or takes back the wish to publish. */
export async function unpublish(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: inArray(submissions.visibility, ['pending', 'published']),
      set: {
        visibility: 'private',
        publishedAt: null,
        // a remark was about publishing; a question stays until it is answered
        moderatorNote: sql`case when ${submissions.visibility} = 'pending' then ${submissions.moderatorNote} end`,
      },
      event: { kind: 'unpublished' },
      otherwise: 'This submission is not on the leaderboard and not waiting to be.',
    },
    tx,
  );
}

/**
 * The owner gives it up. A job that is still waiting finds nothing to score. Of an entry that has been public, a
 * tombstone with the reason stays. Its files are the caller's to delete (`isSharedFile`).
 */
export async function withdraw(
  id: string,
  actorId: string | null,
  { reason = 'other' }: { reason?: WithdrawalReason } = {},
  tx: Tx = db(),
): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: notInArray(submissions.state, ['withdrawn']),
      set: {
        state: 'withdrawn',
        visibility: 'private',
        progress: null,
        publishedAt: null,
        withdrawalReason: sql`case when ${submissions.wasPublished} then ${reason} end`,
        filesDeletedAt: sql`coalesce(${submissions.filesDeletedAt}, now())`,
        // what is anonymous when it goes stays so: nobody is left to reveal it
        anonymousUntil: sql`case when ${submissions.anonymousUntil} <= now() then ${submissions.anonymousUntil} end`,
      },
      event: { kind: 'withdrawn', reason },
      otherwise: 'This submission is withdrawn already.',
    },
    tx,
  );
}

/** The prediction files go, the scores stay. They are the caller's to delete from storage (`isSharedFile`). */
export async function forgetFiles(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: and(inArray(submissions.state, ['scored', 'rejected', 'failed']), isNull(submissions.filesDeletedAt)),
      set: { filesDeletedAt: sql`now()` },
      event: { kind: 'files-deleted' },
      otherwise: 'The files of a submission that waits for its score are needed; otherwise they are deleted already.',
    },
    tx,
  );
}

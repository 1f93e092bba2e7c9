/**
 * Creates and reads submissions. Scoring changes their state in `scoring.ts`, their owners change it in
 * `publication.ts`, maintainers in `moderation.ts`.
 *
 *   queued ─▶ scoring ─▶ scored          private ─▶ pending ─▶ published
 *     ▲          │  ├──▶ rejected           ▲          │           │
 *     └──────────┘  └──▶ failed             └──────────┴── hidden ◀┘
 */

import { and, desc, eq, inArray, isNull, ne, or } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueScore, listLiveJobs } from '#db/queue/queue.ts';
import { countOpen, reservePlace } from '#db/quota/ledger.ts';
import {
  type Dataset,
  datasets,
  methods,
  type Submission,
  type SubmissionFile,
  submissionFiles,
  submissions,
  teams,
  users,
} from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { plainName } from '#lib/names.ts';
import type { EntrySource } from '#lib/public-entry.ts';
import type { Exposure, Licence } from '#lib/vocabulary.ts';
import { ENTRY_COLUMNS, ENTRY_JOINS } from './entries.ts';
import { findOrCreateMethod, lockMethod, nextVersion } from './methods.ts';

export interface NewSubmission {
  task: string;
  datasetId: string;
  userId: string | null;
  /** the team it is submitted for; absent or null: the person */
  teamId?: string | null;
  /** a method of this person or team; absent: the one named below, created if there is none */
  methodId?: string | null;
  method: string;
  description?: string;
  paperUrl?: string | null;
  codeUrl?: string | null;
  trainingData?: string;
  testImagesSeen?: boolean;
  exposure?: Exposure;
  licence?: Licence | null;
  cellsShown?: boolean;
  filesShared?: boolean;
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
  /** for `entryOf`, which decides what of it anybody may see */
  source: EntrySource;
  /** 1: the next to be scored; null unless queued */
  queuePosition: number | null;
}

/** A submission as lists show it. */
export interface SubmissionSummary extends Submission {
  user: { id: string; name: string | null } | null;
  team: { id: string; name: string } | null;
  datasetName: string;
}

/** Create a submission with its files, its job, its quota reservation and its audit event in one transaction. */
export async function createSubmission(input: NewSubmission, tx: Tx = db()): Promise<Submission> {
  return insertSubmission(input, tx);
}

/** Return whose some submissions are. */
export async function listOwners(ids: readonly string[], tx: Tx = db()) {
  if (ids.length === 0) return [];
  return tx
    .select({ id: submissions.id, userId: submissions.userId, teamId: submissions.teamId })
    .from(submissions)
    .where(inArray(submissions.id, [...ids]));
}

/** Create a demo entry: it belongs to nobody, is marked as a demo, and is public as soon as it is scored. */
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
    const said = await findOrCreateMethod(
      { userId: person, teamId },
      { id: wanted, name: plainName(columns.method) },
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
    const [{ demo }] = await tx.select({ demo: datasets.demo }).from(datasets).where(eq(datasets.id, datasetId));
    const open = submission.userId === null ? 0 : (await countOpen(submission, tx)).person;
    await enqueueScore(submission.id, { open, practice: demo }, tx);
    const { id: submissionId, task, method, userId } = submission;
    await recordEvent(userId, { kind: 'submitted', submissionId, task, method }, tx);
    if (submission.visibility === 'pending') {
      await recordEvent(userId, { kind: 'publication-requested', submissionId }, tx);
    }
    return submission;
  });
}

export async function getSubmission(id: string, tx: Tx = db()): Promise<SubmissionDetail | null> {
  const [row] = await tx
    .select({ ...ENTRY_COLUMNS, dataset: datasets, userId: users.id, teamId: teams.id })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(users, ENTRY_JOINS.user)
    .leftJoin(teams, ENTRY_JOINS.team)
    .where(eq(submissions.id, id));
  if (!row) return null;
  const { dataset, userId, teamId, ...source } = row;
  return {
    ...source.submission,
    source,
    dataset,
    user: userId === null ? null : { id: userId, name: source.user?.name ?? null },
    team: teamId === null ? null : { id: teamId, name: source.team?.name ?? '' },
    files: await listFiles(id, tx),
    queuePosition: source.submission.state === 'queued' ? await findQueuePosition(source.submission, tx) : null,
  };
}

/** Return whether another submission still uses the same file, as one upload may serve several tasks. */
export async function isSharedFile(storageKey: string, submissionId: string, tx: Tx = db()): Promise<boolean> {
  const [other] = await tx
    .select({ id: submissions.id })
    .from(submissionFiles)
    .innerJoin(submissions, eq(submissions.id, submissionFiles.submissionId))
    .where(
      and(
        eq(submissionFiles.storageKey, storageKey),
        ne(submissions.id, submissionId),
        // rows that were withdrawn before `files_deleted_at` existed have none
        ne(submissions.state, 'withdrawn'),
        isNull(submissions.filesDeletedAt),
      ),
    )
    .limit(1);
  return other !== undefined;
}

export async function listFiles(submissionId: string, tx: Tx): Promise<SubmissionFile[]> {
  return tx
    .select()
    .from(submissionFiles)
    .where(eq(submissionFiles.submissionId, submissionId))
    .orderBy(submissionFiles.slot);
}

async function findQueuePosition(submission: Submission, tx: Tx): Promise<number> {
  const jobs = await listLiveJobs(tx);
  const waiting = await tx.select({ id: submissions.id }).from(submissions).where(eq(submissions.state, 'queued'));
  const ids = new Set(waiting.map(({ id }) => id));
  const line = jobs.map(({ submissionId }) => submissionId).filter((id) => ids.has(id));
  const place = line.indexOf(submission.id);
  // one that has lost its job gets another within seconds, behind the others
  return (place < 0 ? line.length : place) + 1;
}

/** Select what lists of submissions show; callers add conditions and order. */
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

/** Return a person's own submissions and those of their teams, newest first. */
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

/** Return a team's submissions, newest first. */
export async function listSubmissionsOfTeam(teamId: string, tx: Tx = db()): Promise<SubmissionSummary[]> {
  const rows = await summaries(tx)
    .where(eq(submissions.teamId, teamId))
    .orderBy(desc(submissions.createdAt), submissions.id);
  return rows.map(toSummary);
}

/**
 * The maintainers' inbox: entries that wait for publication, with the facts for a decision. This file collects the
 * evidence for the radar; its limits and sentences are in `lib/board/suspicion.ts`.
 */
import { and, desc, eq, inArray, max, ne, notInArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import {
  auditEvents,
  type Dataset,
  datasets,
  evaluations,
  type Method,
  methods,
  type Submission,
  type SubmissionFile,
  submissionFiles,
  submissions,
  teams,
  users,
} from '#db/schema.ts';
import { isCurrent } from '#db/submissions/current-score.ts';
import { type HeadlineNumber, headlineEvaluation, headlineNumbers } from '#lib/board/headline.ts';
import {
  type Finding,
  findingsOf,
  highestAp95,
  type Standing,
  scoreFingerprint,
  standingOf,
} from '#lib/board/suspicion.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { listProbing } from './probing.ts';
import { comparedResults, isUnscored } from './report-paths.ts';
import { standingOn } from './standing.ts';

/** An entry that waits for a decision. */
export interface InboxCase {
  submission: Submission;
  dataset: Dataset;
  submitter: { id: string; name: string | null; email: string | null } | null;
  team: { id: string; name: string } | null;
  method: Method | null;
  files: SubmissionFile[];
  /** when its owner last asked for publication */
  since: Date;
  /** the owner's message with that request: an answer to the question in `submission.moderatorNote` */
  message: string | null;
  /** headline numbers, the task's own first; empty until it is scored */
  numbers: HeadlineNumber[];
  /** the file has no masks, so the numbers are those of boxes */
  boxesOnly: boolean;
  /** rank by the headline; null until it is scored, or without that number */
  standing: Standing | null;
  /** the method's entry that is on the board now, beside which this one would stand */
  earlier: { id: string; version: number; value: number | null } | null;
  findings: Finding[];
}

/** States without a decision to make: the file was rejected or scoring failed, and the owner knows. */
const UNDECIDABLE = ['withdrawn', 'rejected', 'failed'] as const;

const waiting = () => and(eq(submissions.visibility, 'pending'), notInArray(submissions.state, [...UNDECIDABLE]));

/** Return the entries that wait for a decision, longest-waiting first; with `id`, only that entry, even if decided. */
export async function listInbox({ id }: { id?: string } = {}, tx: Tx = db()): Promise<InboxCase[]> {
  const rows = await tx
    .select({
      submission: submissions,
      dataset: datasets,
      submitter: { id: users.id, name: users.name, email: users.email },
      team: { id: teams.id, name: teams.name },
      method: methods,
    })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(users, eq(users.id, submissions.userId))
    .leftJoin(teams, eq(teams.id, submissions.teamId))
    .leftJoin(methods, eq(methods.id, submissions.methodId))
    .where(id === undefined ? waiting() : eq(submissions.id, id));
  if (rows.length === 0) return [];
  const ids = rows.map(({ submission }) => submission.id);
  const [requests, files, sameFiles, boards] = await Promise.all([
    requestsOf(ids, tx),
    tx.select().from(submissionFiles).where(inArray(submissionFiles.submissionId, ids)).orderBy(submissionFiles.slot),
    sameFilesAs(ids, tx),
    boardsOf(rows, tx),
  ]);
  const cases = rows.map((row): InboxCase => {
    const { submission, dataset } = row;
    const task = parseTask(submission.task);
    const board = boards.get(boardKey(submission)) ?? [];
    const own = board.find((entry) => entry.id === submission.id);
    const request = requests.get(submission.id);
    const about = { since: request?.at ?? submission.createdAt, message: request?.message ?? null };
    const ownFiles = files.filter(({ submissionId }) => submissionId === submission.id);
    const base = { ...row, ...about, files: ownFiles };
    const same = (sameFiles.get(submission.id) ?? []).filter((other) => isAnother(other, submission));
    const nothing = { numbers: [], boxesOnly: false, standing: null, earlier: null };
    if (!task || !own)
      return {
        ...base,
        ...nothing,
        findings: findingsOf({ id: submission.id, ap95: null, fingerprint: new Map() }, same, []),
      };
    const evaluation = headlineEvaluation(task, own.results);
    const numbersOf = ({ results }: BoardEntry) =>
      headlineNumbers(task, results, { dataset: dataset.name, evaluation });
    const headlineOf = (entry: BoardEntry) => numbersOf(entry)[0].value;
    const published = board.filter((entry) => entry.onBoard && entry.unscored === own.unscored && entry.id !== own.id);
    const earlier = published.find(({ methodId, shown }) => shown && methodId !== null && methodId === own.methodId);
    const peers = published
      .filter((entry) => entry !== earlier)
      .map((entry) => ({ id: entry.id, method: entry.method, value: headlineOf(entry) }));
    return {
      ...base,
      numbers: numbersOf(own),
      boxesOnly: evaluation === 'bbox',
      standing: standingOf(headlineOf(own), peers, headlineColumn(task).better),
      earlier: earlier ? { id: earlier.id, version: earlier.version, value: headlineOf(earlier) } : null,
      findings: findingsOf(
        {
          id: submission.id,
          exactGroundTruth: submission.radar?.exactGroundTruth,
          ap95: highestAp95(own.results),
          fingerprint: scoreFingerprint(own.results),
        },
        same,
        board
          .filter((entry) => entry.id !== own.id && isAnother(entry, submission))
          .map((entry) => ({ ...entry, fingerprint: scoreFingerprint(entry.results) })),
      ),
    };
  });
  const probing = await listProbing(tx);
  for (const { submission, findings } of cases)
    for (const { person, task, dataset, findings: seen } of probing)
      if (person.id === submission.userId && task === submission.task && dataset.id === submission.datasetId)
        findings.push(
          ...seen.map(({ text }): Finding => ({ kind: 'probing', text, link: `/maintain/people/${person.id}` })),
        );
  return cases.sort((a, b) => a.since.getTime() - b.since.getTime() || a.submission.id.localeCompare(b.submission.id));
}

type Holder = Pick<Submission, 'userId' | 'teamId'>;

/** Tell whether a submission belongs to another person and another team. One without an owner counts as another's. */
function isAnother(a: Holder, b: Holder): boolean {
  const same = (x: string | null, y: string | null) => x !== null && x === y;
  return !same(a.userId, b.userId) && !same(a.teamId, b.teamId);
}

/** Return when each entry's owner last asked for publication, and the message. */
async function requestsOf(ids: string[], tx: Tx): Promise<Map<string, { at: Date; message: string | null }>> {
  const last = tx
    .select({ id: max(auditEvents.id).as('last_id') })
    .from(auditEvents)
    .where(and(inArray(auditEvents.submissionId, ids), eq(auditEvents.kind, 'publication-requested')))
    .groupBy(auditEvents.submissionId)
    .as('last');
  const rows = await tx
    .select({ submissionId: auditEvents.submissionId, at: auditEvents.at, detail: auditEvents.detail })
    .from(auditEvents)
    .innerJoin(last, eq(last.id, auditEvents.id));
  return new Map(
    rows.map(({ submissionId, at, detail: { message } }) => [
      submissionId!,
      { at, message: typeof message === 'string' ? message : null },
    ]),
  );
}

/** Return other submissions that share a file with one of these, in whatever state. */
async function sameFilesAs(ids: string[], tx: Tx) {
  const theirs = tx
    .select({ sha256: submissionFiles.sha256, fileName: submissionFiles.fileName, of: submissionFiles.submissionId })
    .from(submissionFiles)
    .where(inArray(submissionFiles.submissionId, ids))
    .as('theirs');
  const rows = await tx
    .selectDistinctOn([theirs.of, submissions.id], {
      of: theirs.of,
      fileName: theirs.fileName,
      id: submissions.id,
      method: submissions.method,
      submitter: users.name,
      userId: submissions.userId,
      teamId: submissions.teamId,
    })
    .from(theirs)
    .innerJoin(submissionFiles, eq(submissionFiles.sha256, theirs.sha256))
    .innerJoin(submissions, and(eq(submissions.id, submissionFiles.submissionId), ne(submissions.id, theirs.of)))
    .leftJoin(users, eq(users.id, submissions.userId));
  return Map.groupBy(rows, ({ of }) => of);
}

interface BoardEntry extends Holder {
  id: string;
  method: string;
  methodId: string | null;
  version: number;
  shown: boolean;
  /** whether everyone sees it on the board */
  onBoard: boolean;
  submitter: string | null;
  unscored: boolean;
  results: unknown;
}

const boardKey = ({ task, datasetId }: Pick<Submission, 'task' | 'datasetId'>) => `${task} ${datasetId}`;

/** Return all scores on the tasks and data sets of some submissions, public or not, for comparison. */
async function boardsOf(rows: { submission: Submission; dataset: Dataset }[], tx: Tx) {
  const boards = new Map(rows.map(({ submission, dataset }) => [boardKey(submission), { submission, dataset }]));
  const found = new Map<string, BoardEntry[]>();
  // one query after another, because the embedded database has one backend
  for (const [key, { submission, dataset }] of boards) {
    const standing = standingOn(submission.task, dataset, { protocol: PRIMARY_PROTOCOL }, tx);
    const entries = await tx
      .selectDistinctOn([submissions.id], {
        id: submissions.id,
        method: submissions.method,
        methodId: submissions.methodId,
        version: submissions.version,
        shown: submissions.shown,
        onBoard: sql<boolean>`(${standing.id} is not null)`,
        userId: submissions.userId,
        teamId: submissions.teamId,
        submitter: users.name,
        unscored: isUnscored(),
        results: comparedResults(),
      })
      .from(submissions)
      .innerJoin(evaluations, eq(evaluations.submissionId, submissions.id))
      .leftJoin(users, eq(users.id, submissions.userId))
      .leftJoin(standing, eq(standing.id, submissions.id))
      .where(
        and(
          eq(submissions.task, submission.task),
          eq(submissions.datasetId, dataset.id),
          eq(submissions.state, 'scored'),
          isCurrent(dataset, PRIMARY_PROTOCOL),
        ),
      )
      .orderBy(submissions.id, desc(evaluations.createdAt)); // of several evaluator versions, the newest
    found.set(key, entries);
  }
  return found;
}

/** Actions on submissions, shared by the submit form, the API and the pages; the tables are behind `#db`. */

import { listEvents } from '#db/audit.ts';
import { getReports } from '#db/board/reports.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { activeDataset, getDatasetByName, listDatasets } from '#db/datasets/datasets.ts';
import { db } from '#db/engine/client.ts';
import { listMemberships } from '#db/people/teams.ts';
import { getTaskRules, requireOpen, requireSize } from '#db/quota/task-settings.ts';
import type { Dataset, SubmissionFile } from '#db/schema.ts';
import { idByReviewSecret, makeAnonymous } from '#db/submissions/anonymity.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getMethod } from '#db/submissions/methods.ts';
import { forgetFiles, withdraw } from '#db/submissions/publication.ts';
import { createSubmission, getSubmission, isSharedFile, type SubmissionDetail } from '#db/submissions/submissions.ts';
import { deleteUpload, getUpload } from '#db/submissions/uploads.ts';
import { PRIMARY_PROTOCOL, type ProtocolId } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import type { Created, NewSubmission, Receipt, SubmissionBody } from '#lib/http/api.ts';
import {
  type Belonging,
  canDeleteFiles,
  canSeeIdentity,
  canSubmit,
  canSubmitFor,
  canUseUpload,
  canViewSubmission,
  canWithdraw,
  isPublic,
  isTombstone,
  type Viewer,
} from '#lib/permissions.ts';
import { type Look, type PublicEntry, publicReport, publicWarnings } from '#lib/public-entry.ts';
import { storage } from '#lib/storage.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import { matchSlot, missingSlots } from '#lib/tasks/slots.ts';
import type { Task } from '#lib/tasks/task.ts';
import type { WithdrawalReason } from '#lib/vocabulary.ts';
import { InvalidFields } from './http.ts';
import { release } from './uploads.ts';

/** The targets of one call: usually one task with its data set; the same files may serve several tasks. */
interface Part {
  task: Task;
  dataset: Dataset;
  files: { slot: string; upload: string; scoreThreshold?: number }[];
}

/** Turn uploads into queued submissions. The uploads are used up in the same transaction. */
export async function submit(viewer: Viewer, input: NewSubmission): Promise<Created> {
  if (!canSubmit(viewer)) throw new AppError('unauthorized', 'Sign in to submit.');
  const task = parseTask(input.task);
  if (!task?.open) throw new InvalidFields({ task: 'This task does not take submissions (yet).' });
  const { anonymous, anonymousUntil } = input;
  if (anonymousUntil && !anonymous)
    throw new InvalidFields({
      anonymousUntil: 'This date is for anonymous entries. Say “anonymous”, or leave it out.',
    });
  if (anonymousUntil && anonymousUntil <= new Date())
    throw new InvalidFields({ anonymousUntil: 'Choose a day in the future, or none to reveal the entry yourself.' });
  const by = await submitter(viewer, input);
  const threshold = input.files.findIndex(({ scoreThreshold }) => scoreThreshold !== undefined);
  if (threshold >= 0 && !task.kind.takesThreshold)
    throw new InvalidFields({ [`files.${threshold}.scoreThreshold`]: `${task.name} is scored with all detections.` });
  const parts = await partsOf(task, input);
  const rules = new Map(
    await Promise.all(parts.map(async ({ task }) => [task.id, await getTaskRules(task.id)] as const)),
  );
  for (const [id, rule] of rules) requireOpen(id, rule);
  for (const [index, { upload }] of input.files.entries()) {
    const found = await getUpload(idOf(upload));
    if (!found || !canUseUpload(viewer, found))
      throw new InvalidFields({ [`files.${index}.upload`]: 'There is no such upload. Upload the file again.' });
    if (!found.completedAt) throw new InvalidFields({ [`files.${index}.upload`]: 'This upload is not complete yet.' });
    for (const [id, rule] of rules) requireSize(id, rule, found.bytes);
  }

  const created = await db().transaction(async (tx) => {
    const stored = new Map<string, Pick<SubmissionFile, 'fileName' | 'bytes' | 'sha256' | 'storageKey'>>();
    for (const { upload } of input.files) {
      // if two calls use the same upload at once, only one of them gets it
      const taken = await deleteUpload(idOf(upload), tx);
      if (!taken?.sha256) throw new AppError('conflict', 'This upload has just been used by another submission.');
      const { fileName, bytes, sha256, storageKey } = taken;
      stored.set(idOf(upload), { fileName, bytes, sha256, storageKey });
    }
    const { description, paperUrl, codeUrl, trainingData, testImagesSeen, anyCategory } = input;
    const details = { ...by, description, paperUrl, codeUrl, trainingData, testImagesSeen, anyCategory };
    const visibility = input.visibility === 'private' ? 'private' : 'pending';
    const submissions = [];
    for (const { task, dataset, files } of parts) {
      const { id, state } = await createSubmission(
        {
          ...details,
          task: task.id,
          datasetId: dataset.id,
          visibility,
          files: files.map(({ slot, upload, scoreThreshold }) => ({
            ...stored.get(idOf(upload))!,
            slot,
            scoreThreshold,
          })),
        },
        tx,
      );
      if (input.anonymous) await makeAnonymous(id, viewer.id, input.anonymousUntil ?? null, tx);
      submissions.push({ task: task.id, dataset: dataset.name, id, state });
    }
    return submissions;
  });
  await Promise.all(input.files.map(({ upload }) => release(idOf(upload))));
  const [{ id, state }, ...also] = created;
  return { id, state, ...(also.length > 0 && { also }) };
}

/** Find the owner (person or team) and the method, by its id or by a name that finds or creates it. */
async function submitter(
  viewer: NonNullable<Viewer>,
  { team, method: name, methodId }: NewSubmission,
): Promise<Belonging & { method: string; methodId: string | null }> {
  const named = team ? await teamOf(viewer, team) : null;
  const method = methodId ? await getMethod(methodId) : null;
  const teamId = named ?? method?.teamId ?? null;
  const theirs = method && method.teamId === teamId && (teamId !== null || method.userId === viewer.id);
  // another owner's method gets the same answer as one that does not exist
  if (methodId && !(theirs && canSubmitFor(viewer, teamId)))
    throw new InvalidFields({ methodId: `There is no such method of ${team ? 'this team' : 'yours'}.` });
  if (method && name && name.toLowerCase() !== method.name.toLowerCase())
    throw new InvalidFields({ method: `The method with this id is called “${method.name}”. Give one or the other.` });
  return { userId: viewer.id, teamId, method: method?.name ?? name, methodId: method?.id ?? null };
}

async function teamOf(viewer: NonNullable<Viewer>, team: string): Promise<string> {
  const mine = await listMemberships(viewer.id);
  const found = mine.filter(({ id, name }) => id === team || name.toLowerCase() === team.toLowerCase());
  if (found.length > 1) throw new InvalidFields({ team: `You are in several teams named “${team}”: give the id.` });
  if (found.length === 0 || !canSubmitFor(viewer, found[0].id))
    throw new InvalidFields({ team: `You are in no team named “${team}”.` });
  return found[0].id;
}

async function partsOf(task: Task, input: NewSubmission): Promise<Part[]> {
  if (parseTask(task.id)?.slotsAreDatasets) return [await outsidePart(task, input)];
  const files = slotsOf(task, input.files);
  const parts = [{ task, dataset: await datasetOf(task, input.dataset), files }];
  for (const name of new Set(input.also ?? [])) {
    const other = parseTask(name);
    if (!other?.open || !task.also?.includes(other.id))
      throw new InvalidFields({ also: `The files of ${task.name} cannot be submitted to “${name}” as well.` });
    parts.push({ task: other, dataset: await datasetOf(other, input.dataset), files });
  }
  return parts;
}

async function datasetOf(task: Task, name: string | undefined): Promise<Dataset> {
  const dataset = name ? await getDatasetByName(name) : await activeDataset(task.id);
  if (dataset && dataset.task === task.groundTruth) return dataset;
  throw new InvalidFields({ dataset: `${task.name} has no ground truth ${name ? `named ${name}` : 'yet'}.` });
}

/** Files for slots that are data sets: the submission belongs to the newest of them; a single file without a slot goes to it. */
async function outsidePart(task: Task, input: NewSubmission): Promise<Part> {
  const datasets = await listDatasets({ task: task.id });
  const [first, ...others] = input.files;
  if (others.length === 0 && first.slot === 'all' && !datasets.some(({ name }) => name === 'all'))
    return { task, dataset: await datasetOf(task, input.dataset), files: [first] };
  const files = slotsOf(task, input.files, { names: datasets.map(({ name }) => name), called: 'data set' });
  // sort them, whatever order they arrive in, since versions of a method are counted per data set
  return { task, dataset: datasets.find(({ name }) => files.some(({ slot }) => slot === name))!, files };
}

/** Files by slot; a single file without a slot is an archive, whose members are read when it is scored. */
function slotsOf(
  task: Task,
  files: NewSubmission['files'],
  { names, called } = { names: task.slots.map(({ id }) => id), called: 'slot' },
): NewSubmission['files'] {
  if (task.slots.length > 1 && files.length === 1 && files[0].slot === 'all') return files;
  const found = new Map<string, NewSubmission['files'][number]>();
  for (const [index, file] of files.entries()) {
    const slot = matchSlot(names, file.slot);
    if (!slot)
      throw new InvalidFields({
        [`files.${index}.slot`]: `${task.name} has no ${called} “${file.slot}”: ${names.join(', ')}.`,
      });
    if (found.has(slot)) throw new InvalidFields({ [`files.${index}.slot`]: `Two files for the ${called} “${slot}”.` });
    if (files.some(({ upload }, i) => i < index && idOf(upload) === idOf(file.upload)))
      throw new InvalidFields({ [`files.${index}.upload`]: 'This upload is given for another slot already.' });
    found.set(slot, { ...file, slot });
  }
  const missing = missingSlots(task, [...found.keys()]);
  if (missing.length > 0) throw new InvalidFields({ files: missing.map(({ message }) => message).join(' ') });
  return [...found.values()];
}

/** Return the id of an upload that is given by id or by address. */
function idOf(upload: string): string {
  return upload.split('?')[0].split('/').at(-1) ?? '';
}

/** Return the submission, or throw “not found” for a viewer who may not see it, as if it did not exist. */
export async function findSubmission(viewer: Viewer, id: string): Promise<SubmissionDetail> {
  const submission = await getSubmission(id);
  if (!submission || !canViewSubmission(viewer, submission))
    throw new AppError('not-found', 'There is no such submission, or it is not public.');
  return submission;
}

/** Withdraw a submission and delete its files; its record stays. */
export async function giveUp(viewer: Viewer, id: string, reason?: WithdrawalReason): Promise<void> {
  const submission = await findSubmission(viewer, id);
  if (!canWithdraw(viewer, submission)) throw new AppError('forbidden', 'Only its owner can withdraw a submission.');
  await withdraw(id, viewer!.id, { reason });
  await discardFiles(submission);
}

/** Delete the files of a submission and keep its scores. */
export async function deleteFiles(viewer: Viewer, id: string): Promise<void> {
  const submission = await findSubmission(viewer, id);
  if (!canDeleteFiles(viewer, submission))
    throw new AppError('forbidden', 'Only its owner can delete the files of a submission, once it is scored.');
  await forgetFiles(id, viewer!.id);
  await discardFiles(submission);
}

/** Call this after the submission has given up its files: of two that share a file, the later one deletes it. */
async function discardFiles({ id, files }: SubmissionDetail): Promise<void> {
  for (const { storageKey } of files) {
    if (!(await isSharedFile(storageKey, id))) await storage().delete(storageKey);
  }
}

/** Return how much the viewer may see of an entry's makers. */
export function lookOf(viewer: Viewer, submission: Belonging): Look {
  return canSeeIdentity(viewer, submission) ? 'insider' : 'public';
}

/** Return an entry in its public form, or throw “not found”. Badges and images are embedded elsewhere, so the viewer does not matter. */
export async function findPublished(id: string): Promise<{ entry: PublicEntry; dataset: Dataset }> {
  const submission = await getSubmission(id);
  if (!submission || !isPublic(submission))
    throw new AppError('not-found', 'There is no such entry, or it is not public.');
  return { entry: entryOf(submission, 'public'), dataset: submission.dataset };
}

export interface Tombstone {
  id: string;
  task: string;
  dataset: string;
  /** the method's name, or “Anonymous entry 7” */
  method: string;
  /** page of the method, if it has public versions */
  methodId: string | null;
  at: Date;
  reason: WithdrawalReason;
}

/** Return what remains public of a withdrawn entry that was published; null for any other. */
export async function findTombstone(id: string): Promise<Tombstone | null> {
  const submission = await getSubmission(id);
  if (!submission || !isTombstone(submission)) return null;
  const { task, method, methodId } = entryOf(submission, 'public');
  const others = methodId ? await getMethod(methodId) : null;
  const withdrawn = (await listEvents(id)).findLast(({ event }) => event.kind === 'withdrawn');
  return {
    id,
    task,
    method,
    dataset: submission.dataset.name,
    methodId: others?.public ? methodId : null,
    at: withdrawn?.at ?? submission.filesDeletedAt ?? submission.createdAt,
    reason: submission.withdrawalReason ?? 'other',
  };
}

/** Return the entry of a reviewers' link without its makers; null if the link is unknown or revoked. */
export async function underReview(secret: string): Promise<{ entry: PublicEntry; dataset: Dataset } | null> {
  const id = await idByReviewSecret(secret);
  const submission = id === null ? null : await getSubmission(id);
  return submission && { entry: entryOf(submission, 'reviewer'), dataset: submission.dataset };
}

/** Return a submission as the API shows it, without file names, since those may contain names of people. */
export async function submissionBody(viewer: Viewer, submission: SubmissionDetail): Promise<SubmissionBody> {
  const look = lookOf(viewer, submission);
  const entry = entryOf(submission, look);
  const reports = await reportsOf(entry);
  const history = entry.state === 'scored' ? await scoreHistory(entry) : { evaluations: [], leftBehind: null };
  const { method, methodId, version, description, paperUrl, codeUrl, trainingData, testImagesSeen } = entry;
  const { submitter, team, authors, state, visibility, anonymous } = entry;
  const inside = look === 'insider';
  return {
    id: entry.id,
    task: entry.task,
    dataset: submission.dataset.name,
    method,
    methodId,
    version,
    description,
    paperUrl,
    codeUrl,
    trainingData,
    testImagesSeen,
    anyCategory: submission.anyCategory,
    demo: entry.demo,
    submitter,
    team,
    authors,
    anonymous: anonymous && { ...anonymous, until: anonymous.until?.toISOString() ?? null },
    state,
    visibility,
    queuePosition: submission.queuePosition,
    progress: submission.progress,
    attempts: submission.attempts,
    // only the owner and the maintainers see what was wrong and why it was hidden
    problems: inside ? (submission.problems ?? []) : [],
    warnings: publicWarnings(submission.warnings ?? [], entry),
    failure: inside ? submission.failure : null,
    hiddenReason: inside ? submission.hiddenReason : null,
    files: submission.files.map(({ slot, bytes, sha256 }) => ({ slot, bytes, sha256 })),
    createdAt: entry.createdAt.toISOString(),
    startedAt: entry.startedAt?.toISOString() ?? null,
    finishedAt: entry.finishedAt?.toISOString() ?? null,
    publishedAt: entry.publishedAt?.toISOString() ?? null,
    report: reports[PRIMARY_PROTOCOL] ?? null,
    reports,
    evaluations: history.evaluations.map(({ protocol, evaluatorVersion, groundTruth, scoredAt, ...line }) => ({
      protocol,
      evaluator: { version: evaluatorVersion },
      scoredAt: scoredAt.toISOString(),
      groundTruth: { sha256: groundTruth.sha256, version: groundTruth.versions.at(-1) ?? null },
      current: line.current,
      reason: line.reason,
      numbers: Object.fromEntries(line.numbers.map(({ label, value }) => [label, value])),
    })),
    leftBehind: history.leftBehind !== null,
  };
}

/** Return an entry's current report per protocol, in the form that may be shown; none unless it is scored. */
export async function reportsOf(entry: PublicEntry): Promise<Partial<Record<ProtocolId, Report>>> {
  const reports = entry.state === 'scored' ? await getReports(entry.id) : {};
  return Object.fromEntries(Object.entries(reports).map(([id, report]) => [id, publicReport(report, entry)]));
}

/**
 * Return the score with everything needed to compute it again. Receipts are made to be passed on, so `entry` is the
 * public form for every viewer: the receipt of an anonymous entry does not name its maker.
 */
export async function receiptOf(entry: PublicEntry, dataset: Pick<Dataset, 'name'>): Promise<Receipt> {
  const { id, method, task, createdAt, startedAt, finishedAt } = entry;
  const reports = await reportsOf(entry);
  const report = reports[PRIMARY_PROTOCOL];
  if (!report) throw new AppError('conflict', 'There is no score to attest yet.');
  const scoredAt = (finishedAt ?? startedAt)?.toISOString() ?? null;
  return {
    schema: 1,
    submission: {
      id,
      method,
      task,
      dataset: dataset.name,
      submittedAt: createdAt.toISOString(),
      scoredAt,
    },
    evaluator: report.evaluator,
    groundTruth: report.groundTruth,
    predictions: report.predictions.map(({ slot, sha256, bytes }) => ({ slot, sha256, bytes })),
    report,
    reports,
  };
}

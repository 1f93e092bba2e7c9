/** Actions on submissions, shared by the submit form, the API and the pages; the tables are behind `#db`. */

import { entryBody } from '#db/board/entry-body.ts';
import { activeDataset, getDatasetByName, listDatasets } from '#db/datasets/datasets.ts';
import { db } from '#db/engine/client.ts';
import { listMemberships } from '#db/people/teams.ts';
import { getTaskRules, requireOpen, requireSize } from '#db/quota/task-settings.ts';
import type { Dataset, Submission, SubmissionFile } from '#db/schema.ts';
import { idByReviewSecret, makeAnonymous } from '#db/submissions/anonymity.ts';
import { forgetCells } from '#db/submissions/cells.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getMethod } from '#db/submissions/methods.ts';
import { forgetFiles, withdraw } from '#db/submissions/publication.ts';
import { createSubmission, getSubmission, isSharedFile, type SubmissionDetail } from '#db/submissions/submissions.ts';
import {
  type CreatedPart,
  describeCall,
  findSubmitCall,
  lockSubmitCall,
  recordSubmitCall,
  type SubmitCall,
} from '#db/submissions/submit-calls.ts';
import { saveTimes } from '#db/submissions/times.ts';
import { findTombstone } from '#db/submissions/tombstones.ts';
import { deleteUpload, getUpload } from '#db/submissions/uploads.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import type { Changed, Created, NewSubmission, SubmissionBody } from '#lib/http/api.ts';
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
import { countProblems, FileRejected, type Problem } from '#lib/problems.ts';
import type { Look, PublicEntry } from '#lib/public-entry.ts';
import { readTimes } from '#lib/readers/counts/times.ts';
import { readImageList } from '#lib/readers/ground-truth-file.ts';
import { storage } from '#lib/storage.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { matchSlot, missingSlots } from '#lib/tasks/slots.ts';
import type { Task } from '#lib/tasks/task.ts';
import { fateInWords } from '#lib/tombstone.ts';
import { traceOfUpload, withSpan } from '#lib/tracing.ts';
import type { WithdrawalReason } from '#lib/vocabulary.ts';
import { InvalidFields } from './http.ts';
import { release } from './uploads.ts';

/** The targets of one call: usually one task with its data set; the same files may serve several tasks. */
interface Part {
  task: Task;
  dataset: Dataset;
  files: { slot: string; upload: string; scoreThreshold?: number }[];
}

/**
 * Turn uploads into queued submissions. The uploads are used up in the same transaction. A call that was made before,
 * known by its uploads or by its `Idempotency-Key`, gets the earlier answer, and nothing is created or charged.
 */
export async function submit(
  viewer: Viewer,
  input: NewSubmission,
  options: { idempotencyKey?: string } = {},
): Promise<Created> {
  // the submission continues the trace of its first upload
  const parent = traceOfUpload(idOf(input.files[0]?.upload ?? ''));
  return await withSpan('submit', { parent, attributes: { 'livecell.task': input.task } }, () =>
    submitUploads(viewer, input, options),
  );
}

async function submitUploads(
  viewer: Viewer,
  input: NewSubmission,
  { idempotencyKey }: { idempotencyKey?: string },
): Promise<Created> {
  if (!canSubmit(viewer)) throw new AppError('unauthorized', 'Sign in to submit.');
  const files = input.files.map((file) => ({ ...file, upload: idOf(file.upload) }));
  const call = describeCall(viewer.id, {
    uploads: files.map(({ upload }) => upload),
    idempotencyKey,
    asked: { ...input, files },
  });
  const earlier = await findSubmitCall(call);
  if (earlier) return describeCreated(earlier);
  try {
    return describeCreated(await createFromUploads(viewer, input, call));
  } catch (error) {
    // an equal call may have used up the uploads meanwhile
    const meanwhile = error instanceof AppError && error.status < 500 ? await findSubmitCall(call) : null;
    if (!meanwhile) throw error;
    return describeCreated(meanwhile);
  }
}

function describeCreated([{ id, state }, ...also]: CreatedPart[]): Created {
  return { id, state, ...(also.length > 0 && { also }) };
}

async function createFromUploads(
  viewer: NonNullable<Viewer>,
  input: NewSubmission,
  call: SubmitCall,
): Promise<CreatedPart[]> {
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

  const times = input.times && (await timesFor(parts[0], input.times));

  const created = await db().transaction(async (tx) => {
    await lockSubmitCall(call, tx);
    const stored = new Map<string, Pick<SubmissionFile, 'fileName' | 'bytes' | 'sha256' | 'storageKey'>>();
    for (const { upload } of input.files) {
      // if two calls use the same upload at once, only one of them gets it
      const taken = await deleteUpload(idOf(upload), tx);
      if (!taken?.sha256) throw new AppError('conflict', 'This upload has just been used by another submission.');
      const { fileName, bytes, sha256, storageKey } = taken;
      stored.set(idOf(upload), { fileName, bytes, sha256, storageKey });
    }
    const { description, paperUrl, codeUrl, trainingData, testImagesSeen, exposure, anyCategory } = input;
    const { licence, cellsShown, filesShared } = input;
    const sharing = { licence, cellsShown, filesShared };
    const details = {
      ...by,
      description,
      paperUrl,
      codeUrl,
      trainingData,
      testImagesSeen,
      exposure,
      anyCategory,
      ...sharing,
    };
    const visibility = input.visibility === 'private' ? 'private' : 'pending';
    const submissions: CreatedPart[] = [];
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
      if (times && task === parts[0].task) await saveTimes({ ...times, submissionId: id }, tx);
      if (input.anonymous) await makeAnonymous(id, viewer.id, input.anonymousUntil ?? null, tx);
      submissions.push({ task: task.id, dataset: dataset.name, id, state });
    }
    await recordSubmitCall(
      call,
      submissions.map(({ id }) => id),
      tx,
    );
    return submissions;
  });
  await Promise.all(input.files.map(({ upload }) => release(idOf(upload))));
  return created;
}

/** Read the times of a submission's images. @throws InvalidFields with the lines that are wrong */
async function timesFor({ task, dataset }: Part, { hardware, csv }: NonNullable<NewSubmission['times']>) {
  if (!task.timed) throw new InvalidFields({ times: `${task.name} takes no times.` });
  const list = await readImageList(await storage().localPath(dataset.packKey));
  const images = { ids: list.map(({ id }) => id), fileNames: list.map(({ file_name }) => file_name) };
  try {
    return { hardware, times: readTimes(csv, images) };
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    throw new InvalidFields({ 'times.csv': firstProblems(error.problems) });
  }
}

/** Messages shown of a wrong table. */
const MOST_SHOWN = 5;

function firstProblems(problems: readonly Problem[]): string {
  const shown = problems.slice(0, MOST_SHOWN);
  const more = countProblems(problems) - shown.length;
  return `${shown.map(({ message }) => message).join(' ')}${more > 0 ? ` (and ${more.toLocaleString('en')} more)` : ''}`;
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
  if (submission && canViewSubmission(viewer, submission)) return submission;
  const tombstone = submission && (await findTombstone(id));
  if (!tombstone) throw new AppError('not-found', 'There is no such submission, or it is not public.');
  const { method, at, what } = tombstone;
  throw new AppError('gone', `“${method}” was public once. ${fateInWords(tombstone)}.`, {
    details: { tombstone: { method, what, reason: tombstone.reason, at: at.toISOString() } },
  });
}

/** Withdraw a submission and delete its files; its record stays. */
export async function giveUp(viewer: Viewer, id: string, reason?: WithdrawalReason): Promise<Submission> {
  const submission = await findSubmission(viewer, id);
  if (!canWithdraw(viewer, submission)) throw new AppError('forbidden', 'Only its owner can withdraw a submission.');
  const withdrawn = await withdraw(id, viewer!.id, { reason });
  // otherwise the sweep deletes them later
  if (env().LIVECELL_KEEP_WITHDRAWN_DAYS === 0) await discardFiles(submission);
  return withdrawn;
}

/** @throws AppError `not-found`; `forbidden` if the viewer may not do this to the submission as it is now */
export async function requireAllowed(
  viewer: Viewer,
  id: string,
  may: (viewer: Viewer, submission: SubmissionDetail) => boolean,
): Promise<void> {
  if (!may(viewer, await findSubmission(viewer, id)))
    throw new AppError(
      'forbidden',
      'This is no longer possible, or not for you. Reload the page to see the current state.',
    );
}

/** Return what the API answers after a change. */
export function changedBody({ id, state, visibility }: Submission): Changed {
  return { id, state, visibility };
}

/** Delete the files of a submission and keep its scores. */
export async function deleteFiles(viewer: Viewer, id: string): Promise<void> {
  const submission = await findSubmission(viewer, id);
  if (!canDeleteFiles(viewer, submission))
    throw new AppError('forbidden', 'Only its owner can delete the files of a submission, once it is scored.');
  await forgetFiles(id, viewer!.id);
  await discardFiles(submission);
  for (const key of await forgetCells(id)) await storage().delete(key);
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
  if (submission && isTombstone(submission)) await findSubmission(null, id);
  if (!submission || !isPublic(submission))
    throw new AppError('not-found', 'There is no such entry, or it is not public.');
  return { entry: entryOf(submission, 'public'), dataset: submission.dataset };
}

/** Return the entry of a reviewers' link without its makers; null if the link is unknown or revoked. */
export async function underReview(secret: string): Promise<{ entry: PublicEntry; dataset: Dataset } | null> {
  const id = await idByReviewSecret(secret);
  const submission = id === null ? null : await getSubmission(id);
  return submission && { entry: entryOf(submission, 'reviewer'), dataset: submission.dataset };
}

/** Return a submission as the API shows it to a viewer. */
export function submissionBody(viewer: Viewer, submission: SubmissionDetail): Promise<SubmissionBody> {
  return entryBody(lookOf(viewer, submission), submission);
}

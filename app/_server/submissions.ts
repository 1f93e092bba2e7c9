/** What the submit form, the API and the pages do with submissions; the tables are behind `#db`. */
import { db } from '#db/client.ts';
import { activeDataset, getDatasetByName } from '#db/datasets.ts';
import { createSubmission, getReports, getSubmission, type SubmissionDetail, withdraw } from '#db/submissions.ts';
import { deleteUpload, getUpload } from '#db/uploads.ts';
import type { NewSubmission, Receipt, SubmissionBody, SubmissionState } from '#lib/api.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { canSubmit, canUseUpload, canViewSubmission, canWithdraw, type Viewer } from '#lib/permissions.ts';
import type { AnyReport } from '#lib/scoring/report.ts';
import { parseTask } from '#lib/scoring/tasks.ts';
import { storage } from '#lib/storage.ts';
import { InvalidFields } from './http.ts';
import { release } from './uploads.ts';

/** Turns uploads into a submission that waits for its score. The uploads are used up in the same transaction. */
export async function submit(viewer: Viewer, input: NewSubmission): Promise<{ id: string; state: SubmissionState }> {
  if (!canSubmit(viewer)) throw new AppError('unauthorized', 'Sign in to submit.');
  const task = parseTask(input.task);
  if (!task?.open) throw new InvalidFields({ task: 'This task does not take submissions (yet).' });

  const dataset = input.dataset ? await getDatasetByName(input.dataset) : await activeDataset(task.id);
  if (!dataset || dataset.task !== task.id)
    throw new InvalidFields({
      dataset: `${task.name} has no ground truth ${input.dataset ? `named ${input.dataset}` : 'yet'}.`,
    });

  const slots = new Set<string>();
  for (const [index, { slot, upload }] of input.files.entries()) {
    if (!task.slots.some(({ id }) => id === slot))
      throw new InvalidFields({
        [`files.${index}.slot`]: `${task.name} has no slot “${slot}”: ${task.slots.map(({ id }) => id).join(', ')}.`,
      });
    if (slots.has(slot)) throw new InvalidFields({ [`files.${index}.slot`]: `Two files for the slot “${slot}”.` });
    slots.add(slot);
    const found = await getUpload(idOf(upload));
    if (!found || !canUseUpload(viewer, found))
      throw new InvalidFields({ [`files.${index}.upload`]: 'There is no such upload. Upload the file again.' });
    if (!found.completedAt) throw new InvalidFields({ [`files.${index}.upload`]: 'This upload is not complete yet.' });
  }
  const missing = task.slots.filter(({ id, required }) => required && !slots.has(id));
  if (missing.length) throw new InvalidFields({ files: `Missing: ${missing.map(({ label }) => label).join(', ')}.` });

  const submission = await db().transaction(async (tx) => {
    const files = [];
    for (const { slot, upload } of input.files) {
      // of two who take the same upload at the same time, one gets it
      const taken = await deleteUpload(idOf(upload), tx);
      if (!taken?.sha256) throw new AppError('conflict', 'This upload has just been used by another submission.');
      const { fileName, bytes, sha256, storageKey } = taken;
      files.push({ slot, fileName, bytes, sha256, storageKey });
    }
    const { task: taskId, method, description, paperUrl, codeUrl, trainingData, testImagesSeen } = input;
    const details = { task: taskId, method, description, paperUrl, codeUrl, trainingData, testImagesSeen };
    const visibility = input.visibility === 'private' ? 'private' : 'pending';
    return createSubmission({ ...details, datasetId: dataset.id, userId: viewer.id, visibility, files }, tx);
  });
  await Promise.all(input.files.map(({ upload }) => release(idOf(upload))));
  return { id: submission.id, state: submission.state };
}

/** An upload is named by its id or by its address. */
function idOf(upload: string): string {
  return upload.split('?')[0].split('/').at(-1) ?? '';
}

/** The submission, or "not found" for those who may not see it: its existence is nobody's business either. */
export async function findSubmission(viewer: Viewer, id: string): Promise<SubmissionDetail> {
  const submission = await getSubmission(id);
  if (!submission || !canViewSubmission(viewer, submission))
    throw new AppError('not-found', 'There is no such submission, or it is not public.');
  return submission;
}

/** Gives up a submission and deletes its files; the record that there was one stays. */
export async function giveUp(viewer: Viewer, id: string): Promise<void> {
  const submission = await findSubmission(viewer, id);
  if (!canWithdraw(viewer, submission)) throw new AppError('forbidden', 'Only its owner can withdraw a submission.');
  await withdraw(id, viewer!.id);
  for (const file of submission.files) await storage().delete(file.storageKey);
}

/** What the API says of a submission. File names stay out: they may carry names of people. */
export async function submissionBody(submission: SubmissionDetail): Promise<SubmissionBody> {
  const reports = submission.state === 'scored' ? await getReports<AnyReport>(submission.id) : {};
  return {
    id: submission.id,
    task: submission.task,
    dataset: submission.dataset.name,
    method: submission.method,
    description: submission.description,
    paperUrl: submission.paperUrl,
    codeUrl: submission.codeUrl,
    trainingData: submission.trainingData,
    testImagesSeen: submission.testImagesSeen,
    demo: submission.demo,
    submitter: submission.user?.name ?? null,
    state: submission.state,
    visibility: submission.visibility,
    queuePosition: submission.queuePosition,
    progress: submission.progress,
    attempts: submission.attempts,
    problems: submission.problems ?? [],
    warnings: submission.warnings ?? [],
    failure: submission.failure,
    hiddenReason: submission.hiddenReason,
    files: submission.files.map(({ slot, bytes, sha256 }) => ({ slot, bytes, sha256 })),
    createdAt: submission.createdAt.toISOString(),
    startedAt: submission.startedAt?.toISOString() ?? null,
    finishedAt: submission.finishedAt?.toISOString() ?? null,
    publishedAt: submission.publishedAt?.toISOString() ?? null,
    report: reports[PRIMARY_PROTOCOL] ?? null,
    reports,
  };
}

/** The score with everything needed to compute it again. */
export async function receiptOf(submission: SubmissionDetail): Promise<Receipt> {
  const { id, method, task, dataset, createdAt, startedAt, finishedAt } = await submissionBody(submission);
  const reports = await getReports<AnyReport>(id);
  const report = reports[PRIMARY_PROTOCOL];
  if (submission.state !== 'scored' || !report) throw new AppError('conflict', 'There is no score to attest yet.');
  return {
    schema: 1,
    submission: { id, method, task, dataset, submittedAt: createdAt, scoredAt: finishedAt ?? startedAt },
    evaluator: report.evaluator,
    groundTruth: report.groundTruth,
    predictions: report.predictions.map(({ slot, sha256, bytes }) => ({ slot, sha256, bytes })),
    report,
    reports,
  };
}

/** Refills the submit form from an earlier submission, so that only the file has to be chosen. */
import { findSubmission } from '#app/_server/submissions.ts';
import { canSubmitAgain, canSubmitNext, type Viewer } from '#lib/permissions.ts';
import { isSealed } from '#lib/public-entry.ts';
import type { Typed } from './submit-form.tsx';

/** Return the form's values if this person may send the submission again or a next version of it, else undefined. */
export async function earlier(who: Viewer, from: string | string[] | undefined): Promise<Typed | undefined> {
  if (typeof from !== 'string') return undefined;
  const submission = await findSubmission(who, from).catch(() => null);
  if (!submission || !(canSubmitAgain(who, submission) || canSubmitNext(who, submission))) return undefined;
  const { task, dataset, teamId, method, description, paperUrl, codeUrl, trainingData } = submission;
  const {
    testImagesSeen,
    exposure,
    licence,
    cellsShown,
    filesShared,
    anyCategory,
    anonymous,
    anonymousUntil,
    visibility,
    files,
  } = submission;
  const threshold = files.find(({ scoreThreshold }) => scoreThreshold !== null)?.scoreThreshold;
  return {
    task,
    dataset: dataset.name,
    method,
    description,
    trainingData,
    testImagesSeen,
    exposure: exposure ?? '',
    licence: licence ?? '',
    cellsShown,
    filesShared,
    anyCategory,
    team: teamId ?? '',
    paperUrl: paperUrl ?? '',
    codeUrl: codeUrl ?? '',
    scoreThreshold: threshold === undefined || threshold === null ? '' : String(threshold),
    publish: visibility === 'pending',
    anonymous: isSealed(submission, new Date()),
    anonymousUntil: anonymous ? anonymousUntil?.toISOString().slice(0, 10) : undefined,
  };
}

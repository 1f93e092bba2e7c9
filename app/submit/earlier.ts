/** What was said about a submission that got no score, so that only the file has to be replaced. */
import { findSubmission } from '#app/_server/submissions.ts';
import { canSubmitAgain, type Viewer } from '#lib/permissions.ts';
import { isSealed } from '#lib/public-entry.ts';
import type { Typed } from './submit-form.tsx';

/** All that the form asks, of a rejected or failed submission that is this person's to send again; else undefined. */
export async function earlier(who: Viewer, from: string | string[] | undefined): Promise<Typed | undefined> {
  if (typeof from !== 'string') return undefined;
  const submission = await findSubmission(who, from).catch(() => null);
  if (!submission || !canSubmitAgain(who, submission)) return undefined;
  const { task, dataset, teamId, method, description, paperUrl, codeUrl, trainingData } = submission;
  const { testImagesSeen, anyCategory, anonymous, anonymousUntil, visibility, files } = submission;
  const threshold = files.find(({ scoreThreshold }) => scoreThreshold !== null)?.scoreThreshold;
  return {
    task,
    dataset: dataset.name,
    method,
    description,
    trainingData,
    testImagesSeen,
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

import { findSubmission } from '#app/_server/submissions.ts';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import type { Viewer } from '#lib/permissions.ts';

/** @throws AppError `not-found`; `forbidden` if the viewer may not do this to the submission as it is now */
export async function requireAllowed(
  viewer: Viewer,
  id: string,
  may: (viewer: Viewer, submission: SubmissionDetail) => boolean,
): Promise<void> {
  if (!may(viewer, await findSubmission(viewer, id)))
    throw new AppError('forbidden', 'This is no longer possible. Reload the page to see the current state.');
}

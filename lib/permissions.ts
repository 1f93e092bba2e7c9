/**
 * Who may do what, as sentences. Pure functions of plain values: their test is a truth table. Pages, actions and
 * routes ask here and nowhere else. Private by default: only an entry that is scored and published is public.
 */
import type { Role, SubmissionState, Visibility } from './api.ts';

/** Whoever is asking; `null` is somebody who has not signed in. */
export type Viewer = { id: string; name: string | null; email: string | null; role: Role } | null;

/** What the rules need to know of a submission. */
export interface Owned {
  userId: string | null;
  state: SubmissionState;
  visibility: Visibility;
}

type SignedIn = NonNullable<Viewer>;

export function isMaintainer(viewer: Viewer): viewer is SignedIn {
  return viewer?.role === 'maintainer';
}

export function isOwner(viewer: Viewer, thing: { userId: string | null }): viewer is SignedIn {
  // an entry without a user (seeded, or of a deleted account) is nobody's, not everybody's
  return viewer !== null && thing.userId !== null && viewer.id === thing.userId;
}

export function isPublic(submission: Owned): boolean {
  return submission.state === 'scored' && submission.visibility === 'published';
}

export function canSubmit(viewer: Viewer): viewer is SignedIn {
  return viewer !== null;
}

export function canViewSubmission(viewer: Viewer, submission: Owned): boolean {
  return isPublic(submission) || isOwner(viewer, submission) || isMaintainer(viewer);
}

/** The file a submission was made with stays with its owner, also when its scores are public. */
export function canReadFiles(viewer: Viewer, submission: Owned): boolean {
  return isOwner(viewer, submission) || isMaintainer(viewer);
}

/** Publishing is a deliberate act of the owner, possible before the score is there; a maintainer decides after. */
export function canPublish(viewer: Viewer, submission: Owned): boolean {
  const alive = submission.state === 'queued' || submission.state === 'scoring' || submission.state === 'scored';
  return isOwner(viewer, submission) && alive && submission.visibility === 'private';
}

export function canUnpublish(viewer: Viewer, submission: Owned): boolean {
  return isOwner(viewer, submission) && (submission.visibility === 'pending' || submission.visibility === 'published');
}

export function canWithdraw(viewer: Viewer, submission: Owned): boolean {
  return isOwner(viewer, submission) && submission.state !== 'withdrawn';
}

/** A rejected file can be replaced by a fixed one, keeping what was typed. */
export function canSubmitAgain(viewer: Viewer, submission: Owned): boolean {
  return isOwner(viewer, submission) && (submission.state === 'rejected' || submission.state === 'failed');
}

export function canModerate(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** A hidden entry may be let back on the board, by the same people who hid it. */
export function canApprove(viewer: Viewer, submission: Owned): boolean {
  return (
    isMaintainer(viewer) &&
    submission.state === 'scored' &&
    (submission.visibility === 'pending' || submission.visibility === 'hidden')
  );
}

export function canHide(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && (submission.visibility === 'pending' || submission.visibility === 'published');
}

/** Not even maintainers: an upload is a private file until its owner submits it. */
export function canUseUpload(viewer: Viewer, upload: { userId: string }): boolean {
  return isOwner(viewer, upload);
}

/** Names and sizes of images are for everyone; annotations only where they were registered as public. */
export function canReadAnnotations(dataset: { public: boolean }): boolean {
  return dataset.public;
}

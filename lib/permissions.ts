/**
 * Who may do what, as sentences. Pure functions of plain values: their test is a truth table. Pages, actions and
 * routes ask here and nowhere else. Private by default: only an entry that is scored and published is public.
 */

import { isSealed, type Seal } from './public-entry.ts';
import type { Role, SubmissionState, TeamRole, Visibility } from './vocabulary.ts';

/** Whoever is asking; `null` is somebody who has not signed in. */
export type Viewer = {
  id: string;
  name: string | null;
  email: string | null;
  role: Role;
  /** those this person is in */
  teams: readonly { id: string; role: TeamRole }[];
  /** may read and download what is theirs, and change nothing; a maintainer's rights rest meanwhile */
  suspended: boolean;
} | null;

/** What belongs to a person, or to a team: then to whoever is in the team, and no longer to who made it. */
export interface Belonging {
  userId: string | null;
  teamId: string | null;
}

/** What the rules need to know of a submission. */
export interface Owned extends Belonging {
  state: SubmissionState;
  visibility: Visibility;
}

type SignedIn = NonNullable<Viewer>;

/** Signed in and not suspended: whoever wants to change anything is at least this. */
export function canAct(viewer: Viewer): viewer is SignedIn {
  return viewer !== null && !viewer.suspended;
}

export function isMaintainer(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer) && viewer.role === 'maintainer';
}

/** Its person, or anybody in its team. */
export function isOwner(viewer: Viewer, thing: Belonging): viewer is SignedIn {
  if (viewer === null) return false;
  if (thing.teamId !== null) return isMember(viewer, thing.teamId);
  // an entry without a user (seeded, or of a deleted account) is nobody's, not everybody's
  return thing.userId !== null && viewer.id === thing.userId;
}

/** An owner who may change things: every rule below that says “the owner may” means this. */
function actsAsOwner(viewer: Viewer, thing: Belonging): viewer is SignedIn {
  return canAct(viewer) && isOwner(viewer, thing);
}

export function isPublic(submission: Pick<Owned, 'state' | 'visibility'>): boolean {
  return submission.state === 'scored' && submission.visibility === 'published';
}

export function canSubmit(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer);
}

/** In one's own name, or for a team one is in. */
export function canSubmitFor(viewer: Viewer, teamId: string | null): viewer is SignedIn {
  return canSubmit(viewer) && (teamId === null || isMember(viewer, teamId));
}

export function canViewSubmission(viewer: Viewer, submission: Owned): boolean {
  return isPublic(submission) || isOwner(viewer, submission) || isMaintainer(viewer);
}

/** What is left of an entry that has been public: that there was one, and why it is gone. No numbers. */
export function isTombstone(submission: Pick<Owned, 'state'> & { wasPublished: boolean }): boolean {
  return submission.state === 'withdrawn' && submission.wasPublished;
}

/** The file a submission was made with stays with its owner, also when its scores are public. */
export function canReadFiles(viewer: Viewer, submission: Owned): boolean {
  return isOwner(viewer, submission) || isMaintainer(viewer);
}

/** Publishing is a deliberate act of the owner, possible before the score is there; a maintainer decides after. */
export function canPublish(viewer: Viewer, submission: Owned): boolean {
  const alive = submission.state === 'queued' || submission.state === 'scoring' || submission.state === 'scored';
  return actsAsOwner(viewer, submission) && alive && submission.visibility === 'private';
}

export function canUnpublish(viewer: Viewer, submission: Owned): boolean {
  return (
    actsAsOwner(viewer, submission) && (submission.visibility === 'pending' || submission.visibility === 'published')
  );
}

export function canWithdraw(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && submission.state !== 'withdrawn';
}

/** A rejected file can be replaced by a fixed one, keeping what was typed. */
export function canSubmitAgain(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && (submission.state === 'rejected' || submission.state === 'failed');
}

/** The scores stay. A file that is wanted for scoring stays too, and withdrawing deletes it anyway. */
export function canDeleteFiles(viewer: Viewer, submission: Owned & { filesDeletedAt: Date | null }): boolean {
  const done = submission.state === 'scored' || submission.state === 'rejected' || submission.state === 'failed';
  return actsAsOwner(viewer, submission) && done && submission.filesDeletedAt === null;
}

// --- anonymous entries ---

/** Who made an entry whose name is a secret. Others see “Anonymous entry 7”. */
export function canSeeIdentity(viewer: Viewer, submission: Belonging): boolean {
  return isOwner(viewer, submission) || isMaintainer(viewer);
}

/** Not once it has been public under its name: what was read cannot be unread. The date can be changed until it comes. */
export function canMakeAnonymous(
  viewer: Viewer,
  submission: Owned & Seal & { wasPublished: boolean },
  now = new Date(),
): boolean {
  const secret = isSealed(submission, now) || !(submission.wasPublished || submission.visibility === 'published');
  return actsAsOwner(viewer, submission) && submission.state !== 'withdrawn' && secret;
}

export function canReveal(viewer: Viewer, submission: Owned & Seal, now = new Date()): boolean {
  return actsAsOwner(viewer, submission) && submission.state !== 'withdrawn' && isSealed(submission, now);
}

/** Make, replace and revoke the link through which reviewers see an entry without its name, also before it is public. */
export function canShareWithReviewers(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && submission.state !== 'withdrawn';
}

// --- methods: a submission is a version of one ---

/** Everybody, once a version is public under its name; what they see of it are the public versions. */
export function canViewMethod(viewer: Viewer, method: Belonging & { public: boolean }): boolean {
  return method.public || isOwner(viewer, method) || isMaintainer(viewer);
}

/** Versions that are not public. */
export function canViewVersions(viewer: Viewer, method: Belonging): boolean {
  return isOwner(viewer, method) || isMaintainer(viewer);
}

export function canEditMethod(viewer: Viewer, method: Belonging): viewer is SignedIn {
  return actsAsOwner(viewer, method);
}

/** Which of the published versions of a method the board shows is for its owner to say. */
export function canChooseShown(viewer: Viewer, submission: Owned & { shown: boolean }): boolean {
  return actsAsOwner(viewer, submission) && isPublic(submission) && !submission.shown;
}

// --- teams: members do with the team's entries and methods what an owner may; owners also decide who is in ---

function isMember(viewer: SignedIn, teamId: string): boolean {
  return viewer.teams.some(({ id }) => id === teamId);
}

export function canCreateTeam(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer);
}

export function canViewTeam(viewer: Viewer, teamId: string): viewer is SignedIn {
  return viewer !== null && (isMember(viewer, teamId) || isMaintainer(viewer));
}

/** Rename, invite, take back invitations, change roles, remove members, delete the empty team. */
export function canManageTeam(viewer: Viewer, teamId: string): viewer is SignedIn {
  return canAct(viewer) && viewer.teams.some(({ id, role }) => id === teamId && role === 'owner');
}

/** That the last owner stays while others are there is kept where it cannot be raced: in the transaction. */
export function canLeaveTeam(viewer: Viewer, teamId: string): viewer is SignedIn {
  return canAct(viewer) && isMember(viewer, teamId);
}

/** An invitation is for whoever has its link. */
export function canAcceptInvitation(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer);
}

// --- the queue: everybody sees that something waits and how long; what it is, only who may see it anyway ---

/** Nothing that waits is public yet, except entries that are scored again and those of the demo. */
export function canNameInQueue(viewer: Viewer, submission: Owned & Seal, now = new Date()): boolean {
  if (isOwner(viewer, submission) || isMaintainer(viewer)) return true;
  return submission.visibility === 'published' && !isSealed(submission, now);
}

/** Taking it out of the queue is withdrawing it before it has a score. */
export function canTakeOut(viewer: Viewer, submission: Owned): boolean {
  return canWithdraw(viewer, submission) && (submission.state === 'queued' || submission.state === 'scoring');
}

// --- maintainers ---

export function canModerate(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** Nobody publishes for an owner who did not ask. */
export function canApprove(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.state === 'scored' && submission.visibility === 'pending';
}

/** Ask back and reject: both end the wait without publishing, scored or not. */
export function canDecline(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.visibility === 'pending';
}

export function canHide(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.visibility === 'published';
}

/** A hidden entry may be let back on the board, by the same people who hid it. */
export function canRestore(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.state === 'scored' && submission.visibility === 'hidden';
}

/** Where we failed, once what was in the way is gone. A file that is not there any more cannot be scored. */
export function canTryAgain(viewer: Viewer, submission: Owned & { filesDeletedAt: Date | null }): boolean {
  return isMaintainer(viewer) && submission.state === 'failed' && submission.filesDeletedAt === null;
}

/** Mark an entry as re-run, and take the mark back. */
export function canVerify(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.state === 'scored';
}

/** Open and close tasks, limits, quota and grants, announcements. */
export function canManageTasks(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** Register ground truth, replace it, make it public or not, have everything scored again. */
export function canManageGroundTruth(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** A baseline stands out on the board, so it has to be on it. The mark can be taken off whatever became of the entry. */
export function canFeature(viewer: Viewer, submission: Owned & { featured: boolean }): boolean {
  return isMaintainer(viewer) && (isPublic(submission) || submission.featured);
}

/** Find people, suspend, change roles, merge. That the last maintainer stays is kept in the transaction. */
export function canManagePeople(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** The log says who did what, anonymous entries and all. */
export function canReadAudit(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** Not even maintainers: an upload is a private file until its owner submits it. */
export function canUseUpload(viewer: Viewer, upload: { userId: string }): boolean {
  return actsAsOwner(viewer, { userId: upload.userId, teamId: null });
}

/** Name and sizes of images are for everyone; annotations only where they were registered as public. */
export function canReadAnnotations(dataset: { public: boolean }): boolean {
  return dataset.public;
}

/** The images themselves are registered apart from the annotations, and are public or not on their own account. */
export function canSeePictures(pictures: { public: boolean }): boolean {
  return pictures.public;
}

/** Outlines are annotations, and drawn over pictures only. */
export function canSeeOutlines(dataset: { public: boolean }, pictures: { public: boolean }): boolean {
  return canReadAnnotations(dataset) && canSeePictures(pictures);
}

/**
 * Permissions, as sentences: pure functions of plain values, tested by a truth table. Pages, actions and routes decide
 * permissions only here. Private by default: only a scored and published entry is public.
 */

import { isSealed, type Seal } from './public-entry.ts';
import type { Role, SubmissionState, TeamRole, Visibility } from './vocabulary.ts';

/** The person making the request; `null` if not signed in. */
export type Viewer = {
  id: string;
  name: string | null;
  email: string | null;
  role: Role;
  /** the teams this person belongs to */
  teams: readonly { id: string; role: TeamRole }[];
  /** may read and download their own things, but change nothing; a suspended maintainer has no maintainer's rights */
  suspended: boolean;
} | null;

/**
 * Something that belongs to a person or to a team. A team's things belong to its members, and no longer to their maker.
 */
export interface Belonging {
  userId: string | null;
  teamId: string | null;
}

/** The fields of a submission that the rules need. */
export interface Owned extends Belonging {
  state: SubmissionState;
  visibility: Visibility;
}

type SignedIn = NonNullable<Viewer>;

/** Tell whether the viewer is signed in and not suspended: required for any change. */
export function canAct(viewer: Viewer): viewer is SignedIn {
  return viewer !== null && !viewer.suspended;
}

export function isMaintainer(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer) && viewer.role === 'maintainer';
}

/** Tell whether the thing is the viewer's own or their team's. */
export function isOwner(viewer: Viewer, thing: Belonging): viewer is SignedIn {
  if (viewer === null) return false;
  if (thing.teamId !== null) return isMember(viewer, thing.teamId);
  // an entry without a user (seeded, or of a deleted account) belongs to nobody, not to everybody
  return thing.userId !== null && viewer.id === thing.userId;
}

/** Tell whether the viewer is an owner who may change things: “the owner may” in the rules below means this. */
function actsAsOwner(viewer: Viewer, thing: Belonging): viewer is SignedIn {
  return canAct(viewer) && isOwner(viewer, thing);
}

export function isPublic(submission: Pick<Owned, 'state' | 'visibility'>): boolean {
  return submission.state === 'scored' && submission.visibility === 'published';
}

export function canSubmit(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer);
}

/** In their own name, or for a team they belong to. */
export function canSubmitFor(viewer: Viewer, teamId: string | null): viewer is SignedIn {
  return canSubmit(viewer) && (teamId === null || isMember(viewer, teamId));
}

export function canViewSubmission(viewer: Viewer, submission: Owned): boolean {
  return isPublic(submission) || isOwner(viewer, submission) || isMaintainer(viewer);
}

/**
 * A tombstone remains of an entry that has been public and is not any more: that it existed, when it went and why. No
 * numbers.
 */
export function isTombstone(submission: Pick<Owned, 'state' | 'visibility'> & { wasPublished: boolean }): boolean {
  return submission.wasPublished && (submission.state === 'withdrawn' || submission.visibility !== 'published');
}

/** The submitted file stays with its owner, even if its scores are public. */
export function canReadFiles(viewer: Viewer, submission: Owned): boolean {
  return isOwner(viewer, submission) || isMaintainer(viewer);
}

/** What the owner of an entry agreed to let others do with its predictions. Nothing by default. */
export interface Consent {
  cellsShown: boolean;
  filesShared: boolean;
}

/** Choose the licence of the predictions, and whether others see and download them; at any time, in both directions. */
export function canChangeSharing(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && submission.state !== 'withdrawn';
}

/** Everybody sees the cells that a published entry predicts if its owner agreed; else only who may read its files. */
export function canSeeCells(viewer: Viewer, submission: Owned & Pick<Consent, 'cellsShown'>): boolean {
  if (submission.state !== 'scored') return false;
  return canReadFiles(viewer, submission) || areCellsPublic(submission);
}

/** Tell whether strangers see the cells that an entry predicts. */
export function areCellsPublic(submission: Pick<Owned, 'state' | 'visibility'> & Pick<Consent, 'cellsShown'>): boolean {
  return isPublic(submission) && submission.cellsShown;
}

/**
 * Everybody downloads the files of a published entry if its owner agreed. Not while it is sealed: files may name people,
 * in fields that nobody reads.
 */
export function canDownloadFiles(
  viewer: Viewer,
  submission: Owned & Seal & Pick<Consent, 'filesShared'> & { filesDeletedAt: Date | null },
  now = new Date(),
): boolean {
  if (submission.filesDeletedAt !== null || submission.state === 'withdrawn') return false;
  if (canReadFiles(viewer, submission)) return true;
  return isPublic(submission) && submission.filesShared && !isSealed(submission, now);
}

/** The owner publishes deliberately, possibly before there is a score; afterwards a maintainer decides. */
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

/** A rejected file can be replaced by a corrected one, keeping the text fields. */
export function canSubmitAgain(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && (submission.state === 'rejected' || submission.state === 'failed');
}

/** The next version of a method: its text fields are kept, and the file is another. */
export function canSubmitNext(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && submission.state === 'scored';
}

/** The scores stay. A file that is needed for scoring stays too; withdrawing deletes it anyway. */
export function canDeleteFiles(viewer: Viewer, submission: Owned & { filesDeletedAt: Date | null }): boolean {
  const done = submission.state === 'scored' || submission.state === 'rejected' || submission.state === 'failed';
  return actsAsOwner(viewer, submission) && done && submission.filesDeletedAt === null;
}

// --- anonymous entries ---

/** Whether the viewer sees who made an anonymous entry. Others see “Anonymous entry 7”. */
export function canSeeIdentity(viewer: Viewer, submission: Belonging): boolean {
  return isOwner(viewer, submission) || isMaintainer(viewer);
}

/**
 * Not after it has been public under its name: what was read cannot be unread. The date can be changed until it comes.
 */
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

/**
 * Make, replace and revoke the link through which reviewers see an entry without its name, even before it is public.
 */
export function canShareWithReviewers(viewer: Viewer, submission: Owned): boolean {
  return actsAsOwner(viewer, submission) && submission.state !== 'withdrawn';
}

// --- methods: a submission is a version of one ---

/** Everybody, once a version is public under its name; they see the public versions. */
export function canViewMethod(viewer: Viewer, method: Belonging & { public: boolean }): boolean {
  return method.public || isOwner(viewer, method) || isMaintainer(viewer);
}

/** Whether the viewer sees versions that are not public. */
export function canViewVersions(viewer: Viewer, method: Belonging): boolean {
  return isOwner(viewer, method) || isMaintainer(viewer);
}

export function canEditMethod(viewer: Viewer, method: Belonging): viewer is SignedIn {
  return actsAsOwner(viewer, method);
}

/** The owner decides which of a method's published versions the board shows. */
export function canChooseShown(viewer: Viewer, submission: Owned & { shown: boolean }): boolean {
  return actsAsOwner(viewer, submission) && isPublic(submission) && !submission.shown;
}

// --- teams: members may treat the team's entries and methods as owners do; team owners also decide on membership ---

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

/** The last owner must stay while there are other members; the transaction checks that, where it cannot be raced. */
export function canLeaveTeam(viewer: Viewer, teamId: string): viewer is SignedIn {
  return canAct(viewer) && isMember(viewer, teamId);
}

/** An invitation is for any signed-in person with its link. */
export function canAcceptInvitation(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer);
}

// --- classes: maintainers make them; members see their board ---

export function canManageClasses(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer) && isMaintainer(viewer);
}

/** @param isMemberOfClass that the viewer has joined, and not left */
export function canSeeClass(viewer: Viewer, isMemberOfClass: boolean): viewer is SignedIn {
  return viewer !== null && (isMemberOfClass || isMaintainer(viewer));
}

/** A code is for any signed-in person who has it. */
export function canJoinClass(viewer: Viewer): viewer is SignedIn {
  return canAct(viewer);
}

// --- the queue: everybody sees that something waits and for how long; only people who may see it know what it is ---

/** Nothing that waits is public yet, except entries being scored again and demo entries. */
export function canNameInQueue(viewer: Viewer, submission: Owned & Seal, now = new Date()): boolean {
  if (isOwner(viewer, submission) || isMaintainer(viewer)) return true;
  return submission.visibility === 'published' && !isSealed(submission, now);
}

/** Taking it out of the queue means withdrawing it before it has a score. */
export function canTakeOut(viewer: Viewer, submission: Owned): boolean {
  return canWithdraw(viewer, submission) && (submission.state === 'queued' || submission.state === 'scoring');
}

// --- maintainers ---

export function canModerate(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** Anybody who is signed in may say what is wrong with what everybody sees. */
export function canReportProblem(viewer: Viewer, submission: Owned): viewer is SignedIn {
  return canAct(viewer) && isPublic(submission);
}

/** Only if the owner asked: nobody publishes on an owner's behalf. */
export function canApprove(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.state === 'scored' && submission.visibility === 'pending';
}

/** Ask back and reject: both end the wait without publishing, whether scored or not. */
export function canDecline(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.visibility === 'pending';
}

export function canHide(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.visibility === 'published';
}

/** The same people who hid an entry may let it back on the board. */
export function canRestore(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.state === 'scored' && submission.visibility === 'hidden';
}

/**
 * For failures of the site, once the cause is removed, and for what waits because of one. A deleted file cannot be
 * scored.
 */
export function canTryAgain(
  viewer: Viewer,
  { state, failure, filesDeletedAt }: Owned & { failure: string | null; filesDeletedAt: Date | null },
): boolean {
  const isOurFault = state === 'failed' || (state === 'queued' && failure !== null);
  return isMaintainer(viewer) && isOurFault && filesDeletedAt === null;
}

/** Mark an entry as re-run, and remove the mark. */
export function canVerify(viewer: Viewer, submission: Owned): boolean {
  return isMaintainer(viewer) && submission.state === 'scored';
}

/** Open and close tasks, limits, quota and grants, announcements. */
export function canManageTasks(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** Register ground truth, replace it, make it public or private, have everything scored again. */
export function canManageGroundTruth(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** A baseline stands out on the board, so it must be on it. The mark can be removed in any case. */
export function canFeature(viewer: Viewer, submission: Owned & { featured: boolean }): boolean {
  return isMaintainer(viewer) && (isPublic(submission) || submission.featured);
}

/** Find people, suspend, change roles, merge. The transaction checks that the last maintainer stays. */
export function canManagePeople(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** The log names the people behind every event, including anonymous entries. */
export function canReadAudit(viewer: Viewer): viewer is SignedIn {
  return isMaintainer(viewer);
}

/** Not even maintainers: an upload is private until its owner submits it. */
export function canUseUpload(viewer: Viewer, upload: { userId: string }): boolean {
  return actsAsOwner(viewer, { userId: upload.userId, teamId: null });
}

/** Names and sizes of images are for everyone; annotations only if registered as public. */
export function canReadAnnotations(dataset: { public: boolean }): boolean {
  return dataset.public;
}

/**
 * What became of each cell and each detection tells of the annotations; so does the outline of an annotated cell. Owners
 * see their predictions on ground truth that is not public, and nothing of how they fared.
 */
export function canSeeVerdicts(dataset: { public: boolean }): boolean {
  return canReadAnnotations(dataset);
}

/** The images are registered separately from the annotations, and are public or private independently of them. */
export function canSeePictures(pictures: { public: boolean }): boolean {
  return pictures.public;
}

/** Outlines are annotations, and are only drawn over pictures. */
export function canSeeOutlines(dataset: { public: boolean }, pictures: { public: boolean }): boolean {
  return canReadAnnotations(dataset) && canSeePictures(pictures);
}

/**
 * Every decision about and change to an entry, as data: who, what, why. Adding an event takes one schema and one
 * sentence here.
 */
import { z } from 'zod';
import type { ProtocolId } from './coco/protocol.ts';

/** The changed columns of a row, before and after. */
const changesSchema = z.record(z.string(), z.object({ before: z.unknown(), after: z.unknown() }));
export type Changes = z.infer<typeof changesSchema>;

const about = { submissionId: z.string(), changes: changesSchema.optional() };
/** the decision was about the maintainer's own submission, as the only maintainer */
const byOwn = { own: z.boolean().optional() };
const why = { reason: z.string() };
const ofTeam = { teamId: z.string() };
const ofClass = { classId: z.string(), name: z.string() };
const ofDataset = { datasetId: z.string(), name: z.string() };
const ofRescore = { ...ofDataset, rescoreId: z.string(), entries: z.int(), ...why };
const picturesSchema = z.object({ public: z.boolean(), files: z.int() });

/** As set by a maintainer; null: the site's default. */
const taskSettingsSchema = z.object({
  open: z.boolean(),
  closedReason: z.string().nullable(),
  quota: z.int().nullable(),
  quotaDays: z.int().nullable(),
  maxBytes: z.int().nullable(),
});

export const auditEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('submitted'), ...about, task: z.string(), method: z.string() }),
  z.object({ kind: z.literal('scored'), ...about, protocols: z.array(z.string()), attempt: z.int() }),
  z.object({ kind: z.literal('rejected'), ...about, problems: z.int() }),
  z.object({ kind: z.literal('returned'), ...about, reason: z.string() }),
  z.object({ kind: z.literal('failed'), ...about, reason: z.string() }),
  // the owner's message is for the maintainers: an answer to their question
  z.object({ kind: z.literal('publication-requested'), ...about, message: z.string().optional() }),
  z.object({ kind: z.literal('approved'), ...about, ...byOwn, reason: z.string().optional() }),
  z.object({ kind: z.literal('asked-back'), ...about, ...why }),
  z.object({ kind: z.literal('declined'), ...about, ...why }),
  z.object({ kind: z.literal('hidden'), ...about, ...why }),
  z.object({ kind: z.literal('restored'), ...about, ...byOwn, ...why }),
  z.object({ kind: z.literal('verified'), ...about, ...byOwn, ...why }),
  z.object({ kind: z.literal('verification-revoked'), ...about, ...why }),
  z.object({ kind: z.literal('problem-settled'), ...about, reportId: z.string(), ...why }),
  z.object({ kind: z.literal('unpublished'), ...about }),
  z.object({ kind: z.literal('withdrawn'), ...about, reason: z.string().optional() }),
  z.object({ kind: z.literal('files-deleted'), ...about, reason: z.string().optional() }),
  // licence, and whether others may see and download the predictions
  z.object({ kind: z.literal('sharing-changed'), ...about }),
  z.object({ kind: z.literal('shown'), ...about, instead: z.string().nullable() }),
  z.object({ kind: z.literal('method-created'), methodId: z.string(), name: z.string() }),
  z.object({ kind: z.literal('method-edited'), methodId: z.string(), name: z.string(), changes: changesSchema }),
  // `until`: when the name becomes public by itself; null: when its owner decides
  z.object({ kind: z.literal('anonymised'), ...about, number: z.int(), until: z.string().nullable() }),
  z.object({ kind: z.literal('revealed'), ...about }),
  z.object({ kind: z.literal('review-link-made'), ...about, replaced: z.boolean() }),
  z.object({ kind: z.literal('review-link-revoked'), ...about }),
  z.object({ kind: z.literal('class-made'), ...ofClass, dataset: z.string() }),
  z.object({ kind: z.literal('class-frozen'), ...ofClass }),
  z.object({ kind: z.literal('class-revealed'), ...ofClass }),
  z.object({ kind: z.literal('class-deleted'), ...ofClass }),
  z.object({ kind: z.literal('team-created'), ...ofTeam, name: z.string() }),
  z.object({ kind: z.literal('team-renamed'), ...ofTeam, before: z.string(), after: z.string() }),
  z.object({ kind: z.literal('team-deleted'), ...ofTeam, name: z.string() }),
  z.object({ kind: z.literal('team-invited'), ...ofTeam, invitationId: z.string(), until: z.string() }),
  z.object({ kind: z.literal('team-invitation-revoked'), ...ofTeam, invitationId: z.string() }),
  z.object({ kind: z.literal('team-joined'), ...ofTeam, userId: z.string(), invitationId: z.string() }),
  z.object({
    kind: z.literal('team-role-changed'),
    ...ofTeam,
    userId: z.string(),
    before: z.string(),
    after: z.string(),
  }),
  z.object({ kind: z.literal('team-member-removed'), ...ofTeam, userId: z.string(), role: z.string() }),
  z.object({ kind: z.literal('team-left'), ...ofTeam, userId: z.string(), role: z.string() }),
  z.object({
    kind: z.literal('task-settings-changed'),
    task: z.string(),
    before: taskSettingsSchema,
    after: taskSettingsSchema,
  }),
  z.object({
    kind: z.literal('announced'),
    announcementId: z.string(),
    task: z.string().nullable(),
    text: z.string(),
    startsAt: z.string(),
    endsAt: z.string(),
    tellEverybody: z.boolean(),
  }),
  z.object({
    kind: z.literal('announcement-ended'),
    announcementId: z.string(),
    before: z.string(),
    after: z.string(),
  }),
  z.object({
    kind: z.literal('quota-granted'),
    holder: z.string(),
    task: z.string(),
    amount: z.int(),
    reason: z.string(),
    until: z.string(),
    before: z.int().nullable(),
    after: z.int().nullable(),
  }),
  z.object({ kind: z.literal('featured'), ...about, before: z.boolean(), after: z.boolean() }),
  z.object({
    kind: z.literal('label-error-decided'),
    datasetId: z.string(),
    labelErrorId: z.string(),
    image: z.string(),
    changes: changesSchema,
  }),
  z.object({
    kind: z.literal('published-numbers-added'),
    by: z.enum(['form', 'csv']),
    numbers: z.int(),
    methods: z.array(z.string()),
  }),
  z.object({
    kind: z.literal('published-number-removed'),
    method: z.string(),
    metric: z.string(),
    value: z.string(),
    source: z.string(),
    reason: z.string(),
  }),
  z.object({ kind: z.literal('dataset-registered'), ...ofDataset, sha256: z.string() }),
  // `before` and `after`: whether public
  z.object({
    kind: z.literal('dataset-visibility-changed'),
    ...ofDataset,
    before: z.boolean(),
    after: z.boolean(),
    reason: z.string().optional(),
  }),
  // `before`: null if there were none
  z.object({
    kind: z.literal('pictures-registered'),
    ...ofDataset,
    before: picturesSchema.nullable(),
    after: picturesSchema,
  }),
  z.object({
    kind: z.literal('ground-truth-received'),
    importId: z.string(),
    name: z.string(),
    task: z.string(),
    note: z.string(),
    replaces: z.string().nullable(),
  }),
  z.object({ kind: z.literal('ground-truth-import-failed'), importId: z.string(), name: z.string(), ...why }),
  // `before` and `after`: SHA-256
  z.object({
    kind: z.literal('ground-truth-divided'),
    ...ofDataset,
    by: z.enum(['well', 'field']),
    until: z.string(),
    units: z.int(),
    of: z.int(),
  }),
  z.object({
    kind: z.literal('ground-truth-version-added'),
    ...ofDataset,
    version: z.int(),
    note: z.string(),
    before: z.string(),
    after: z.string(),
  }),
  z.object({
    kind: z.literal('rescore-started'),
    ...ofRescore,
    evaluator: z.string(),
    /** for a single submission: its id */
    submissionId: z.string().optional(),
  }),
  z.object({ kind: z.literal('rescore-retried'), ...ofRescore }),
  // `entries`: those left behind
  z.object({ kind: z.literal('rescore-decided'), ...ofRescore }),
  z.object({ kind: z.literal('rescore-cancelled'), ...ofDataset, rescoreId: z.string(), ...why }),
  z.object({
    kind: z.literal('rescore-switched'),
    ...ofRescore,
    skipped: z.int(),
    changes: changesSchema,
    submissionId: z.string().optional(),
  }),
  z.object({
    kind: z.literal('rescored'),
    ...about,
    rescoreId: z.string(),
    ...why,
    evaluator: z.string(),
    groundTruthVersion: z.int(),
  }),
  z.object({ kind: z.literal('rescore-skipped'), ...about, rescoreId: z.string(), ...why }),
  z.object({
    kind: z.literal('role-changed'),
    userId: z.string(),
    role: z.string(),
    before: z.string().optional(),
    reason: z.string().optional(),
  }),
  z.object({ kind: z.literal('suspended'), userId: z.string(), ...why }),
  z.object({ kind: z.literal('suspension-lifted'), userId: z.string(), ...why }),
  z.object({
    kind: z.literal('accounts-merged'),
    userId: z.string(),
    mergedUserId: z.string(),
    ...why,
    /** number of rows of each kind that moved from the merged account */
    moved: z.record(z.string(), z.int()),
  }),
  z.object({
    kind: z.literal('token-created'),
    userId: z.string(),
    name: z.string(),
    scopes: z.array(z.string()).optional(),
  }),
  z.object({ kind: z.literal('token-revoked'), userId: z.string(), name: z.string() }),
  // which fields, but not their content: what is recorded here cannot be deleted with the account
  z.object({ kind: z.literal('profile-changed'), userId: z.string(), fields: z.array(z.string()) }),
  z.object({ kind: z.literal('sign-in-linked'), userId: z.string(), provider: z.string() }),
  z.object({ kind: z.literal('sign-in-unlinked'), userId: z.string(), provider: z.string() }),
  // `userId`: the user whom it signs in, if known
  z.object({ kind: z.literal('sign-in-link-made'), userId: z.string().optional(), role: z.string() }),
  z.object({ kind: z.literal('session-ended'), userId: z.string() }),
  z.object({ kind: z.literal('signed-out-everywhere'), userId: z.string(), sessions: z.int() }),
  z.object({
    kind: z.literal('account-deleted'),
    userId: z.string(),
    /**
     * number of entries that stay on the board or left a tombstone, and of submissions deleted because only their owner
     * saw them
     */
    kept: z.int(),
    tombstones: z.int(),
    deleted: z.int(),
  }),
]);
export type AuditEvent = z.infer<typeof auditEventSchema>;
export type AuditKind = AuditEvent['kind'];
export const AUDIT_KINDS: readonly AuditKind[] = auditEventSchema.options.map(({ shape }) => shape.kind.value);

/**
 * Describe the event in words that go between a name and a time. Everyone sees these in histories of public entries.
 */
export function auditSentence(event: AuditEvent): string {
  switch (event.kind) {
    case 'submitted':
      return `submitted “${event.method}” to ${event.task}`;
    case 'scored':
      return `scored under ${(event.protocols as ProtocolId[]).join(', ')}`;
    case 'rejected':
      return event.problems === 1 ? 'rejected: one problem in the file' : `rejected: ${event.problems} problems`;
    case 'returned':
      return `put back into the queue: ${event.reason}`;
    case 'failed':
      return `failed on our side: ${event.reason}`;
    case 'publication-requested':
      return 'asked to publish';
    case 'approved':
      return `approved and published${bySubmitter(event)}`;
    case 'asked-back':
      return 'asked the owner a question before deciding';
    case 'declined':
      return 'declined to publish';
    case 'restored':
      return `put back on the leaderboard${bySubmitter(event)}`;
    case 'verified':
      return `re-run by a maintainer, with these numbers${bySubmitter(event)}`;
    case 'verification-revoked':
      return 'no longer marked as re-run by a maintainer';
    case 'hidden':
      return `hidden: ${event.reason}`;
    case 'problem-settled':
      return 'looked into a reported problem';
    case 'unpublished':
      return 'taken off the leaderboard';
    case 'withdrawn':
      return 'withdrawn';
    case 'files-deleted':
      return event.reason
        ? `the prediction files were deleted: ${event.reason}`
        : 'deleted the prediction files; the scores stay';
    case 'sharing-changed':
      return 'changed what others may do with the predictions';
    case 'shown':
      return 'made the version of its method that the leaderboard shows';
    case 'method-created':
      return `created the method “${event.name}”`;
    case 'method-edited':
      return `edited the method “${event.name}”: ${Object.keys(event.changes).join(', ')}`;
    case 'anonymised':
      return `made it “Anonymous entry ${event.number}” ${event.until ? `until ${event.until.slice(0, 10)}` : 'until it is revealed'}`;
    case 'revealed':
      return 'revealed who made it';
    case 'review-link-made':
      return event.replaced ? 'made a new link for reviewers; the old one is void' : 'made a link for reviewers';
    case 'review-link-revoked':
      return 'revoked the link for reviewers';
    case 'class-made':
      return `made the class “${event.name}” on ${event.dataset}`;
    case 'class-frozen':
      return `hid new scores of the class “${event.name}” until its reveal`;
    case 'class-revealed':
      return `revealed the scores of the class “${event.name}”`;
    case 'class-deleted':
      return `deleted the class “${event.name}”`;
    case 'team-created':
      return `created the team “${event.name}”`;
    case 'team-renamed':
      return `renamed the team “${event.before}” to “${event.after}”`;
    case 'team-deleted':
      return `deleted the team “${event.name}”`;
    case 'team-invited':
      return `made an invitation to the team, good until ${event.until.slice(0, 10)}`;
    case 'team-invitation-revoked':
      return 'took back an invitation to the team';
    case 'team-joined':
      return 'joined the team by invitation';
    case 'team-role-changed':
      return `made ${event.after} of the team, ${event.before} before`;
    case 'team-member-removed':
      return `removed a person from the team, ${event.role} until then`;
    case 'team-left':
      return `left the team, ${event.role} until then`;
    case 'task-settings-changed': {
      const { task, before, after } = event;
      if (before.open !== after.open)
        return after.open ? `opened ${task} for submissions` : `closed ${task} for submissions: ${after.closedReason}`;
      return `changed the settings of ${task}`;
    }
    case 'announced':
      return `announced ${event.task ? `on the pages of ${event.task}` : 'on every page'}: ${event.text}`;
    case 'announcement-ended':
      return 'took down an announcement';
    case 'quota-granted':
      return `granted ${event.amount} more to ${event.task} until ${event.until.slice(0, 10)}: ${event.reason}`;
    case 'featured':
      return event.after ? 'marked as a baseline' : 'no longer marked as a baseline';
    case 'label-error-decided':
      return `decided about a suspected label error on ${event.image}`;
    case 'published-numbers-added':
      return `added ${event.numbers} published ${event.numbers === 1 ? 'number' : 'numbers'} ${event.by === 'csv' ? 'from a table' : 'by form'}: ${event.methods.slice(0, 5).join(', ')}${event.methods.length > 5 ? ' and others' : ''}`;
    case 'published-number-removed':
      return `removed the published number ${event.value} (${event.metric}) of ${event.method}: ${event.reason}`;
    case 'dataset-registered':
      return `registered ground truth “${event.name}”`;
    case 'dataset-visibility-changed':
      return `made ground truth “${event.name}” ${event.after ? 'public' : 'not public'}`;
    case 'pictures-registered':
      return `registered ${event.after.files} images of “${event.name}”, ${event.after.public ? 'public' : 'not public'}`;
    case 'ground-truth-received':
      return `sent in ground truth ${event.replaces ? `to replace that of “${event.name}”` : `“${event.name}”`}`;
    case 'ground-truth-import-failed':
      return `ground truth “${event.name}” could not be read: ${event.reason}`;
    case 'ground-truth-divided':
      return `divided “${event.name}” by ${event.by}s: the public part, ${event.units} of ${event.of}, until ${event.until.slice(0, 10)}, then the private part`;
    case 'ground-truth-version-added':
      return `added version ${event.version} of ground truth “${event.name}”: ${event.note}`;
    case 'rescore-started':
      return `began to score ${event.submissionId ? 'again' : `all of “${event.name}” again`}: ${event.reason}`;
    case 'rescore-retried':
      return `had ${event.entries} of “${event.name}” tried again`;
    case 'rescore-decided':
      return `decided to leave ${event.entries} of “${event.name}” behind, which could not be scored again`;
    case 'rescore-cancelled':
      return `cancelled scoring “${event.name}” again; everything is as it was`;
    case 'rescore-switched':
      return `“${event.name}” shows new scores: ${event.reason}`;
    case 'rescored':
      return `scored again by evaluator ${event.evaluator} on ground truth version ${event.groundTruthVersion}: ${event.reason}`;
    case 'rescore-skipped':
      return 'left the leaderboard, since it could not be scored again';
    case 'role-changed':
      return `made ${event.role}`;
    case 'suspended':
      return 'suspended an account';
    case 'suspension-lifted':
      return 'lifted a suspension';
    case 'accounts-merged':
      return 'merged two accounts of one person';
    case 'token-created':
      return `created the token “${event.name}”`;
    case 'token-revoked':
      return `revoked the token “${event.name}”`;
    case 'profile-changed':
      return `changed the profile: ${event.fields.join(', ')}`;
    case 'sign-in-linked':
      return `linked the sign-in through ${event.provider}`;
    case 'sign-in-unlinked':
      return `unlinked the sign-in through ${event.provider}`;
    case 'sign-in-link-made':
      return event.userId ? 'made a sign-in link for a person' : `invited a new ${event.role} by a sign-in link`;
    case 'session-ended':
      return 'ended a session';
    case 'signed-out-everywhere':
      return 'signed out everywhere';
    case 'account-deleted':
      return 'deleted the account';
  }
}

/** Return a public note if the deciding maintainer was the entry's own submitter. */
function bySubmitter({ own }: { own?: boolean }): string {
  return own ? ' (by its own submitter: there is no other maintainer)' : '';
}

/** Return the reason in the actor's words: for the maintainers' log, since a question to an owner is private. */
export function auditReason(event: AuditEvent): string | null {
  if ('reason' in event && event.reason) return event.reason;
  return event.kind === 'publication-requested' && event.message ? event.message : null;
}

/** Return the columns that an event changed, before and after; empty if it changed none. */
export function auditChanges(event: AuditEvent): Changes {
  if ('changes' in event && event.changes) return event.changes;
  if (event.kind === 'task-settings-changed') {
    const { before, after } = event;
    const keys = (Object.keys(after) as (keyof typeof after)[]).filter((key) => before[key] !== after[key]);
    return Object.fromEntries(keys.map((key) => [key, { before: before[key], after: after[key] }]));
  }
  if (event.kind === 'role-changed' && event.before) return { role: { before: event.before, after: event.role } };
  if (event.kind === 'dataset-visibility-changed') return { public: { before: event.before, after: event.after } };
  if (event.kind === 'pictures-registered') return { pictures: { before: event.before, after: event.after } };
  if (event.kind === 'ground-truth-version-added') return { sha256: { before: event.before, after: event.after } };
  if (event.kind === 'team-renamed') return { name: { before: event.before, after: event.after } };
  if (event.kind === 'team-role-changed') return { role: { before: event.before, after: event.after } };
  return {};
}

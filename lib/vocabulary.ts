/** The words that rows, forms and the API share: roles, states and kinds. `db/schema.ts` and `lib/http/api.ts` use them. */

export const ROLES = ['researcher', 'maintainer'] as const;
export type Role = (typeof ROLES)[number];

export const TEAM_ROLES = ['owner', 'member'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** `read`: whatever the owner may see. `submit`: uploads and submissions. */
export const TOKEN_SCOPES = ['read', 'submit'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/**
 * `rejected`: something is wrong with the file. `failed`: something is wrong with the site, which has retried.
 * `uploading` is reserved by the public interface; no submission has it.
 */
export const SUBMISSION_STATES = [
  'uploading',
  'queued',
  'scoring',
  'scored',
  'rejected',
  'failed',
  'withdrawn',
] as const;
export type SubmissionState = (typeof SUBMISSION_STATES)[number];

/** `pending`: the owner asked to publish. `hidden`: a maintainer took it off the board, with a reason. */
export const VISIBILITIES = ['private', 'pending', 'published', 'hidden'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Why a formerly public entry is gone. */
export const WITHDRAWAL_REASONS = ['superseded', 'mistake', 'data', 'account-deleted', 'other'] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

export const NOTICE_KINDS = [
  'scored',
  'rejected',
  'failed',
  'approved',
  'asked-back',
  'hidden',
  'restored',
  'verified',
  'rescored',
  'quota-granted',
  'team',
  'account',
  'announcement',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Where a person receives notices of each kind; a kind that is absent goes to the site and by e-mail. */
export type NoticePreferences = Partial<Record<NoticeKind, { site: boolean; email: boolean }>>;

/** The words that rows, forms and the API share: roles, states and kinds. `db/schema.ts` and `lib/http/api.ts` use them. */

export const ROLES = ['researcher', 'maintainer'] as const;
export type Role = (typeof ROLES)[number];

export const TEAM_ROLES = ['owner', 'member'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/**
 * `read`: whatever the owner may see. `submit`: uploads and submissions. `moderate`: decisions about entries, for
 * maintainers, and only if asked for.
 */
export const TOKEN_SCOPES = ['read', 'submit', 'moderate'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];
/** What a token may do unless it says otherwise. */
export const USUAL_SCOPES: readonly TokenScope[] = ['read', 'submit'];

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

const FINAL: readonly SubmissionState[] = ['scored', 'rejected', 'failed', 'withdrawn'];

/** Tell whether the state will no longer change by itself. */
export function isFinal(state: SubmissionState): boolean {
  return FINAL.includes(state);
}

/** `pending`: the owner asked to publish. `hidden`: a maintainer took it off the board, with a reason. */
export const VISIBILITIES = ['private', 'pending', 'published', 'hidden'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Why a formerly public entry is gone. */
export const WITHDRAWAL_REASONS = ['superseded', 'mistake', 'data', 'account-deleted', 'other'] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

/** What a model had seen of LIVECell before it was tested, as its submitter declares. */
export const EXPOSURES = ['livecell-only', 'more-data', 'never-seen', 'prompted'] as const;
export type Exposure = (typeof EXPOSURES)[number];

/** An exposure in the words of forms, boards and entries. */
export const EXPOSURE_NAMES: Readonly<Record<Exposure, string>> = {
  'livecell-only': 'trained on LIVECell only',
  'more-data': 'trained on LIVECell and other data',
  'never-seen': 'LIVECell never seen (zero-shot)',
  prompted: 'prompted from the annotation (interactive, never ranked)',
};

/** The same in a word or two, for filters. */
export const EXPOSURE_LABELS: Readonly<Record<Exposure, string>> = {
  'livecell-only': 'LIVECell only',
  'more-data': 'More data',
  'never-seen': 'Zero-shot',
  prompted: 'Prompted',
};

/** Licences under which owners offer an entry's predictions, by their SPDX names. */
export const LICENCES = ['CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-NC-4.0'] as const;
export type Licence = (typeof LICENCES)[number];

/** A licence in a few words, and where its text is. */
export const LICENCE_NAMES: Readonly<Record<Licence, string>> = {
  'CC0-1.0': 'CC0 1.0: no rights reserved',
  'CC-BY-4.0': 'CC BY 4.0: with attribution',
  'CC-BY-SA-4.0': 'CC BY-SA 4.0: with attribution, shared alike',
  'CC-BY-NC-4.0': 'CC BY-NC 4.0: with attribution, not commercial (as LIVECell’s own data)',
};
export const LICENCE_URLS: Readonly<Record<Licence, string>> = {
  'CC0-1.0': 'https://creativecommons.org/publicdomain/zero/1.0/',
  'CC-BY-4.0': 'https://creativecommons.org/licenses/by/4.0/',
  'CC-BY-SA-4.0': 'https://creativecommons.org/licenses/by-sa/4.0/',
  'CC-BY-NC-4.0': 'https://creativecommons.org/licenses/by-nc/4.0/',
};

/** What maintainers made of a suspected label error. */
export const LABEL_ERROR_STATES = ['open', 'confirmed', 'dismissed'] as const;
export type LabelErrorState = (typeof LABEL_ERROR_STATES)[number];

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
  'problem-settled',
  'announcement',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Where a person receives notices of each kind; a kind that is absent goes to the site and by e-mail. */
export type NoticePreferences = Partial<Record<NoticeKind, { site: boolean; email: boolean }>>;

/** Importance of a line of the log, least first; `silent` logs nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Parts of the site as the status page names them. */
export const COMPONENTS = ['pages', 'uploads', 'scoring', 'mail'] as const;
export type Component = (typeof COMPONENTS)[number];

/** How well a part works. */
export const COMPONENT_STATES = ['works', 'slow', 'down'] as const;
export type ComponentState = (typeof COMPONENT_STATES)[number];

/** Characters of a table of times per image, at most: the 1,512 lines of LIVECell have less than half of it. */
export const MOST_TIMES = 200_000;

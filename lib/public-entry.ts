/**
 * The one serializer of entries. Everything that the site shows of an entry — page, API, CSV, BibTeX, board row,
 * receipt, events, badge, feed, image — is built from a `PublicEntry`, and only here is it decided what would reveal
 * its submitter. While an entry is sealed, its identity does not leave this file.
 */

import type { Warning } from '#lib/problems.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { Exposure, Licence } from '#lib/vocabulary.ts';
import { type Level, levelOf } from './board/trust-level.ts';
import type { SubmissionState, Visibility } from './vocabulary.ts';

/** How long an entry is anonymous: until a date, or without one until its owner reveals it. */
export interface Seal {
  anonymous: boolean;
  anonymousUntil: Date | null;
}

/** The rows an entry is built from; only the fields read here. */
export interface EntrySource {
  submission: Seal & {
    id: string;
    task: string;
    methodId: string | null;
    version: number;
    creditedTo: string | null;
    method: string;
    description: string;
    paperUrl: string | null;
    codeUrl: string | null;
    trainingData: string;
    testImagesSeen: boolean;
    exposure: Exposure | null;
    licence: Licence | null;
    cellsShown: boolean;
    filesShared: boolean;
    state: SubmissionState;
    visibility: Visibility;
    anonymousNumber: number | null;
    featured: boolean;
    verifiedAt: Date | null;
    verifiedNote: string | null;
    demo: boolean;
    createdAt: Date;
    startedAt: Date | null;
    finishedAt: Date | null;
    publishedAt: Date | null;
  };
  method: {
    name: string;
    description: string;
    paperUrl: string | null;
    codeUrl: string | null;
    authors: string;
    architecture: string;
    parameters: number | null;
    pretraining: string;
    extraData: string;
    secondsPerImage: number | null;
  } | null;
  team: { name: string } | null;
  user: { name: string | null; affiliation: string | null; orcid: string | null } | null;
  /** the name of the maintainer who re-ran it */
  verifier: string | null;
}

/**
 * The viewpoint. `public`: everybody. `insider`: its owner, the team, maintainers (`canSeeIdentity`). `reviewer`:
 * people with the reviewers' link, for whom an entry is always sealed.
 */
export type Look = 'public' | 'insider' | 'reviewer';

/** Everything that could reveal an entry's submitter, or link it to another entry. Empty while it is sealed. */
interface Identity {
  /** the name shown: the method's, or “Anonymous entry 7” */
  method: string;
  /** id of the method's page */
  methodId: string | null;
  /** version of its method, counted per task and data set */
  version: number | null;
  /** a person's display name */
  submitter: string | null;
  affiliation: string | null;
  orcid: string | null;
  team: string | null;
  /** as they should be cited; '' if not stated, like all texts below */
  authors: string;
  description: string;
  paperUrl: string | null;
  codeUrl: string | null;
  trainingData: string;
  architecture: string;
  /** trainable parameters, in millions */
  parameters: number | null;
  pretraining: string;
  extraData: string;
  secondsPerImage: number | null;
  /** how close the re-run came, in a maintainer's words, which may contain names */
  verifiedNote: string | null;
}

export interface PublicEntry extends Identity {
  /** when a maintainer re-ran it, and which one; null: never */
  verifiedAt: Date | null;
  verifiedBy: string | null;
  id: string;
  task: string;
  /** a maintainer selected it as a baseline */
  featured: boolean;
  demo: boolean;
  testImagesSeen: boolean;
  /** as declared; null: not declared */
  exposure: Exposure | null;
  /** what the owner agreed to let others do with its predictions */
  licence: Licence | null;
  cellsShown: boolean;
  filesShared: boolean;
  state: SubmissionState;
  visibility: Visibility;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  publishedAt: Date | null;
  /** null: nothing is sealed */
  anonymous: Anonymity | null;
}

interface Anonymity {
  /** “Anonymous entry 7”: the name that everybody except insiders sees */
  name: string;
  /** this `PublicEntry` includes the identity, because an insider is looking */
  identityShown: boolean;
  /** for insiders: when the identity becomes public by itself; null: when the owner decides */
  until: Date | null;
}

/**
 * Tell whether an entry's identity is currently secret. Computed when read, so that nothing has to be done when the
 * date comes.
 */
export function isSealed({ anonymous, anonymousUntil }: Seal, now: Date): boolean {
  return anonymous && (anonymousUntil === null || anonymousUntil > now);
}

/** Return “Anonymous entry 7”; an entry without a number has not been given one yet and is not public. */
export function anonymousName(number: number | null): string {
  return number === null ? 'Anonymous entry' : `Anonymous entry ${number}`;
}

/** Return the public form of an entry, for a viewpoint. */
export function publicEntry(source: EntrySource, look: Look, now: Date): PublicEntry {
  const { submission } = source;
  const { id, task, featured, demo, testImagesSeen, exposure, state, visibility } = submission;
  const { licence, cellsShown, filesShared } = submission;
  const { createdAt, startedAt, finishedAt, publishedAt } = submission;
  const sealed = look === 'reviewer' || isSealed(submission, now);
  const name = anonymousName(submission.anonymousNumber);
  return {
    id,
    task,
    featured,
    demo,
    testImagesSeen,
    exposure,
    licence,
    cellsShown,
    filesShared,
    state,
    visibility,
    verifiedAt: submission.verifiedAt,
    // the person who re-ran it may be a colleague, or the owner
    verifiedBy: submission.verifiedAt && !(sealed && look !== 'insider') ? source.verifier : null,
    createdAt,
    startedAt,
    finishedAt,
    publishedAt,
    ...(sealed && look !== 'insider' ? { ...NOBODY, method: name } : identityOf(source)),
    anonymous: sealed
      ? { name, identityShown: look === 'insider', until: look === 'insider' ? submission.anonymousUntil : null }
      : null,
  };
}

const NOBODY: Omit<Identity, 'method'> = {
  methodId: null,
  version: null,
  submitter: null,
  affiliation: null,
  orcid: null,
  team: null,
  authors: '',
  description: '',
  paperUrl: null,
  codeUrl: null,
  trainingData: '',
  architecture: '',
  parameters: null,
  pretraining: '',
  extraData: '',
  secondsPerImage: null,
  verifiedNote: null,
};

/**
 * Return the identity. Name and links are the method's, kept up to date by its owner; a version has its own
 * description.
 */
function identityOf({ submission, method, team, user }: EntrySource): Identity {
  return {
    method: method?.name || submission.method,
    methodId: submission.methodId,
    version: submission.methodId === null ? null : submission.version,
    submitter: submission.creditedTo ?? user?.name ?? null,
    affiliation: user?.affiliation ?? null,
    orcid: user?.orcid ?? null,
    team: team?.name ?? null,
    authors: method?.authors ?? '',
    description: submission.description || method?.description || '',
    paperUrl: method?.paperUrl ?? submission.paperUrl,
    codeUrl: method?.codeUrl ?? submission.codeUrl,
    trainingData: submission.trainingData,
    architecture: method?.architecture ?? '',
    parameters: method?.parameters ?? null,
    pretraining: method?.pretraining ?? '',
    extraData: method?.extraData ?? '',
    secondsPerImage: method?.secondsPerImage ?? null,
    verifiedNote: submission.verifiedNote,
  };
}

/** A board row's fields besides its numbers: the same for everybody, so that boards can be passed on. */
export interface BoardEntry
  extends Pick<
      PublicEntry,
      'id' | 'featured' | 'demo' | 'testImagesSeen' | 'exposure' | 'publishedAt' | 'verifiedAt' | 'verifiedBy'
    >,
    Pick<Identity, 'method' | 'methodId' | 'version' | 'submitter' | 'team' | 'authors' | 'paperUrl' | 'codeUrl'> {
  /** the submitter is secret: `method` is “Anonymous entry 7” */
  anonymous: boolean;
  /** how far it can be trusted; null: it was not scored here */
  level: Level | null;
}

/** Return the board row of an entry. */
export function boardEntry(source: EntrySource, now: Date): BoardEntry {
  const entry = publicEntry(source, 'public', now);
  const { id, featured, demo, testImagesSeen, exposure, publishedAt, method, methodId, version } = entry;
  const { submitter, team, authors, paperUrl, codeUrl, verifiedAt, verifiedBy } = entry;
  return {
    id,
    featured,
    demo,
    testImagesSeen,
    exposure,
    publishedAt,
    method,
    methodId,
    version,
    submitter,
    team,
    authors,
    paperUrl,
    codeUrl,
    verifiedAt,
    verifiedBy,
    anonymous: entry.anonymous !== null,
    level: levelOf(entry),
  };
}

/** Return the board row of a method whose numbers were published elsewhere. */
export function boardReference(id: string, method: string): BoardEntry {
  return {
    id,
    method,
    methodId: null,
    version: null,
    submitter: null,
    team: null,
    authors: '',
    demo: false,
    paperUrl: null,
    codeUrl: null,
    testImagesSeen: false,
    exposure: null,
    publishedAt: null,
    anonymous: false,
    featured: false,
    verifiedAt: null,
    verifiedBy: null,
    level: null,
  };
}

/**
 * Return the warnings that may be shown. Warnings quote the file, and files may name people: a sealed entry keeps only
 * kinds and counts.
 */
export function publicWarnings(warnings: readonly Warning[], entry: Pick<PublicEntry, 'anonymous'>): Warning[] {
  if (!entry.anonymous || entry.anonymous.identityShown) return [...warnings];
  return warnings.map(({ examples: _, message, ...warning }) => ({
    ...warning,
    message: message.replace(/“[^”]*”/g, '“…”'),
  }));
}

/** A report as it may be shown beside `entry`. Its numbers and digests are the same for everybody. */
export function publicReport(report: Report, entry: Pick<PublicEntry, 'anonymous'>): Report {
  return { ...report, warnings: publicWarnings(report.warnings, entry) };
}

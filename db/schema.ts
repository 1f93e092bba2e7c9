/**
 * Every table of the site, short enough to read in one sitting. Queries live beside this file, grouped by subject;
 * nothing else uses drizzle. JSON columns hold types from `lib`, so changing those types needs a migration.
 */

import { type InferSelectModel, sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { BoardSlice, BoardValues } from '#lib/board/values.ts';
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';
import type { ExamplePicture } from '#lib/datasets/examples.ts';
import type { SplitBy } from '#lib/datasets/part-list.ts';
import type { PartFacts } from '#lib/datasets/split-parts.ts';
import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import type { ImageTime } from '#lib/livecell/image-time.ts';
import type { Split } from '#lib/livecell/splits.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { QUOTA_KINDS, type QuotaHolder } from '#lib/quota.ts';
import type { DensityCost } from '#lib/scoring/error-costs.ts';
import type { TruthVariant } from '#lib/scoring/flat-truth.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import type { QualityFinding } from '#lib/scoring/quality-control.ts';
import type { ScoreCurves } from '#lib/scoring/score-curves.ts';
import type { SliceTable } from '#lib/scoring/slice-table.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import type { Redaction, SnapshotContent } from '#lib/snapshots.ts';
import {
  COMPONENT_STATES,
  COMPONENTS,
  EXPOSURES,
  LABEL_ERROR_STATES,
  LICENCES,
  NOTICE_KINDS,
  type NoticePreferences,
  ROLES,
  SUBMISSION_STATES,
  TEAM_ROLES,
  type TokenScope,
  VISIBILITIES,
  WITHDRAWAL_REASONS,
} from '#lib/vocabulary.ts';

const id = () =>
  text('id')
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID());
const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const createdAt = () => at('created_at').notNull().defaultNow();

// --- people (the first four tables have the shape Auth.js expects) ---

export const users = pgTable('users', {
  id: id(),
  name: text('name'),
  /** nullable, because ORCID provides none */
  email: text('email').unique(),
  emailVerified: at('email_verified'),
  image: text('image'),
  role: text('role', { enum: ROLES }).notNull().default('researcher'),
  affiliation: text('affiliation'),
  /** the iD (`0000-0002-1825-0097`) that ORCID itself confirmed at sign-in; never typed */
  orcid: text('orcid').unique(),
  /** where this person wants which notices; an absent kind goes to the site and by e-mail */
  noticePreferences: jsonb('notice_preferences').$type<NoticePreferences>().notNull().default({}),
  /** a suspended account can look and download, and change nothing */
  suspendedAt: at('suspended_at'),
  suspendedReason: text('suspended_reason'),
  /** digests of device and network of earlier sign-ins: a sign-in from any other is reported to the person */
  knownDevices: jsonb('known_devices').$type<string[]>().notNull().default([]),
  createdAt: createdAt(),
});
export type User = InferSelectModel<typeof users>;

export const accounts = pgTable(
  'accounts',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    provider: text('provider').notNull(),
    providerAccountId: text('provider_account_id').notNull(),
    refresh_token: text('refresh_token'),
    access_token: text('access_token'),
    expires_at: integer('expires_at'),
    token_type: text('token_type'),
    scope: text('scope'),
    id_token: text('id_token'),
    session_state: text('session_state'),
  },
  (table) => [primaryKey({ columns: [table.provider, table.providerAccountId] })],
);

export const sessions = pgTable('sessions', {
  /** SHA-256 of the token in the browser's cookie, as hex: a copy of this table signs nobody in */
  sessionToken: text('session_token').primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  expires: at('expires').notNull(),
  /** names the session to its owner, who may end it; says nothing about the token */
  id: text('id').notNull().unique().default(sql`gen_random_uuid()::text`),
  /** when the person signed in; acts that matter ask for a recent one */
  createdAt: createdAt(),
  seenAt: at('seen_at').notNull().defaultNow(),
  /** `Firefox on Linux`; null: unknown */
  device: text('device'),
  /** the network of the address it began from, never the whole address: `203.0.113.0/24` */
  network: text('network'),
});

/** Links for local sign-in, each valid once. Only the SHA-256 of a link's key is kept. */
export const signInLinks = pgTable('sign_in_links', {
  sha256: text('sha256').primaryKey(),
  /** the user it signs in; null: the holder chooses an identity when following it */
  userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
  /** role of a new user; null: the operator's own link, whose holder chooses */
  role: text('role', { enum: ROLES }),
  /** the maintainer who created it; null: the command line */
  createdBy: text('created_by').references(() => users.id, { onDelete: 'cascade' }),
  createdAt: createdAt(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
});
export type SignInLink = InferSelectModel<typeof signInLinks>;

/**
 * Sign-ins that `livecell login` asked for and a person confirms in a browser. Only the SHA-256 of either code is kept.
 */
export const deviceLogins = pgTable('device_logins', {
  /** of the secret that only the command line knows */
  deviceSha256: text('device_sha256').primaryKey(),
  /** of the short code that the person reads */
  userSha256: text('user_sha256').notNull().unique(),
  /** as the machine calls itself; not to be trusted */
  machine: text('machine').notNull(),
  /** who confirmed it; null: nobody yet */
  userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
  refusedAt: at('refused_at'),
  /** when the command line last asked, so that it cannot ask too often */
  askedAt: at('asked_at'),
  createdAt: createdAt(),
  expiresAt: at('expires_at').notNull(),
});
export type DeviceLogin = InferSelectModel<typeof deviceLogins>;

/**
 * Keyed digests of the sign-ins of deleted accounts. They return charges and a suspension to a person who comes back.
 * Without the site's secret they identify nobody.
 */
export const departedSignIns = pgTable('departed_sign_ins', {
  digest: text('digest').primaryKey(),
  /** the deleted account's id, as in the quota's ledger */
  userId: text('user_id').notNull(),
  suspendedAt: at('suspended_at'),
  suspendedReason: text('suspended_reason'),
  departedAt: at('departed_at').notNull().defaultNow(),
});

export const verificationTokens = pgTable(
  'verification_tokens',
  { identifier: text('identifier').notNull(), token: text('token').notNull(), expires: at('expires').notNull() },
  (table) => [primaryKey({ columns: [table.identifier, table.token] })],
);

/** API tokens; the token itself is shown once and only its SHA-256 is kept. */
export const apiTokens = pgTable('api_tokens', {
  id: id(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  name: text('name').notNull(),
  sha256: text('sha256').notNull().unique(),
  scopes: jsonb('scopes').$type<TokenScope[]>().notNull().default(['read', 'submit']),
  lastUsedAt: at('last_used_at'),
  expiresAt: at('expires_at'),
  createdAt: createdAt(),
});
export type ApiToken = InferSelectModel<typeof apiTokens>;

/** People who submit together. Entries and methods of a team belong to every member. */
export const teams = pgTable('teams', {
  id: id(),
  name: text('name').notNull(),
  createdAt: createdAt(),
});
export type Team = InferSelectModel<typeof teams>;

export const teamMembers = pgTable(
  'team_members',
  {
    teamId: text('team_id')
      .notNull()
      .references(() => teams.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text('role', { enum: TEAM_ROLES }).notNull().default('member'),
    joinedAt: at('joined_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.userId] }), index('team_members_user').on(table.userId)],
);
export type TeamMember = InferSelectModel<typeof teamMembers>;

/** A link for joining a team. Its secret is shown once, and only the SHA-256 is kept. */
export const teamInvitations = pgTable('team_invitations', {
  id: id(),
  teamId: text('team_id')
    .notNull()
    .references(() => teams.id, { onDelete: 'cascade' }),
  sha256: text('sha256').notNull().unique(),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  expiresAt: at('expires_at').notNull(),
  revokedAt: at('revoked_at'),
  createdAt: createdAt(),
});
export type TeamInvitation = InferSelectModel<typeof teamInvitations>;

// --- classes: private boards of courses and workshops, see db/people/classes.ts ---

export const classes = pgTable('classes', {
  id: id(),
  name: text('name').notNull(),
  datasetId: text('dataset_id')
    .notNull()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  /** an open task of the data set */
  task: text('task').notNull(),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  /** digest of the code with which people join; null: nobody can */
  codeSha256: text('code_sha256').unique(),
  /** digest of the secret in the address of the projector's page; null: there is none */
  screenSha256: text('screen_sha256').unique(),
  /** what was submitted after this moment is hidden until the reveal; null: nothing is */
  frozenAt: at('frozen_at'),
  revealedAt: at('revealed_at'),
  createdAt: createdAt(),
});
export type Class = InferSelectModel<typeof classes>;

export const classMembers = pgTable(
  'class_members',
  {
    id: id(),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** the team whose submissions count in place of their own; ignored once they have left it */
    teamId: text('team_id').references(() => teams.id, { onDelete: 'set null' }),
    /** the name that the class sees */
    name: text('name').notNull(),
    joinedAt: at('joined_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('class_members_once').on(table.classId, table.userId),
    index('class_members_user').on(table.userId),
  ],
);
export type ClassMember = InferSelectModel<typeof classMembers>;

// --- ground truth ---

/** Registered ground truth. The packed annotations and the list of images are files in storage. */
export const datasets = pgTable('datasets', {
  id: id(),
  name: text('name').notNull().unique(),
  task: text('task').notNull(),
  /** whether the annotations may be shown and downloaded */
  public: boolean('public').notNull().default(false),
  /** synthetic, made by `demo-data`; marked as such everywhere */
  demo: boolean('demo').notNull().default(false),
  sha256: text('sha256').notNull(),
  images: integer('images').notNull(),
  objects: integer('objects').notNull(),
  /** images per cell type */
  cellTypes: jsonb('cell_types').$type<Record<string, number>>().notNull(),
  /** storage key of the packed ground truth (`lib/coco/dataset.ts`) */
  packKey: text('pack_key').notNull(),
  /** for outside data sets, in the maintainer's words: terms of use, origin, and how it was prepared */
  licence: text('licence'),
  source: text('source'),
  protocol: text('protocol'),
  /** null if unknown; boards prefer test sets (`listDatasets`) */
  split: text('split').$type<Split>(),
  /** number of the current ground truth, which the columns above describe; each replacement increments it */
  version: integer('version').notNull().default(1),
  /** version whose evaluations the board shows; null: the newest available */
  evaluatorVersion: text('evaluator_version'),
  /** which part of a divided data set the current ground truth is; null: the whole */
  part: jsonb('part').$type<PartFacts>(),
  createdAt: createdAt(),
});
export type Dataset = InferSelectModel<typeof datasets>;

/** Past, current and coming ground truth. `next` becomes `current` when every entry has been re-scored on it. */
export const groundTruthVersions = pgTable(
  'ground_truth_versions',
  {
    id: id(),
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    /** `scheduled`: the private part of a divided data set, until `switchAt` */
    state: text('state', { enum: ['scheduled', 'next', 'current', 'superseded', 'cancelled'] }).notNull(),
    part: jsonb('part').$type<PartFacts>(),
    switchAt: at('switch_at'),
    sha256: text('sha256').notNull(),
    images: integer('images').notNull(),
    objects: integer('objects').notNull(),
    cellTypes: jsonb('cell_types').$type<Record<string, number>>().notNull(),
    packKey: text('pack_key').notNull(),
    public: boolean('public').notNull().default(false),
    /** what changed and why */
    note: text('note').notNull(),
    /** kept here until the version is current, then in the data set */
    statistics: jsonb('statistics').$type<DatasetStatistics>(),
    createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('ground_truth_versions_once').on(table.datasetId, table.version)],
);
export type GroundTruthVersion = InferSelectModel<typeof groundTruthVersions>;

/** Scoring a data set's submissions again, because the evaluator or the ground truth has changed. */
export const rescores = pgTable('rescores', {
  id: id(),
  datasetId: text('dataset_id')
    .notNull()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  reason: text('reason').notNull(),
  evaluatorVersion: text('evaluator_version').notNull(),
  /** null: the ground truth does not change */
  groundTruthVersionId: text('ground_truth_version_id').references(() => groundTruthVersions.id),
  /** the only submission to re-score, without changing the data set; null: all submissions of the data set */
  submissionId: text('submission_id').references(() => submissions.id, { onDelete: 'cascade' }),
  state: text('state', { enum: ['running', 'done', 'cancelled'] })
    .notNull()
    .default('running'),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  createdAt: createdAt(),
  finishedAt: at('finished_at'),
});
export type Rescore = InferSelectModel<typeof rescores>;

/** A ground-truth file uploaded through the site, kept until the scoring process has read it. */
export interface ImportFile {
  /** for a task of counts, the cell type; else '' */
  slot: string;
  fileName: string;
  bytes: number;
  sha256: string;
  storageKey: string;
  /** for annotations: number or name of the category that marks cells, if the maintainer chose one */
  category?: string;
}

/** How a maintainer divides a data set; the private part is shown from `until` (ISO date) on. */
export interface Splitting {
  by: SplitBy;
  /** share of the wells or fields that are private, 0 to 1 */
  share: number;
  until: string;
}

/** Ground truth that a maintainer uploaded. The scoring process makes it a data set or a new version of one. */
export const groundTruthImports = pgTable('ground_truth_imports', {
  id: id(),
  /** the data set to get a new version; null: create a data set */
  datasetId: text('dataset_id').references(() => datasets.id, { onDelete: 'cascade' }),
  name: text('name').notNull(),
  task: text('task').notNull(),
  public: boolean('public').notNull().default(false),
  licence: text('licence'),
  source: text('source'),
  protocol: text('protocol'),
  split: text('split').$type<Split>(),
  note: text('note').notNull(),
  files: jsonb('files').$type<ImportFile[]>().notNull(),
  /** the data set is to be divided, and no file is read */
  splitting: jsonb('splitting').$type<Splitting>(),
  state: text('state', { enum: ['waiting', 'running', 'done', 'failed'] })
    .notNull()
    .default('waiting'),
  /** problems found in the files */
  problems: jsonb('problems').$type<Problem[]>(),
  warnings: jsonb('warnings').$type<Warning[]>(),
  /** any other reason why the import failed */
  failure: text('failure'),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  createdAt: createdAt(),
  finishedAt: at('finished_at'),
});
export type GroundTruthImport = InferSelectModel<typeof groundTruthImports>;

/** Statistics for a data set's page, which anyone may see. Kept apart from `datasets`, which every board reads. */
export const datasetStatistics = pgTable('dataset_statistics', {
  datasetId: text('dataset_id')
    .primaryKey()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  statistics: jsonb('statistics').$type<DatasetStatistics>().notNull(),
});

/** The images of a data set, registered by `import-images`. Whether they are public is independent of the data set. */
export const datasetPictures = pgTable('dataset_pictures', {
  datasetId: text('dataset_id')
    .primaryKey()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  public: boolean('public').notNull(),
  /** storage key of the archive (`lib/datasets/pictures.ts`) */
  packKey: text('pack_key').notNull(),
  /** the ground truth that the outlines were drawn from; with any other version they would be wrong */
  groundTruthSha256: text('ground_truth_sha256').notNull(),
  /** number of pictures; a file listed under two ids counts once */
  files: integer('files').notNull(),
  examples: jsonb('examples').$type<ExamplePicture[]>().notNull(),
  createdAt: createdAt(),
});
export type DatasetPictures = InferSelectModel<typeof datasetPictures>;

/** The label images of a truth variant, as a zip archive in storage. */
export interface VariantFile {
  variant: TruthVariant;
  /** of all label images, as in reports (`lib/scoring/flat-truth.ts`) */
  digest: string;
  /** of the archive */
  sha256: string;
  bytes: number;
  images: number;
  labels: number;
  storageKey: string;
}

/** Board values of a control, by protocol, then by evaluation and slice: `segm/all`, `bbox/A172`. */
export type ControlValues = Partial<Record<ProtocolId, Record<string, BoardValues['values']>>>;

/**
 * What is derived from public ground truth once: its variants as label images, and the numbers of controls. A row is
 * made when the computation is enqueued.
 */
export const truthDerivations = pgTable(
  'truth_derivations',
  {
    id: id(),
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id, { onDelete: 'cascade' }),
    groundTruthSha256: text('ground_truth_sha256').notNull(),
    evaluatorVersion: text('evaluator_version').notNull(),
    /** null until they are computed */
    variants: jsonb('variants').$type<VariantFile[]>(),
    /** by the id of the control (`lib/scoring/controls.ts`) */
    controls: jsonb('controls').$type<Record<string, ControlValues>>(),
    /** why they could not be computed */
    failure: text('failure'),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('truth_derivations_once').on(table.datasetId, table.groundTruthSha256, table.evaluatorVersion),
  ],
);
export type TruthDerivation = InferSelectModel<typeof truthDerivations>;

/** Numbers that maintainers added to the ledger of published ones (`lib/published/ledger.ts`). */
export const publishedNumbers = pgTable('published_numbers', {
  id: id(),
  method: text('method').notNull(),
  year: integer('year').notNull(),
  metric: text('metric').notNull(),
  /** as its source writes it */
  value: text('value').notNull(),
  split: text('split').notNull(),
  protocol: text('protocol').notNull(),
  source: text('source').notNull(),
  /** digest of what makes two numbers the same one */
  key: text('key').notNull().unique(),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  createdAt: createdAt(),
});
export type PublishedNumber = InferSelectModel<typeof publishedNumbers>;

// --- uploads, submissions, evaluations ---

/** A file uploaded over tus. It belongs to its uploader until a submission uses it. */
export const uploads = pgTable('uploads', {
  id: text('id').primaryKey(), // the tus upload id
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  fileName: text('file_name').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  /** digest of the bytes received; null while incomplete */
  sha256: text('sha256'),
  storageKey: text('storage_key').notNull(),
  completedAt: at('completed_at'),
  createdAt: createdAt(),
});
export type Upload = InferSelectModel<typeof uploads>;

/**
 * Who writes to an upload at the moment: one request at a time, whichever process it reached. A lock whose holder is
 * gone runs out.
 */
export const uploadLocks = pgTable('upload_locks', {
  uploadId: text('upload_id').primaryKey(),
  holder: text('holder').notNull(),
  until: at('until').notNull(),
  /** another request waits: the holder should end soon */
  wanted: boolean('wanted').notNull().default(false),
});

/** One row: the id that the file store has too (`db/storage-id.ts`). */
export const storageIds = pgTable('storage_ids', { id: text('id').primaryKey(), createdAt: createdAt() });

/**
 * Calls that submitted, so that a repeated call gets the first one's answer and creates nothing. A call is known by its
 * uploads, and by the `Idempotency-Key` that the caller chose, if any.
 */
export const submitCalls = pgTable(
  'submit_calls',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** `uploads <digest of the upload ids>` or `key <Idempotency-Key>` */
    key: text('key').notNull(),
    /** SHA-256 of what was asked for, as hex: the same key with another body is a mistake */
    sha256: text('sha256').notNull(),
    /** the submissions it created, the main one first */
    submissionIds: jsonb('submission_ids').$type<string[]>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.key] }), index('submit_calls_time').on(table.createdAt)],
);

/** Automatic suspicions about a submission, for a maintainer to look at. */
export interface Radar {
  /** number of detections whose mask or polygon equals a ground-truth object exactly, and of all detections */
  exactGroundTruth?: { count: number; detections: number };
}

export interface Progress {
  phase: 'reading' | 'matching' | 'accumulating';
  /** share of the whole job that is done, 0 to 1 */
  fraction: number;
}

/** What the benchmark compares. Its submissions are its versions. It belongs to a person or a team. */
export const methods = pgTable(
  'methods',
  {
    id: id(),
    /** null with a null team: seeded, or its owner's account is deleted */
    userId: text('user_id').references(() => users.id, { onDelete: 'set null' }),
    teamId: text('team_id').references(() => teams.id, { onDelete: 'set null' }),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    paperUrl: text('paper_url'),
    codeUrl: text('code_url'),
    /** authors in the order of citation */
    authors: text('authors').notNull().default(''),
    architecture: text('architecture').notNull().default(''),
    /** trainable parameters, in millions */
    parameters: doublePrecision('parameters'),
    pretraining: text('pretraining').notNull().default(''),
    extraData: text('extra_data').notNull().default(''),
    testImagesSeen: boolean('test_images_seen').notNull().default(false),
    secondsPerImage: doublePrecision('seconds_per_image'),
    createdAt: createdAt(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (table) => [index('methods_user').on(table.userId), index('methods_team').on(table.teamId)],
);
export type Method = InferSelectModel<typeof methods>;

export const submissions = pgTable(
  'submissions',
  {
    id: id(),
    task: text('task').notNull(),
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id),
    userId: text('user_id').references(() => users.id, { onDelete: 'set null' }),
    teamId: text('team_id').references(() => teams.id, { onDelete: 'set null' }),
    methodId: text('method_id').references(() => methods.id, { onDelete: 'set null' }),
    /** number of the method's version, counted per task and data set */
    version: integer('version').notNull().default(1),
    /** whether the board shows this version of its method; one per method, task and data set */
    shown: boolean('shown').notNull().default(false),
    /** name to credit after the owner's account is deleted */
    creditedTo: text('credited_to'),
    method: text('method').notNull(),
    description: text('description').notNull().default(''),
    paperUrl: text('paper_url'),
    codeUrl: text('code_url'),
    /** training data, in the submitter's words */
    trainingData: text('training_data').notNull().default(''),
    testImagesSeen: boolean('test_images_seen').notNull().default(false),
    /** null: not declared */
    exposure: text('exposure', { enum: EXPOSURES }),
    state: text('state', { enum: SUBMISSION_STATES }).notNull().default('queued'),
    visibility: text('visibility', { enum: VISIBILITIES }).notNull().default('private'),
    hiddenReason: text('hidden_reason'),
    /** a maintainer's question or remark to the owner */
    moderatorNote: text('moderator_note'),
    withdrawalReason: text('withdrawal_reason', { enum: WITHDRAWAL_REASONS }),
    /** has been on the board, so its withdrawal leaves a tombstone */
    wasPublished: boolean('was_published').notNull().default(false),
    /** detections of every category count as cells */
    anyCategory: boolean('any_category').notNull().default(false),
    /** when the prediction files were deleted; the scores stay */
    filesDeletedAt: at('files_deleted_at'),
    /** of the predictions, chosen by the owner; null: none */
    licence: text('licence', { enum: LICENCES }),
    /** the owner agrees that everybody sees the predicted cells of the published entry */
    cellsShown: boolean('cells_shown').notNull().default(false),
    /** the owner agrees that everybody downloads the prediction files of the published entry, under `licence` */
    filesShared: boolean('files_shared').notNull().default(false),
    /** hides the maker until `anonymousUntil` or, if that is null, until the owner reveals the entry */
    anonymous: boolean('anonymous').notNull().default(false),
    anonymousUntil: at('anonymous_until'),
    /** number in “Anonymous entry 7”; never reused */
    anonymousNumber: integer('anonymous_number').unique(),
    /** digest of the secret in the reviewers' link */
    reviewSha256: text('review_sha256').unique(),
    /** re-run by a maintainer */
    verifiedAt: at('verified_at'),
    verifiedBy: text('verified_by').references(() => users.id, { onDelete: 'set null' }),
    verifiedNote: text('verified_note'),
    /** highlighted as a baseline by a maintainer */
    featured: boolean('featured').notNull().default(false),
    /** what the radar found while scoring; it opens a case and takes no action itself */
    radar: jsonb('radar').$type<Radar>(),
    demo: boolean('demo').notNull().default(false),
    progress: jsonb('progress').$type<Progress>(),
    /** why the files were rejected */
    problems: jsonb('problems').$type<Problem[]>(),
    warnings: jsonb('warnings').$type<Warning[]>(),
    /** why scoring failed on our side, in words for people */
    failure: text('failure'),
    attempts: integer('attempts').notNull().default(0),
    createdAt: createdAt(),
    startedAt: at('started_at'),
    finishedAt: at('finished_at'),
    publishedAt: at('published_at'),
  },
  (table) => [
    index('submissions_board').on(table.task, table.datasetId, table.state, table.visibility),
    index('submissions_user').on(table.userId),
    index('submissions_team').on(table.teamId),
    uniqueIndex('submissions_shown')
      .on(table.methodId, table.task, table.datasetId)
      .where(sql`${table.shown} and ${table.methodId} is not null`),
  ],
);
export type Submission = InferSelectModel<typeof submissions>;

export const submissionFiles = pgTable(
  'submission_files',
  {
    id: id(),
    submissionId: text('submission_id')
      .notNull()
      .references(() => submissions.id, { onDelete: 'cascade' }),
    slot: text('slot').notNull(),
    fileName: text('file_name').notNull(),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    sha256: text('sha256').notNull(),
    storageKey: text('storage_key').notNull(),
    /** stated by the submitter: only detections with at least this score are counted */
    scoreThreshold: doublePrecision('score_threshold'),
  },
  (table) => [uniqueIndex('submission_files_slot').on(table.submissionId, table.slot)],
);
export type SubmissionFile = InferSelectModel<typeof submissionFiles>;

/** How long a submission's method took for each image, as its submitter measured it. */
export const processingTimes = pgTable('processing_times', {
  submissionId: text('submission_id')
    .primaryKey()
    .references(() => submissions.id, { onDelete: 'cascade' }),
  /** what it ran on, in the submitter's words */
  hardware: text('hardware').notNull(),
  /** one per file of the data set */
  times: jsonb('times').$type<ImageTime[]>().notNull(),
  createdAt: createdAt(),
});
export type ProcessingTimes = InferSelectModel<typeof processingTimes>;

/** A submission of a re-score. */
export const rescoreItems = pgTable(
  'rescore_items',
  {
    rescoreId: text('rescore_id')
      .notNull()
      .references(() => rescores.id, { onDelete: 'cascade' }),
    submissionId: text('submission_id')
      .notNull()
      .references(() => submissions.id, { onDelete: 'cascade' }),
    state: text('state', { enum: ['waiting', 'done', 'failed', 'skipped'] })
      .notNull()
      .default('waiting'),
    failure: text('failure'),
    /** old and new headline in words; '': no number has changed; null: not compared yet */
    change: text('change'),
    finishedAt: at('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.rescoreId, table.submissionId] })],
);
export type RescoreItem = InferSelectModel<typeof rescoreItems>;

/** One score: a submission under one protocol, one evaluator and one ground truth. Never overwritten. */
export const evaluations = pgTable(
  'evaluations',
  {
    id: id(),
    submissionId: text('submission_id')
      .notNull()
      .references(() => submissions.id, { onDelete: 'cascade' }),
    protocol: text('protocol').$type<ProtocolId>().notNull(),
    evaluatorVersion: text('evaluator_version').notNull(),
    groundTruthSha256: text('ground_truth_sha256').notNull(),
    /** a `Report`, validated by its reader (`board/reports.ts`) */
    report: jsonb('report').notNull(),
    /** the re-score that made it; null: the submission's own turn */
    rescoreId: text('rescore_id').references(() => rescores.id, { onDelete: 'set null' }),
    /** made by an unfinished re-score, so nobody sees it yet */
    pending: boolean('pending').notNull().default(false),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('evaluations_once').on(
      table.submissionId,
      table.protocol,
      table.evaluatorVersion,
      table.groundTruthSha256,
    ),
  ],
);
export type EvaluationRow = InferSelectModel<typeof evaluations>;

/**
 * What became of every object and detection of one score: a file in storage, which is never served, and what the
 * scoring process computed from it after the score. The columns are read apart: boards need `slices` of many entries.
 */
export const outcomes = pgTable(
  'outcomes',
  {
    id: id(),
    submissionId: text('submission_id')
      .notNull()
      .references(() => submissions.id, { onDelete: 'cascade' }),
    /** the score it belongs to, with the submission */
    evaluatorVersion: text('evaluator_version').notNull(),
    groundTruthSha256: text('ground_truth_sha256').notNull(),
    evaluation: text('evaluation').$type<Evaluation>().notNull(),
    /** digest of the content, as in the report */
    sha256: text('sha256').notNull(),
    storageKey: text('storage_key').notNull(),
    /** null until they are computed */
    slices: jsonb('slices').$type<SliceTable>(),
    curves: jsonb('curves').$type<ScoreCurves>(),
    images: jsonb('images').$type<ImageRow[]>(),
    quality: jsonb('quality').$type<QualityFinding[]>(),
    /** what each kind of error costs, by density; null too for outcomes that do not say what a repair changes */
    costs: jsonb('costs').$type<DensityCost[]>(),
    /** the numbers other papers report: beside the report, which was signed before they were computed */
    families: jsonb('families').$type<Families>(),
    /** storage key of the file with the cells of every image (`lib/cells-file.ts`) */
    cellsKey: text('cells_key'),
    /** why they could not be computed */
    failure: text('failure'),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('outcomes_once').on(table.submissionId, table.evaluatorVersion, table.groundTruthSha256)],
);
export type OutcomesRow = InferSelectModel<typeof outcomes>;

/**
 * Places where strong entries agree against the annotation, found by `lib/viewer/label-errors.ts`. Maintainers confirm or
 * dismiss them; confirmed ones are the errata of the ground truth.
 */
export const labelErrors = pgTable(
  'label_errors',
  {
    id: id(),
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id, { onDelete: 'cascade' }),
    /** of the annotations that they are about */
    groundTruthSha256: text('ground_truth_sha256').notNull(),
    /** number of the image in that ground truth, and its file */
    image: integer('image').notNull(),
    fileName: text('file_name').notNull(),
    /** `outline`: an annotated cell is outlined otherwise; `unannotated`: a cell that nobody annotated */
    kind: text('kind', { enum: ['outline', 'unannotated'] }).notNull(),
    /** the annotated cell, counted within the image from 0; null: none */
    object: integer('object'),
    /** names it among those of its ground truth, so that looking again finds the same */
    key: text('key').notNull(),
    /** [4] what the entries agree on: x, y, width, height in pixels, medians over the entries */
    box: jsonb('box').$type<[number, number, number, number]>().notNull(),
    /** least IoU of two of the entries, and best IoU with the annotated cell */
    agreement: doublePrecision('agreement').notNull(),
    annotationIou: doublePrecision('annotation_iou').notNull(),
    /** ids of the submissions that agree, the strongest first */
    entries: jsonb('entries').$type<string[]>().notNull(),
    state: text('state', { enum: LABEL_ERROR_STATES }).notNull().default('open'),
    /** the maintainer's remark */
    note: text('note').notNull().default(''),
    decidedBy: text('decided_by').references(() => users.id, { onDelete: 'set null' }),
    decidedAt: at('decided_at'),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('label_errors_once').on(table.datasetId, table.groundTruthSha256, table.key)],
);
export type LabelError = InferSelectModel<typeof labelErrors>;

/**
 * What boards show of an evaluation, a row per data set, masks or boxes, and slice (`lib/board/values.ts`). Derived from
 * the report when it is saved; `board/values.ts` derives rows of another format again.
 */
export const boardValues = pgTable(
  'board_values',
  {
    evaluationId: text('evaluation_id')
      .notNull()
      .references(() => evaluations.id, { onDelete: 'cascade' }),
    dataset: text('dataset').notNull(),
    evaluation: text('evaluation').$type<Evaluation>().notNull(),
    slice: text('slice').$type<BoardSlice>().notNull(),
    format: text('format').notNull(),
    groundTruthSha256: text('ground_truth_sha256').notNull(),
    unscored: boolean('unscored').notNull(),
    values: jsonb('values').$type<BoardValues['values']>().notNull(),
    intervals: jsonb('intervals').$type<BoardValues['intervals']>().notNull(),
    metrics: jsonb('metrics').$type<NonNullable<BoardValues['metrics']>>(),
  },
  (table) => [primaryKey({ columns: [table.evaluationId, table.dataset, table.evaluation, table.slice] })],
);

/** A board's number without each field of view, for rank ranges. Never leaves the server. */
export const boardReplicates = pgTable(
  'board_replicates',
  {
    evaluationId: text('evaluation_id')
      .notNull()
      .references(() => evaluations.id, { onDelete: 'cascade' }),
    dataset: text('dataset').notNull(),
    evaluation: text('evaluation').$type<Evaluation>().notNull(),
    slice: text('slice').$type<BoardSlice>().notNull(),
    /** key of a board's column */
    column: text('column').notNull(),
    /** digest of the fields' names and cell types */
    fields: text('fields').notNull(),
    /** [fields] */
    strata: integer('strata').array().notNull(),
    /** [fields] */
    numbers: doublePrecision('numbers').array().notNull(),
  },
  (table) => [
    primaryKey({
      name: 'board_replicates_key',
      columns: [table.evaluationId, table.dataset, table.evaluation, table.slice, table.column],
    }),
  ],
);

/** Numbers published elsewhere. Boards show them marked, with protocol and source, and never rank them. */
export const referenceResults = pgTable(
  'reference_results',
  {
    id: id(),
    task: text('task').notNull(),
    subset: text('subset').notNull(),
    method: text('method').notNull(),
    evaluation: text('evaluation').$type<Evaluation>().notNull(),
    /** a key of Metrics */
    metric: text('metric').notNull(),
    /** a fraction, as in Metrics */
    value: doublePrecision('value').notNull(),
    protocol: text('protocol').notNull(),
    source: text('source').notNull(),
    comparable: text('comparable').notNull(),
  },
  (table) => [
    uniqueIndex('reference_results_once').on(table.task, table.subset, table.method, table.evaluation, table.metric),
  ],
);
export type ReferenceResult = InferSelectModel<typeof referenceResults>;

/**
 * Boards as they were: a row whenever the public form of a board differs from the last one. Rows are never deleted;
 * names that were deleted or hidden later are taken out of `content` (`lib/snapshots.ts`).
 */
export const boardSnapshots = pgTable(
  'board_snapshots',
  {
    /** task, day and the beginning of the digest: the end of its address */
    id: text('id').primaryKey(),
    task: text('task').notNull(),
    /** the data set's name on that day */
    dataset: text('dataset').notNull(),
    takenAt: at('taken_at').notNull().defaultNow(),
    /** when the board was last seen to be still the same; the newest row of a board is what it is now */
    confirmedAt: at('confirmed_at').notNull().defaultNow(),
    /** SHA-256 of the canonical JSON of the content as it was taken */
    digest: text('digest').notNull(),
    content: jsonb('content').$type<SnapshotContent>().notNull(),
    redactions: jsonb('redactions').$type<Redaction[]>().notNull().default([]),
  },
  (table) => [index('board_snapshots_board').on(table.task, table.dataset, table.takenAt)],
);
export type BoardSnapshot = InferSelectModel<typeof boardSnapshots>;

// --- quota, notices, maintainers' settings ---

/**
 * The quota's ledger for people and teams. A submission reserves a place when it is created; a score turns the
 * reservation into a charge, and any other end returns it. Lines are only ever added.
 */
export const quotaLedger = pgTable(
  'quota_ledger',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: at('at').notNull().defaultNow(),
    holder: text('holder').$type<QuotaHolder>().notNull(),
    /** the submitter as a holder: charges count for the person, whatever team they were made in */
    person: text('person').$type<QuotaHolder>(),
    task: text('task').notNull(),
    kind: text('kind', { enum: QUOTA_KINDS }).notNull(),
    /** number of places: 1, or the number granted */
    amount: integer('amount').notNull().default(1),
    submissionId: text('submission_id').references(() => submissions.id, { onDelete: 'set null' }),
    reason: text('reason').notNull().default(''),
    actorId: text('actor_id'),
    /** for a grant: when it ends */
    expiresAt: at('expires_at'),
  },
  (table) => [
    index('quota_ledger_holder').on(table.holder, table.task, table.at),
    index('quota_ledger_person').on(table.person, table.task, table.at),
    // a submission has at most one reservation, one charge and one return
    uniqueIndex('quota_ledger_once').on(table.submissionId, table.kind),
  ],
);
export type QuotaLine = InferSelectModel<typeof quotaLedger>;

/** A maintainer's settings for a task; a task without a row has the defaults. */
export const taskSettings = pgTable('task_settings', {
  task: text('task').primaryKey(),
  /** whether the task accepts submissions */
  open: boolean('open').notNull().default(true),
  closedReason: text('closed_reason'),
  /** scored submissions per window, for each person or team; null: the site's default */
  quota: integer('quota'),
  quotaDays: integer('quota_days'),
  /** largest upload in bytes; null: the site's limit */
  maxBytes: bigint('max_bytes', { mode: 'number' }),
  updatedBy: text('updated_by').references(() => users.id, { onDelete: 'set null' }),
  updatedAt: at('updated_at').notNull().defaultNow(),
});
export type TaskSettings = InferSelectModel<typeof taskSettings>;

/** A banner between two dates. */
export const announcements = pgTable('announcements', {
  id: id(),
  /** null: on every page */
  task: text('task'),
  text: text('text').notNull(),
  startsAt: at('starts_at').notNull(),
  endsAt: at('ends_at').notNull(),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  createdAt: createdAt(),
});
export type Announcement = InferSelectModel<typeof announcements>;

/** Scoring processes and their last heartbeats. A process that stays silent is gone; its row is deleted later. */
export const scoringProcesses = pgTable('scoring_processes', {
  id: id(),
  threads: integer('threads').notNull(),
  startedAt: at('started_at').notNull().defaultNow(),
  seenAt: at('seen_at').notNull().defaultNow(),
});
export type ScoringProcess = InferSelectModel<typeof scoringProcesses>;

/** How well each part of the site worked, and since when; the row without an end is the current one. */
export const componentStates = pgTable(
  'component_states',
  {
    id: id(),
    component: text('component', { enum: COMPONENTS }).notNull(),
    state: text('state', { enum: COMPONENT_STATES }).notNull(),
    since: at('since').notNull().defaultNow(),
    until: at('until'),
  },
  (table) => [index('component_states_since').on(table.component, table.since)],
);
export type ComponentStateRow = InferSelectModel<typeof componentStates>;

/** Backups that ended well, made by `livecell backup`. */
export const backups = pgTable('backups', {
  id: id(),
  endedAt: at('ended_at').notNull().defaultNow(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  files: integer('files').notNull(),
});

/** What somebody found wrong with a public entry, until a maintainer has settled it. */
export const problemReports = pgTable(
  'problem_reports',
  {
    id: id(),
    submissionId: text('submission_id')
      .notNull()
      .references(() => submissions.id, { onDelete: 'cascade' }),
    /** who reported it; null: the account is deleted */
    userId: text('user_id').references(() => users.id, { onDelete: 'set null' }),
    text: text('text').notNull(),
    createdAt: createdAt(),
    settledAt: at('settled_at'),
    settledBy: text('settled_by').references(() => users.id, { onDelete: 'set null' }),
    /** what the maintainer answered; the reporter reads it */
    answer: text('answer'),
  },
  (table) => [index('problem_reports_open').on(table.settledAt, table.createdAt)],
);
export type ProblemReport = InferSelectModel<typeof problemReports>;

/** Notices to people, shown in the site. */
export const notices = pgTable(
  'notices',
  {
    id: id(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: NOTICE_KINDS }).notNull(),
    /** plain sentences */
    text: text('text').notNull(),
    /** a path of this site with more about it */
    link: text('link'),
    readAt: at('read_at'),
    createdAt: createdAt(),
  },
  (table) => [index('notices_user').on(table.userId, table.createdAt)],
);
export type Notice = InferSelectModel<typeof notices>;

/** E-mail to send. Written in the transaction of the change it reports; the scoring process sends and retries it. */
export const outbox = pgTable(
  'outbox',
  {
    id: id(),
    to: text('to').notNull(),
    subject: text('subject').notNull(),
    body: text('body').notNull(),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: at('next_attempt_at').notNull().defaultNow(),
    sentAt: at('sent_at'),
    /** when it was given up after too many attempts */
    failedAt: at('failed_at'),
    lastError: text('last_error'),
    createdAt: createdAt(),
  },
  (table) => [index('outbox_waiting').on(table.nextAttemptAt)],
);
export type OutboxMessage = InferSelectModel<typeof outbox>;

/**
 * One line per transaction that changed what strangers see, written by triggers (migration 0009). Cached pages stay
 * valid until a line is added (`db/board/public-version.ts`).
 */
export const publicChanges = pgTable(
  'public_changes',
  {
    /** id of the transaction */
    transaction: bigint('transaction', { mode: 'bigint' }).primaryKey(),
    at: at('at').notNull().defaultNow(),
  },
  (table) => [index('public_changes_at').on(table.at)],
);

/**
 * Requests of one sender in the current window of one limit (`db/limits.ts`); `rate-limiter-flexible` names the
 * columns. Rows are of no use once their window has ended.
 */
export const rateLimits = pgTable(
  'rate_limits',
  {
    /** name of the limit, and a keyed digest of the person or address */
    key: text('key').primaryKey(),
    points: integer('points').notNull(),
    /** when the window ends */
    expire: at('expire'),
  },
  (table) => [index('rate_limits_expire').on(table.expire)],
);

/** Every decision about and change to an entry: who, what, why. The database refuses to change or delete a line. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: at('at').notNull().defaultNow(),
    actorId: text('actor_id'),
    kind: text('kind').notNull(),
    submissionId: text('submission_id'),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull(),
  },
  (table) => [index('audit_events_submission').on(table.submissionId)],
);

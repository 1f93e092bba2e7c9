/**
 * Every table of the site, readable in a sitting. Queries live beside this file, grouped by subject; nothing else
 * touches drizzle. JSON columns hold types from `lib`, so changing those types is a migration.
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
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';
import type { ExamplePicture } from '#lib/datasets/examples.ts';
import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import type { Split } from '#lib/livecell/splits.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { QUOTA_KINDS, type QuotaHolder } from '#lib/quota.ts';
import {
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
  /** nullable: ORCID gives none */
  email: text('email').unique(),
  emailVerified: at('email_verified'),
  image: text('image'),
  role: text('role', { enum: ROLES }).notNull().default('researcher'),
  affiliation: text('affiliation'),
  /** the iD (`0000-0002-1825-0097`) that ORCID itself vouched for at sign-in; never typed */
  orcid: text('orcid').unique(),
  /** which notices this person wants where; a kind that is absent: in the site and by e-mail */
  noticePreferences: jsonb('notice_preferences').$type<NoticePreferences>().notNull().default({}),
  /** a suspended account can look and download, and change nothing */
  suspendedAt: at('suspended_at'),
  suspendedReason: text('suspended_reason'),
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
});

/** Links that sign somebody in on an installation at home, once each. Only the SHA-256 of the key in a link is kept. */
export const signInLinks = pgTable('sign_in_links', {
  sha256: text('sha256').primaryKey(),
  /** whom it signs in; null: the person says who they are when they follow it */
  userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
  /** what a new person becomes; null: the operator's own link, whose holder chooses */
  role: text('role', { enum: ROLES }),
  /** the maintainer who invites; null: the command line */
  createdBy: text('created_by').references(() => users.id, { onDelete: 'cascade' }),
  createdAt: createdAt(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
});
export type SignInLink = InferSelectModel<typeof signInLinks>;

/**
 * Of deleted accounts: a keyed digest of each sign-in, so that charges and a suspension are still there when the same
 * person comes back. Without the site's secret it says of nobody that they were here.
 */
export const departedSignIns = pgTable('departed_sign_ins', {
  digest: text('digest').primaryKey(),
  /** whose lines the quota's ledger has */
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

/** People who submit together. Entries and methods of a team are every member's. */
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

/** A link that makes whoever opens it a member; the secret in it is shown once and only its SHA-256 is kept. */
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

// --- ground truth ---

/** Registered ground truth. The packed annotations and the list of images are files in storage. */
export const datasets = pgTable('datasets', {
  id: id(),
  name: text('name').notNull().unique(),
  task: text('task').notNull(),
  /** annotations may be shown and downloaded */
  public: boolean('public').notNull().default(false),
  /** made by `demo-data`: synthetic, marked everywhere */
  demo: boolean('demo').notNull().default(false),
  sha256: text('sha256').notNull(),
  images: integer('images').notNull(),
  objects: integer('objects').notNull(),
  /** images per cell type */
  cellTypes: jsonb('cell_types').$type<Record<string, number>>().notNull(),
  /** storage key of the packed ground truth (`lib/coco/dataset.ts`) */
  packKey: text('pack_key').notNull(),
  /** of outside data sets: on what terms, from where, and how it was prepared, in the maintainer's words */
  licence: text('licence'),
  source: text('source'),
  protocol: text('protocol'),
  /** where it is known; of ground truth that is not for testing no board is the first (`listDatasets`) */
  split: text('split').$type<Split>(),
  /** counts replacements of the ground truth; the columns above are those of this version */
  version: integer('version').notNull().default(1),
  /** whose evaluations the board shows; null: the newest there are */
  evaluatorVersion: text('evaluator_version'),
  createdAt: createdAt(),
});
export type Dataset = InferSelectModel<typeof datasets>;

/** What ground truth has been and will be. `next` becomes `current` when every entry has been scored again on it. */
export const groundTruthVersions = pgTable(
  'ground_truth_versions',
  {
    id: id(),
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id, { onDelete: 'cascade' }),
    version: integer('version').notNull(),
    state: text('state', { enum: ['next', 'current', 'superseded', 'cancelled'] }).notNull(),
    sha256: text('sha256').notNull(),
    images: integer('images').notNull(),
    objects: integer('objects').notNull(),
    cellTypes: jsonb('cell_types').$type<Record<string, number>>().notNull(),
    packKey: text('pack_key').notNull(),
    public: boolean('public').notNull().default(false),
    /** what changed and why */
    note: text('note').notNull(),
    /** until it is current; then they are the data set's */
    statistics: jsonb('statistics').$type<DatasetStatistics>(),
    createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('ground_truth_versions_once').on(table.datasetId, table.version)],
);
export type GroundTruthVersion = InferSelectModel<typeof groundTruthVersions>;

/** Scoring a data set's submissions again, because the evaluator or the ground truth is another. */
export const rescores = pgTable('rescores', {
  id: id(),
  datasetId: text('dataset_id')
    .notNull()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  reason: text('reason').notNull(),
  evaluatorVersion: text('evaluator_version').notNull(),
  /** null: the ground truth stays as it is */
  groundTruthVersionId: text('ground_truth_version_id').references(() => groundTruthVersions.id),
  /** one submission alone is scored again, and the data set stays as it is; null: all of the data set's are */
  submissionId: text('submission_id').references(() => submissions.id, { onDelete: 'cascade' }),
  state: text('state', { enum: ['running', 'done', 'cancelled'] })
    .notNull()
    .default('running'),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  createdAt: createdAt(),
  finishedAt: at('finished_at'),
});
export type Rescore = InferSelectModel<typeof rescores>;

/** A file of ground truth that came in over the site, until the scoring process has read it. */
export interface ImportFile {
  /** of a task of counts: the cell type; else '' */
  slot: string;
  fileName: string;
  bytes: number;
  sha256: string;
  storageKey: string;
  /** of annotations: number or name of the category that is a cell, if one was chosen */
  category?: string;
}

/** Ground truth that a maintainer sent in: read in the scoring process, then a data set, or a version of one. */
export const groundTruthImports = pgTable('ground_truth_imports', {
  id: id(),
  /** whose next version it is to be; null: it is to be a new data set */
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
  state: text('state', { enum: ['waiting', 'running', 'done', 'failed'] })
    .notNull()
    .default('waiting'),
  /** what is wrong with the files */
  problems: jsonb('problems').$type<Problem[]>(),
  warnings: jsonb('warnings').$type<Warning[]>(),
  /** why it came to nothing otherwise */
  failure: text('failure'),
  createdBy: text('created_by').references(() => users.id, { onDelete: 'set null' }),
  createdAt: createdAt(),
  finishedAt: at('finished_at'),
});
export type GroundTruthImport = InferSelectModel<typeof groundTruthImports>;

/** What a data set is like, for its page; apart from `datasets`, which every board reads. May be shown to anyone. */
export const datasetStatistics = pgTable('dataset_statistics', {
  datasetId: text('dataset_id')
    .primaryKey()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  statistics: jsonb('statistics').$type<DatasetStatistics>().notNull(),
});

/** The images of a data set, registered by `import-images`; whether they may be shown is a matter of their own. */
export const datasetPictures = pgTable('dataset_pictures', {
  datasetId: text('dataset_id')
    .primaryKey()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  public: boolean('public').notNull(),
  /** storage key of the archive (`lib/datasets/pictures.ts`) */
  packKey: text('pack_key').notNull(),
  /** the ground truth whose outlines are in it: of another version they would be wrong */
  groundTruthSha256: text('ground_truth_sha256').notNull(),
  /** pictures in it; a file that is listed under two ids is one */
  files: integer('files').notNull(),
  examples: jsonb('examples').$type<ExamplePicture[]>().notNull(),
  createdAt: createdAt(),
});
export type DatasetPictures = InferSelectModel<typeof datasetPictures>;

// --- uploads, submissions, evaluations ---

/** A file that came in over tus. It belongs to who sent it until a submission takes it. */
export const uploads = pgTable('uploads', {
  id: text('id').primaryKey(), // the tus upload id
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  fileName: text('file_name').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  /** of the bytes that arrived; null while incomplete */
  sha256: text('sha256'),
  storageKey: text('storage_key').notNull(),
  completedAt: at('completed_at'),
  createdAt: createdAt(),
});
export type Upload = InferSelectModel<typeof uploads>;

/** Suspicions a program can have of a submission; a maintainer looks at them. */
export interface Radar {
  /** detections whose mask or polygon is exactly that of a ground-truth object, and how many there are in all */
  exactGroundTruth?: { count: number; detections: number };
}

export interface Progress {
  phase: 'reading' | 'matching' | 'accumulating';
  /** 0 to 1 within the whole job */
  fraction: number;
}

/** What is compared: its submissions are its versions. Belongs to a person or a team. */
export const methods = pgTable(
  'methods',
  {
    id: id(),
    /** null beside a null team: seeded, or of a deleted account */
    userId: text('user_id').references(() => users.id, { onDelete: 'set null' }),
    teamId: text('team_id').references(() => teams.id, { onDelete: 'set null' }),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    paperUrl: text('paper_url'),
    codeUrl: text('code_url'),
    /** as they are to be cited, in their order */
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
    /** of the method, counted per task and data set */
    version: integer('version').notNull().default(1),
    /** the version of its method that the board shows; one per method, task and data set */
    shown: boolean('shown').notNull().default(false),
    /** whom an entry is credited to once its account is gone */
    creditedTo: text('credited_to'),
    method: text('method').notNull(),
    description: text('description').notNull().default(''),
    paperUrl: text('paper_url'),
    codeUrl: text('code_url'),
    /** what it was trained on, in the submitter's words */
    trainingData: text('training_data').notNull().default(''),
    testImagesSeen: boolean('test_images_seen').notNull().default(false),
    state: text('state', { enum: SUBMISSION_STATES }).notNull().default('queued'),
    visibility: text('visibility', { enum: VISIBILITIES }).notNull().default('private'),
    hiddenReason: text('hidden_reason'),
    /** a maintainer's question or remark, for the owner */
    moderatorNote: text('moderator_note'),
    withdrawalReason: text('withdrawal_reason', { enum: WITHDRAWAL_REASONS }),
    /** had been on the board: what is left of it after withdrawal is a tombstone */
    wasPublished: boolean('was_published').notNull().default(false),
    /** detections of every category count as cells */
    anyCategory: boolean('any_category').notNull().default(false),
    /** the prediction files are gone, the scores stay */
    filesDeletedAt: at('files_deleted_at'),
    /** who made it is a secret: until `anonymousUntil`, or, where that is null, until the owner says otherwise */
    anonymous: boolean('anonymous').notNull().default(false),
    anonymousUntil: at('anonymous_until'),
    /** “Anonymous entry 7”; given once and never again */
    anonymousNumber: integer('anonymous_number').unique(),
    /** of the secret in the reviewers' link */
    reviewSha256: text('review_sha256').unique(),
    /** re-run by a maintainer */
    verifiedAt: at('verified_at'),
    verifiedBy: text('verified_by').references(() => users.id, { onDelete: 'set null' }),
    verifiedNote: text('verified_note'),
    /** chosen by a maintainer to stand out as a baseline */
    featured: boolean('featured').notNull().default(false),
    /** what the radar found while scoring; it opens a case, it never acts */
    radar: jsonb('radar').$type<Radar>(),
    demo: boolean('demo').notNull().default(false),
    progress: jsonb('progress').$type<Progress>(),
    /** why the file was rejected */
    problems: jsonb('problems').$type<Problem[]>(),
    warnings: jsonb('warnings').$type<Warning[]>(),
    /** why we failed, in words for people */
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
    /** stated by the submitter: detections with at least this score are counted */
    scoreThreshold: doublePrecision('score_threshold'),
  },
  (table) => [uniqueIndex('submission_files_slot').on(table.submissionId, table.slot)],
);
export type SubmissionFile = InferSelectModel<typeof submissionFiles>;

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
    /** old and new headline in words; '': no number is another; null: not compared yet */
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
    /** a `Report`, which is validated where it is read (`board/reports.ts`) */
    report: jsonb('report').notNull(),
    /** what it was made by, where that was not the submission's own turn */
    rescoreId: text('rescore_id').references(() => rescores.id, { onDelete: 'set null' }),
    /** of a re-score that is not done: nobody sees it yet */
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

/** Numbers as published elsewhere: shown beside the board, marked, with protocol and source; never ranked. */
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

// --- quota, notices, what maintainers set ---

/**
 * What counts against the quota of a person or a team, line by line. A submission reserves a place when it comes in;
 * a score makes a charge of it, anything else gives it back. Only ever added to.
 */
export const quotaLedger = pgTable(
  'quota_ledger',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: at('at').notNull().defaultNow(),
    holder: text('holder').$type<QuotaHolder>().notNull(),
    /** who submitted, as a holder: a person's charges count for the person in whatever team they were made */
    person: text('person').$type<QuotaHolder>(),
    task: text('task').notNull(),
    kind: text('kind', { enum: QUOTA_KINDS }).notNull(),
    /** places: 1, or what was granted */
    amount: integer('amount').notNull().default(1),
    submissionId: text('submission_id').references(() => submissions.id, { onDelete: 'set null' }),
    reason: text('reason').notNull().default(''),
    actorId: text('actor_id'),
    /** of a grant: counts until then */
    expiresAt: at('expires_at'),
  },
  (table) => [
    index('quota_ledger_holder').on(table.holder, table.task, table.at),
    index('quota_ledger_person').on(table.person, table.task, table.at),
    // a submission is reserved, charged or returned once
    uniqueIndex('quota_ledger_once').on(table.submissionId, table.kind),
  ],
);
export type QuotaLine = InferSelectModel<typeof quotaLedger>;

/** What a maintainer set for a task; a task without a row has the defaults. */
export const taskSettings = pgTable('task_settings', {
  task: text('task').primaryKey(),
  /** submissions are taken */
  open: boolean('open').notNull().default(true),
  closedReason: text('closed_reason'),
  /** scored submissions per window, person or team; null: the site's default */
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

/** Scoring processes by their signs of life: who has been silent for long is gone, and its line goes some time later. */
export const scoringProcesses = pgTable('scoring_processes', {
  id: id(),
  threads: integer('threads').notNull(),
  startedAt: at('started_at').notNull().defaultNow(),
  seenAt: at('seen_at').notNull().defaultNow(),
});
export type ScoringProcess = InferSelectModel<typeof scoringProcesses>;

/** What a person is told, in the site. */
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
    /** where to look: a path of this site */
    link: text('link'),
    readAt: at('read_at'),
    createdAt: createdAt(),
  },
  (table) => [index('notices_user').on(table.userId, table.createdAt)],
);
export type Notice = InferSelectModel<typeof notices>;

/** E-mail that is to go out: written in the transaction of what it tells, sent and retried by the scoring process. */
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
    /** given up after too many attempts */
    failedAt: at('failed_at'),
    lastError: text('last_error'),
    createdAt: createdAt(),
  },
  (table) => [index('outbox_waiting').on(table.nextAttemptAt)],
);
export type OutboxMessage = InferSelectModel<typeof outbox>;

/**
 * A line for each transaction that changed what strangers see; triggers write it (migration 0009). Cached pages are
 * good as long as no line is added (`db/board/public-version.ts`).
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

/** Every decision and change of an entry: who, what, why. The database itself refuses to change or remove a line. */
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

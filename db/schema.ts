/**
 * Every table of the site, readable in a sitting. Queries live beside this file, grouped by subject; nothing else
 * touches drizzle. JSON columns hold types from `lib`, so changing those types is a migration.
 */
import type { InferSelectModel } from 'drizzle-orm';
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
import type { DatasetStatistics } from '#lib/scoring/dataset-statistics.ts';
import type { AnyReport, Problem, ScoreReport, Warning } from '#lib/scoring/report.ts';

export const ROLES = ['researcher', 'maintainer'] as const;
export type Role = (typeof ROLES)[number];

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

export const VISIBILITIES = ['private', 'pending', 'published', 'hidden'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

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
  sessionToken: text('session_token').primaryKey(),
  userId: text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  expires: at('expires').notNull(),
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
  lastUsedAt: at('last_used_at'),
  expiresAt: at('expires_at'),
  createdAt: createdAt(),
});
export type ApiToken = InferSelectModel<typeof apiTokens>;

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
  createdAt: createdAt(),
});
export type Dataset = InferSelectModel<typeof datasets>;

/** What a data set is like, for its page; apart from `datasets`, which every board reads. May be shown to anyone. */
export const datasetStatistics = pgTable('dataset_statistics', {
  datasetId: text('dataset_id')
    .primaryKey()
    .references(() => datasets.id, { onDelete: 'cascade' }),
  statistics: jsonb('statistics').$type<DatasetStatistics>().notNull(),
});

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

export interface Progress {
  phase: 'reading' | 'matching' | 'accumulating';
  /** 0 to 1 within the whole job */
  fraction: number;
}

export const submissions = pgTable(
  'submissions',
  {
    id: id(),
    task: text('task').notNull(),
    datasetId: text('dataset_id')
      .notNull()
      .references(() => datasets.id),
    userId: text('user_id').references(() => users.id, { onDelete: 'set null' }),
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
    report: jsonb('report').$type<AnyReport | ScoreReport>().notNull(),
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

/** Every decision and change of an entry: who, what, why. */
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

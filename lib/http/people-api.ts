/** The part of the HTTP interface about methods, teams, data sets and moderation, as schemas. */
import { z } from 'zod';
import { SPLITS } from '#lib/livecell/splits.ts';
import { problemSchema, warningSchema } from '#lib/scoring/report.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { NOTICE_KINDS, SUBMISSION_STATES, TEAM_ROLES, VISIBILITIES } from '#lib/vocabulary.ts';
import { partSchema } from './api.ts';
import { link, methodNameSchema } from './fields.ts';

const iso = z.iso.datetime();
const words = (most: number) =>
  z
    .string()
    .trim()
    .max(most, `At most ${most.toLocaleString('en')} characters`);
const amount = z.number('A number, such as 44.3').positive('More than 0').max(1e9, 'Not as many').nullable();

/** What is to be different; what is left out stays. */
export const methodChangeSchema = z.object({
  name: methodNameSchema.optional(),
  description: words(5000).optional(),
  paperUrl: link.nullable().optional(),
  codeUrl: link.nullable().optional(),
  authors: words(2000).optional(),
  architecture: words(500).optional(),
  /** trainable parameters, in millions */
  parameters: amount.optional(),
  pretraining: words(1000).optional(),
  extraData: words(1000).optional(),
  secondsPerImage: amount.optional(),
  testImagesSeen: z.boolean().optional(),
});

const methodLine = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  paperUrl: z.string().nullable(),
  codeUrl: z.string().nullable(),
  authors: z.string(),
  architecture: z.string(),
  parameters: z.number().nullable(),
  pretraining: z.string(),
  extraData: z.string(),
  secondsPerImage: z.number().nullable(),
  testImagesSeen: z.boolean(),
  team: z.string().nullable(),
});

export const methodListSchema = z.object({ methods: z.array(methodLine), next: z.string().nullable() });

export const methodSchema = methodLine.extend({
  /** at least one version is public under this name */
  public: z.boolean(),
  /** the newest first; strangers see the public ones */
  versions: z.array(
    z.object({
      id: z.string(),
      task: z.string(),
      dataset: z.string(),
      version: z.int(),
      state: z.enum(SUBMISSION_STATES),
      visibility: z.enum(VISIBILITIES),
      /** the board shows this version */
      shown: z.boolean(),
      publishedAt: iso.nullable(),
    }),
  ),
});

export const newTeamSchema = z.object({ name: words(80).min(1, 'A name for the team') });

const teamLine = z.object({ id: z.string(), name: z.string() });
export const teamListSchema = z.object({ teams: z.array(teamLine.extend({ role: z.enum(TEAM_ROLES) })) });

export const teamSchema = teamLine.extend({
  members: z.array(z.object({ id: z.string(), name: z.string().nullable(), role: z.enum(TEAM_ROLES), joinedAt: iso })),
  submissions: z.int(),
  methods: z.int(),
});

/** What identifies an invitation: its address, or the secret at the end of it. */
export const joinSchema = z.object({
  invitation: z
    .string()
    .trim()
    .min(20, 'The address of an invitation, or the secret at its end')
    .max(500)
    .transform((text) => text.split('/').at(-1)!),
});

export const madeInvitationSchema = z.object({ id: z.string(), url: z.string(), expiresAt: iso });
export const invitationListSchema = z.object({
  /** the newest first, without their secrets */
  invitations: z.array(z.object({ id: z.string(), createdAt: iso, expiresAt: iso })),
});

export const memberChangeSchema = z.object({ role: z.enum(TEAM_ROLES) });

export const anonymityChangeSchema = z.object({
  /** false: reveal who made the entry */
  anonymous: z.boolean(),
  /** a day, which begins at midnight UTC; null and absent: until its owner reveals it */
  until: z.iso.date('A day, such as 2027-03-01').nullable().optional(),
});

/** The address that reviewers open; it is told once. */
export const reviewLinkSchema = z.object({ url: z.string() });

export const problemReportSchema = z.object({ text: words(1000).min(1, 'What is wrong with the entry?') });

export const noticeListSchema = z.object({
  /** the newest first */
  notices: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(NOTICE_KINDS),
      text: z.string(),
      /** a path of this site with more about it */
      link: z.string().nullable(),
      createdAt: iso,
      readAt: iso.nullable(),
    }),
  ),
});
/** `id`: a notice, or `all`. */
export const noticesReadSchema = z.object({ id: z.string().min(1).max(100) });

const datasetLine = z.object({
  name: z.string(),
  task: z.string(),
  split: z.enum(SPLITS).nullable(),
  demo: z.boolean(),
  /** annotations may be downloaded */
  public: z.boolean(),
  version: z.int(),
  sha256: z.string(),
  images: z.int(),
  /** 0 where the number is not told */
  objects: z.int(),
  /** images per cell type */
  cellTypes: z.record(z.string(), z.int()),
  licence: z.string().nullable(),
  source: z.string().nullable(),
  protocol: z.string().nullable(),
  /** the part that is scored now; absent: all of it */
  part: partSchema.optional(),
});

export const datasetListSchema = z.object({ datasets: z.array(datasetLine) });

export const datasetSchema = datasetLine.extend({
  versions: z.array(z.object({ version: z.int(), sha256: z.string(), createdAt: iso, note: z.string() })),
  /** what its page draws; null for counts */
  statistics: z.unknown(),
});

const optionalWords = words(500)
  .optional()
  .transform((text) => text || null);

export const newDatasetSchema = z.object({
  name: words(100).min(1, 'What is it to be called on the site?'),
  task: z.string().refine((id) => parseTask(id) !== null, 'One of the tasks that /api/v1/tasks lists'),
  /** ids of completed uploads by slot: `""` for the one file of outlines, cell types for counts */
  uploads: z.record(z.string().max(100), z.string().max(200)),
  licence: optionalWords,
  source: optionalWords,
  protocol: optionalWords,
  split: z.enum(SPLITS).nullable().default(null),
  note: words(1000).default(''),
  /** the one category to take, where the file has several */
  category: optionalWords,
});

const IMPORT_STATES = ['waiting', 'running', 'done', 'failed'] as const;
export const importedSchema = z.object({ id: z.string(), name: z.string(), state: z.enum(IMPORT_STATES) });
export const importListSchema = z.object({
  /** unfinished, or of the last two weeks; the newest first */
  imports: z.array(
    importedSchema.extend({
      task: z.string(),
      problems: z.array(problemSchema),
      warnings: z.array(warningSchema),
      failure: z.string().nullable(),
      createdAt: iso,
      finishedAt: iso.nullable(),
    }),
  ),
});

export const DECISIONS = ['approve', 'ask', 'decline', 'hide', 'restore', 'verify', 'revoke'] as const;

export const decisionSchema = z.object({
  decision: z.enum(DECISIONS),
  /** a remark, a question or a reason, which the owner reads; needed for all but `approve` */
  text: words(1000).default(''),
});

export const inboxSchema = z.object({
  /** the longest-waiting first */
  cases: z.array(
    z.object({
      id: z.string(),
      task: z.string(),
      dataset: z.string(),
      method: z.string(),
      submitter: z.string().nullable(),
      team: z.string().nullable(),
      state: z.enum(SUBMISSION_STATES),
      since: iso,
      /** the owner's message */
      message: z.string().nullable(),
      numbers: z.record(z.string(), z.number().nullable()),
      /** what the radar found, in sentences */
      findings: z.array(z.string()),
    }),
  ),
});

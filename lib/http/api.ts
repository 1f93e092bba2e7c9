/**
 * The HTTP interface as schemas: requests are parsed with them, `/api/v1/openapi.json` is generated from them, and the
 * types of responses are theirs. Everything here is public: add, but rename and remove nothing.
 */
import { z } from 'zod';
import { LEVELS } from '#lib/board/trust-level.ts';
import { EVALUATIONS, PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { metricsSchema, problemSchema, warningSchema } from '#lib/scoring/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { SUBMISSION_STATES, type SubmissionState, VISIBILITIES } from '#lib/vocabulary.ts';

const FINAL: readonly SubmissionState[] = ['scored', 'rejected', 'failed', 'withdrawn'];

/** Tell whether the state will no longer change by itself. */
export function isFinal(state: SubmissionState): boolean {
  return FINAL.includes(state);
}

// --- requests ---

/** An empty form field counts as absent. */
const link = z
  .string()
  .trim()
  .max(500, 'At most 500 characters')
  .transform((text) => (text === '' ? undefined : text))
  .pipe(z.url({ protocol: /^https?$/, error: 'A full link, such as https://doi.org/…' }).optional());

export const slotFileSchema = z.object({
  /**
   * For a task with several slots, `all` is one zip archive whose files are named by slot. Slots of zero-shot are the
   * names of its data sets; `all` is such an archive, or a file for the submission's data set.
   */
  slot: z.string().min(1).max(200).default('all'),
  /** the id of a completed upload, or its address */
  upload: z.string().min(1, 'Upload a file first').max(500),
  /** fluorescence-counts: the file contains predictions; those with at least this score are counted */
  scoreThreshold: z.number().optional(),
});

const NAMELESS = 'A name for the method, as it should appear on the leaderboard';
const methodName = z.string().trim().max(120, 'At most 120 characters');
export const methodNameSchema = methodName.min(1, NAMELESS);

const newSubmissionFields = z.object({
  task: z.string().min(1, 'Choose a task'),
  /** default: the task's current data set */
  dataset: z.string().max(200).optional(),
  /** the id or the name of one of your teams to submit for; default: yourself */
  team: z.string().trim().max(200).optional(),
  /**
   * selects your method (or the team's) with this name, ignoring case, or creates it: the submission becomes a version
   * of it
   */
  method: methodName.default(''),
  /** instead of a name */
  methodId: z.string().max(100).optional(),
  description: z.string().trim().max(5000, 'At most 5,000 characters').default(''),
  paperUrl: link.optional(),
  codeUrl: link.optional(),
  trainingData: z.string().trim().max(1000, 'At most 1,000 characters').default(''),
  testImagesSeen: z.boolean().default(false),
  /** count detections of every category as cells, whatever their category_id */
  anyCategory: z.boolean().optional(),
  files: z.array(slotFileSchema).min(1, 'Upload a file first').max(16),
  /** other tasks to submit the same files to: `single-cell-type` beside `transferability` */
  also: z.array(z.string().max(40)).max(4).optional(),
  /** `pending` and `published` both ask to publish; a maintainer decides */
  visibility: z.enum(['private', 'pending', 'published']).default('private'),
  /** hide the submitter: the entry is “Anonymous entry 7” until `anonymousUntil`, or until its owner reveals it */
  anonymous: z.boolean().optional(),
  /** a date (its midnight, UTC) or a time */
  anonymousUntil: z
    .union([z.literal(''), z.iso.date(), z.iso.datetime({ offset: true })], 'A day, such as 2027-03-01')
    .transform((text) => (text ? new Date(text) : undefined))
    .optional(),
});
export const newSubmissionSchema = newSubmissionFields
  .refine((input) => Boolean(input.method || input.methodId), {
    path: ['method'],
    error: NAMELESS,
    when: ({ value }) => typeof value === 'object' && value !== null, // in addition to other errors
  })
  .meta({ anyOf: [{ required: ['method'] }, { required: ['methodId'] }] });
export type NewSubmission = z.infer<typeof newSubmissionSchema>;

export const leaderboardQuerySchema = z.object({
  dataset: z.string().max(200).optional(),
  protocol: z.enum(PROTOCOL_IDS).default('livecell-paper'),
  evaluation: z.enum(EVALUATIONS).default('segm'),
  cellType: z.string().max(40).optional(),
  sort: z.string().max(40).optional(),
  direction: z.enum(['asc', 'desc', 'ascending', 'descending']).optional(),
  /** `mean-by-type`, `ap-by-type` and `afnr-by-type`, separated by commas: include the numbers of each cell type */
  columns: z.string().max(200).optional(),
  /** only entries with at least this level; ranks stay those of the whole board */
  level: z.enum(LEVELS).optional(),
  format: z.enum(['json', 'csv', 'bibtex']).default('json'),
});

// --- responses ---

const iso = z.iso.datetime();

export const problemDetailsSchema = z.object({
  type: z.string().optional(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().optional(),
  problems: z.array(problemSchema).optional(),
  /** if a quota is used up: places used (scored and still open) and the limit */
  used: z.int().optional(),
  limit: z.int().nullable().optional(),
  nextSlotAt: z.string().nullable().optional(),
  /** the problem of each wrong field of the request */
  fields: z.record(z.string(), z.string()).optional(),
});

export const createdSchema = z.object({
  id: z.string(),
  state: z.enum(SUBMISSION_STATES),
  /** results for the other tasks: one submission each */
  also: z
    .array(z.object({ task: z.string(), dataset: z.string(), id: z.string(), state: z.enum(SUBMISSION_STATES) }))
    .optional(),
});
export type Created = z.infer<typeof createdSchema>;

export const anonymitySchema = z.object({
  /** “Anonymous entry 7”: the name that everybody else sees */
  name: z.string(),
  /** this response includes the identity, because its owner or a maintainer asked */
  identityShown: z.boolean(),
  /** shown only to them: when it becomes public by itself; null: when its owner decides */
  until: iso.nullable(),
});

const progressSchema = z.object({
  phase: z.enum(['reading', 'matching', 'accumulating']),
  fraction: z.number().min(0).max(1),
});

/** One score of a submission. There are several if it was scored again; none is ever overwritten. */
export const evaluationSchema = z.object({
  protocol: z.enum(PROTOCOL_IDS),
  evaluator: z.object({ version: z.string() }),
  /**
   * `version`: the last version with this ground truth; null if it was never the sole ground truth of the submission's
   * data set
   */
  groundTruth: z.object({ sha256: z.string(), version: z.int().nullable() }),
  scoredAt: iso,
  /** the one that currently counts, shown in `reports` */
  current: z.boolean(),
  /** why it was scored again; null for the first score */
  reason: z.string().nullable(),
  /** the task's headline numbers, by their labels on the site; fractions where the site shows per cent */
  numbers: z.record(z.string(), z.number().nullable()),
});

export const submissionSchema = z.object({
  id: z.string(),
  task: z.string(),
  dataset: z.string(),
  method: z.string(),
  /** its method, and its version number, counted per task and data set */
  methodId: z.string().nullable(),
  version: z.int().nullable(),
  description: z.string(),
  paperUrl: z.string().nullable(),
  codeUrl: z.string().nullable(),
  trainingData: z.string(),
  testImagesSeen: z.boolean(),
  /** detections of every category are counted as cells, at the submitter's request */
  anyCategory: z.boolean(),
  demo: z.boolean(),
  /** null for an anonymous entry, like everything else that would reveal its submitter */
  submitter: z.string().nullable(),
  team: z.string().nullable(),
  /** as they should be cited; '' if not stated */
  authors: z.string(),
  /** null: not anonymous */
  anonymous: anonymitySchema.nullable(),
  state: z.enum(SUBMISSION_STATES),
  visibility: z.enum(VISIBILITIES),
  /** 1 is next; null unless queued */
  queuePosition: z.int().nullable(),
  progress: progressSchema.nullable(),
  attempts: z.int(),
  problems: z.array(problemSchema),
  warnings: z.array(warningSchema),
  failure: z.string().nullable(),
  /** a maintainer's reason for hiding it */
  hiddenReason: z.string().nullable(),
  files: z.array(z.object({ slot: z.string(), bytes: z.int(), sha256: z.string() })),
  createdAt: iso,
  startedAt: iso.nullable(),
  finishedAt: iso.nullable(),
  publishedAt: iso.nullable(),
  /** of the primary protocol; null until scored */
  report: reportSchema.nullable(),
  reports: z.partialRecord(z.enum(PROTOCOL_IDS), reportSchema),
  /** every score it has had, the newest first */
  evaluations: z.array(evaluationSchema).optional(),
  /** published, but on no board: it could not be scored again after a change of evaluator or ground truth */
  leftBehind: z.boolean().optional(),
});
export type SubmissionBody = z.infer<typeof submissionSchema>;

export const receiptSchema = z.object({
  schema: z.literal(1),
  submission: z.object({
    id: z.string(),
    method: z.string(),
    task: z.string(),
    dataset: z.string(),
    submittedAt: iso,
    scoredAt: iso.nullable(),
  }),
  evaluator: z.object({ name: z.string(), version: z.string() }),
  groundTruth: z.object({ sha256: z.string(), images: z.int(), objects: z.int() }),
  predictions: z.array(z.object({ slot: z.string(), sha256: z.string(), bytes: z.int() })),
  report: reportSchema,
  reports: z.partialRecord(z.enum(PROTOCOL_IDS), reportSchema),
});
export type Receipt = z.infer<typeof receiptSchema>;

export const boardRowSchema = z.object({
  /** 1, 2, 2, 4; null for reference results and entries without a value */
  rank: z.int().nullable(),
  kind: z.enum(['entry', 'reference']),
  id: z.string(),
  method: z.string(),
  /** its method; null if the entry is anonymous, like everything else that would reveal its submitter */
  methodId: z.string().nullable().optional(),
  version: z.int().nullable().optional(),
  submitter: z.string().nullable(),
  team: z.string().nullable().optional(),
  authors: z.string().optional(),
  /** the submitter is not public (yet): `method` is “Anonymous entry 7” */
  anonymous: z.boolean().optional(),
  /** a maintainer selected it as a baseline */
  featured: z.boolean().optional(),
  /** how far it can be trusted: scored here, code linked, re-run by a maintainer; null: a reference */
  level: z.enum(LEVELS).nullable().optional(),
  /** when a maintainer re-ran it, and which one */
  verifiedAt: iso.nullable().optional(),
  verifiedBy: z.string().nullable().optional(),
  demo: z.boolean(),
  paperUrl: z.string().nullable(),
  codeUrl: z.string().nullable(),
  testImagesSeen: z.boolean().nullable(),
  publishedAt: iso.nullable(),
  /** number of scored runs of the method on this test set, published or not; null for a reference */
  runs: z.int().nullable().optional(),
  metrics: metricsSchema.partial(),
  /**
   * numbers by the keys of the board's columns, those by cell type of livecell-wide only if asked for (`columns`);
   * `metrics` has those of livecell-wide once more and is empty elsewhere
   */
  values: z.record(z.string(), z.number().nullable()).optional(),
  /** 95 % intervals of those numbers that have one */
  intervals: z.record(z.string(), z.tuple([z.number(), z.number()])).optional(),
  /** predictions without scores (label images), ranked among themselves */
  unscored: z.boolean(),
  /** if columns of cell types were requested: AP, AFNR and their intervals */
  cellTypes: z.partialRecord(z.enum(CELL_TYPES), metricsSchema.partial()).optional(),
  note: z.string().optional(),
  source: z.string().optional(),
  /** for a published result on another data set than the board's: that data set's name */
  subset: z.string().optional(),
});

export const leaderboardSchema = z.object({
  task: z.string(),
  dataset: z.object({
    name: z.string(),
    sha256: z.string(),
    images: z.int(),
    objects: z.int(),
    demo: z.boolean(),
  }),
  protocol: z.enum(PROTOCOL_IDS),
  evaluation: z.enum(EVALUATIONS),
  cellType: z.enum(CELL_TYPES).nullable(),
  /** a column's key, `method` or `publishedAt`; null if the task has no columns yet */
  sort: z.string().nullable(),
  direction: z.enum(['asc', 'desc']),
  rows: z.array(boardRowSchema),
});

export const imageListSchema = z.object({
  dataset: z.string(),
  images: z.array(
    z.object({
      id: z.union([z.number(), z.string()]),
      file_name: z.string(),
      /** unknown for series of counts, whose ids are file names */
      width: z.int().optional(),
      height: z.int().optional(),
      /** for series of counts: the series */
      cellType: z.string().optional(),
    }),
  ),
});

export const queueEntrySchema = z.object({
  /** the task's id */
  task: z.string(),
  dataset: z.string(),
  submittedAt: iso,
  /** the submission, shown to its owner and team, to maintainers, and if it is public; otherwise null */
  submission: z.object({ id: z.string(), method: z.string(), submitter: z.string().nullable() }).nullable(),
  /** 1 is next; null: it is being scored */
  position: z.int().nullable(),
  /** number of the current or next attempt, and the maximum */
  attempt: z.int(),
  attempts: z.int(),
  progress: progressSchema.nullable(),
  /** seconds until its turn, and until it is scored, estimated from measured speed; null: unknown */
  secondsUntilTurn: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** a sentence: why it waits, or the state of its scoring process */
  says: z.string(),
});

export const queueSchema = z.object({
  /** number of scoring processes at work, and seconds since the last sign of any; null: none within a day */
  processes: z.object({ alive: z.int(), silentSeconds: z.number().nullable() }),
  running: z.array(queueEntrySchema),
  /** in the order in which they will be scored */
  waiting: z.array(queueEntrySchema),
});

/** A person's or a team's use of a task's quota. */
export const placesSchema = z.object({
  /** the team's id; null: the person's own places */
  team: z.string().nullable(),
  /** including grants */
  limit: z.int().nullable(),
  /** scored within the window */
  charged: z.int(),
  /** submitted and not yet scored */
  reserved: z.int(),
  left: z.int().nullable(),
  nextSlotAt: iso.nullable(),
});
export type PlacesBody = z.infer<typeof placesSchema>;

export const taskListSchema = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      description: z.string(),
      /** what to upload: one file per slot */
      slots: z.array(z.string()),
      /** required slots, and the minimum number of slots */
      required: z.array(z.string()).optional(),
      least: z.int().optional(),
      /** other tasks that the same files can be submitted to */
      also: z.array(z.string()).optional(),
      /** whether it accepts submissions, and if not, why */
      open: z.boolean(),
      closedReason: z.string().nullable(),
      /**
       * scored submissions a person or team may have within `days` days; null: no limit. Demo data sets are not counted
       */
      quota: z.object({ limit: z.int().nullable(), days: z.int() }),
      /** limits of this task; the general ones are below */
      limits: z.object({ bytes: z.int() }),
      /** when signed in: quota use of the person and of each of their teams */
      places: z.array(placesSchema).optional(),
      /** the data set that is scored by default */
      dataset: z.string().nullable(),
      datasets: z.array(
        z.object({ name: z.string(), images: z.int(), objects: z.int(), sha256: z.string(), demo: z.boolean() }),
      ),
    }),
  ),
  limits: z.record(z.string(), z.number()),
});
export type TaskList = z.infer<typeof taskListSchema>;

/**
 * The HTTP interface as schemas: requests are parsed with them, `/api/v1/openapi.json` is generated from them, and the
 * types of responses are theirs. Everything here is public: add, but rename and remove nothing.
 */
import { z } from 'zod';
import { CELL_TABLES } from '#lib/board/cell-tables.ts';
import { SLICE_METRICS } from '#lib/board/slices.ts';
import { LEVELS } from '#lib/board/trust-level.ts';
import { EVALUATIONS, PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';
import { TRUTH_VARIANTS } from '#lib/scoring/flat-truth.ts';
import { QUALITY_CODES, SEVERITIES } from '#lib/scoring/quality-control.ts';
import { metricsSchema, problemSchema, warningSchema } from '#lib/scoring/report.ts';
import { SIZES, SLICE_DIMENSIONS } from '#lib/scoring/slice-table.ts';
import { COMPARED_METRICS } from '#lib/scoring/uncertainty.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import {
  EXPOSURES,
  LICENCES,
  MOST_TIMES,
  ROLES,
  SUBMISSION_STATES,
  TEAM_ROLES,
  TOKEN_SCOPES,
  VISIBILITIES,
} from '#lib/vocabulary.ts';
import { link, methodName, NAMELESS } from './fields.ts';

// --- requests ---

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

const sharingFields = {
  /** licence of the predictions; '' and absent: none */
  licence: z.union([z.enum(LICENCES), z.literal('').transform(() => undefined)]).optional(),
  /** everybody may see the predicted cells once the entry is published */
  cellsShown: z.boolean().default(false),
  /** everybody may download the files once the entry is published and not anonymous; needs a licence */
  filesShared: z.boolean().default(false),
};

const NO_LICENCE = 'Choose a licence under which others may use the files, or do not offer them.';
const needsLicence = ({ licence, filesShared }: { licence?: string; filesShared?: boolean }) =>
  !filesShared || Boolean(licence);
const licenceNeeded = {
  path: ['licence'],
  error: NO_LICENCE,
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};

/** Number of an image in its data set, as addresses have it. */
export const imageNumberSchema = z
  .string()
  .regex(/^\d{1,7}$/, 'The number of an image, from 0')
  .transform(Number);

/** The annotated cells of an image (`lib/viewer/image-cells.ts`). */
export const truthCellsSchema = z.object({
  image: z.int(),
  width: z.int(),
  height: z.int(),
  /** COCO's compressed run lengths */
  masks: z.array(z.string()),
  crowd: z.array(z.int()),
});

/** The cells that an entry predicts on an image, the surest first. */
export const entryCellsSchema = z.object({
  image: z.int(),
  width: z.int(),
  height: z.int(),
  /** of the best F1; null: none, or the annotations are not public */
  scoreThreshold: z.number().nullable(),
  unscored: z.boolean(),
  masks: z.array(z.string()),
  scores: z.array(z.number()),
  /** absent where the annotations are not public */
  verdicts: z
    .object({
      /** annotated cell matched at IoU 0.5, -1 for none */
      object: z.array(z.int()),
      /** kind of error: 0 none, 1 missed, 2 poor boundary, 3 split, 4 merge, 5 duplicate, 6 background */
      kind: z.array(z.int()),
      /** 1: neither right nor wrong */
      ignored: z.array(z.int()),
      /** of the annotated cells; 255: does not count */
      objectKind: z.array(z.int()),
      bestIou: z.array(z.number()),
    })
    .optional(),
});

/** What others may do with the predictions of an entry; replaces what was chosen before. */
export const sharingSchema = z.object(sharingFields).refine(needsLicence, licenceNeeded);
export type Sharing = z.infer<typeof sharingSchema>;

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
  /** what the model had seen of LIVECell; `prompted` entries are never ranked */
  exposure: z.union([z.enum(EXPOSURES), z.literal('').transform(() => undefined)]).optional(),
  /** count detections of every category as cells, whatever their category_id */
  anyCategory: z.boolean().optional(),
  files: z.array(slotFileSchema).min(1, 'Upload a file first').max(16),
  /** other tasks to submit the same files to: `single-cell-type` beside `transferability` */
  also: z.array(z.string().max(40)).max(4).optional(),
  /** `pending` and `published` both ask to publish; a maintainer decides */
  visibility: z.enum(['private', 'pending', 'published']).default('private'),
  /** how long each image took, of LIVECell-wide: the entry then shows time against cells per image */
  times: z
    .object({
      /** what it ran on: processor, graphics processor, batch size */
      hardware: z
        .string()
        .trim()
        .min(3, 'What it was measured on, such as “1 × A100, batch size 1”')
        .max(200, 'At most 200 characters'),
      /** the text of a table with the header `image,seconds` and a line per image of the data set */
      csv: z
        .string()
        .min(1, 'A table with the header image,seconds')
        .max(
          MOST_TIMES,
          `At most ${MOST_TIMES.toLocaleString('en')} characters: round the seconds, and leave folders out`,
        ),
    })
    .optional(),
  licence: sharingFields.licence,
  cellsShown: z.boolean().optional(),
  filesShared: z.boolean().optional(),
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
  .refine(needsLicence, licenceNeeded)
  .meta({ anyOf: [{ required: ['method'] }, { required: ['methodId'] }] });
export type NewSubmission = z.infer<typeof newSubmissionSchema>;

export const leaderboardQuerySchema = z.object({
  dataset: z.string().max(200).optional(),
  protocol: z.enum(PROTOCOL_IDS).default('livecell-paper'),
  evaluation: z.enum(EVALUATIONS).default('segm'),
  cellType: z.string().max(40).optional(),
  /** a day since seeding, a density bin from 1 (sparse) to 5, a size class: AP and AFNR of masks on that slice */
  day: z.string().max(3).optional(),
  density: z.string().max(1).optional(),
  size: z.string().max(10).optional(),
  sort: z.string().max(40).optional(),
  direction: z.enum(['asc', 'desc', 'ascending', 'descending']).optional(),
  /** `mean-by-type`, `ap-by-type` and `afnr-by-type`, separated by commas: include the numbers of each cell type */
  columns: z.string().max(200).optional(),
  /** only entries with at least this level; ranks stay those of the whole board */
  level: z.enum(LEVELS).optional(),
  /** only entries that declare this; ranks are those among them */
  exposure: z.enum(EXPOSURES).optional(),
  format: z.enum(['json', 'csv', 'bibtex', 'latex', 'parquet']).default('json'),
  /** JSON only: at most this many rows; absent: all of them */
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  /** JSON only: rows after the one with this id, `next` of the answer before */
  cursor: z.string().max(200).optional(),
});

/** A page of a list: at most `limit` things that come after the thing with the id `after`. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int('A whole number').min(1, 'At least 1').max(200, 'At most 200').default(50),
  after: z.string().max(100).optional(),
});

export const submissionListQuerySchema = pageQuerySchema.extend({
  task: z.string().max(40).optional(),
  state: z.enum(SUBMISSION_STATES).optional(),
});

export const withdrawalSchema = z.object({
  /** required for an entry that has been public: what is left of it on the site says so */
  reason: z.enum(['superseded', 'mistake', 'data', 'other']).optional(),
});

export const publicationSchema = z.object({
  /** for the maintainers: an answer to their question */
  message: z.string().trim().max(1000, 'At most 1,000 characters').default(''),
});

export const newDeviceLoginSchema = z.object({
  /** what the machine calls itself, shown to the person who confirms */
  machine: z.string().trim().min(1, 'The name of the machine').max(80, 'At most 80 characters'),
});

export const deviceCodeSchema = z.object({ deviceCode: z.string().min(20).max(100) });

/** A slice has a value of at most two of type, day, density and size. */
export const sliceQuerySchema = z.object({
  dataset: z.string().max(200).optional(),
  type: z.string().max(40).optional(),
  /** days since seeding, from 0 */
  day: z.string().max(3).optional(),
  /** 1 (sparsest fifth of the images) to 5 */
  density: z.string().max(1).optional(),
  size: z.enum(SIZES).optional(),
  /** the dimension of `columns` */
  by: z.enum(SLICE_DIMENSIONS).optional(),
  metric: z.enum(SLICE_METRICS).default('AP'),
  /** rank by the mean over cell types with these weights: `A172:2,BV2:1`; types without one are left out */
  weights: z.string().max(400).optional(),
  format: z.enum(['json', 'csv']).default('json'),
});

export const entryImagesQuerySchema = z.object({ format: z.enum(['json', 'csv', 'parquet']).default('json') });

/** Every cell or every detection of an entry, as a table. */
export const entryCellTableQuerySchema = z.object({
  table: z.enum(CELL_TABLES).default('objects'),
  format: z.enum(['csv', 'parquet']).default('csv'),
});

export const compareQuerySchema = z.object({
  /** ids of two to six published entries, separated by commas */
  entries: z.string().max(1000),
  protocol: z.enum(PROTOCOL_IDS).default('livecell-paper'),
  /** default: masks, where all of them have masks */
  evaluation: z.enum(EVALUATIONS).optional(),
  format: z.enum(['json', 'csv']).default('json'),
});

// --- responses ---

const iso = z.iso.datetime();

/** Label errors of public ground truth that maintainers confirmed. */
export const errataSchema = z.object({
  dataset: z.string(),
  errata: z.array(
    z.object({
      /** its file */
      image: z.string(),
      /** `outline`: the annotated cell is outlined otherwise; `unannotated`: nobody annotated the cell */
      kind: z.enum(['outline', 'unannotated']),
      /** the annotated cell, counted within its image from 0; null: none */
      cell: z.int().nullable(),
      /** what the entries agree on: x, y, width, height in pixels */
      box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      /** least IoU of two of the entries, and best IoU with an annotated cell */
      agreement: z.number(),
      annotationIou: z.number(),
      /** how many entries agree */
      entries: z.int(),
      note: z.string(),
      confirmedAt: iso.nullable(),
      /** digest of the ground truth that it is about, and whether that is the current one */
      groundTruth: z.string(),
      current: z.boolean(),
    }),
  ),
});
export type ErrataBody = z.infer<typeof errataSchema>;

export const problemDetailsSchema = z.object({
  type: z.string().optional(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().optional(),
  /** the request in the log of the site; also the header X-Request-Id */
  requestId: z.string().optional(),
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

/** Time against cells per image, as the submitter measured it, with the least-squares line. */
export const timingSchema = z.object({
  /** in the submitter's words; null for an anonymous entry */
  hardware: z.string().nullable(),
  /** what is counted in an image: its annotated cells where ground truth is public, else the entry's detections */
  counts: z.enum(['annotated', 'detected']),
  images: z.int(),
  /** slope and intercept; null if all images have as many cells */
  msPer100Cells: z.number().nullable(),
  secondsWithoutCells: z.number().nullable(),
  secondsPerImage: z.number(),
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
  /** what the model had seen of LIVECell, as declared; null: not declared */
  exposure: z.enum(EXPOSURES).nullable(),
  /** of the predictions, as the owner chose; null: none */
  licence: z.enum(LICENCES).nullable(),
  /** whether the owner agreed that others see the predicted cells, and download the files */
  cellsShown: z.boolean(),
  filesShared: z.boolean(),
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
  /** time against cells per image; null: not submitted, or the cells are not counted yet */
  timing: timingSchema.nullable().optional(),
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
  evaluator: z.object({ name: z.string(), version: z.string(), build: z.string().optional() }),
  groundTruth: z.object({ sha256: z.string(), images: z.int(), objects: z.int() }),
  predictions: z.array(z.object({ slot: z.string(), sha256: z.string(), bytes: z.int() })),
  report: reportSchema,
  reports: z.partialRecord(z.enum(PROTOCOL_IDS), reportSchema),
  /** the site that issued it */
  site: z.string().optional(),
  /** SHA-256 of the canonical JSON (RFC 8785) of each report, and of the settings of its protocol */
  digests: z
    .object({
      reports: z.partialRecord(z.enum(PROTOCOL_IDS), z.string()),
      protocols: z.partialRecord(z.enum(PROTOCOL_IDS), z.string()),
    })
    .optional(),
  /** over the canonical JSON of the receipt without this member; receipts from before signatures have none */
  signature: z.object({ algorithm: z.literal('Ed25519'), key: z.string(), value: z.string() }).optional(),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** Truth variants of public ground truth: label images for download, with the digests that reports state. */
export const variantListSchema = z.object({
  dataset: z.string(),
  groundTruth: z.object({ sha256: z.string() }),
  /** empty until they are made */
  variants: z.array(
    z.object({
      variant: z.enum(TRUTH_VARIANTS),
      /** of the label images, in the order of the images (protocol, section 10) */
      digest: z.string(),
      /** of the archive */
      sha256: z.string(),
      bytes: z.int(),
      images: z.int(),
      labels: z.int(),
    }),
  ),
});
export type VariantList = z.infer<typeof variantListSchema>;

export const boardRowSchema = z.object({
  /** 1, 2, 2, 4; null for reference results and entries without a value */
  rank: z.int().nullable(),
  /** best and worst rank on other fields of view; null: not ranked, or too few fields (protocol, section 8) */
  rankRange: z.tuple([z.int(), z.int()]).nullable().optional(),
  /** 1 for the entries that may be the best, then ascending; null with the range */
  tier: z.int().nullable().optional(),
  /** an entry, a published result, or a control made from the ground truth; only entries are ranked */
  kind: z.enum(['entry', 'reference', 'control']),
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
  /** what the model had seen of LIVECell, as declared; `prompted` is never ranked */
  exposure: z.enum(EXPOSURES).nullable().optional(),
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

/** Which part of a divided data set is scored; absent: the whole. */
export const partSchema = z.object({
  name: z.enum(['public', 'private']),
  by: z.enum(['well', 'field']),
  /** wells or fields of the part, and of the whole */
  units: z.int(),
  of: z.int(),
  /** with fewer than five there are no intervals */
  degreesOfFreedom: z.int(),
  /** of the public part: from when on the private one is scored */
  until: z.string().optional(),
});

export const leaderboardSchema = z.object({
  task: z.string(),
  dataset: z.object({
    name: z.string(),
    sha256: z.string(),
    images: z.int(),
    objects: z.int(),
    demo: z.boolean(),
    part: partSchema.optional(),
  }),
  protocol: z.enum(PROTOCOL_IDS),
  evaluation: z.enum(EVALUATIONS),
  cellType: z.enum(CELL_TYPES).nullable(),
  /** a column's key, `method` or `publishedAt`; null if the task has no columns yet */
  sort: z.string().nullable(),
  direction: z.enum(['asc', 'desc']),
  /** the smallest difference in the ranking column that this view can resolve; null without rank ranges */
  resolution: z.number().nullable().optional(),
  /** who leads, and who cannot be told apart from the leader; null without rank ranges */
  verdict: z.string().nullable().optional(),
  /** number of rows of the whole board */
  total: z.int().optional(),
  /** the cursor of the rows that follow; null: these are the last */
  next: z.string().nullable().optional(),
  rows: z.array(boardRowSchema),
});

/** The entries of a board ranked by a slice, masks where an entry has them, under the primary protocol. */
export const sliceBoardSchema = z.object({
  task: z.string(),
  dataset: z.string(),
  choice: z.partialRecord(z.enum(SLICE_DIMENSIONS), z.string()),
  by: z.enum(SLICE_DIMENSIONS),
  metric: z.enum(SLICE_METRICS),
  weights: z.partialRecord(z.enum(CELL_TYPES), z.number()).nullable(),
  /** values that the data set has; objects per image only where the ground truth is public */
  values: z.object({
    type: z.array(z.enum(CELL_TYPES)),
    day: z.array(z.string()),
    density: z.array(z.object({ value: z.string(), from: z.int().optional(), to: z.int().optional() })),
    size: z.array(z.string()),
  }),
  columns: z.array(z.object({ value: z.string(), name: z.string() })),
  rows: z.array(
    z.object({
      rank: z.int().nullable(),
      id: z.string(),
      method: z.string(),
      /** null: nothing to average, or fewer than 50 cells on ground truth that is not public */
      value: z.number().nullable(),
      images: z.int().nullable(),
      objects: z.int().nullable(),
      /** in the order of `columns` */
      columns: z.array(z.number().nullable()),
    }),
  ),
  /** number of entries without slices: scored by an earlier evaluator, or just now */
  without: z.int(),
});

/** What an entry did on each image; only on ground truth that is public. Errors at IoU 0.5 and the score of the best F1. */
export const entryImagesSchema = z.object({
  id: z.string(),
  dataset: z.string(),
  images: z.array(
    z.object({
      image: z.int(),
      name: z.string(),
      AP: z.number().nullable(),
      objects: z.int(),
      /** at or above the score threshold, and all */
      detections: z.int(),
      allDetections: z.int(),
      /** objects not found, by kind; of `duplicate` and `background`, detections */
      errors: z.record(z.enum(ERROR_KINDS), z.int()),
      /** how long it took, if the submission says */
      seconds: z.number().optional(),
    }),
  ),
  quality: z.array(
    z.object({
      code: z.enum(QUALITY_CODES),
      severity: z.enum(SEVERITIES),
      count: z.int(),
      of: z.int(),
      cap: z.int().optional(),
      /** indices of images */
      images: z.array(z.int()).optional(),
    }),
  ),
});

const eachEntry = z.array(z.number().nullable());
const pairDifference = z.object({
  /** places in `entries`; the difference is first less second */
  first: z.int(),
  second: z.int(),
  difference: z.number(),
  standardError: z.number(),
  interval: z.tuple([z.number(), z.number()]),
  probabilityBetter: z.number(),
  p: z.number(),
  /** Holm-adjusted over all pairs of the number */
  adjusted: z.number(),
  /** place of the entry that is ahead; null: they cannot be told apart */
  ahead: z.int().nullable(),
});

/** Entries side by side. Lists by entry are in the order of `entries`. */
export const comparisonSchema = z.object({
  task: z.string(),
  dataset: z.string(),
  protocol: z.enum(PROTOCOL_IDS),
  evaluation: z.enum(EVALUATIONS),
  /** evaluations that all entries have */
  evaluations: z.array(z.enum(EVALUATIONS)),
  /** SHA-256 */
  groundTruth: z.string(),
  /** only then are fields, curves and exact counts of cells told */
  truthIsPublic: z.boolean(),
  entries: z.array(z.object({ id: z.string(), method: z.string(), version: z.int().nullable() })),
  verdict: z.string(),
  numbers: z.array(
    z.object({
      name: z.string(),
      better: z.enum(['higher', 'lower']),
      values: eachEntry,
      /** absent: a fraction */
      format: z.enum(['percent', 'number', 'integer']).optional(),
      intervals: z.array(z.tuple([z.number(), z.number()]).nullable()).optional(),
    }),
  ),
  differences: z.partialRecord(z.enum(COMPARED_METRICS), z.array(pairDifference)),
  /** IoU 0.50, 0.55 … 0.95 */
  perIou: z.object({ AP: z.array(eachEntry), FNR: z.array(eachEntry) }),
  /** at each IoU; p is adjusted over all pairs and thresholds; absent where an entry has no numbers without each field */
  perIouDifferences: z
    .object({ AP: z.array(z.array(pairDifference)), FNR: z.array(z.array(pairDifference)) })
    .optional(),
  cellTypes: z.array(z.object({ cellType: z.enum(CELL_TYPES), AP: eachEntry, AFNR: eachEntry })),
  fields: z
    .array(z.object({ field: z.string(), cellType: z.string().nullable(), images: z.int(), AP: eachEntry }))
    .optional(),
  /** all images, then each cell type; empty where outcomes are missing */
  cells: z.array(
    z.object({
      cellType: z.enum(CELL_TYPES).nullable(),
      objects: z.int(),
      /** a character per entry, 1 where it found the cell; null: fewer than 50 cells, on ground truth that is not public */
      patterns: z.record(z.string(), z.int().nullable()),
      kappa: z.array(z.object({ first: z.int(), second: z.int(), kappa: z.number().nullable() })),
    }),
  ),
  curves: z.array(
    z
      .object({
        precision: z.array(z.object({ iou: z.number(), values: z.array(z.number()) })).optional(),
        calibration: z
          .array(
            z.object({
              from: z.number(),
              to: z.number(),
              detections: z.int(),
              meanScore: z.number(),
              found: z.number(),
            }),
          )
          .optional(),
      })
      .nullable(),
  ),
});

const snapshotLineSchema = z.object({
  /** the end of its address, /snapshots/{id} */
  id: z.string(),
  task: z.string(),
  dataset: z.string(),
  takenAt: iso,
  /** when the board was last seen to be still the same */
  confirmedAt: iso,
  /** SHA-256 of the canonical JSON (RFC 8785) of `content` as it was taken */
  digest: z.string(),
});

export const snapshotListQuerySchema = pageQuerySchema.extend({
  task: z.string().max(40).optional(),
  dataset: z.string().max(200).optional(),
});

export const snapshotListSchema = z.object({
  snapshots: z.array(
    snapshotLineSchema.extend({ entries: z.int(), /** names taken out of it since */ redactions: z.int() }),
  ),
  next: z.string().nullable(),
});

export const snapshotQuerySchema = z.object({ format: z.enum(['json', 'csv', 'bibtex']).default('json') });

export const snapshotSchema = snapshotLineSchema.extend({
  /** the snapshot of what the board is now; null: this one */
  newer: z.object({ id: z.string(), takenAt: iso }).nullable(),
  /** how to cite it */
  citation: z.object({ url: z.string(), text: z.string(), bibtex: z.string() }),
  /** names that were taken out since; the digest is of the content before */
  redactions: z.array(
    z.object({ entry: z.string(), at: iso, reason: z.enum(['deleted', 'hidden', 'sealed', 'name-removed']) }),
  ),
  content: z.object({
    schema: z.literal(1),
    task: z.string(),
    dataset: z.object({
      name: z.string(),
      sha256: z.string(),
      images: z.int(),
      objects: z.int(),
      demo: z.boolean(),
      part: partSchema.optional(),
    }),
    protocol: z.enum(PROTOCOL_IDS),
    boards: z.array(
      z.object({
        evaluation: z.enum(EVALUATIONS),
        sort: z.string().nullable(),
        resolution: z.number().nullable(),
        verdict: z.string().nullable(),
        rows: z.array(boardRowSchema.omit({ metrics: true })),
      }),
    ),
  }),
});

export const changeLogQuerySchema = pageQuerySchema.extend({ format: z.enum(['json', 'csv']).default('json') });

/** Every score that has been shown, the newest first. */
export const changeLogSchema = z.object({
  changes: z.array(
    z.object({
      id: z.string(),
      at: iso,
      entry: z.string(),
      method: z.string(),
      task: z.string(),
      dataset: z.string(),
      demo: z.boolean(),
      evaluator: z.string(),
      groundTruth: z.string(),
      /** why it was scored again; null: its first score */
      reason: z.string().nullable(),
      /** no longer public: its numbers are not told */
      gone: z.boolean(),
      numbers: z.array(z.object({ key: z.string(), before: z.number().nullable(), after: z.number().nullable() })),
    }),
  ),
  next: z.string().nullable(),
});

/** A chart of published entries. */
export const chartQuerySchema = z.object({
  dataset: z.string().max(200).optional(),
  protocol: z.enum(PROTOCOL_IDS).default('livecell-paper'),
  evaluation: z.enum(EVALUATIONS).default('segm'),
  cellType: z.string().max(40).optional(),
  /** ids of up to six entries, separated by commas; absent: the first three of the board */
  entries: z.string().max(1000).optional(),
  /** number of the chart, from 0 */
  chart: z.coerce.number().int().min(0).max(100).default(0),
  /** `json` lists the charts of the view */
  format: z.enum(['svg', 'png', 'csv', 'json']).default('svg'),
});
export type ChartQuery = z.infer<typeof chartQuerySchema>;

/** A chart of a page that names its charts. */
export const namedChartQuerySchema = z.object({
  /** its name; `format=json` lists them */
  chart: z.string().max(40).default(''),
  format: z.enum(['svg', 'png', 'csv', 'json']).default('svg'),
});

/** A chart of a comparison. */
export const compareChartQuerySchema = namedChartQuerySchema.extend({
  /** ids of two to six published entries, separated by commas */
  entries: z.string().max(1000),
  protocol: z.enum(PROTOCOL_IDS).default('livecell-paper'),
  /** default: masks, where all of them have masks */
  evaluation: z.enum(EVALUATIONS).optional(),
});

export const oembedQuerySchema = z.object({
  /** of a board, an entry or a chart of this site */
  url: z.string().max(2000),
  maxwidth: z.coerce.number().int().min(100).max(10_000).optional(),
  maxheight: z.coerce.number().int().min(1).max(10_000).optional(),
  format: z.literal('json', 'Only JSON is spoken here').default('json'),
});

export const oembedSchema = z.object({
  version: z.literal('1.0'),
  type: z.literal('rich'),
  provider_name: z.string(),
  provider_url: z.string(),
  title: z.string(),
  width: z.int(),
  height: z.int(),
  cache_age: z.int(),
  html: z.string(),
});

export const entryTableQuerySchema = z.object({
  protocol: z.enum(PROTOCOL_IDS).default('livecell-paper'),
  /** default: masks, where it has masks */
  evaluation: z.enum(EVALUATIONS).optional(),
  format: z.enum(['csv', 'bibtex', 'latex', 'parquet', 'eval-results']).default('csv'),
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
      /** address of its picture as PNG, with its contrast stretched, where pictures are public */
      picture: z.string().optional(),
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
        z.object({
          name: z.string(),
          images: z.int(),
          objects: z.int(),
          sha256: z.string(),
          demo: z.boolean(),
          part: partSchema.optional(),
        }),
      ),
    }),
  ),
  limits: z.record(z.string(), z.number()),
});
export type TaskList = z.infer<typeof taskListSchema>;

/** Who a token belongs to, and what it is for. */
export const meSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(ROLES),
  suspended: z.boolean(),
  teams: z.array(z.object({ id: z.string(), name: z.string(), role: z.enum(TEAM_ROLES) })),
  /** of the token that was sent; null with a session */
  scopes: z.array(z.enum(TOKEN_SCOPES)).nullable(),
});
export type Me = z.infer<typeof meSchema>;

export const submissionLineSchema = z.object({
  id: z.string(),
  task: z.string(),
  dataset: z.string(),
  method: z.string(),
  version: z.int(),
  team: z.string().nullable(),
  state: z.enum(SUBMISSION_STATES),
  visibility: z.enum(VISIBILITIES),
  createdAt: iso,
  finishedAt: iso.nullable(),
  publishedAt: iso.nullable(),
});

export const submissionListSchema = z.object({
  /** the newest first */
  submissions: z.array(submissionLineSchema),
  /** how many there are on all pages */
  total: z.int(),
  /** what to give as `after` for the next page; null: this is the last one */
  next: z.string().nullable(),
});
export type SubmissionList = z.infer<typeof submissionListSchema>;

/** What has become of a submission after a change. */
export const changedSchema = z.object({
  id: z.string(),
  state: z.enum(SUBMISSION_STATES),
  visibility: z.enum(VISIBILITIES),
});
export type Changed = z.infer<typeof changedSchema>;

export const deviceLoginSchema = z.object({
  /** the secret with which the machine asks for its token */
  deviceCode: z.string(),
  /** what the person compares with the page */
  userCode: z.string(),
  /** where the person confirms it */
  verificationUri: z.string(),
  expiresAt: iso,
  /** seconds to wait between two questions */
  interval: z.int(),
});
export type DeviceLoginBody = z.infer<typeof deviceLoginSchema>;

export const deviceTokenSchema = z.object({
  state: z.literal('allowed'),
  token: z.string(),
  name: z.string(),
  /** whose token it is */
  user: z.object({ id: z.string(), name: z.string().nullable() }),
  scopes: z.array(z.enum(TOKEN_SCOPES)),
  expiresAt: iso.nullable(),
});
export const deviceWaitingSchema = z.object({ state: z.literal('waiting'), interval: z.int() });
export type DeviceTokenBody = z.infer<typeof deviceTokenSchema> | z.infer<typeof deviceWaitingSchema>;

/** The keys that sign this site's receipts: `/.well-known/livecell-keys.json`. */
export const publishedKeysSchema = z.object({
  keys: z.array(
    z.object({
      /** the first 16 hex digits of the key's SHA-256 */
      id: z.string(),
      algorithm: z.literal('Ed25519'),
      /** 32 bytes in base64 */
      publicKey: z.string(),
      createdAt: iso,
      /** when another key took over; null: the current one */
      retiredAt: iso.nullable(),
    }),
  ),
});

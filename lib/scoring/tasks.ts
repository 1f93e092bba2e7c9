/**
 * The tasks of the benchmark as data: what is submitted, what the leaderboard shows. Adding a task is one literal here
 * (and a scoring function if it is of a new kind). Ids and slots are public interface.
 *
 * A task that is not `open` has a name and nothing else: no page lists a board for it, no form takes a file.
 */
import type { Protocol } from '../coco/protocol.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from './cell-types.ts';
import { percent as inPercent, integer } from './format.ts';
import type { CountingCellType, Metrics, Problem, TrainingSize } from './report.ts';

export const TASK_IDS = [
  'livecell-wide',
  'single-cell-type',
  'transferability',
  'fluorescence-counts',
  'training-size',
  'zero-shot',
] as const;
export type TaskId = (typeof TASK_IDS)[number];

/** One file of a submission. */
export interface Slot {
  readonly id: string;
  readonly label: string;
  readonly required: boolean;
  readonly takes: 'predictions' | 'predictions or counts';
}

type ScalarMetric = 'AP' | 'AP50' | 'AP75' | 'APs' | 'APm' | 'APl' | 'ARs' | 'ARm' | 'ARl' | 'AFNR' | 'exactAP' | 'pq';

export interface Column {
  /** in the address (`?sort=`) and in exports; stable */
  readonly key: string;
  /** `{k}` stands for the protocol's detection limit */
  readonly label: string;
  readonly title: string;
  readonly metric: ScalarMetric | 'AR';
  /** for `AR`: which of the protocol's three limits */
  readonly maxDets?: 0 | 1 | 2;
  /** a column of one cell type, whatever slice the board shows */
  readonly cellType?: CellType;
  readonly better: 'higher' | 'lower';
  readonly format: 'percent';
  readonly group: ColumnGroup;
}

/** A number of a task other than LIVECell-wide on its board: found by its path in the report's `results`. */
export interface ValueColumn {
  /** in the address (`?sort=`) and in exports; stable. What was published of a subset is `<metric>-<subset>` */
  readonly key: string;
  readonly label: string;
  readonly title: string;
  /** `{evaluation}` and `{dataset}` stand for what the board shows */
  readonly path: readonly string[];
  readonly better: 'higher' | 'lower';
  readonly format: 'percent' | 'number' | 'integer';
}

/** Groups of columns a reader can switch on; `headline` is always there, `interval` stands under AP and AFNR. */
export const COLUMN_GROUPS = {
  headline: 'Headline',
  interval: '95 % intervals',
  size: 'By size',
  recall: 'Recall',
  other: 'Other measures',
  'ap-by-type': 'AP by cell type',
  'afnr-by-type': 'AFNR by cell type',
} as const;
export type ColumnGroup = keyof typeof COLUMN_GROUPS;

export interface Task {
  readonly id: TaskId;
  readonly name: string;
  /** one sentence for lists */
  readonly summary: string;
  readonly open: boolean;
  readonly slots: readonly Slot[];
  readonly columns: readonly Column[];
  /** columns of a board whose rows are not one slice's metrics; `columns` is empty then */
  readonly values: readonly ValueColumn[];
  /** ground truth registered for this task serves it: its own id, or another task's */
  readonly groundTruth: TaskId;
  /** what its ground truth is: COCO annotations, or a count per image */
  readonly kind: 'instances' | 'counts';
  /** how many of its slots are needed at least, where no single one is required */
  readonly least?: number;
  /** tasks that the same files can be submitted to */
  readonly also?: readonly TaskId[];
  /** the column of the ranks when nothing else is chosen */
  readonly headline: string;
  /** what the task asks, a paragraph each */
  readonly docs: readonly string[];
}

const percent = { better: 'higher', format: 'percent' } as const;

const INSTANCE_COLUMNS: readonly Column[] = [
  {
    key: 'AP',
    label: 'AP',
    title: 'Average precision, mean over IoU 0.50 to 0.95',
    metric: 'AP',
    group: 'headline',
    ...percent,
  },
  {
    key: 'AFNR',
    label: 'AFNR',
    title: 'Average false-negative ratio: the share of cells missed, mean over IoU 0.50 to 0.95',
    metric: 'AFNR',
    group: 'headline',
    better: 'lower',
    format: 'percent',
  },
  { key: 'AP50', label: 'AP50', title: 'Average precision at IoU 0.50', metric: 'AP50', group: 'headline', ...percent },
  { key: 'AP75', label: 'AP75', title: 'Average precision at IoU 0.75', metric: 'AP75', group: 'headline', ...percent },
  { key: 'APs', label: 'APs', title: 'Average precision, small cells', metric: 'APs', group: 'size', ...percent },
  { key: 'APm', label: 'APm', title: 'Average precision, medium cells', metric: 'APm', group: 'size', ...percent },
  { key: 'APl', label: 'APl', title: 'Average precision, large cells', metric: 'APl', group: 'size', ...percent },
  { key: 'ARs', label: 'ARs', title: 'Average recall, small cells', metric: 'ARs', group: 'size', ...percent },
  { key: 'ARm', label: 'ARm', title: 'Average recall, medium cells', metric: 'ARm', group: 'size', ...percent },
  { key: 'ARl', label: 'ARl', title: 'Average recall, large cells', metric: 'ARl', group: 'size', ...percent },
  {
    key: 'ARlow',
    label: 'AR@{k}',
    title: 'Average recall with the best {k} detections of each image',
    metric: 'AR',
    maxDets: 0,
    group: 'recall',
    ...percent,
  },
  {
    key: 'ARmid',
    label: 'AR@{k}',
    title: 'Average recall with the best {k} detections of each image',
    metric: 'AR',
    maxDets: 1,
    group: 'recall',
    ...percent,
  },
  {
    key: 'ARmax',
    label: 'AR@{k}',
    title: 'Average recall with the best {k} detections of each image',
    metric: 'AR',
    maxDets: 2,
    group: 'recall',
    ...percent,
  },
  {
    key: 'exactAP',
    label: 'AP exact',
    title: 'AP as the exact area under the precision-recall curve, instead of its value at 101 points',
    metric: 'exactAP',
    group: 'other',
    ...percent,
  },
  {
    key: 'PQ',
    label: 'PQ',
    title: 'Panoptic quality: how many cells are found at IoU above 0.50, times how well they fit',
    metric: 'pq',
    group: 'other',
    ...percent,
  },
  ...CELL_TYPES.map(
    (cellType): Column => ({
      key: `AP-${cellType}`,
      label: CELL_TYPE_NAMES[cellType],
      title: `Average precision on ${CELL_TYPE_NAMES[cellType]} alone`,
      metric: 'AP',
      cellType,
      group: 'ap-by-type',
      ...percent,
    }),
  ),
  ...CELL_TYPES.map(
    (cellType): Column => ({
      key: `AFNR-${cellType}`,
      label: CELL_TYPE_NAMES[cellType],
      title: `Average false-negative ratio on ${CELL_TYPE_NAMES[cellType]} alone`,
      metric: 'AFNR',
      cellType,
      group: 'afnr-by-type',
      better: 'lower',
      format: 'percent',
    }),
  ),
];

// as in the reports, whose schemas scoring does without
const COUNTING_CELL_TYPES: readonly CountingCellType[] = ['A172', 'A549'];
const TRAINING_SIZES: readonly TrainingSize[] = ['2', '4', '5', '25', '50', '100'];

const EVALUATION = '{evaluation}';
const DATASET = '{dataset}';

/** A column of fractions unless said otherwise; of AFNR the lower is better. */
function value(
  key: string,
  label: string,
  title: string,
  path: readonly string[],
  { better, format }: Partial<Pick<ValueColumn, 'better' | 'format'>> = {},
): ValueColumn {
  return {
    ...{ key, label, title, path },
    better: better ?? (key.startsWith('AFNR') ? 'lower' : 'higher'),
    format: format ?? 'percent',
  };
}

const cellTypeSlots = (required: boolean): Slot[] =>
  CELL_TYPES.map((id) => ({ id, label: `Trained on ${CELL_TYPE_NAMES[id]}`, required, takes: 'predictions' }));

export const TASKS: Readonly<Record<TaskId, Task>> = {
  'livecell-wide': {
    id: 'livecell-wide',
    name: 'LIVECell-wide',
    summary: 'One model, all eight cell types: segment every cell of the test set.',
    open: true,
    slots: [{ id: 'all', label: 'Predictions on every test image', required: true, takes: 'predictions' }],
    columns: INSTANCE_COLUMNS,
    values: [],
    groundTruth: 'livecell-wide',
    kind: 'instances',
    headline: 'AP',
    docs: [
      'A model predicts a mask and a score for every cell in every test image of all eight cell types. All images are pooled, so dense cultures weigh more; the numbers of each cell type are beside the pooled one.',
    ],
  },
  'single-cell-type': {
    id: 'single-cell-type',
    name: 'Single cell type',
    summary: 'One model per cell type, scored on that type.',
    open: true,
    slots: cellTypeSlots(false),
    columns: [],
    values: [
      value('AP', 'Mean AP', 'Average precision, unweighted mean over the eight cell types', [
        EVALUATION,
        'mean',
        'AP',
      ]),
      value('AFNR', 'Mean AFNR', 'Average false-negative ratio, unweighted mean over the eight cell types', [
        EVALUATION,
        'mean',
        'AFNR',
      ]),
      ...CELL_TYPES.map((type) =>
        value(
          `AP-${type}`,
          CELL_TYPE_NAMES[type],
          `Average precision on ${CELL_TYPE_NAMES[type]}, trained on it alone`,
          [EVALUATION, 'cellTypes', type, 'AP'],
        ),
      ),
      ...CELL_TYPES.map((type) =>
        value(
          `AFNR-${type}`,
          `${CELL_TYPE_NAMES[type]} AFNR`,
          `Average false-negative ratio on ${CELL_TYPE_NAMES[type]}, trained on it alone`,
          [EVALUATION, 'cellTypes', type, 'AFNR'],
        ),
      ),
    ],
    groundTruth: 'livecell-wide',
    kind: 'instances',
    least: 1,
    headline: 'AP',
    docs: [
      'Eight models (or some of them), each trained on one cell type and scored on the test images of that type. Detections on other images are allowed and not looked at. The mean is over all eight types, so it is there only when all eight files are.',
    ],
  },
  transferability: {
    id: 'transferability',
    name: 'Transferability',
    summary: 'Eight models, each trained on one cell type, scored on all the others.',
    open: true,
    slots: cellTypeSlots(true),
    columns: [],
    values: [
      value(
        'index',
        'Index',
        'Transferability index: by how many halvings AP falls on another cell type, on average; 0 is as good as at home',
        [EVALUATION, 'index'],
        { better: 'lower', format: 'number' },
      ),
      ...CELL_TYPES.map((type) =>
        value(
          `meanTransferredAP-${type}`,
          CELL_TYPE_NAMES[type],
          `Mean AP on the seven other types of the model trained on ${CELL_TYPE_NAMES[type]}`,
          [EVALUATION, 'meanTransferredAP', type],
        ),
      ),
    ],
    groundTruth: 'livecell-wide',
    kind: 'instances',
    also: ['single-cell-type'],
    headline: 'index',
    docs: [
      'Eight models, each trained on one cell type and scored on the test images of every type: an 8 × 8 matrix of AP. The index is the mean logarithm (base 2) of how much worse a model is away from home; an AP of 0 has no logarithm, and then there is no index.',
      'The same eight files can be submitted to “Single cell type” in one go.',
    ],
  },
  'fluorescence-counts': {
    id: 'fluorescence-counts',
    name: 'Fluorescence counts',
    summary: 'Cell counts against nuclear fluorescence counts.',
    open: true,
    slots: COUNTING_CELL_TYPES.map((id) => ({
      id,
      label: `Counts for ${id}`,
      required: false,
      takes: 'predictions or counts',
    })),
    columns: [],
    values: COUNTING_CELL_TYPES.flatMap((type) => [
      value(
        `r2-${type}`,
        `${type} R²`,
        `Share of the reference counts’ variance that the counts of ${type} explain, over images below 1,600 cells`,
        ['counts', type, 'r2'],
        { better: 'higher', format: 'number' },
      ),
      value(
        `linearityLimit-${type}`,
        `${type} limit`,
        `Density up to which the counts of ${type} follow the reference in a straight line`,
        ['counts', type, 'linearityLimit'],
        { better: 'higher', format: 'integer' },
      ),
    ]),
    groundTruth: 'fluorescence-counts',
    kind: 'counts',
    least: 1,
    headline: 'r2-A172',
    docs: [
      'A count of cells per image against the count of fluorescent nuclei, for A172 and A549: R² below 1,600 cells per image, and the density up to which the counts grow in a straight line with the reference. Counts are submitted as they are, or as predictions that are counted from a stated score on.',
    ],
  },
  'training-size': {
    id: 'training-size',
    name: 'Training-set size',
    summary: 'The same model trained on 2 to 100 per cent of the training images.',
    open: true,
    slots: TRAINING_SIZES.map((id) => ({
      id,
      label: `Trained on ${id} %`,
      required: false,
      takes: 'predictions',
    })),
    columns: [],
    values: [
      ...[...TRAINING_SIZES]
        .reverse()
        .map((size) =>
          value(`AP-${size}`, `AP at ${size} %`, `Average precision when trained on ${size} % of the training images`, [
            'sizes',
            size,
            EVALUATION,
            'AP',
          ]),
        ),
      ...[...TRAINING_SIZES]
        .reverse()
        .map((size) =>
          value(
            `AFNR-${size}`,
            `AFNR at ${size} %`,
            `Average false-negative ratio when trained on ${size} % of the training images`,
            ['sizes', size, EVALUATION, 'AFNR'],
          ),
        ),
    ],
    groundTruth: 'livecell-wide',
    kind: 'instances',
    least: 2,
    headline: 'AP-100',
    docs: [
      'The same model trained on 2, 4, 5, 25, 50 and 100 per cent of the training images, two or more of them, each scored on the whole test set.',
    ],
  },
  'zero-shot': {
    id: 'zero-shot',
    name: 'Outside data sets',
    summary: 'A model trained on LIVECell, scored on data it has never seen.',
    open: true,
    // one slot per registered outside data set
    slots: [],
    columns: [],
    values: (['AP', 'AP50', 'AP75', 'AFNR'] as const).map((metric) =>
      value(
        metric,
        metric,
        metric === 'AFNR'
          ? 'Average false-negative ratio: the share of cells missed, mean over IoU 0.50 to 0.95'
          : 'Average precision on this data set',
        ['datasets', DATASET, EVALUATION, 'overall', metric],
      ),
    ),
    groundTruth: 'zero-shot',
    kind: 'instances',
    least: 1,
    headline: 'AP',
    docs: [
      'A model that was trained on LIVECell and saw no image of the outside data set, scored on it. Each registered data set has a board of its own; its page says whose it is, under which licence, and how it was prepared.',
    ],
  },
};

export function parseTask(id: string): Task | null {
  return TASK_IDS.includes(id as TaskId) ? TASKS[id as TaskId] : null;
}

/** The slot a name means, without regard to case, `-`, `_`, spaces and `%`: `bt-474` is BT474, `2%` is 2. */
export function parseSlot(task: Task, name: string): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s%]/g, '');
  return task.slots.find(({ id }) => plain(id) === plain(name))?.id ?? null;
}

/** What the slots that are given lack. */
export function missingSlots(task: Task, given: readonly string[]): Problem[] {
  const missing = task.slots.filter(({ id, required }) => required && !given.includes(id));
  if (missing.length > 0) {
    return missing.map(({ id }) => ({
      code: 'missing-slot',
      message: `There is no file for slot ${id}. ${task.name} needs all of ${task.slots.map((slot) => slot.id).join(', ')}.`,
    }));
  }
  const { least = 1 } = task;
  if (given.length >= least) return [];
  const have = given.length === 0 ? 'There is none' : `There is only ${given.join(', ')}`;
  return [
    {
      code: 'too-few-slots',
      message: `${task.name} needs files for at least ${least} of its slots ${task.slots.map((slot) => slot.id).join(', ')}. ${have}.`,
    },
  ];
}

/** The task whose registered data sets are this one's ground truth. */
export function groundTruthTask(id: string): string {
  return parseTask(id)?.groundTruth ?? id;
}

/** Where a column's number stands in a report's `results`. */
export function valuePath(column: ValueColumn, evaluation: string, dataset: string): string[] {
  return column.path.map((part) => (part === EVALUATION ? evaluation : part === DATASET ? dataset : part));
}

/** The number of a column; `null` where there is none. */
export function taskValue(column: ValueColumn, results: unknown, evaluation: string, dataset: string): number | null {
  let at = results;
  for (const part of valuePath(column, evaluation, dataset))
    at = (at as Record<string, unknown> | null | undefined)?.[part];
  return typeof at === 'number' ? at : null;
}

/** A number as its column shows it. */
export function taskNumber(column: ValueColumn, value: number | null): string {
  if (value === null) return '–';
  if (column.format === 'percent') return inPercent(value);
  return column.format === 'integer' ? integer(value) : value.toFixed(3);
}

/** A column of `values` by its key, without regard to case. */
export function findValue(task: Task, key: string): ValueColumn | null {
  return task.values.find((column) => column.key.toLowerCase() === key.toLowerCase()) ?? null;
}

export const OPEN_TASKS: readonly Task[] = TASK_IDS.map((id) => TASKS[id]).filter((task) => task.open);

/** The column a name means: its key, or its label as the board prints it (`AR@3000`), without regard to case. */
export function findColumn(task: Task, protocol: Protocol, name: string): Column | null {
  const wanted = name.toLowerCase();
  return (
    task.columns.find((column) => column.key.toLowerCase() === wanted) ??
    task.columns.find((column) => !column.cellType && columnLabel(column, protocol).toLowerCase() === wanted) ??
    null
  );
}

export function columnLabel(column: Column, protocol: Protocol): string {
  return withLimit(column.label, column, protocol);
}

export function columnTitle(column: Column, protocol: Protocol): string {
  return withLimit(column.title, column, protocol);
}

function withLimit(text: string, column: Column, protocol: Protocol): string {
  return column.maxDets === undefined ? text : text.replace('{k}', String(protocol.maxDets[column.maxDets]));
}

/**
 * The number a column shows: `null` where there is nothing to average, `undefined` where it was never computed or
 * published. Columns of a cell type read that type's metrics, all others the metrics of the slice shown.
 */
export function columnValue(
  column: Column,
  protocol: Protocol,
  metrics: Partial<Metrics>,
  cellTypes?: Partial<Record<CellType, Partial<Metrics>>>,
): number | null | undefined {
  const from = column.cellType ? cellTypes?.[column.cellType] : metrics;
  if (!from) return undefined;
  if (column.metric === 'AR') return from.AR?.[String(protocol.maxDets[column.maxDets ?? 2])];
  return from[column.metric];
}

/** The 95 % interval of what a column shows; only AP and AFNR have one, and reports from before there were any do not. */
export function columnInterval(
  column: Column,
  metrics: Partial<Metrics>,
  cellTypes?: Partial<Record<CellType, Partial<Metrics>>>,
): [number, number] | undefined {
  if (column.metric !== 'AP' && column.metric !== 'AFNR') return undefined;
  return (column.cellType ? cellTypes?.[column.cellType] : metrics)?.interval?.[column.metric];
}

/**
 * The tasks of the benchmark as data: what is submitted, what the leaderboard shows. Adding a task is one literal here
 * (and a scoring function if it is of a new kind). Ids and slots are public interface.
 *
 * A task that is not `open` has a name and nothing else: no page lists a board for it, no form takes a file.
 */

import { meanOverTypes } from '#lib/board/series.ts';
import type { Protocol } from '#lib/coco/protocol.ts';
import { percent as inPercent, integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import type { CountingCellType, Metrics, TrainingSize } from '#lib/scoring/report.ts';

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
  /** the unweighted mean over the cell types that have the number, whatever slice the board shows */
  readonly meanOfTypes?: true;
  readonly better: 'higher' | 'lower';
  readonly format: 'percent';
  readonly group: ColumnGroup;
}

/** A number of a task other than LIVECell-wide on its board: found by its path in the report's `results`. */
export interface ValueColumn {
  /** in the address (`?sort=`) and in exports; stable. What was published of a subset is `<metric>-<subset>` */
  readonly key: string;
  readonly label: string;
  /** what stands above a run of columns; with the label behind it, it names the number */
  readonly group?: string;
  readonly title: string;
  /** `{evaluation}`, `{dataset}` and `{cellType}` stand for what the board shows */
  readonly path: readonly string[];
  /** the number at this path is taken off */
  readonly minus?: readonly string[];
  readonly better: 'higher' | 'lower';
  readonly format: 'percent' | 'number' | 'integer';
}

/** Groups of columns a reader can switch on; `headline` is always there, `interval` stands under AP and AFNR. */
export const COLUMN_GROUPS = {
  headline: 'All images pooled',
  'mean-by-type': 'Mean over types',
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
  /** where each cell type has a board of its own: that board's columns; `headline` is one of them too */
  readonly typeValues?: readonly ValueColumn[];
  /** ground truth registered for this task serves it: its own id, or another task's */
  readonly groundTruth: TaskId;
  /** what its ground truth is: COCO annotations, or a count per image */
  readonly kind: 'instances' | 'counts';
  /** how many of its slots are needed at least, where no single one is required */
  readonly least?: number;
  /** what is lost when there are fewer than all of them, said as a warning; absent: nothing worth one */
  readonly partial?: string;
  /** tasks that the same files can be submitted to */
  readonly also?: readonly TaskId[];
  /** the column of the ranks when nothing else is chosen */
  readonly headline: string;
  /** what the task asks, a paragraph each */
  readonly docs: readonly string[];
  /** the rest of the task's page: how it is scored, what its report holds, where published numbers come from */
  readonly guide: TaskGuide;
}

/** How one number is computed. */
export interface Scoring {
  readonly name: string;
  readonly formula?: string;
  readonly text: string;
  /** where it is defined */
  readonly source: string;
}

export interface TaskGuide {
  readonly scoring: readonly Scoring[];
  /** beyond the limits that every file has */
  readonly limits: readonly string[];
  /** what stands in `results` of the report */
  readonly report: readonly { readonly path: string; readonly text: string }[];
  /** where the published numbers come from, and what to bear in mind of them */
  readonly published: string;
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
  {
    key: 'meanAP',
    label: 'AP',
    title: 'AP of each cell type alone, and their unweighted mean: each type weighs the same',
    metric: 'AP',
    meanOfTypes: true,
    group: 'mean-by-type',
    ...percent,
  },
  {
    key: 'meanAFNR',
    label: 'AFNR',
    title: 'AFNR of each cell type alone, and their unweighted mean: each type weighs the same',
    metric: 'AFNR',
    meanOfTypes: true,
    group: 'mean-by-type',
    better: 'lower',
    format: 'percent',
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
const CELL_TYPE = '{cellType}';

/** A column of fractions unless said otherwise; of AFNR the lower is better. */
function value(
  key: string,
  label: string,
  title: string,
  path: readonly string[],
  { better, format, group, minus }: Partial<Pick<ValueColumn, 'better' | 'format' | 'group' | 'minus'>> = {},
): ValueColumn {
  return {
    key,
    label,
    title,
    path,
    ...(group && { group }),
    ...(minus && { minus }),
    better: better ?? (key.startsWith('AFNR') ? 'lower' : 'higher'),
    format: format ?? 'percent',
  };
}

const AP_SCORING: Scoring = {
  name: 'AP',
  formula: 'AP = mean over IoU thresholds t and recalls r of  max { precision(t, r′) : r′ ≥ r }',
  text: 'Average precision: 10 IoU thresholds from 0.50 to 0.95, 101 recalls from 0 to 1, all detections of all images in one list, best score first.',
  source: 'Lin et al. 2014 (COCO), as in Edlund et al. 2021',
};
const AFNR_SCORING: Scoring = {
  name: 'AFNR',
  formula: 'AFNR = mean over IoU thresholds t of  1 − recall(t)',
  text: 'Average false-negative ratio: the share of annotated cells that no detection found.',
  source: 'Edlund et al. 2021',
};

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
    guide: {
      scoring: [
        AP_SCORING,
        AFNR_SCORING,
        {
          name: 'By cell type, and the mean over types',
          formula: 'mean AP = 1/8 · Σ over types of AP of the type',
          text: 'Each cell type is a pool of its own. The unweighted mean over the types stands beside the number of all images pooled and is never called AP alone: it answers another question.',
          source: 'Edlund et al. 2021, Figure 3a–b',
        },
        {
          name: 'Without what is odd in the test set',
          text: 'In the official test set 52 files are listed under two image ids, and two images of BV-2 carry two annotations each. They stay in the official number. Beside it stand AP and AFNR with every file once (under the lower of its ids), and without the two incomplete images. Data sets without such images have no such lines.',
          source: 'the official test set, livecell_coco_test.json',
        },
        {
          name: 'Intervals, and errors by kind',
          text: 'AP and AFNR stand with a 95 % interval from the differences between fields of view. Cells not found and false outlines are counted by what went wrong.',
          source: 'this site; “How scores are computed” says how',
        },
      ],
      limits: ['one file with the predictions on every test image; an image without any is a warning, not an error'],
      report: [
        {
          path: 'segm.overall, bbox.overall',
          text: 'every number of all images pooled: AP, AFNR, AP50, AP75, by size, recall, F1, Jaccard, panoptic quality, each per IoU threshold where it has one',
        },
        { path: 'segm.cellTypes.A172 …', text: 'the same of each cell type' },
        { path: 'segm.overall.interval', text: 'the 95 % intervals of AP and AFNR' },
        {
          path: 'segm.overall.errors',
          text: 'missed, poor outline, split, merged, outlined twice, no cell there: counts, and what AP would gain',
        },
        {
          path: 'segm.overall.sensitivity',
          text: 'AP and AFNR without images listed twice, and without incomplete ones, where the data set has any',
        },
      ],
      published:
        'The authors’ two models come from the README and logs of their repository, which were made with the released evaluator. Their AFNR is that of the paper’s text; the logs suggest that the two may be swapped in print. Numbers from other evaluators or splits are listed too, marked, and never stand on the board.',
    },
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
          { group: 'AP on' },
        ),
      ),
      ...CELL_TYPES.map((type) =>
        value(
          `AFNR-${type}`,
          CELL_TYPE_NAMES[type],
          `Average false-negative ratio on ${CELL_TYPE_NAMES[type]}, trained on it alone`,
          [EVALUATION, 'cellTypes', type, 'AFNR'],
          { group: 'AFNR on' },
        ),
      ),
    ],
    typeValues: INSTANCE_COLUMNS.filter(({ group }) => group === 'headline' || group === 'size').flatMap(
      ({ key, label, title, metric }) =>
        metric === 'AR'
          ? []
          : value(key, label, `${title}, of the model trained on this type alone`, [
              EVALUATION,
              'cellTypes',
              CELL_TYPE,
              metric,
            ]),
    ),
    groundTruth: 'livecell-wide',
    kind: 'instances',
    least: 1,
    headline: 'AP',
    docs: [
      'Eight models (or some of them), each trained on one cell type and scored on the test images of that type. Detections on other images are allowed and not looked at. The mean is over all eight types, so it is there only when all eight files are.',
      'Each cell type has a leaderboard of its own, where entries with a model for that type rank. A method that is on the LIVECell-wide board as well also shows what training on all types gains.',
    ],
    guide: {
      scoring: [
        {
          name: 'AP and AFNR of a type',
          text: 'As in LIVECell-wide, of the model trained on the type, on the test images of that type alone.',
          source: 'Edlund et al. 2021, Figure 3c–d',
        },
        {
          name: 'Mean',
          formula: 'mean AP = 1/8 · Σ over types of AP of the type',
          text: 'Unweighted, over all eight types. With fewer there is no mean, because types differ too much for a partial one.',
          source: 'Edlund et al. 2021, Figure 3c–d',
        },
        {
          name: 'What training on all types gains',
          formula: 'd = AP(trained on all types) − AP(trained on this one),  t = mean(d) / (sd(d) / √n)',
          text: 'Type by type, for entries of the same method and submitter on both boards, with a paired, two-sided t-test over the types.',
          source: 'Edlund et al. 2021, Figures 3a and 3c; Student 1908',
        },
      ],
      limits: [
        '1 to 8 files; a file must have detections on the images of its own type, those on others are not looked at',
      ],
      report: [
        { path: 'segm.cellTypes.A172 …', text: 'every number of each type that has a file' },
        { path: 'segm.mean', text: 'AP and AFNR, or null until all eight are there' },
      ],
      published:
        'The authors’ repository gives mask AP and box AP of both models for every type. They were made with the released evaluator.',
    },
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
          { group: 'Mean AP elsewhere, trained on' },
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
    guide: {
      scoring: [
        {
          name: 'Matrix',
          formula: 'AP_A→B = AP of the model trained on A, on the test images of B',
          text: 'As in LIVECell-wide, mask AP for masks and box AP for boxes, each type a pool of its own.',
          source: 'Edlund et al. 2021, Figure 3e–f',
        },
        {
          name: 'Transferability index',
          formula: 'index = −1 / (n (n − 1)) · Σ over A ≠ B of log2(AP_A→B / AP_A→A),  n = 8',
          text: 'By how many halvings AP falls on another cell type, on average. 0 is as good as at home; higher is worse. An AP of 0 has no logarithm: then there is no index, and the page says which pair is the reason. No floor is made up for it.',
          source: 'Edlund et al. 2021',
        },
        {
          name: 'Mean AP elsewhere',
          formula: 'mean AP elsewhere of A = 1/7 · Σ over B ≠ A of AP_A→B',
          text: 'What a model trained on one type is worth on the seven others.',
          source: 'Edlund et al. 2021',
        },
      ],
      limits: ['all 8 files, each with predictions on every test image'],
      report: [
        { path: 'segm.matrix.A172.BV2', text: 'AP of the model trained on A172, evaluated on BV-2' },
        { path: 'segm.index', text: 'the index, or null; then indexMissing names the pairs and the reason' },
        { path: 'segm.meanTransferredAP.A172', text: 'the mean over the seven other types' },
      ],
      published:
        'The paper’s text gives the index of both models, and the mean AP elsewhere of the models trained on BV-2. The whole matrix is drawn in Figure 3e–f and was not published as numbers.',
    },
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
    guide: {
      scoring: [
        {
          name: 'R²',
          formula: 'R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²,  over images with y < 1,600',
          text: 'y is the reference count of nuclei, ŷ the count as it was submitted, with no regression in between; so R² may be negative.',
          source: 'the authors’ notebook “Fluorescence cell count evaluation”',
        },
        {
          name: 'Limit of linearity',
          formula:
            'T = 500, 501, … until Levene’s test between the residuals of a line and of 5 nearest neighbours gives p < 10⁻⁵',
          text: 'Over the images with y < T, the reference is fitted on the count by a straight line, and predicted by the mean of the five nearest neighbours in the count. The limit is the first T at which the two leave residuals of different spread; where none does, it is the last T, and the counts are in a straight line over the whole range.',
          source: 'Edlund et al. 2021, Figure 4; the authors’ notebook',
        },
        {
          name: 'Beside them',
          text: 'Pearson’s r, slope and intercept of reference on count, and the mean absolute error, over the images of R².',
          source: 'this site',
        },
      ],
      limits: [
        'counts are whole numbers from 0 on, one for every image of the series',
        'predictions instead of counts need a score threshold: detections with at least that score are counted',
      ],
      report: [
        {
          path: 'counts.A172.r2',
          text: 'R² over the images below 1,600 cells, how many they are, and slope, intercept, Pearson’s r and error',
        },
        {
          path: 'counts.A172.linearityLimit',
          text: 'the limit; linearityBroken says whether a test rejected there, pAtLimit its p',
        },
        { path: 'counts.A172.points', text: 'reference and count of every image, where the reference is public' },
      ],
      published:
        'R² and limits are printed in the authors’ notebook. The reference counts are not part of LIVECell’s annotations: a maintainer registers them.',
    },
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
          value(
            `AP-${size}`,
            `${size} %`,
            `Average precision when trained on ${size} % of the training images`,
            ['sizes', size, EVALUATION, 'AP'],
            { group: 'AP, trained on' },
          ),
        ),
      value(
        'gain',
        'AP gain, 2 → 100 %',
        'AP when trained on all of the training images less AP when trained on 2 % of them; a low gain means that little data is enough',
        ['sizes', '100', EVALUATION, 'AP'],
        { better: 'lower', minus: ['sizes', '2', EVALUATION, 'AP'] },
      ),
      ...[...TRAINING_SIZES]
        .reverse()
        .map((size) =>
          value(
            `AFNR-${size}`,
            `${size} %`,
            `Average false-negative ratio when trained on ${size} % of the training images`,
            ['sizes', size, EVALUATION, 'AFNR'],
            { group: 'AFNR, trained on' },
          ),
        ),
    ],
    groundTruth: 'livecell-wide',
    kind: 'instances',
    least: 2,
    partial: 'The curve has no point there, and no number stands in those columns of the board.',
    headline: 'AP-100',
    docs: [
      'The same model trained on 2, 4, 5, 25, 50 and 100 per cent of the training images, two or more of them, each scored on the whole test set.',
    ],
    guide: {
      scoring: [
        {
          name: 'AP and AFNR by share',
          text: 'As in LIVECell-wide, for each share of the training images on its own. They are drawn against the share on a logarithmic axis.',
          source: 'Edlund et al. 2021, Figure 5a–b, d–e',
        },
        {
          name: 'AP per IoU threshold',
          text: 'A line per share: which overlaps gain most from more images.',
          source: 'Edlund et al. 2021, Figure 5c and f',
        },
        {
          name: 'AP gain, 2 → 100 %',
          formula: 'gain = AP(100 %) − AP(2 %)',
          text: 'What fifty times the images add. A low gain means that little data is enough.',
          source: 'Edlund et al. 2021',
        },
      ],
      limits: ['2 to 6 files; the curve has no point where a share is missing'],
      report: [{ path: 'sizes.2.segm, sizes.2.bbox …', text: 'every number of the model trained on that share' }],
      published:
        'The paper’s text gives mask AP of both models at 2 % and the gain from 2 to 100 %. The other points of Figure 5 were not published as numbers.',
    },
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
      'One submission may have a file for each of several data sets, or one archive whose files are named by data set; it then stands on each of their boards.',
    ],
    guide: {
      scoring: [
        {
          name: 'AP and AFNR of a data set',
          text: 'As in LIVECell-wide, on each outside data set for itself. There is no number over several sets: they differ in what was annotated.',
          source: 'Edlund et al. 2021',
        },
      ],
      limits: ['a file per registered data set, at least one'],
      report: [
        { path: 'datasets.<name>.segm.overall', text: 'every number of masks on that data set; bbox.overall of boxes' },
      ],
      published:
        'The paper’s text gives AP on EVICAN (“easy”) and Cellpose, after the preprocessing of the authors’ repository. What a registered data set holds may differ from that: published numbers therefore stand in sections of their own, named as the paper names them.',
    },
  },
};

export function parseTask(id: string): Task | null {
  return TASK_IDS.includes(id as TaskId) ? TASKS[id as TaskId] : null;
}

/** The slot a name means, without regard to case, `-`, `_`, spaces and `%`: `bt-474` is BT474, `2%` is 2. */
export function parseSlot(task: Task, name: string): string | null {
  return matchSlot(
    task.slots.map(({ id }) => id),
    name,
  );
}

/** The same among any slots: those of a task, or the data sets that are. */
export function matchSlot(slots: readonly string[], name: string): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s%]/g, '');
  return slots.find((id) => plain(id) === plain(name)) ?? null;
}

/** Whether a task's slots are the data sets registered for it: one submission may be for several of them. */
export function slotsAreDatasets(task: string): boolean {
  return parseTask(task)?.slots.length === 0;
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

/** What is worth saying of slots that are enough, but not all. */
export function partialSlots(task: Task, given: readonly string[]): Warning[] {
  const missing = task.slots.filter(({ id }) => !given.includes(id)).map(({ id }) => id);
  if (!task.partial || missing.length === 0) return [];
  return [
    {
      code: 'fewer-slots',
      message: `There are files for ${task.slots.length - missing.length} of the ${task.slots.length} slots of ${task.name}, and none for ${missing.join(', ')}. ${task.partial}`,
      count: missing.length,
    },
  ];
}

/** The task whose registered data sets are this one's ground truth. */
export function groundTruthTask(id: string): string {
  return parseTask(id)?.groundTruth ?? id;
}

/** Where a column's number stands in a report's `results`. */
export function valuePath(
  path: readonly string[],
  evaluation: string,
  dataset: string,
  cellType: CellType | null = null,
): string[] {
  const shown: Record<string, string | null> = { [EVALUATION]: evaluation, [DATASET]: dataset, [CELL_TYPE]: cellType };
  return path.map((part) => shown[part] ?? part);
}

/** The number of a column; `null` where there is none. */
export function taskValue(
  column: ValueColumn,
  results: unknown,
  evaluation: string,
  dataset: string,
  cellType: CellType | null = null,
): number | null {
  const read = (path: readonly string[]): number | null => {
    let at = results;
    for (const part of valuePath(path, evaluation, dataset, cellType))
      at = (at as Record<string, unknown> | null | undefined)?.[part];
    return typeof at === 'number' ? at : null;
  };
  const number = read(column.path);
  if (!column.minus || number === null) return number;
  const less = read(column.minus);
  return less === null ? null : number - less;
}

/** What a column's number is called where no head stands above it: `AFNR, trained on 25 %`. */
export function valueName({ group, label }: ValueColumn): string {
  return group ? `${group} ${label}` : label;
}

/** The columns of a board: of the task, or of one of its cell types where those have boards of their own. */
export function boardValues(task: Task, cellType: CellType | null = null): readonly ValueColumn[] {
  return (cellType && task.typeValues) || task.values;
}

/** A number as its column shows it. */
export function taskNumber(column: ValueColumn, value: number | null): string {
  if (value === null) return '–';
  if (column.format === 'percent') return inPercent(value);
  return column.format === 'integer' ? integer(value) : value.toFixed(3);
}

/** A column of a board of values by its key, without regard to case. */
export function findValue(task: Task, key: string, cellType: CellType | null = null): ValueColumn | null {
  return boardValues(task, cellType).find((column) => column.key.toLowerCase() === key.toLowerCase()) ?? null;
}

/** Whether a column needs the numbers of the cell types beside those of the slice shown. */
export function readsTypes(column: Column): boolean {
  return column.cellType !== undefined || column.meanOfTypes === true;
}

export const OPEN_TASKS: readonly Task[] = TASK_IDS.map((id) => TASKS[id]).filter((task) => task.open);

/** The column a name means: its key, or its label as the board prints it (`AR@3000`), without regard to case. */
export function findColumn(task: Task, protocol: Protocol, name: string): Column | null {
  const wanted = name.toLowerCase();
  return (
    task.columns.find((column) => column.key.toLowerCase() === wanted) ??
    task.columns.find((column) => !readsTypes(column) && columnLabel(column, protocol).toLowerCase() === wanted) ??
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
  if (column.meanOfTypes) return cellTypes && meanOverTypes(cellTypes, column.metric as 'AP' | 'AFNR').mean;
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
  if ((column.metric !== 'AP' && column.metric !== 'AFNR') || column.meanOfTypes) return undefined;
  return (column.cellType ? cellTypes?.[column.cellType] : metrics)?.interval?.[column.metric];
}

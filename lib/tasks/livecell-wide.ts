/** LIVECell-wide: one model, all eight cell types (Edlund et al. 2021, Figures 2 and 3a–b). */
import { byCellType, ERROR_NAMES, perIou } from '#lib/charts/series.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { describeMeans } from '#lib/scoring/uncertainty.ts';
import { CELL_TYPE, type Column, EVALUATION, maxDetsAt, type Path } from './columns.ts';
import { FAMILY_COLUMNS, FAMILY_GROUPS } from './families.ts';
import { AFNR_SCORING, AP_SCORING, byEvaluation, type Evaluated, TERMINAL_NAMES } from './instances.ts';
import { INSTANCES } from './kinds.ts';
import { readInstances } from './published.ts';
import type { Task } from './task.ts';

type WideResults = Evaluated<EvaluationResults>;

/** Define a column of fractions; for AFNR lower is better. */
const fraction = (
  column: Omit<Column, 'better' | 'format' | 'path'> & Pick<Partial<Column>, 'path'>,
  path: Path,
): Column => ({
  path,
  ...column,
  better: /AFNR/.test(column.key) ? 'lower' : 'higher',
  format: 'percent',
});

/** Return the columns of one slice of the images: all of them pooled, or one cell type. */
function sliceColumns(slice: Path, group: string): Column[] {
  const at = (...metric: string[]): Path => [EVALUATION, ...slice, ...metric];
  const ofType = slice.includes(CELL_TYPE) ? { ofType: CELL_TYPE } : {};
  const headline = { group, prefix: '' };
  const byIou = { ...headline, toggle: 'iou' };
  const size = { group: 'By size', prefix: '', toggle: 'size' };
  const onlyReleasedCode = { published: { only: 'livecell-code' } } as const;
  const recall = (key: string, limit: 0 | 1 | 2): Column =>
    fraction(
      {
        key,
        label: `AR@${maxDetsAt(limit)}`,
        title: `Average recall with the best ${maxDetsAt(limit)} detections of each image`,
        group: 'Recall',
        prefix: '',
        toggle: 'recall',
        exportedAs: `AR@${maxDetsAt(limit)}`,
        ...(limit === 2 && { published: { metric: 'AR.2000', only: 'livecell-code' } }),
      },
      at('AR', maxDetsAt(limit)),
    );
  const other = { group: 'Other measures', prefix: '', toggle: 'other' };
  return [
    fraction(
      {
        key: 'AP',
        label: 'AP',
        title: 'Average precision, mean over IoU 0.50 to 0.95',
        interval: at('interval', 'AP'),
        replicates: { metric: 'AP', ...ofType },
        ...headline,
      },
      at('AP'),
    ),
    fraction(
      {
        key: 'AFNR',
        label: 'AFNR',
        title: 'Average false-negative ratio: the share of cells missed, mean over IoU 0.50 to 0.95',
        interval: at('interval', 'AFNR'),
        replicates: { metric: 'AFNR', ...ofType },
        ...headline,
      },
      at('AFNR'),
    ),
    fraction({ key: 'AP50', label: 'AP50', title: 'Average precision at IoU 0.50', ...byIou }, at('AP50')),
    fraction({ key: 'AP75', label: 'AP75', title: 'Average precision at IoU 0.75', ...byIou }, at('AP75')),
    // published size classes are those of the released code, and not comparable elsewhere
    ...[
      { key: 'APs', title: 'Average precision, small cells' },
      { key: 'APm', title: 'Average precision, medium cells' },
      { key: 'APl', title: 'Average precision, large cells' },
    ].map(({ key, title }) => fraction({ key, label: key, title, ...size, ...onlyReleasedCode }, at(key))),
    ...[
      { key: 'ARs', title: 'Average recall, small cells' },
      { key: 'ARm', title: 'Average recall, medium cells' },
      { key: 'ARl', title: 'Average recall, large cells' },
    ].map(({ key, title }) => fraction({ key, label: key, title, ...size }, at(key))),
    recall('ARlow', 0),
    recall('ARmid', 1),
    recall('ARmax', 2),
    fraction(
      {
        key: 'exactAP',
        label: 'AP exact',
        title: 'AP as the exact area under the precision-recall curve, instead of its value at 101 points',
        exportedAs: 'AP exact',
        ...other,
      },
      at('exactAP'),
    ),
    fraction(
      {
        key: 'PQ',
        label: 'PQ',
        title: 'Panoptic quality: how many cells are found at IoU above 0.50, times how well they fit',
        ...other,
      },
      at('pq'),
    ),
  ];
}

const ofType = (type: CellType, ...metric: string[]): Path => [EVALUATION, 'cellTypes', type, ...metric];

/** The columns that compare the cell types, whichever slice the board shows. */
const TYPE_COLUMNS: readonly Column[] = [
  ...(['AP', 'AFNR'] as const).map(
    (metric): Column => ({
      key: `mean${metric}`,
      label: metric,
      title: `${metric} of each cell type alone, and their unweighted mean: each type weighs the same`,
      path: { meanOf: CELL_TYPES.map((type) => ofType(type, metric)) },
      interval: [EVALUATION, 'meanOfTypes', 'interval', metric],
      replicates: { metric: `mean${metric}` },
      group: 'Mean over types',
      prefix: 'Mean over types of',
      toggle: 'mean-by-type',
      onDemand: true,
      better: metric === 'AFNR' ? 'lower' : 'higher',
      format: 'percent',
    }),
  ),
  ...(['AP', 'AFNR'] as const).flatMap((metric) =>
    CELL_TYPES.map((type) =>
      fraction(
        {
          key: `${metric}-${type}`,
          label: CELL_TYPE_NAMES[type],
          title: `${metric === 'AP' ? 'Average precision' : 'Average false-negative ratio'} on ${CELL_TYPE_NAMES[type]} alone`,
          interval: ofType(type, 'interval', metric),
          replicates: { metric, ofType: type },
          group: `${metric} by cell type`,
          prefix: `${metric} on`,
          toggle: `${metric.toLowerCase()}-by-type`,
          onDemand: true,
        },
        ofType(type, metric),
      ),
    ),
  ),
];

/** Of entries that say how long each image took. */
const TIME_COLUMNS: readonly Column[] = [
  {
    key: 'msPer100Cells',
    label: 'ms per 100 cells',
    title:
      'Milliseconds that 100 more cells in an image cost: the slope of the least-squares line of time on cells per image. Measured by submitters, on hardware of their own',
  },
  {
    key: 'secondsPerImage',
    label: 's per image',
    title: 'Seconds per image, mean over the test images. Measured by submitters, on hardware of their own',
  },
].map(({ key, label, title }) => ({
  key,
  label,
  title,
  path: ['timing', key],
  group: 'Time',
  prefix: '',
  toggle: 'time',
  onDemand: true,
  better: 'lower',
  format: 'number',
}));

export const livecellWide: Task<WideResults> = {
  id: 'livecell-wide',
  name: 'LIVECell-wide',
  summary: 'One model, all eight cell types: segment every cell of the test set.',
  open: true,
  kind: INSTANCES,
  slots: [{ id: 'all', label: 'Predictions on every test image', required: true }],
  families: true,
  timed: true,
  groundTruth: 'livecell-wide',

  columns: [...sliceColumns(['overall'], 'All images pooled'), ...TYPE_COLUMNS, ...TIME_COLUMNS, ...FAMILY_COLUMNS],
  headline: 'AP',
  groups: [
    { id: 'mean-by-type', name: 'Mean over types', shown: true },
    { id: 'interval', name: 'All 95 % intervals', shown: false },
    { id: 'iou', name: 'AP50 and AP75', shown: false },
    { id: 'size', name: 'By size', shown: false },
    { id: 'recall', name: 'Recall', shown: false },
    { id: 'other', name: 'Other measures', shown: false },
    { id: 'ap-by-type', name: 'AP by cell type', shown: false },
    { id: 'afnr-by-type', name: 'AFNR by cell type', shown: false },
    { id: 'time', name: 'Time', shown: false },
    ...FAMILY_GROUPS,
  ],
  typeBoards: {
    columns: [...sliceColumns(['cellTypes', CELL_TYPE], CELL_TYPE), ...TYPE_COLUMNS],
    ownModels: false,
    all: 'All',
  },
  strip: { metric: 'AP', name: 'AP' },
  cited: ['AP', 'AFNR'],
  summarized: ['AP', 'AFNR', 'AP50', 'AP75', 'APs', 'APm', 'APl'],
  rowsHaveMetrics: true,
  board: {
    units: '; all values in per cent.',
    caption: 'values in per cent',
    objects: 'annotated cells',
    published: 'on the official test set',
    decimals: 1,
    reading: [
      { term: 'AP', text: 'rewards finding cells with the right outline and ranking good detections first.' },
      {
        term: 'AFNR',
        text: 'is the share of cells that were missed. Both are means over ten IoU thresholds, 0.50 to 0.95. All images are pooled, so dense cultures weigh more;',
      },
      {
        term: 'mean over types',
        text: 'is the plain mean of the numbers of each cell type alone, where each type weighs the same.',
      },
    ],
  },
  published: { rows: '1 LIVECell-wide', read: readInstances },

  schema: ({ z, metrics, cellType, uncertainty, evaluations }) =>
    evaluations(z.object({ overall: metrics, cellTypes: z.partialRecord(cellType, metrics), ...uncertainty })),
  has: (results, evaluation) => results[evaluation] !== undefined,
  withoutReplicates(results) {
    const { segm, bbox } = results;
    const holds = [segm, bbox].some((found) => found?.fields !== undefined || found?.replicates !== undefined);
    if (!holds) return results;
    const strip = ({ fields: _, replicates: __, ...shown }: EvaluationResults): EvaluationResults => shown;
    return { ...(segm && { segm: strip(segm) }), bbox: strip(bbox) };
  },

  slices: () => 'all',
  assemble: ([slot]) =>
    byEvaluation(slot, ({ overall, ...cellTypes }, { fields, replicates }) => {
      if (!overall) return undefined;
      if (!fields || !replicates) return { overall, cellTypes };
      return { overall, cellTypes, ...describeMeans(cellTypes, replicates, fields) };
    }),

  draw(methods, { evaluation, cellType = null }) {
    const drawn = methods.map(({ name, results }) => ({ name, results: results[evaluation] }));
    return [
      {
        figures: [
          { kind: 'bar', series: byCellType(drawn, 'AP') },
          { kind: 'bar', series: byCellType(drawn, 'AFNR') },
          { kind: 'line', series: perIou(drawn, 'AP', cellType) },
          { kind: 'line', series: perIou(drawn, 'FNR', cellType) },
        ],
      },
    ];
  },
  terminalNumbers: (results, { maxDets }) => [
    ...EVALUATIONS.flatMap((evaluation) => {
      const found = results[evaluation];
      return found ? ['', ...terminalTable(TERMINAL_NAMES[evaluation], found, String(maxDets[2]))] : [];
    }),
    '',
    'In per cent; – where there is nothing to average. --json gives every number and digit.',
  ],
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
};

/** One evaluation for a terminal: a line of all images pooled, then a line per cell type. */
function terminalTable(name: string, { overall, cellTypes, meanOfTypes }: EvaluationResults, limit: string): string[] {
  const shown = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AFNR'] as const;
  const line = (title: string, cells: readonly string[]) =>
    title.padEnd(10) + cells.map((cell) => cell.padStart(8)).join('');
  const row = (title: string, metrics: Metrics) =>
    line(
      title,
      [...shown.map((key) => metrics[key]), metrics.AR[limit]].map((value) => percent(value)),
    );
  return [
    line(name, [...shown, `AR@${limit}`]),
    row('overall', overall),
    ...CELL_TYPES.flatMap((type) => {
      const metrics = cellTypes[type];
      return metrics ? [row(CELL_TYPE_NAMES[type], metrics)] : [];
    }),
    ...withGap(intervalLines(overall, meanOfTypes)),
    ...withGap(errorLines(overall)),
  ];
}

const withGap = (lines: string[]): string[] => (lines.length > 0 ? ['', ...lines] : []);

/** The 95 % intervals, a line for each number that has one. */
function intervalLines({ AP, AFNR, interval }: Metrics, means: EvaluationResults['meanOfTypes']): string[] {
  const between = ([low, high]: readonly [number, number]) => `${percent(low)} to ${percent(high)}`;
  const line = (name: string, value: number | null, found: readonly [number, number] | undefined) =>
    found ? [`  ${name.padEnd(26)}${percent(value).padStart(8)}   95 % interval ${between(found)}`] : [];
  return [
    ...line('AP', AP, interval?.AP),
    ...line('AFNR', AFNR, interval?.AFNR),
    ...line('mean AP over cell types', means?.AP ?? null, means?.interval?.AP),
    ...line('mean AFNR over cell types', means?.AFNR ?? null, means?.interval?.AFNR),
  ];
}

/** The errors by kind: how many, and what AP would gain if they were repaired. */
function errorLines({ errors }: Metrics): string[] {
  if (!errors) return [];
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(26)}${cells.map((cell) => cell.padStart(16)).join('')}`;
  return [
    line('Errors at IoU 0.50', ['cells', 'outlines', 'AP would gain']),
    ...ERROR_KINDS.map((kind) => {
      const { objects, detections, deltaAP } = errors[kind];
      return line(ERROR_NAMES[kind], [integer(objects), integer(detections), `+${percent(deltaAP)}`]);
    }),
  ];
}

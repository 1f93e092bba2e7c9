/** Single cell type: one model per cell type, scored on that type (Edlund et al. 2021, Figure 3c–d). */
import { EVALUATION_WORDS, titled } from '#lib/charts/figures.ts';
import { byCellType, perIou } from '#lib/charts/series.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, parseCellType } from '#lib/livecell/cell-types.ts';
import type { SingleCellTypeResults } from '#lib/scoring/report.ts';
import { singleCellType } from '#lib/scoring/single-cell-type.ts';
import { CELL_TYPE, EVALUATION } from './columns.ts';
import { acrossSlots, cellTypeSlots, type Evaluated, inOrder, modelReplicates, slotColumn } from './instances.ts';
import { INSTANCES } from './kinds.ts';
import { readInstances } from './published.ts';
import type { Task } from './task.ts';

/** The numbers of a cell type's own board, with explanations. */
const TYPE_METRICS = {
  AP: 'Average precision, mean over IoU 0.50 to 0.95',
  AFNR: 'Average false-negative ratio: the share of cells missed, mean over IoU 0.50 to 0.95',
  AP50: 'Average precision at IoU 0.50',
  AP75: 'Average precision at IoU 0.75',
  APs: 'Average precision, small cells',
  APm: 'Average precision, medium cells',
  APl: 'Average precision, large cells',
  ARs: 'Average recall, small cells',
  ARm: 'Average recall, medium cells',
  ARl: 'Average recall, large cells',
};

export const singleCellTypes: Task<Evaluated<SingleCellTypeResults>> = {
  id: 'single-cell-type',
  name: 'Single cell type',
  summary: 'One model per cell type, scored on that type.',
  open: true,
  kind: INSTANCES,
  slots: cellTypeSlots(false),
  least: 1,
  groundTruth: 'livecell-wide',

  columns: [
    slotColumn('AP', {
      label: 'Mean AP',
      title: 'Average precision, unweighted mean over the eight cell types',
      path: [EVALUATION, 'mean', 'AP'],
      interval: [EVALUATION, 'mean', 'interval', 'AP'],
    }),
    slotColumn('AFNR', {
      label: 'Mean AFNR',
      title: 'Average false-negative ratio, unweighted mean over the eight cell types',
      path: [EVALUATION, 'mean', 'AFNR'],
      interval: [EVALUATION, 'mean', 'interval', 'AFNR'],
    }),
    ...CELL_TYPES.map((type) =>
      slotColumn(`AP-${type}`, {
        label: CELL_TYPE_NAMES[type],
        title: `Average precision on ${CELL_TYPE_NAMES[type]}, trained on it alone`,
        path: [EVALUATION, 'cellTypes', type, 'AP'],
        group: 'AP on',
        toggle: 'ap-by-type',
      }),
    ),
    ...CELL_TYPES.map((type) =>
      slotColumn(`AFNR-${type}`, {
        label: CELL_TYPE_NAMES[type],
        title: `Average false-negative ratio on ${CELL_TYPE_NAMES[type]}, trained on it alone`,
        path: [EVALUATION, 'cellTypes', type, 'AFNR'],
        group: 'AFNR on',
        toggle: 'afnr-by-type',
      }),
    ),
  ],
  headline: 'AP',
  groups: [
    { id: 'ap-by-type', name: 'AP by cell type', shown: false },
    { id: 'afnr-by-type', name: 'AFNR by cell type', shown: false },
  ],
  strip: { metric: 'AP', name: 'AP' },
  typeBoards: {
    columns: Object.entries(TYPE_METRICS).map(([metric, title]) =>
      slotColumn(metric, {
        label: metric,
        title: `${title}, of the model trained on this type alone`,
        path: [EVALUATION, 'cellTypes', CELL_TYPE, metric],
      }),
    ),
    ownModels: true,
    all: 'Overview',
    titles: { all: 'All types, with their mean', one: (name) => `Models trained on ${name} alone` },
  },
  gainOver: 'livecell-wide',

  published: { rows: '2 single cell type', read: readInstances },

  schema: ({ z, metrics, mean, cellType, evaluations }) =>
    evaluations(z.object({ cellTypes: z.partialRecord(cellType, metrics), mean: mean.nullable() })),
  has: (results, evaluation) => results[evaluation] !== undefined,

  slices: (slot) => [parseCellType(slot) ?? 'overall'],
  home: parseCellType,
  assemble: (slots) =>
    acrossSlots(inOrder(slots, CELL_TYPES), (have) =>
      singleCellType(
        Object.fromEntries(
          have.flatMap(({ slot, slices }) => {
            const type = parseCellType(slot);
            const metrics = type && slices[type];
            return metrics ? [[type, metrics]] : [];
          }),
        ),
        modelReplicates(have),
      ),
    ),

  draw(methods, { evaluation, cellType = null }) {
    const what = EVALUATION_WORDS[evaluation];
    const drawn = methods.map(({ name, results }) => ({ name, results: results[evaluation] }));
    const charts = cellType
      ? ([
          { kind: 'line', series: perIou(drawn, 'AP', cellType) },
          { kind: 'line', series: perIou(drawn, 'FNR', cellType) },
        ] as const)
      : ([
          { kind: 'bar', series: byCellType(drawn, 'AP') },
          { kind: 'bar', series: byCellType(drawn, 'AFNR') },
        ] as const);
    return [{ figures: charts.map(({ kind, series }) => ({ kind, series: titled(series, what) })) }];
  },
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
};

/** Transferability: eight models, each scored on every cell type (Edlund et al. 2021, Figure 3e–f). */
import { EVALUATION_WORDS } from '#lib/charts/figures.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import type { TransferabilityResults } from '#lib/scoring/report.ts';
import { transferability as indexOf, type TransferMatrix } from '#lib/scoring/transferability.ts';
import { EVALUATION } from './columns.ts';
import { acrossSlots, cellTypeSlots, type Evaluated, inOrder, modelReplicates, slotColumn } from './instances.ts';
import { INSTANCES } from './kinds.ts';
import type { Task } from './task.ts';

export const transferability: Task<Evaluated<TransferabilityResults>> = {
  id: 'transferability',
  name: 'Transferability',
  summary: 'Eight models, each trained on one cell type, scored on all the others.',
  open: true,
  kind: INSTANCES,
  slots: cellTypeSlots(true),
  groundTruth: 'livecell-wide',
  also: ['single-cell-type'],

  columns: [
    slotColumn('index', {
      label: 'Index',
      title:
        'Transferability index: by how many halvings AP falls on another cell type, on average; 0 is as good as at home',
      path: [EVALUATION, 'index'],
      better: 'lower',
      format: 'number',
      interval: [EVALUATION, 'interval', 'index'],
    }),
    ...CELL_TYPES.map((type) =>
      slotColumn(`meanTransferredAP-${type}`, {
        label: CELL_TYPE_NAMES[type],
        title: `Mean AP on the seven other types of the model trained on ${CELL_TYPE_NAMES[type]}`,
        path: [EVALUATION, 'meanTransferredAP', type],
        group: 'Mean AP elsewhere, trained on',
        toggle: 'elsewhere',
      }),
    ),
  ],
  headline: 'index',
  groups: [{ id: 'elsewhere', name: 'Mean AP elsewhere', shown: false }],
  strip: { metric: 'meanTransferredAP', name: 'Mean AP elsewhere, trained on' },

  published: {
    rows: '3 transferability',
    read({ subset, metric }) {
      // the paper's index and mean are those of masks
      const evaluation = 'segm';
      if (metric === 'transferability index') return { evaluation, subset: 'all', metric: 'index' };
      if (metric !== 'mean transferred AP') return null;
      return { evaluation, subset: subset.replace(/^train /, ''), metric: 'meanTransferredAP' };
    },
  },

  schema: ({ z, cellType, evaluations }) => {
    const AP = z.number().nullable();
    const interval = z.tuple([z.number(), z.number()]);
    return evaluations(
      z.object({
        matrix: z.partialRecord(cellType, z.partialRecord(cellType, AP)),
        areas: z.partialRecord(cellType, z.partialRecord(cellType, z.tuple([z.int(), AP]))).optional(),
        index: z.number().nullable(),
        indexMissing: z
          .object({
            reason: z.string(),
            pairs: z.array(z.object({ trainedOn: cellType, evaluatedOn: cellType, AP })),
          })
          .optional(),
        meanTransferredAP: z.partialRecord(cellType, AP),
        interval: z
          .object({
            index: interval.optional(),
            meanTransferredAP: z.partialRecord(cellType, interval),
            degreesOfFreedom: z.int(),
          })
          .optional(),
      }),
    );
  },
  has: (results, evaluation) => results[evaluation] !== undefined,

  slices: () => CELL_TYPES,
  home: parseCellType,
  assemble: (slots) =>
    acrossSlots(inOrder(slots, CELL_TYPES), (have) => {
      const matrix: TransferMatrix = {};
      const areas: TransferabilityResults['areas'] = {};
      for (const { slot, slices } of have) {
        const trainedOn = parseCellType(slot);
        if (!trainedOn) continue;
        matrix[trainedOn] = Object.fromEntries(CELL_TYPES.map((type) => [type, slices[type]?.AP ?? null]));
        areas[trainedOn] = Object.fromEntries(
          CELL_TYPES.map((type) => [type, [slices[type]?.objects ?? 0, slices[type]?.exactAP ?? null]]),
        );
      }
      return { ...indexOf(matrix, modelReplicates(have)), areas };
    }),
  warnings: (results) =>
    EVALUATIONS.flatMap((evaluation) => {
      const missing = results[evaluation]?.indexMissing;
      if (!missing) return [];
      return {
        code: 'no-transferability-index',
        message: `There is no index for ${EVALUATION_WORDS[evaluation]}. ${missing.reason}`,
        count: missing.pairs.length,
        examples: missing.pairs
          .slice(0, 5)
          .map(({ trainedOn, evaluatedOn }) => `${CELL_TYPE_NAMES[trainedOn]} → ${CELL_TYPE_NAMES[evaluatedOn]}`),
      };
    }),

  draw(methods, { evaluation }) {
    const drawn = methods.flatMap(({ name, results }) => {
      const own = results[evaluation];
      return own ? [{ name: `${name}, ${EVALUATION_WORDS[evaluation]}`, results: own }] : [];
    });
    // maps that stand together have one scale
    const most = Math.max(
      1e-9,
      ...drawn.flatMap(({ results }) => heatMap(results).flatMap(({ cells }) => cells.map(({ AP }) => AP ?? 0))),
    );
    return [{ wide: true, figures: drawn.map((method) => ({ kind: 'heat', ...method, most })) }];
  },
  terminalTables: (results) =>
    EVALUATIONS.flatMap((evaluation) => {
      const matrix = results[evaluation]?.matrix;
      return matrix ? ['', ...matrixTable(matrix, evaluation === 'segm' ? 'Masks' : 'Boxes')] : [];
    }),
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
};

/** AP of every model on every type: a row per model, named by what it was trained on. */
function matrixTable(matrix: TransferMatrix, name: string): string[] {
  const title = 'trained on';
  const width = Math.max(title.length, ...CELL_TYPES.map((type) => CELL_TYPE_NAMES[type].length)) + 2;
  const row = (name: string, cells: readonly string[]) =>
    name.padEnd(width) + cells.map((cell) => cell.padStart(9)).join('');
  return [
    `${name}, AP of the model trained on (row), evaluated on (column):`,
    row(
      title,
      CELL_TYPES.map((type) => CELL_TYPE_NAMES[type]),
    ),
    ...CELL_TYPES.map((trainedOn) =>
      row(
        CELL_TYPE_NAMES[trainedOn],
        CELL_TYPES.map((evaluatedOn) => percent(matrix[trainedOn]?.[evaluatedOn])),
      ),
    ),
  ];
}

interface HeatCell {
  readonly evaluatedOn: CellType;
  readonly AP: number | null;
  /** AP over the model's AP at home; null where either is missing or home is 0 */
  readonly ofHome: number | null;
  readonly home: boolean;
}

export function heatMap({
  matrix,
}: Pick<TransferabilityResults, 'matrix'>): { trainedOn: CellType; cells: HeatCell[] }[] {
  return CELL_TYPES.map((trainedOn) => {
    const home = matrix[trainedOn]?.[trainedOn];
    return {
      trainedOn,
      cells: CELL_TYPES.map((evaluatedOn) => {
        const AP = matrix[trainedOn]?.[evaluatedOn] ?? null;
        return { evaluatedOn, AP, ofHome: AP !== null && home ? AP / home : null, home: evaluatedOn === trainedOn };
      }),
    };
  });
}

/** The best and the worst journey. */
export function transferSentence(results: Pick<TransferabilityResults, 'matrix'>): string {
  const away = heatMap(results).flatMap(({ trainedOn, cells }) =>
    cells.flatMap(({ evaluatedOn, AP, home }) => (AP === null || home ? [] : [{ trainedOn, evaluatedOn, AP }])),
  );
  if (away.length === 0) return 'There is no AP away from home.';
  const sorted = away.sort((a, b) => a.AP - b.AP);
  const say = ({ trainedOn, evaluatedOn, AP }: (typeof away)[number]) =>
    `${percent(AP, 1)} %, trained on ${CELL_TYPE_NAMES[trainedOn]} and evaluated on ${CELL_TYPE_NAMES[evaluatedOn]}`;
  return `Away from home the highest AP is ${say(sorted[sorted.length - 1])}; the lowest is ${say(sorted[0])}.`;
}

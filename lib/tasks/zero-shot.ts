/** Outside data sets: a model trained on LIVECell, scored on data it has never seen. */
import { EVALUATION_WORDS, titled } from '#lib/charts/figures.ts';
import { perIou } from '#lib/charts/series.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { DATASET, EVALUATION } from './columns.ts';
import { byEvaluation, type Evaluated, slotColumn } from './instances.ts';
import { INSTANCES } from './kinds.ts';
import type { Named, Task } from './task.ts';

interface ResultsByDataset {
  datasets: Record<string, Evaluated<{ overall: Metrics }>>;
}

const METRICS = ['AP', 'AP50', 'AP75', 'AFNR'] as const;

export const zeroShot: Task<ResultsByDataset> = {
  id: 'zero-shot',
  name: 'Outside data sets',
  summary: 'A model trained on LIVECell, scored on data it has never seen.',
  open: true,
  kind: INSTANCES,
  slots: [],
  slotsAreDatasets: true,
  least: 1,
  groundTruth: 'zero-shot',

  columns: METRICS.map((metric) =>
    slotColumn(metric, {
      label: metric,
      title:
        metric === 'AFNR'
          ? 'Average false-negative ratio: the share of cells missed, mean over IoU 0.50 to 0.95'
          : 'Average precision on this data set',
      path: ['datasets', DATASET, EVALUATION, 'overall', metric],
      ...(metric === 'AP' || metric === 'AFNR'
        ? { interval: ['datasets', DATASET, EVALUATION, 'overall', 'interval', metric] }
        : {}),
    }),
  ),
  headline: 'AP',

  published: {
    rows: 'external',
    read: ({ subset, metric }) => (metric === 'AP' ? { subset, metric, evaluation: 'segm' } : null),
  },

  schema: ({ z, metrics, evaluations }) =>
    z.object({ datasets: z.record(z.string(), evaluations(z.object({ overall: metrics }))) }),
  has: ({ datasets }, evaluation) => Object.values(datasets).some((dataset) => dataset[evaluation] !== undefined),
  datasets: ({ datasets }) => Object.keys(datasets),
  on: ({ datasets }, name) => ({ datasets: Object.hasOwn(datasets, name) ? { [name]: datasets[name] } : {} }),

  slices: () => ['overall'],
  assemble: (slots) => ({
    datasets: Object.fromEntries(
      slots.map((slot) => [slot.slot, byEvaluation(slot, ({ overall }) => overall && { overall })]),
    ),
  }),

  draw(methods, { evaluation }) {
    const what = EVALUATION_WORDS[evaluation];
    const names = new Set(methods.flatMap(({ results }) => Object.keys(results.datasets)));
    return [
      ...(methods.length === 1 ? [{ wide: true, figures: [tableOf(methods[0], evaluation)] } as const] : []),
      ...[...names].map((title) => {
        const drawn = methods.map(({ name, results }) => {
          const overall = results.datasets[title]?.[evaluation]?.overall;
          return { name, results: overall && { overall, cellTypes: {} } };
        });
        return {
          title,
          figures: (['AP', 'FNR'] as const).map(
            (metric) => ({ kind: 'line', series: titled(perIou(drawn, metric), `${title}, ${what}`) }) as const,
          ),
        };
      }),
    ];
  },
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
};

/** A method's numbers on each of its data sets. */
function tableOf({ name, results }: Named<ResultsByDataset>, evaluation: Evaluation) {
  return {
    kind: 'table',
    title: `${evaluation === 'segm' ? 'Masks' : 'Boxes'} by data set, ${name}`,
    head: ['Data set', 'Images', 'Cells', ...METRICS],
    rows: Object.entries(results.datasets).flatMap(([dataset, evaluations]) => {
      const metrics = evaluations[evaluation]?.overall;
      if (!metrics) return [];
      return [
        [dataset, integer(metrics.images), integer(metrics.objects), ...METRICS.map((key) => percent(metrics[key]))],
      ];
    }),
  } as const;
}

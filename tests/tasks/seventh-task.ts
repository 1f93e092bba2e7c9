/**
 * A task that the product does not have, made known to whatever process imports this file: two runs of one model, and
 * how much they differ. It shows that a task is a file and a line.
 */
import { perIou } from '#lib/charts/series.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { EVALUATION } from '#lib/tasks/columns.ts';
import { addTask } from '#lib/tasks/index.ts';
import { AP_SCORING, byEvaluation, type Evaluated, slotColumn } from '#lib/tasks/instances.ts';
import { INSTANCES } from '#lib/tasks/kinds.ts';
import type { Task } from '#lib/tasks/task.ts';

const RUNS = ['first', 'second'] as const;

export interface ResultsByRun {
  runs: Record<string, Evaluated<Metrics>>;
}

export const repeatability: Task<ResultsByRun> = {
  id: 'repeatability',
  name: 'Repeatability',
  summary: 'The same model, trained twice.',
  open: true,
  kind: INSTANCES,
  slots: RUNS.map((id) => ({ id, label: `The ${id} run`, required: true })),
  groundTruth: 'livecell-wide',

  columns: [
    ...RUNS.map((run) =>
      slotColumn(`AP-${run}`, {
        label: `${run} run`,
        title: `Average precision of the ${run} run`,
        path: ['runs', run, EVALUATION, 'AP'],
        group: 'AP,',
      }),
    ),
    slotColumn('drift', {
      label: 'Drift',
      title: 'AP of the second run less that of the first',
      path: ['runs', 'second', EVALUATION, 'AP'],
      minus: ['runs', 'first', EVALUATION, 'AP'],
      better: 'lower',
    }),
  ],
  headline: 'AP-first',
  published: {
    rows: '7 repeatability',
    read: ({ subset, metric }) => (metric === 'mask AP' ? { subset, metric: 'AP', evaluation: 'segm' as const } : null),
  },

  schema: ({ z, metrics, evaluations }) => z.object({ runs: z.record(z.string(), evaluations(metrics)) }),
  has: ({ runs }, evaluation) => Object.values(runs).some((run) => run[evaluation] !== undefined),

  slices: () => ['overall'],
  assemble: (slots) => ({
    runs: Object.fromEntries(slots.map((slot) => [slot.slot, byEvaluation(slot, ({ overall }) => overall)])),
  }),
  warnings: ({ runs }) =>
    runs.first.bbox.AP === runs.second.bbox.AP
      ? [{ code: 'all-scores-equal', message: 'Both runs have the same AP. Is it one file twice?', count: 1 }]
      : [],

  draw: (methods, { evaluation }) => [
    {
      figures: methods.map(({ name, results }) => {
        const drawn = RUNS.map((run) => {
          const overall = results.runs[run]?.[evaluation];
          return { name: `${name}, ${run} run`, results: overall && { overall, cellTypes: {} } };
        });
        return { kind: 'line', series: perIou(drawn, 'AP') };
      }),
    },
  ],
  terminalTables: ({ runs }) => ['', `Runs compared: ${Object.keys(runs).join(', ')}`],
  docs: ['The same model is trained twice from other random numbers, and both are scored on the whole test set.'],
  guide: {
    scoring: [AP_SCORING],
    limits: ['two files'],
    report: [{ path: 'runs.first.segm', text: 'every number of the first run' }],
    published: 'Nothing was published of it.',
  },
};

addTask(repeatability);

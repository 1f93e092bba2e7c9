/** Training-set size: the same model trained on a share of the images (Edlund et al. 2021, Figure 5). */
import { EVALUATION_WORDS, type LearningCurve, titled } from '#lib/charts/figures.ts';
import { IOU_LABELS, type Series } from '#lib/charts/series.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { list, percent } from '#lib/format.ts';
import { TRAINING_SIZES, type TrainingSize } from '#lib/livecell/splits.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { EVALUATION } from './columns.ts';
import { byEvaluation, type Evaluated, slotColumn } from './instances.ts';
import { INSTANCES } from './kinds.ts';
import { readInstances } from './published.ts';
import type { Named, Task } from './task.ts';

interface ResultsBySize {
  sizes: Partial<Record<TrainingSize, Evaluated<Metrics>>>;
}

const LARGEST_FIRST = TRAINING_SIZES.toReversed();

export const trainingSize: Task<ResultsBySize> = {
  id: 'training-size',
  name: 'Training-set size',
  summary: 'The same model trained on 2 to 100 per cent of the training images.',
  open: true,
  kind: INSTANCES,
  slots: TRAINING_SIZES.map((id) => ({ id, label: `Trained on ${id} %`, required: false })),
  least: 2,
  partial: 'The curve has no point there, and no number stands in those columns of the board.',
  groundTruth: 'livecell-wide',

  columns: [
    ...LARGEST_FIRST.map((size) =>
      slotColumn(`AP-${size}`, {
        label: `${size} %`,
        title: `Average precision when trained on ${size} % of the training images`,
        path: ['sizes', size, EVALUATION, 'AP'],
        group: 'AP, trained on',
        interval: ['sizes', size, EVALUATION, 'interval', 'AP'],
      }),
    ),
    slotColumn('gain', {
      label: 'AP gain, 2 → 100 %',
      title:
        'AP when trained on all of the training images less AP when trained on 2 % of them; a low gain means that little data is enough',
      path: ['sizes', '100', EVALUATION, 'AP'],
      better: 'lower',
      minus: ['sizes', '2', EVALUATION, 'AP'],
    }),
    ...LARGEST_FIRST.map((size) =>
      slotColumn(`AFNR-${size}`, {
        label: `${size} %`,
        title: `Average false-negative ratio when trained on ${size} % of the training images`,
        path: ['sizes', size, EVALUATION, 'AFNR'],
        group: 'AFNR, trained on',
        interval: ['sizes', size, EVALUATION, 'interval', 'AFNR'],
      }),
    ),
  ],
  headline: 'AP-100',

  published: {
    rows: '5 dataset size',
    read({ subset, metric }) {
      if (metric === 'delta mask AP') return { subset: 'all', metric: 'gain', evaluation: 'segm' };
      const share = /^(\d+)% train$/.exec(subset);
      return share && readInstances({ subset: share[1], metric });
    },
  },

  schema: ({ z, metrics, evaluations }) =>
    z.object({ sizes: z.partialRecord(z.enum(TRAINING_SIZES), evaluations(metrics)) }),
  has: ({ sizes }, evaluation) => Object.values(sizes).some((size) => size[evaluation] !== undefined),

  slices: () => ['overall'],
  assemble: (slots) => ({
    sizes: Object.fromEntries(slots.map((slot) => [slot.slot, byEvaluation(slot, ({ overall }) => overall)])),
  }),

  draw(methods, { evaluation }) {
    const what = EVALUATION_WORDS[evaluation];
    const curves = methods.map((method) => learningCurve(method, evaluation));
    return [
      {
        figures: [
          { kind: 'learning-curves', curves, metric: 'AP', what },
          { kind: 'learning-curves', curves, metric: 'AFNR', what },
          ...curves.map((curve) => ({ kind: 'line', series: titled(perIouAndSize(curve), what) }) as const),
        ],
      },
    ];
  },
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
};

/** Return a method's metrics under one evaluation, by the shares it has. */
export function learningCurve(
  { name, results: { sizes } }: Named<ResultsBySize>,
  evaluation: Evaluation,
): LearningCurve {
  const known = TRAINING_SIZES.flatMap((size) => {
    const metrics = sizes[size]?.[evaluation];
    return metrics ? [[size, metrics] as const] : [];
  });
  return { name, sizes: Object.fromEntries(known) };
}

/** Describe the curves: the gain from the whole training set over the smallest share a method has. */
export function learningSentence(curves: readonly LearningCurve[], metric: 'AP' | 'AFNR'): string {
  const said = curves.flatMap(({ name, sizes }) => {
    const have = TRAINING_SIZES.filter((size) => typeof sizes[size]?.[metric] === 'number');
    if (have.length < 2) return [];
    const [first, last] = [have[0], have[have.length - 1]];
    return [
      `${name} from ${percent(sizes[first]?.[metric], 1)} % at ${first} % to ${percent(sizes[last]?.[metric], 1)} % at ${last} %`,
    ];
  });
  return said.length > 0
    ? `${metric} by share of the training images: ${list(said)}.`
    : 'There is nothing to draw for this choice.';
}

/** Return AP per IoU, one line per share of the training images. */
export function perIouAndSize({ name, sizes }: LearningCurve): Series {
  const have = TRAINING_SIZES.filter((size) => sizes[size]);
  const last = have[have.length - 1];
  return {
    title: `AP per IoU threshold, ${name}`,
    sentence: last
      ? `Trained on ${last} % of the images, AP is ${percent(sizes[last]?.apPerIou[0], 1)} % at IoU 0.50 and ${percent(sizes[last]?.apPerIou[5], 1)} % at 0.75.`
      : 'There is nothing to draw for this choice.',
    xLabel: 'IoU threshold',
    yLabel: 'AP, %',
    better: 'higher',
    names: have.map((size) => `${size} %`),
    rows: IOU_LABELS.map((label, t) => ({ label, values: have.map((size) => sizes[size]?.apPerIou[t] ?? null) })),
    // a share keeps its style, whichever other shares a method has
    styles: have.map((size) => TRAINING_SIZES.indexOf(size)),
  };
}

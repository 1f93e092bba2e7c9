/** The charts of a comparison for files: what the page shows of entries in public, the same for everybody. */
import { fromZero } from '#app/_components/charts/plot.tsx';
import type { NamedCharts } from '#app/_server/chart-response.ts';
import { comparedNames, type WholeComparison } from '#app/_server/comparison.ts';
import { COMPARED_NAMES, type PairDifference } from '#lib/board/comparison.ts';
import type { Axis, PanelMarks, PanelPoint, PanelsFile } from '#lib/charts/panels.ts';
import { IOU_LABELS } from '#lib/charts/series.ts';
import type { SeriesFile } from '#lib/charts/svg.ts';
import { IOU_THRESHOLDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { COMPARED_METRICS } from '#lib/scoring/uncertainty.ts';
import { parseTask } from '#lib/tasks/index.ts';
import {
  byType,
  CALIBRATION_SENTENCE,
  curvesOf,
  FIELDS_SENTENCE,
  fieldRows,
  IOUS,
  imagePairs,
  NO_INTERVAL_OF_TYPES,
  PRECISION_SENTENCE,
  perIouSentence,
  UNIT,
} from './charts.tsx';
import type { CompareChart } from './view.ts';

/** Return the charts that the page of a comparison has; none of tasks other than LIVECell-wide, as there. */
export function compareCharts(comparison: WholeComparison): NamedCharts {
  if (comparison.task !== 'livecell-wide') return {};
  const { drawn, calibrated } = curvesOf(comparison);
  const charts: Record<CompareChart, SeriesFile | PanelsFile | null> = {
    differences: differences(comparison),
    'per-iou-differences': perIouDifferences(comparison),
    'per-iou': perIou(comparison),
    'by-type': perType(comparison),
    'by-field': comparison.fields ? perField(comparison, comparison.fields) : null,
    'precision-recall': drawn ? precisionRecall(comparison) : null,
    calibration: calibrated ? calibration(comparison) : null,
    images: comparison.images ? perImage(comparison, comparison.images) : null,
  };
  return Object.fromEntries(Object.entries(charts).flatMap(([name, chart]) => (chart ? [[name, chart]] : [])));
}

/** Say what the charts are made of. */
export function compareSource(comparison: WholeComparison): string {
  const { task, dataset, protocol, evaluation } = comparison;
  const of = parseTask(task)?.kind.evaluated
    ? `, ${evaluation === 'segm' ? 'masks' : 'boxes'}, ${PROTOCOLS[protocol].name}`
    : '';
  return `${comparedNames(comparison)}: ${parseTask(task)?.name ?? task} on ${dataset}${of}.`;
}

const pairName = ({ entries }: WholeComparison, { first, second }: PairDifference) =>
  `${entries[first].method} − ${entries[second].method}`;

/** A scale with 0 in it, for differences of fractions. */
function differenceScale(pairs: readonly PairDifference[]): Axis {
  const far = Math.max(0.005, ...pairs.flatMap(({ interval, difference }) => [...interval, difference].map(Math.abs)));
  const { to, ticks } = fromZero(far, '');
  const all = [
    ...ticks
      .slice(1)
      .map((tick) => -tick)
      .reverse(),
    ...ticks,
  ];
  return { from: -to, to, ticks: all, label: 'Difference, %', fraction: true };
}

const pointOf = (x: number, { difference, interval }: PairDifference, label?: string): PanelPoint => ({
  ...{ x, y: difference, low: interval[0], high: interval[1] },
  ...(label && { label }),
});

function differences(comparison: WholeComparison): PanelsFile | null {
  const metrics = COMPARED_METRICS.filter((metric) => comparison.differences[metric]);
  if (metrics.length === 0) return null;
  const y = differenceScale(metrics.flatMap((metric) => comparison.differences[metric]!));
  return {
    kind: 'panels',
    series: { title: 'Paired differences, with 95 % intervals', sentence: comparison.verdict },
    panels: metrics.map((metric) => {
      const pairs = comparison.differences[metric]!;
      const ticks = pairs.map((_, k) => k + 1);
      return {
        ...{ name: COMPARED_NAMES[metric], y },
        x: { from: 0.5, to: pairs.length + 0.5, ticks, label: 'Pair, in the order of the page' },
        marks: pairs.map((pair, k) => ({
          ...{ name: pairName(comparison, pair), as: 'dots', points: [pointOf(k + 1, pair)] },
        })),
      };
    }),
  };
}

function perIouDifferences(comparison: WholeComparison): PanelsFile | null {
  const { perIouDifferences: found } = comparison;
  if (!found?.AP[0]?.length) return null;
  const y = differenceScale(Object.values(found).flat(2));
  return {
    kind: 'panels',
    series: {
      title: 'Paired differences per IoU threshold, with 95 % intervals',
      sentence: 'At one IoU threshold at a time; p is adjusted for all pairs and thresholds of a number (Holm).',
    },
    panels: (['AP', 'FNR'] as const).map((metric) => ({
      ...{ name: metric === 'AP' ? 'AP' : 'Missed cells', x: IOUS, y },
      marks: found[metric][0].map(
        (pair, k): PanelMarks => ({
          ...{ name: pairName(comparison, pair), as: 'both' },
          points: found[metric].flatMap((at, t) => (at[k] ? [pointOf(IOU_THRESHOLDS[t], at[k], IOU_LABELS[t])] : [])),
        }),
      ),
    })),
  };
}

function perIou(comparison: WholeComparison): SeriesFile {
  const { entries, perIou } = comparison;
  return {
    kind: 'line',
    series: {
      ...{ title: 'AP per IoU threshold', sentence: perIouSentence(comparison) },
      ...{ xLabel: 'IoU threshold', yLabel: 'AP, %', better: 'higher', names: entries.map(({ method }) => method) },
      rows: IOU_LABELS.map((label, t) => ({ label, values: perIou.AP.map((line) => line[t]) })),
    },
  };
}

function perType(comparison: WholeComparison): SeriesFile {
  const { rows, sentence } = byType(comparison);
  return {
    kind: 'dots',
    series: {
      ...{ title: 'AP by cell type and by cell size', sentence: `${sentence} ${NO_INTERVAL_OF_TYPES}` },
      ...{ xLabel: 'Cell type or size', yLabel: 'AP, %', better: 'higher' },
      names: comparison.entries.map(({ method }) => method),
      rows: rows.map(({ name: label, values }) => ({ label, values })),
    },
  };
}

function perField(comparison: WholeComparison, fields: NonNullable<WholeComparison['fields']>): SeriesFile {
  return {
    kind: 'dots',
    series: {
      ...{ title: 'AP by field of view', sentence: FIELDS_SENTENCE, xLabel: 'Field of view', yLabel: 'AP, %' },
      ...{ better: 'higher', names: comparison.entries.map(({ method }) => method) },
      rows: fieldRows(fields).map(({ name: label, values }) => ({ label, values })),
    },
  };
}

function precisionRecall({ entries, curves }: WholeComparison): PanelsFile {
  const marks = [1, 0].flatMap((place) =>
    curves.map((curve, k): PanelMarks => {
      const { iou, values } = curve!.precision![place];
      return {
        ...{ name: place === 0 ? entries[k].method : `${entries[k].method}, IoU ${iou.toFixed(2)}`, as: 'line' },
        ...{ nth: k, thin: place === 1 },
        points: values.map((value, r) => ({ x: r / 100, y: value, label: `IoU ${iou.toFixed(2)}` })),
      };
    }),
  );
  return {
    kind: 'panels',
    series: { title: 'Precision and recall', sentence: PRECISION_SENTENCE },
    panels: [
      {
        x: { ...UNIT, label: 'Recall, %', fraction: true },
        y: { ...UNIT, label: 'Precision, %', fraction: true },
        marks,
      },
    ],
  };
}

function calibration({ entries, curves }: WholeComparison): PanelsFile {
  return {
    kind: 'panels',
    series: { title: 'Scores as probabilities', sentence: CALIBRATION_SENTENCE },
    panels: [
      {
        x: { ...UNIT, label: 'Score, %', fraction: true },
        y: { ...UNIT, label: 'Found a cell, %', fraction: true },
        diagonal: true,
        marks: entries.flatMap(({ method: name }, k): PanelMarks[] => {
          const bins = curves[k]?.calibration;
          if (!bins) return [];
          const points = bins.map(({ meanScore: x, found: y, detections: count }) => ({ x, y, count }));
          return [{ name, as: 'both', nth: k, points }];
        }),
      },
    ],
  };
}

function perImage(comparison: WholeComparison, images: NonNullable<WholeComparison['images']>): PanelsFile {
  const { first, second, pairs, title, sentence } = imagePairs(comparison, images);
  const axis = { ...fromZero(Math.max(0.05, ...pairs.flatMap(({ at }) => at)), ''), fraction: true };
  return {
    kind: 'panels',
    series: { title, sentence },
    panels: [
      {
        x: { ...axis, label: `${first.method}, AP, %` },
        y: { ...axis, label: `${second.method}, AP, %` },
        diagonal: true,
        marks: [{ name: 'image', as: 'dots', points: pairs.map(({ name: label, at: [x, y] }) => ({ x, y, label })) }],
      },
    ],
  };
}

/** Figures of tasks as charts in files: what each of them shows, in rows of numbers. */
import type { Figure } from '#lib/charts/figures.ts';
import type { SeriesFile } from '#lib/charts/svg.ts';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { TRAINING_SIZES } from '#lib/livecell/splits.ts';
import { countsOverTime, growthSentence } from '#lib/scoring/counts-over-time.ts';
import { learningSentence } from './training-size.ts';
import { heatMap, transferSentence } from './transferability.ts';

/** Return a figure as a chart in a file; null for tables, and where the numbers that it draws are not told. */
export function chartFileOf(figure: Figure): SeriesFile | null {
  switch (figure.kind) {
    case 'line':
      return { series: figure.series, kind: 'line' };
    case 'bar':
    case 'dots':
      return { series: figure.series, kind: 'dots' };
    case 'heat': {
      const rows = heatMap(figure.results);
      return {
        kind: 'heat',
        series: {
          title: `Trained on × evaluated on, ${figure.name}`,
          sentence: transferSentence(figure.results),
          xLabel: 'Evaluated on',
          yLabel: 'AP, %, by the cell type of training',
          better: 'higher',
          names: rows.map(({ trainedOn }) => CELL_TYPE_NAMES[trainedOn]),
          rows: rows.map(({ trainedOn }, r) => ({
            label: CELL_TYPE_NAMES[trainedOn],
            values: rows.map(({ cells }) => cells[r].AP),
          })),
        },
      };
    }
    case 'learning-curves': {
      const { curves, metric, what } = figure;
      return {
        kind: 'line',
        series: {
          title: `${metric} by share of training images, ${what}`,
          sentence: learningSentence(curves, metric),
          xLabel: 'Share of the training images',
          yLabel: `${metric}, %`,
          better: metric === 'AP' ? 'higher' : 'lower',
          names: curves.map(({ name }) => name),
          rows: TRAINING_SIZES.map((size) => ({
            label: `${size} %`,
            values: curves.map(({ sizes }) => sizes[size]?.[metric] ?? null),
          })),
        },
      };
    }
    case 'counts': {
      const { name, result } = figure;
      const { points = [], files } = result;
      if (points.length === 0) return null;
      return {
        kind: 'scatter',
        unit: 'count',
        series: {
          title: `Predicted against reference, ${name}`,
          sentence: `R² is ${result.r2 === null ? 'not defined' : result.r2.toFixed(3)} over ${integer(result.imagesBelow1600)} images.`,
          xLabel: 'Image',
          yLabel: 'Cells per image, predicted',
          better: 'higher',
          names: ['Reference, cells per image', 'Predicted, cells per image'],
          rows: points.map((values, i) => ({ label: files?.[i] ?? String(i), values })),
        },
      };
    }
    case 'counts-over-time': {
      const { name, result } = figure;
      const times = result.files ? countsOverTime(result.points, result.files) : (result.overTime ?? []);
      const wells = [...new Set(times.map(({ well }) => well))];
      const hours = [...new Set(times.map(({ hours }) => hours))].sort((a, b) => a - b);
      if (hours.length < 2) return null;
      const kinds = (['predicted', 'reference'] as const).filter((kind) =>
        times.some((at) => kind in at && at[kind as 'predicted']),
      );
      const at = (well: string, hour: number) => times.find((one) => one.well === well && one.hours === hour);
      return {
        kind: 'line',
        unit: 'count',
        series: {
          title: `Counts over time, ${name}`,
          sentence: growthSentence(times),
          xLabel: 'Hours since seeding',
          yLabel: 'Cells per image, mean over the images of a well',
          better: 'higher',
          names: wells.flatMap((well) => kinds.map((kind) => `${well}, ${kind}`)),
          rows: hours.map((hour) => ({
            label: String(Math.round(hour * 10) / 10),
            values: wells.flatMap((well) =>
              kinds.map(
                (kind) =>
                  (at(well, hour) as Partial<Record<typeof kind, { mean: number } | null>> | undefined)?.[kind]?.mean ??
                  null,
              ),
            ),
          })),
        },
      };
    }
    case 'table':
      return null;
  }
}

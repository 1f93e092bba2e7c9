/** Fluorescence counts: cells per image against fluorescent nuclei (Edlund et al. 2021, Figure 4). */
import { COUNTING_CELL_TYPES, type CountingCellType } from '#lib/livecell/cell-types.ts';
import { countsOverTime, withoutReference } from '#lib/scoring/counts-over-time.ts';
import type { CountResults } from '#lib/scoring/report.ts';
import { slotColumn } from './instances.ts';
import { COUNTS } from './kinds.ts';
import type { Named, Task } from './task.ts';

interface CountsByType {
  counts: Partial<Record<CountingCellType, CountResults>>;
}

export const fluorescenceCounts: Task<CountsByType> = {
  id: 'fluorescence-counts',
  name: 'Fluorescence counts',
  summary: 'Cell counts against nuclear fluorescence counts.',
  open: true,
  kind: COUNTS,
  slots: COUNTING_CELL_TYPES.map((id) => ({ id, label: `Counts for ${id}`, required: false })),
  least: 1,
  groundTruth: 'fluorescence-counts',

  columns: COUNTING_CELL_TYPES.flatMap((type) => [
    slotColumn(`r2-${type}`, {
      label: `${type} R²`,
      title: `Share of the reference counts’ variance that the counts of ${type} explain, over images below 1,600 cells`,
      path: ['counts', type, 'r2'],
      format: 'number',
    }),
    slotColumn(`linearityLimit-${type}`, {
      label: `${type} limit`,
      title: `Density up to which the counts of ${type} follow the reference in a straight line`,
      path: ['counts', type, 'linearityLimit'],
      format: 'integer',
    }),
  ]),
  headline: 'r2-A172',

  published: {
    rows: '4 fluorescence',
    read({ subset, metric }) {
      const key = { 'R2 (<1600)': 'r2', 'linearity limit': 'linearityLimit' }[metric];
      // counts know neither masks nor boxes
      return key === undefined ? null : { subset, metric: key, evaluation: 'segm' };
    },
  },

  schema: ({ z }) => {
    const number = z.number().nullable();
    const counts = z.object({
      images: z.int(),
      imagesBelow1600: z.int(),
      r2: number,
      linearityLimit: number,
      linearityBroken: z.boolean().nullable(),
      pAtLimit: number.optional(),
      linearityReason: z.string().optional(),
      slope: number.optional(),
      intercept: number.optional(),
      pearson: number.optional(),
      meanAbsoluteError: number.optional(),
      mostLeverage: z.number().optional(),
      withheld: z.string().optional(),
      points: z.array(z.tuple([z.number(), z.number()])),
      files: z.array(z.string()).optional(),
      overTime: z
        .array(
          z.object({
            well: z.string(),
            hours: z.number(),
            images: z.int(),
            predicted: z.object({ mean: z.number(), sem: number }),
          }),
        )
        .optional(),
      scoreThreshold: z.number().optional(),
    });
    return z.object({ counts: z.partialRecord(z.enum(COUNTING_CELL_TYPES), counts) });
  },
  has: () => true,
  /**
   * Reference counts are ground truth, so the points are removed unless it is registered as public. Numbers computed
   * from them stay, and so do means of the predicted counts over several images.
   */
  withoutGroundTruth: ({ counts }) => ({
    counts: Object.fromEntries(
      Object.entries(counts).map(([type, { files, linearityReason, ...result }]) => {
        const overTime = files ? withoutReference(countsOverTime(result.points, files)) : result.overTime;
        // the reason in full states a reference count
        const reason = linearityReason && { linearityReason: 'The reference counts allow no limit of linearity.' };
        return [type, { ...result, points: [], ...reason, ...(overTime?.length && { overTime }) }];
      }),
    ),
  }),
  bulky: COUNTING_CELL_TYPES.flatMap((type) => [
    ['counts', type, 'points'],
    ['counts', type, 'files'],
  ]),

  slices: () => [],
  assemble: (slots) => ({ counts: Object.fromEntries(slots.map(({ slot, counts }) => [slot, counts])) }),

  draw: (methods) => [
    {
      figures: (['counts', 'counts-over-time'] as const).flatMap((kind) =>
        methods.flatMap(countedTypes).map(({ name, result }) => ({ kind, name, result })),
      ),
    },
  ],
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
};

/** Return a method's results for each cell type with counts, named by both. */
function countedTypes({ name, results: { counts } }: Named<CountsByType>): { name: string; result: CountResults }[] {
  return COUNTING_CELL_TYPES.flatMap((type) => {
    const result = counts[type];
    return result ? [{ name: `${name}, ${type}`, result }] : [];
  });
}

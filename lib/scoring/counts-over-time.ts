/**
 * Counts over time per seeding density (Edlund et al. 2021, Figure 4a). File names give the well, the time and the
 * crop; the cells of a well were seeded at one density, so a well stands for a density.
 */
import { type ImageName, parseImageName, stem } from '#lib/livecell/cell-types.ts';

interface MeanCount {
  mean: number;
  /** standard error of the mean; null for one image */
  sem: number | null;
}

export interface CountsAtTime {
  well: string;
  /** since seeding */
  hours: number;
  images: number;
  predicted: MeanCount;
  /** absent where reference counts are not public */
  reference?: MeanCount;
}

/** Minimum number of images behind a point that is shown if reference counts and prediction files are not public. */
export const FEWEST_COUNTED = 5;

/** Parse a LIVECell file name, which in count files may have a running number after its crop. */
function parseCountName(file: string): ImageName | null {
  return parseImageName(file) ?? parseImageName(stem(file).replace(/_\d+$/, ''));
}

/**
 * Return mean counts by well and time, in plate order (B2 before B10), times ascending. Images whose names lack either
 * are left out.
 *
 * @param points [reference, predicted] of each image
 * @param files their names, in the same order
 */
export function countsOverTime(
  points: readonly (readonly [reference: number, predicted: number])[],
  files: readonly string[],
): CountsAtTime[] {
  const found = new Map<string, { well: string; minutes: number; points: (readonly [number, number])[] }>();
  files.forEach((file, i) => {
    const name = parseCountName(file);
    if (!name) return;
    const key = `${name.well} ${name.minutes}`;
    const own = found.get(key);
    if (own) own.points.push(points[i]);
    else found.set(key, { well: name.well, minutes: name.minutes, points: [points[i]] });
  });
  return [...found.values()]
    .sort((a, b) => a.well.localeCompare(b.well, 'en', { numeric: true }) || a.minutes - b.minutes)
    .map(({ well, minutes, points }) => ({
      well,
      hours: minutes / 60,
      images: points.length,
      predicted: meanCount(points.map(([, predicted]) => predicted)),
      reference: meanCount(points.map(([reference]) => reference)),
    }));
}

/**
 * Remove the reference counts where they are not public. Predicted counts follow them closely and belong to their
 * submitter, so only means over several images remain.
 */
export function withoutReference(times: readonly CountsAtTime[]): CountsAtTime[] {
  return times
    .filter(({ images }) => images >= FEWEST_COUNTED)
    .map(({ well, hours, images, predicted }) => ({ well, hours, images, predicted }));
}

function meanCount(counts: readonly number[]): MeanCount {
  const n = counts.length;
  const mean = counts.reduce((sum, count) => sum + count, 0) / n;
  if (n < 2) return { mean, sem: null };
  return { mean, sem: Math.sqrt(counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (n - 1) / n) };
}

/**
 * Describe the curves: the final counts of the densest and the sparsest well, and the final error of the predictions.
 */
export function growthSentence(times: readonly CountsAtTime[]): string {
  const wells = [...new Set(times.map(({ well }) => well))].map((well) => times.filter((at) => at.well === well));
  const drawn = wells.filter((own) => own.length > 1);
  if (drawn.length === 0) return 'There is only one time point in each well.';
  const count = (value: number) => Math.round(value).toLocaleString('en-US');
  const value = ({ reference, predicted }: CountsAtTime) => (reference ?? predicted).mean;
  const seen = [...drawn].sort((a, b) => value(a[a.length - 1]) - value(b[b.length - 1]));
  const say = (own: CountsAtTime[]) =>
    `from ${count(value(own[0]))} to ${count(value(own[own.length - 1]))} cells per image in ${hoursBetween(own)}`;
  const last = seen[seen.length - 1];
  const what = last[0].reference ? 'The reference' : 'The predicted count';
  const growth =
    seen.length === 1
      ? `${what} of well ${last[0].well} goes ${say(last)}.`
      : `${what} goes ${say(seen[0])} in well ${seen[0][0].well}, and ${say(last)} in well ${last[0].well}.`;
  const [first, end] = [last[0], last[last.length - 1]];
  if (!first.reference || !end.reference || end.reference.mean === 0) return growth;
  const off = (100 * (end.predicted.mean - end.reference.mean)) / end.reference.mean;
  return `${growth} There the prediction is ${Math.abs(off).toFixed(1)} % ${off < 0 ? 'below' : 'above'} the reference at the end.`;
}

function hoursBetween(own: readonly CountsAtTime[]): string {
  const hours = Math.round(own[own.length - 1].hours - own[0].hours);
  return `${hours} ${hours === 1 ? 'hour' : 'hours'}`;
}

/** Measures how bright a cell is in its picture, over the pixels of its mask. */
import type { Mask } from '#lib/coco/rle.ts';

/** In the order in which `measureIntensity` writes them. */
export const INTENSITY_METRICS = ['intensityMean', 'intensitySd', 'intensitySkewness'] as const;
export type IntensityMetric = (typeof INTENSITY_METRICS)[number];

/** Definitions, for the page that shows them. */
export const INTENSITY_DEFINITIONS: Readonly<Record<IntensityMetric, { name: string; definition: string }>> = {
  intensityMean: { name: 'Intensity', definition: 'mean grey value of the mask’s pixels, 0 to 255' },
  intensitySd: { name: 'Intensity SD', definition: 'standard deviation of those grey values' },
  intensitySkewness: {
    name: 'Intensity skewness',
    definition: 'their third standardised moment: above 0 where a few pixels are much brighter than the rest',
  },
};

/**
 * Measure one mask on its picture.
 *
 * @param pixels grey values of the picture [height × width], row by row
 * @param out receives the three numbers of `INTENSITY_METRICS`, from index `at`; without variation, skewness is 0
 * @returns false, and writes nothing, if the mask has no pixels
 */
export function measureIntensity(
  { data, from, to }: Mask,
  { width, height, pixels }: { width: number; height: number; pixels: Uint8Array },
  out: Float64Array,
  at: number,
): boolean {
  if (from === to) return false;
  // whole numbers: sums of squares and cubes of bytes stay exact far beyond the largest image
  let n = 0;
  let sum = 0;
  let squares = 0;
  let cubes = 0;
  for (let k = from; k < to; k += 2) {
    let x = Math.floor(data[k] / height);
    let y = data[k] - x * height;
    for (let p = data[k]; p < data[k + 1]; p++) {
      const value = pixels[y * width + x];
      sum += value;
      squares += value * value;
      cubes += value * value * value;
      if (++y === height) {
        y = 0;
        x++;
      }
    }
    n += data[k + 1] - data[k];
  }
  const mean = sum / n;
  const variance = Math.max(0, (n * squares - sum * sum) / (n * n));
  const third = cubes / n - 3 * mean * (squares / n) + 2 * mean ** 3;
  out[at] = mean;
  out[at + 1] = Math.sqrt(variance);
  out[at + 2] = variance > 0 ? third / variance ** 1.5 : 0;
  return true;
}

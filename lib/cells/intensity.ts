/**
 * Measures how bright a cell is in its picture, over the pixels of its mask. Definitions are those of scikit-image's
 * `regionprops`, SciPy's `stats` and NumPy's `percentile`, as each metric says.
 */
import type { Mask } from '#lib/coco/rle.ts';

/** In the order in which `measureIntensity` writes them. */
export const INTENSITY_METRICS = [
  'intensityMean',
  'intensitySd',
  'intensitySkewness',
  'intensityKurtosis',
  'intensityMin',
  'intensityMax',
  'intensity5',
  'intensity95',
  'centroidShift',
] as const;
export type IntensityMetric = (typeof INTENSITY_METRICS)[number];

/** Definitions, for the page that shows them. */
export const INTENSITY_DEFINITIONS: Readonly<Record<IntensityMetric, { name: string; definition: string }>> = {
  intensityMean: {
    name: 'Intensity',
    definition: 'mean grey value of the mask’s pixels, 0 to 255 (scikit-image: intensity_mean)',
  },
  intensitySd: {
    name: 'Intensity SD',
    definition: 'standard deviation of those grey values (scikit-image: intensity_std)',
  },
  intensitySkewness: {
    name: 'Intensity skewness',
    definition:
      'their third standardised moment: above 0 where a few pixels are much brighter than the rest (scipy.stats.skew)',
  },
  intensityKurtosis: {
    name: 'Intensity kurtosis',
    definition:
      'their fourth standardised moment less 3: above 0 where few pixels differ much from the rest (scipy.stats.kurtosis)',
  },
  intensityMin: { name: 'Lowest intensity', definition: 'the darkest pixel (scikit-image: intensity_min)' },
  intensityMax: { name: 'Highest intensity', definition: 'the brightest pixel (scikit-image: intensity_max)' },
  intensity5: {
    name: 'Intensity, 5th percentile',
    definition: 'one pixel in twenty is darker; between two pixels linearly (numpy.percentile)',
  },
  intensity95: {
    name: 'Intensity, 95th percentile',
    definition: 'one pixel in twenty is brighter; between two pixels linearly (numpy.percentile)',
  },
  centroidShift: {
    name: 'Centroid shift',
    definition:
      'distance in pixels between the centre of brightness and that of the mask (scikit-image: centroid_weighted and centroid)',
  },
};

const GREYS = 256;
/** Pixels of each grey value of the mask that is measured. */
const pixelsOf = new Uint32Array(GREYS);

/**
 * Measure one mask on its picture.
 *
 * @param pixels grey values of the picture [height × width], row by row
 * @param out receives the numbers of `INTENSITY_METRICS`, from index `at`; without variation, skewness and kurtosis
 *   are 0, and on a black picture so is the shift of the centroid
 * @returns false, and writes nothing, if the mask has no pixels
 */
export function measureIntensity(
  { data, from, to }: Mask,
  { width, height, pixels }: { width: number; height: number; pixels: Uint8Array },
  out: Float64Array,
  at: number,
): boolean {
  if (from === to) return false;
  pixelsOf.fill(0);
  // whole numbers: sums over an image stay exact
  let n = 0;
  let sum = 0;
  let [sumX, sumY, brightX, brightY] = [0, 0, 0, 0];
  for (let k = from; k < to; k += 2) {
    let x = Math.floor(data[k] / height);
    let y = data[k] - x * height;
    for (let p = data[k]; p < data[k + 1]; p++) {
      const value = pixels[y * width + x];
      pixelsOf[value]++;
      sum += value;
      sumX += x;
      sumY += y;
      brightX += value * x;
      brightY += value * y;
      if (++y === height) {
        y = 0;
        x++;
      }
    }
    n += data[k + 1] - data[k];
  }
  const mean = sum / n;
  let [second, third, fourth] = [0, 0, 0];
  let lowest = GREYS;
  let highest = 0;
  for (let value = 0; value < GREYS; value++) {
    const count = pixelsOf[value];
    if (count === 0) continue;
    if (lowest === GREYS) lowest = value;
    highest = value;
    const off = value - mean;
    const square = off * off;
    second += count * square;
    third += count * square * off;
    fourth += count * square * square;
  }
  second /= n;
  const varies = highest > lowest;
  out[at] = mean;
  out[at + 1] = varies ? Math.sqrt(second) : 0;
  out[at + 2] = varies ? third / n / second ** 1.5 : 0;
  out[at + 3] = varies ? fourth / n / second ** 2 - 3 : 0;
  out[at + 4] = lowest;
  out[at + 5] = highest;
  out[at + 6] = percentile(n, 0.05);
  out[at + 7] = percentile(n, 0.95);
  out[at + 8] = sum === 0 ? 0 : Math.hypot(brightX / sum - sumX / n, brightY / sum - sumY / n);
  return true;
}

/** Read a percentile of `n` grey values from their counts, linearly between the two nearest. @param share 0 to 1 */
function percentile(n: number, share: number): number {
  const place = share * (n - 1);
  const below = Math.floor(place);
  const low = nth(below);
  return low + (place - below) * (nth(Math.min(n - 1, below + 1)) - low);
}

/** Return the value at a place of the sorted grey values, from 0. */
function nth(place: number): number {
  let before = 0;
  for (let value = 0; value < GREYS; value++) {
    before += pixelsOf[value];
    if (before > place) return value;
  }
  return GREYS - 1;
}

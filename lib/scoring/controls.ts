/**
 * Controls: predictions made from the ground truth itself, which give the numbers of a board their scale. They are not
 * entries and have no rank. Like label images they have no scores, so their AP is one precision read up to one recall.
 */
import { stem } from '#lib/livecell/cell-types.ts';
import { type Dataset, ObjectsBuilder, type Predictions } from '../coco/dataset.ts';
import { maskArea, maskBox, maskExtent } from '../coco/rle.ts';
import { thread } from '../kernels/thread-state.ts';
import { seededRandom } from '../stats/random.ts';
import type { FlatTruth, TruthVariant } from './flat-truth.ts';

interface Control {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly make: (dataset: Dataset, truths: Readonly<Record<TruthVariant, FlatTruth>>) => Predictions;
}

const perfect = (variant: TruthVariant, how: string): Control => ({
  id: `perfect-${variant}`,
  name: `Perfect label image, ${variant}`,
  text: `The annotation itself as label images, ${how}. Annotated cells overlap and labels cannot, so no label image reaches more.`,
  make: (dataset, truths) => perfectLabels(dataset, truths[variant]),
});

const jittered = (pixels: number): Control => ({
  id: `jitter-${pixels}`,
  name: `Annotation, outlines off by ${pixels} px`,
  text: `Every annotated outline, moved in and out along its radii by a smooth random curve of ${pixels} ${pixels === 1 ? 'pixel' : 'pixels'} on average (root mean square).`,
  make: (dataset) => jitterTruth(dataset, pixels),
});

/** In the order in which boards show them. */
export const CONTROLS: readonly Control[] = [
  perfect('flat-large', 'larger cells on top'),
  perfect('flat-cellpose', 'each shared pixel to the nearest centre'),
  jittered(1),
  jittered(2),
  jittered(4),
  { id: 'nothing', name: 'Nothing found', text: 'Not a single outline.', make: () => predictionsFrom(newBuilder()) },
];

const newBuilder = () => new ObjectsBuilder(true, 4096);

function predictionsFrom(builder: ObjectsBuilder): Predictions {
  return { detections: builder.finish(), groups: [], hasMasks: true, hasMaskScores: false, unscored: true };
}

/** @param runs first pixel and end of each run, column by column */
function appendMask(
  builder: ObjectsBuilder,
  image: number,
  runs: ArrayLike<number>,
  { width, height }: { width: number; height: number },
): void {
  const { intervals } = builder;
  intervals.reserve(runs.length);
  const from = intervals.length;
  intervals.data.set(runs, from);
  intervals.length += runs.length;
  const to = intervals.length;
  builder.reserve();
  const n = builder.count++;
  builder.image[n] = image;
  builder.maskStart[n] = from;
  builder.maskEnd[n] = to;
  builder.area[n] = builder.maskArea[n] = maskArea(intervals.data, from, to);
  const mask = { data: intervals.data, from, to };
  maskBox(mask, { height, width, hadForegroundRuns: true }, builder.box, 4 * n);
  maskExtent(mask, height, builder.maskExtent, 4 * n);
  builder.score[n] = builder.maskScore[n] = 1;
}

/** Return the labels of a flattened truth as predictions, for every image of a file. */
function perfectLabels({ images, objects }: Dataset, truth: FlatTruth): Predictions {
  const builder = newBuilder();
  const sameFile = Map.groupBy(images.fileNames.keys(), (i) => stem(images.fileNames[i]));
  truth.images.forEach((first, file) => {
    for (const image of sameFile.get(stem(images.fileNames[first]))!) {
      const size = { width: images.width[image], height: images.height[image] };
      for (let l = truth.labelStart[file]; l < truth.labelStart[file + 1]; l++) {
        const own = truth.runStart[l] < truth.runStart[l + 1];
        const of = truth.object[l];
        const runs = own
          ? truth.runs.subarray(truth.runStart[l], truth.runStart[l + 1])
          : objects.intervals[objects.part[of]].subarray(objects.maskStart[of], objects.maskEnd[of]);
        appendMask(builder, image, runs, size);
      }
    }
  });
  return predictionsFrom(builder);
}

const canvas = thread.keep(
  () => ({ pixels: new Uint8Array(0) }),
  ({ pixels }) => pixels.length,
);
/** Zeros, one per pixel of an image; whoever writes others clears them. */
const scratch = {
  get(size: number): Uint8Array {
    const kept = canvas.get();
    if (kept.pixels.length < size) kept.pixels = new Uint8Array(size);
    return kept.pixels;
  },
};

/** Harmonics of the random curve: more make a rougher outline. */
const HARMONICS = 5;

/** Return every object that counts with its outline moved by `pixels`, root mean square. The same for the same truth. */
function jitterTruth({ images, objects, objectStart }: Dataset, pixels: number): Predictions {
  const builder = newBuilder();
  const random = seededRandom(pixels);
  for (let image = 0; image < images.ids.length; image++) {
    const size = { width: images.width[image], height: images.height[image] };
    for (let g = objectStart[image]; g < objectStart[image + 1]; g++) {
      const phases = Array.from({ length: HARMONICS }, () => 2 * Math.PI * random());
      if (objects.crowd[g] || objects.maskArea[g] === 0) continue;
      const list = objects.intervals[objects.part[g]];
      const runs = jitterMask(list.subarray(objects.maskStart[g], objects.maskEnd[g]), size, { pixels, phases });
      if (runs.length > 0) appendMask(builder, image, runs, size);
    }
  }
  return predictionsFrom(builder);
}

/**
 * Move the outline of a mask along its radii from the mask's centre by δ(θ), a sum of cosines with root mean square
 * `pixels`: a pixel is inside if the one at its place less δ is.
 *
 * @param runs first pixel and end of each run, column by column
 * @param options.phases of the cosines of θ, 2θ, …, in radians
 * @returns runs, clipped to the image; empty if nothing is left
 */
export function jitterMask(
  runs: ArrayLike<number>,
  { width, height }: { width: number; height: number },
  { pixels, phases }: { pixels: number; phases: readonly number[] },
): number[] {
  let area = 0;
  let sumX = 0;
  let sumY = 0;
  let [left, right, top, bottom] = [width, -1, height, -1];
  const inside = scratch.get(width * height);
  for (let k = 0; k < runs.length; k += 2) {
    for (let p = runs[k]; p < runs[k + 1]; p++) {
      const x = Math.floor(p / height);
      const y = p - x * height;
      inside[p] = 1;
      area++;
      sumX += x;
      sumY += y;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (area === 0) return [];
  const [cx, cy] = [sumX / area, sumY / area];
  const amplitude = pixels * Math.sqrt(2 / phases.length);
  const cosines = phases.map((phase) => amplitude * Math.cos(phase));
  const sines = phases.map((phase) => amplitude * Math.sin(phase));
  const reach = Math.ceil(amplitude * phases.length);
  const moved: number[] = [];
  for (let x = Math.max(0, left - reach); x <= Math.min(width - 1, right + reach); x++) {
    let from = -1;
    for (let y = Math.max(0, top - reach); y <= Math.min(height - 1, bottom + reach) + 1; y++) {
      const is = y <= Math.min(height - 1, bottom + reach) && movedFrom(x, y);
      if (is && from < 0) from = x * height + y;
      if (!is && from >= 0) {
        // a run may go on from the foot of the column before
        if (moved[moved.length - 1] === from) moved[moved.length - 1] = x * height + y;
        else moved.push(from, x * height + y);
        from = -1;
      }
    }
  }
  for (let k = 0; k < runs.length; k += 2) inside.fill(0, runs[k], runs[k + 1]);
  return moved;

  function movedFrom(x: number, y: number): boolean {
    const [dx, dy] = [x - cx, y - cy];
    const radius = Math.hypot(dx, dy);
    const [ux, uy] = radius > 0 ? [dx / radius, dy / radius] : [1, 0];
    let [cos, sin] = [ux, uy];
    let delta = 0;
    for (let h = 0; h < cosines.length; h++) {
      delta += cosines[h] * cos - sines[h] * sin;
      [cos, sin] = [cos * ux - sin * uy, sin * ux + cos * uy];
    }
    const [sx, sy] = [Math.round(x - delta * ux), Math.round(y - delta * uy)];
    return sx >= 0 && sy >= 0 && sx < width && sy < height && inside[sx * height + sy] === 1;
  }
}

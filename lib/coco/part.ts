/**
 * Parts of a data set. A part lists all images, so that files of predictions can be read as ever, and has the objects of
 * some: only those are scored. Detections on the other images are ignored.
 */
import {
  buildDataset,
  type Dataset,
  type Images,
  type Objects,
  type Predictions,
  pickObjects,
  share,
} from './dataset.ts';

/**
 * Return the part of ground truth that has the objects of the given images.
 *
 * @param images indices of the images that are scored, ascending
 * @param sha256 digest by which scores on this part are known
 */
export function takePart(dataset: Dataset, images: readonly number[], sha256: string): Dataset {
  const scored = new Set(images);
  const objects = pickObjects(dataset.objects, (image) => scored.has(image));
  return buildDataset(dataset.images, objects, { ...dataset.meta, sha256, scored: [...images] });
}

/** Ground truth of a part alone, with where each image of the whole is in it: -1 for those that are not scored. */
interface Kept {
  dataset: Dataset;
  indexOf: Int32Array;
}

/** By the part as it was opened: the next job uses the same one. */
const known = new WeakMap<Dataset, Kept>();

function keptOf(dataset: Dataset, scored: readonly number[]): Kept {
  const before = known.get(dataset);
  if (before) return before;
  const indexOf = new Int32Array(dataset.images.ids.length).fill(-1);
  for (const [i, image] of scored.entries()) indexOf[image] = i;
  const { ids, fileNames, width, height } = dataset.images;
  const images: Images = {
    ids: scored.map((image) => ids[image]),
    fileNames: scored.map((image) => fileNames[image]),
    width: share(Uint32Array.from(scored, (image) => width[image])),
    height: share(Uint32Array.from(scored, (image) => height[image])),
  };
  const { scored: _, ...meta } = dataset.meta;
  const kept = { dataset: buildDataset(images, renumber(dataset.objects, indexOf), meta), indexOf };
  known.set(dataset, kept);
  return kept;
}

/** The same objects on images with other numbers. */
function renumber(objects: Objects, indexOf: Int32Array): Objects {
  return { ...objects, image: share(objects.image.map((image) => indexOf[image])) };
}

/** Return the ground truth of a part without the images that are not scored; a whole data set as it is. */
export function partAlone(dataset: Dataset): Dataset {
  return dataset.meta.scored ? keptOf(dataset, dataset.meta.scored).dataset : dataset;
}

/**
 * Leave out the images that are not scored, with their detections. Ground truth that is no part, and its predictions,
 * are returned as they are. Call it when all objects of the ground truth are there.
 */
export function keepPart<P extends Predictions>(
  dataset: Dataset,
  predictions: P,
): { dataset: Dataset; predictions: P; partial: boolean } {
  const { scored } = dataset.meta;
  if (!scored) return { dataset, predictions, partial: false };
  const { dataset: kept, indexOf } = keptOf(dataset, scored);
  // several images may have one name: those of the group that are scored remain
  const groups = predictions.groups.map((group) =>
    group.flatMap((image) => (indexOf[image] < 0 ? [] : indexOf[image])),
  );
  const stays = (image: number): boolean => (image < 0 ? groups[-1 - image].length > 0 : indexOf[image] >= 0);
  const detections = pickObjects(predictions.detections, stays);
  for (const [k, image] of detections.image.entries()) detections.image[k] = image < 0 ? image : indexOf[image];
  return { dataset: kept, predictions: { ...predictions, detections, groups }, partial: true };
}

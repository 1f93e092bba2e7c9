/** What an entry did on each image, from stored outcomes. */
import { accumulate } from '../coco/accumulate.ts';
import type { Evaluating } from '../coco/match.ts';
import { ERROR_KINDS, type ErrorKind, NOT_COUNTED } from './error-kinds.ts';
import { evaluatingOf, type Outcomes } from './outcomes.ts';
import { largestOf } from './slice-table.ts';

/** Numbers of one image. Errors are counted at IoU 0.5 and the entry's score threshold. */
export interface ImageRow {
  /** index among the data set's images */
  image: number;
  /** its file */
  name: string;
  AP: number | null;
  /** objects that count */
  objects: number;
  /** detections at or above the score threshold, and all */
  detections: number;
  allDetections: number;
  /** objects not found, by kind; for `duplicate` and `background`, detections */
  errors: Record<ErrorKind, number>;
}

/** Errors of these kinds are counted by detection, the others by object. */
const BY_DETECTION: readonly ErrorKind[] = ['duplicate', 'background'];

/** Compute a row per image, in the order of the data set. */
export function makeImageTable(outcomes: Outcomes, evaluating: Evaluating = evaluatingOf(outcomes)): ImageRow[] {
  const { entryStart, objectStart, objectKind, kind, score, scoreThreshold, unscored } = outcomes;
  const { ranking, matches } = evaluating;
  return outcomes.fileNames.map((name, image): ImageRow => {
    const [from, to] = [entryStart[image], entryStart[image + 1]];
    const order = Uint32Array.from({ length: to - from }, (_, k) => from + k); // an image's entries are by score
    const slice = { images: Uint32Array.of(image), order };
    const { precision } = accumulate(
      { matches, ranking, slice },
      { sizeClass: 0, maxDets: largestOf(evaluating, slice.images) },
    );
    const errors = Object.fromEntries(ERROR_KINDS.map((name) => [name, 0])) as Record<ErrorKind, number>;
    const count = (code: number, side: 'object' | 'detection'): void => {
      const name = code === NOT_COUNTED ? undefined : ERROR_KINDS[code - 1];
      if (name && BY_DETECTION.includes(name) === (side === 'detection')) errors[name]++;
    };
    for (let g = objectStart[image]; g < objectStart[image + 1]; g++) count(objectKind[g], 'object');
    for (let e = from; e < to; e++) count(kind[e], 'detection');
    let detections = to - from;
    if (!unscored && scoreThreshold !== null)
      while (detections > 0 && score[from + detections - 1] < scoreThreshold) detections--;
    return {
      image,
      name,
      AP: precision && precision.reduce((sum, value) => sum + value, 0) / precision.length,
      objects: matches.countable[image],
      detections,
      allDetections: to - from,
      errors,
    };
  });
}

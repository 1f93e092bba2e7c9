/** COCO ground truth into a packed data set. */

import { buildDataset, type Dataset, type DatasetMeta, type ImageId, type Images, share } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { type ImageRecord, type ReadResult, readAnnotations } from './document.ts';

/** LIVECell's only category, and the one pycocotools is told to look at (`catIds = [1]`). */
export const CELL_CATEGORY = 1;

/** Images in ascending order of id: numbers by value, texts by code unit (as numpy.unique sorts). */
export function sortImages(records: readonly ImageRecord[]): Images {
  const sorted = [...records].sort((a, b) => compareIds(a.id, b.id));
  return {
    ids: sorted.map(({ id }) => id),
    fileNames: sorted.map(({ fileName }) => fileName),
    width: share(Uint32Array.from(sorted, ({ width }) => width)),
    height: share(Uint32Array.from(sorted, ({ height }) => height)),
  };
}

function compareIds(a: ImageId, b: ImageId): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

/**
 * Reads COCO ground truth. `annotations` may be a list or an object keyed by id, before or after `images`; what the
 * reference cannot read although it is meaningful is read: a missing `iscrowd` is 0, a missing `area` the mask's pixels.
 *
 * @param open starts the stream of the file's bytes; called again when the file has to be read twice
 * @param sha256 of the file, asked for when the stream has ended
 * @throws FileRejected
 */
export async function readGroundTruth(
  open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sha256: () => string,
  onBytes?: (bytes: number) => void,
): Promise<Dataset> {
  let images: Images | null = null;
  let index: ImageResolver | null = null;
  let category = CELL_CATEGORY;
  // at most three looks: annotations before images, and a category other than 1, each cost one
  for (let look = 0; look < 3; look++) {
    const problems = new ProblemList();
    let result: ReadResult;
    try {
      result = await readAnnotations(
        open(),
        {
          kind: 'ground-truth',
          problems,
          images,
          index,
          category,
          onImages: (records) => {
            if (records.length === 0) return null;
            checkImages(records, problems);
            if (problems.count > 0) throw new FileRejected([]); // the list below
            images = sortImages(records);
            index = new ImageResolver(images);
            return { images, index };
          },
        },
        onBytes,
      );
    } catch (error) {
      if (!(error instanceof FileRejected)) throw error;
      throw problems.rejection(error.problems);
    }
    checkImages(result.images, problems);
    if (problems.count > 0) throw problems.rejection();
    if (result.images.length === 0) break;
    if (result.needsImages) {
      images = sortImages(result.images);
      index = new ImageResolver(images);
      continue;
    }
    // ground truth with a single category counts it, whatever its number; one that has a category 1 counts only that
    const [other] = result.otherCategories.keys();
    const hasOwn = result.objects.count > 0 || result.categoryIds.includes(category);
    if (!hasOwn && result.otherCategories.size === 1) {
      category = other;
      continue;
    }
    warnOfGroundTruth([result], category, problems);
    const meta: DatasetMeta = { sha256: sha256(), category, warnings: problems.warnings() };
    return buildDataset(images ?? sortImages(result.images), result.objects, meta);
  }
  throw new FileRejected({ code: 'no-images', message: 'The document lists no images.' });
}

function checkImages(records: readonly ImageRecord[], problems: ProblemList): void {
  const seen = new Set<ImageId>();
  for (const { id, fileName } of records) {
    if (seen.has(id)) {
      problems.add('duplicate-image', () => ({ image: fileName, message: `Image id ${id} occurs twice in “images”.` }));
    }
    seen.add(id);
  }
}

/** What is legal but odd about ground truth: shared ids (pycocotools silently replaces the first) and other categories. */
export function warnOfGroundTruth(parts: ReadResult[], category: number, problems: ProblemList): void {
  const ids = new Float64Array(parts.reduce((sum, part) => sum + part.ids.length, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part.ids, at);
    at += part.ids.length;
    for (const [id, count] of part.otherCategories) {
      problems.warn(
        'category-not-scored',
        `Annotations of categories other than ${category} are not scored.`,
        `category ${id}: ${count}`,
        count,
      );
    }
  }
  ids.sort();
  for (let k = 1; k < ids.length; k++) {
    if (ids[k] === ids[k - 1]) {
      problems.warn('duplicate-annotation-id', 'Annotations share an id; all are kept.', String(ids[k]));
    }
  }
}

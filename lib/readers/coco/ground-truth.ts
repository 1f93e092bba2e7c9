/** COCO ground truth into a packed data set. */
import { buildDataset, type Dataset, type ImageId, type Images, type Objects, share } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { checkGroundTruth } from './check-ground-truth.ts';
import { readAnnotations } from './document.ts';
import type { ImageRecord, ReadResult } from './reading.ts';

/** LIVECell's only category, and the one pycocotools is told to look at (`catIds = [1]`). */
export const CELL_CATEGORY = 1;

/** Images in ascending order of id: numbers by value, texts by code unit (as numpy.unique sorts). */
export function sortImages(records: readonly ImageRecord[]): Images {
  const sorted = [...records].sort(compareImages);
  return {
    ids: sorted.map(({ id }) => id),
    fileNames: sorted.map(({ fileName }) => fileName),
    width: share(Uint32Array.from(sorted, ({ width }) => width)),
    height: share(Uint32Array.from(sorted, ({ height }) => height)),
  };
}

function compareImages(a: ImageRecord, b: ImageRecord): number {
  if (typeof a.id === 'number' && typeof b.id === 'number') return a.id - b.id;
  const isNumber = ({ id, largeNumber }: ImageRecord) => typeof id === 'number' || largeNumber;
  if (isNumber(a) && isNumber(b) && Number.isInteger(Number(a.id)) && Number.isInteger(Number(b.id))) {
    const [left, right] = [BigInt(a.id), BigInt(b.id)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return String(a.id) < String(b.id) ? -1 : String(a.id) > String(b.id) ? 1 : 0;
}

/**
 * Read COCO ground truth. `annotations` may be a list or an object keyed by id, before or after `images`; what the
 * reference cannot read although it is meaningful is read: a missing `iscrowd` is 0, a missing `area` the mask's pixels.
 *
 * @param open starts the stream of the file's bytes; called again when the file has to be read twice
 * @param sha256 of the file, asked for when the stream has ended
 * @param options.category the category that is a cell; 1, or the only one there is, unless stated
 * @throws FileRejected
 */
export async function readGroundTruth(
  open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sha256: () => string,
  { category: wanted, onBytes }: { category?: number; onBytes?: (bytes: number) => void } = {},
): Promise<Dataset> {
  let images: Images | null = null;
  let index: ImageResolver | null = null;
  let category = wanted ?? CELL_CATEGORY;
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
    const hasOwn = result.objects.count > 0 || result.categories.some(({ id }) => id === category);
    if (!hasOwn && result.otherCategories.size === 1 && wanted === undefined) {
      category = other;
      continue;
    }
    return finishGroundTruth([result], {
      images: images ?? sortImages(result.images),
      objects: result.objects,
      category,
      problems,
      sha256: sha256(),
    });
  }
  throw new FileRejected({ code: 'no-images', message: 'The document lists no images.' });
}

/** Judge annotations that have been read to their end, possibly in parts, and pack them. @throws FileRejected */
export function finishGroundTruth(
  parts: readonly ReadResult[],
  {
    images,
    objects,
    category,
    problems,
    sha256,
  }: { images: Images; objects: Objects; category: number; problems: ProblemList; sha256: string },
): Dataset {
  const { boxesOnly } = checkGroundTruth(parts, { images, objects, category, problems });
  if (problems.count > 0) throw problems.rejection();
  const warnings = problems.warnings();
  return buildDataset(images, objects, { sha256, category, warnings, ...(boxesOnly && { boxesOnly }) });
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

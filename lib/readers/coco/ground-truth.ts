/** Converts COCO ground truth to a packed data set. */
import { buildDataset, type Dataset, type ImageId, type Images, type Objects, share } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { ProblemList, quoted, shortened } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { checkGroundTruth } from './check-ground-truth.ts';
import { readAnnotations } from './document.ts';
import type { ImageRecord, ReadResult } from './reading.ts';

/** LIVECell's only category, and the one pycocotools evaluates here (`catIds = [1]`). */
export const CELL_CATEGORY = 1;

/** Sort images by ascending id: numbers by value, texts by code unit (as numpy.unique sorts). */
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
 * Read COCO ground truth. `annotations` may be a list or an object keyed by id, before or after `images`. Meaningful
 * input that the reference rejects is accepted: a missing `iscrowd` is 0, a missing `area` the mask's pixels.
 *
 * @param open starts the stream of the file's bytes; called again if the file must be read twice
 * @param sha256 returns the file's digest, called at the end of the stream
 * @param options.category the category of cells; default: 1, or the only one there is
 * @throws FileRejected
 */
export async function readGroundTruth(
  open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sha256: () => string,
  { category: wanted, onBytes }: { category?: number | string; onBytes?: (bytes: number) => void } = {},
): Promise<Dataset> {
  let images: Images | null = null;
  let index: ImageResolver | null = null;
  let category = typeof wanted === 'number' ? wanted : CELL_CATEGORY;
  // at most three passes: annotations before images, and a category other than 1, each cost one more
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
            if (problems.count > 0) throw new FileRejected([]); // reported with the list below
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
    // if there is a single category, it counts, whatever its number; if there is a category 1, only that counts
    const [other] = result.otherCategories.keys();
    if (typeof wanted === 'string') {
      const chosen = findCategory(wanted, result.categories);
      if (chosen !== category) {
        category = chosen;
        continue;
      }
    }
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

/** Return a chosen category as people write it: a number, or else a name. */
export function asCategory(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\s*-?\d{1,15}\s*$/.test(text) ? Number(text) : text;
}

/** Return the number of the category of this name. @throws FileRejected with the categories there are */
function findCategory(name: string, categories: ReadResult['categories']): number {
  const same = (other: string) => other.trim().toLowerCase() === name.trim().toLowerCase();
  const found = categories.filter((category) => same(category.name));
  if (found.length === 1) return found[0].id;
  const listed = categories.slice(0, 10).map((category) => `${category.id} (${shortened(category.name)})`);
  throw new FileRejected({
    code: 'no-annotation-of-category',
    message: `The ground truth has ${found.length === 0 ? 'no category' : 'several categories'} named ${quoted(name)}. ${listed.length === 0 ? 'It names no categories; choose one by its number.' : `Its categories are ${listed.join(', ')}.`}`,
  });
}

/** Check fully read annotations, possibly in parts, and pack them. @throws FileRejected */
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
      problems.add('duplicate-image', () => ({
        image: fileName,
        message: `Image id ${shortened(String(id))} occurs twice in “images”.`,
      }));
    }
    seen.add(id);
  }
}

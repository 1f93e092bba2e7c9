/**
 * Matches files to images by name: the image's own name, or that name with an ending added by a common tool. A file's
 * full name always takes precedence over a name without its ending.
 */
import { stem } from '#lib/livecell/cell-types.ts';
import type { Target } from '#lib/readers/coco/predictions.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { type ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';

/** A member of an archive, or a file. */
export interface LabelFile {
  name: string;
  /** unpacked */
  bytes: number;
  read(): Promise<Uint8Array>;
}

interface ChosenFile {
  file: LabelFile;
  /** as returned by `ImageResolver` */
  image: number;
}

/**
 * Endings that tools add to an image's name, removed one at a time: Cellpose (_cp_masks, _seg), StarDist (.stardist),
 * ilastik (_Object Identities, _Object-Identities), QuPath and Fiji (-labels, -mask), OME writers (.ome), and names
 * people commonly use for results.
 */
const ENDING =
  /([-_. ]?cp[-_ ]masks?|[-_. ](masks?|labels?|labelled|labeled|instances?|instance[-_ ]?ids|objects?|object[-_ ]identities|stardist|preds?|predictions?|predicted|segs?|segmentations?|segmented|ome))$/i;
const EXTENSION = /\.(tiff?|png|npy|jpe?g|bmp)$/i;

/** Cellpose writes this pickle next to its masks; only the masks count. */
const CELLPOSE_PICKLE = /_seg\.npy$/i;

/**
 * Choose the file of each image.
 *
 * @param problems receives problems with names
 * @returns in the order of the images
 */
export function chooseFiles(
  files: readonly LabelFile[],
  { images }: Target,
  index: ImageResolver,
  problems: ProblemList,
): ChosenFile[] {
  const byImage = new Map<number, LabelFile>();
  const first = (image: number): number => index.firstOf(image);
  // pickles last: they count only if nothing else matches
  const pickles = files.filter(({ name }) => CELLPOSE_PICKLE.test(name));
  const others = files.filter(({ name }) => !CELLPOSE_PICKLE.test(name));
  for (const file of [...others, ...pickles]) {
    const image = imageOf(file.name, index);
    if (image === UNKNOWN_IMAGE) {
      problems.add('unknown-image', () => ({
        message: explainUnknown(file.name, index, images.fileNames[0] ?? 'image'),
      }));
      continue;
    }
    const other = byImage.get(image);
    if (other && pickles.includes(file)) continue;
    if (other) {
      problems.add('two-label-images', () => ({
        image: images.fileNames[first(image)],
        message: `${quoted(other.name)} and ${quoted(file.name)} are both for image ${images.fileNames[first(image)]}. Send one label image per image.`,
      }));
      continue;
    }
    if (!index.haveOneSize(image, images)) {
      problems.add('ambiguous-image', () => ({
        image: images.fileNames[first(image)],
        message: `${quoted(file.name)}: the file name stands for images of different sizes. Send COCO results with image ids instead.`,
      }));
      continue;
    }
    byImage.set(image, file);
  }
  return [...byImage].map(([image, file]) => ({ file, image })).sort((a, b) => first(a.image) - first(b.image));
}

function explainUnknown(name: string, index: ImageResolver, example: string): string {
  const [one, two] = namesOfLabels(name).flatMap((text) => index.candidates(text));
  if (one !== undefined && two !== undefined) {
    return `${quoted(name)} could belong to ${quoted(one)} or ${quoted(two)}. Put it into a folder named as that of its image.`;
  }
  const unknown = `${quoted(name)} belongs to no image of this data set.`;
  if (/(^|\/)arr_\d+\.npy$/.test(name)) {
    return `${unknown} Give each array the name of its image: np.savez(path, **{${quoted(stem(example))}: labels}).`;
  }
  return `${unknown} Name each label image after its image, as in “${stem(example)}_cp_masks.png”, and leave others out.`;
}

/** Return a file's name and its variants with extensions and endings removed, the longest first. */
export function namesOfLabels(name: string): string[] {
  const names = [name];
  for (let text = name; ; ) {
    let shorter = text.replace(EXTENSION, '');
    if (shorter === text) shorter = text.replace(ENDING, '');
    if (shorter === text || shorter === '' || shorter.endsWith('/')) return names;
    names.push(shorter);
    text = shorter;
  }
}

/** Find the image of a file named after it. @returns as `ImageResolver`; `UNKNOWN_IMAGE` if there is none */
export function imageOf(name: string, index: ImageResolver): number {
  for (const text of namesOfLabels(name.normalize('NFC'))) {
    const image = index.ofText(text);
    if (image !== UNKNOWN_IMAGE) return image;
    const base = text.slice(text.lastIndexOf('/') + 1);
    // an id, in any folder
    const byId = /^\d+$/.test(base) ? index.ofText(base) : UNKNOWN_IMAGE;
    if (byId !== UNKNOWN_IMAGE) return byId;
  }
  return UNKNOWN_IMAGE;
}

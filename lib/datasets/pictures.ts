/**
 * The images of a data set: read from a folder or an archive, matched with the ground truth by name and size, measured
 * under its masks, and stored as one zip archive: `<name>.png` for each image, and for the few examples also
 * `<name>.svg` with the outlines of their cells. Outlines are annotations: `lib/permissions.ts` decides who may see
 * them.
 */

import { createWriteStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inflateSync } from 'node:zlib';
import { traceOutline } from '#lib/cells/outline.ts';
import type { CheckCode } from '#lib/checks/checks.ts';
import { type Dataset, type Images, maskOf } from '#lib/coco/dataset.ts';
import { cellTypeOf, stem } from '#lib/livecell/cell-types.ts';
import { FileRejected, type Warning } from '#lib/problems.ts';
import { fileOnDisk } from '#lib/readers/files.ts';
import { decodeLabelImage } from '#lib/readers/labels/decode.ts';
import { ImageProblem } from '#lib/readers/labels/label-image.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import { openZip, type ZipMember } from '#lib/readers/zip.ts';
import { chooseExamples, type ExamplePicture } from './examples.ts';
import { encodeGreyPng } from './grey-png.ts';
import { type DatasetStatistics, datasetStatistics, intensitiesOf } from './statistics.ts';

/** Grey values, [height × width] row by row. */
type Pixels = Uint8Array;

interface PictureSource {
  /** indices of the images that have a picture, ascending; of images that share a file the first */
  images: readonly number[];
  warnings: readonly Warning[];
  /** @throws ImageProblem if the picture cannot be used */
  read(image: number): Promise<Pixels> | Pixels;
  close(): void;
}

interface File {
  name: string;
  bytes: number;
  read(): Promise<Uint8Array>;
}

const PICTURE = /\.(tiff?|png)$/i;
/** fflate writes archives without zip64, which end at 4 GB */
const MOST_BYTES = 4e9;

/**
 * Find the pictures of a data set's images in a folder (and its subfolders) or a zip archive. Files are matched by name
 * without folder and extension; files of no image are skipped with a warning, since LIVECell's own archive contains the
 * images of all splits.
 *
 * @throws FileRejected if nothing matches, two files match one image, or the archive is damaged
 */
export async function openPictures(path: string, images: Images): Promise<PictureSource> {
  const { files, close } = (await stat(path)).isDirectory() ? await filesOfFolder(path) : await filesOfZip(path);
  try {
    return { ...matchFiles(files, images), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function filesOfFolder(path: string): Promise<{ files: File[]; close(): void }> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files: File[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.') || !PICTURE.test(entry.name)) continue;
    const from = join(entry.parentPath, entry.name);
    files.push({ name: relative(path, from), bytes: (await stat(from)).size, read: () => readFile(from) });
  }
  return { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)), close: () => {} };
}

async function filesOfZip(path: string): Promise<{ files: File[]; close(): void }> {
  const { members, close } = await openZip(await fileOnDisk(path));
  return { files: members.filter(({ name }) => PICTURE.test(name)), close };
}

function matchFiles(files: readonly File[], images: Images): Omit<PictureSource, 'close'> {
  const index = new ImageResolver(images);
  const problems = new ProblemList();
  const byImage = new Map<number, File>();
  const others: string[] = [];
  for (const file of files) {
    const found = index.ofText(file.name);
    if (found === UNKNOWN_IMAGE) {
      others.push(file.name);
      continue;
    }
    const image = index.firstOf(found);
    const before = byImage.get(image);
    if (before) {
      problems.add('two-pictures', () => ({
        image: images.fileNames[image],
        message: `${quoted(before.name)} and ${quoted(file.name)} are both pictures of one image. Leave one of them out.`,
      }));
    } else byImage.set(image, file);
  }
  const named = new Set([...byImage.keys()].map((image) => images.fileNames[image]));
  for (const name of others) {
    // a file of another split may be called like images that have their pictures
    const [one, two] = index.candidates(name).filter((candidate) => !named.has(candidate));
    if (one === undefined) continue;
    problems.add('ambiguous-picture', () => ({
      image: one,
      message: `${quoted(name)} could be the picture of ${two === undefined ? `${quoted(one)} or of an image of the same name` : `${quoted(one)} or ${quoted(two)}`}. Put it into a folder named as that of its image.`,
    }));
  }
  if (byImage.size === 0) {
    const example = images.fileNames.length > 0 ? `, such as ${quoted(images.fileNames[0])}` : '';
    problems.add('no-pictures', () => ({
      message: `None of the ${files.length.toLocaleString('en')} TIFF and PNG files is named as an image of this data set${example}.`,
    }));
  }
  if (problems.count > 0) throw problems.rejection();
  const missing = [...new Set(images.fileNames)].filter((name) => !named.has(name)).map(stem);
  const unknown = 'in the folder or archive belong to no image of this data set and are left out';
  warnOfImages(problems, 'unknown-image', others, unknown);
  warnOfImages(problems, 'image-without-picture', missing, 'of the data set have no picture');
  return {
    images: [...byImage.keys()].sort((a, b) => a - b),
    warnings: problems.warnings(),
    async read(image) {
      const file = byImage.get(image);
      if (!file) throw new Error(`Image ${image} has no picture.`);
      const size = { width: images.width[image], height: images.height[image] };
      if (file.bytes > 4 * size.width * size.height + LIMITS.labelImageSpare) {
        throw new ImageProblem('picture-too-large', `${quoted(file.name)} is far larger than an 8-bit grey image.`);
      }
      try {
        return decodePicture(await file.read(), size);
      } catch (error) {
        if (!(error instanceof ImageProblem)) throw error;
        throw new ImageProblem(error.code, `${quoted(file.name)}: ${error.message}`);
      }
    },
  };
}

/** @param what completes the sentence “12 images …” */
function warnOfImages(problems: ProblemList, code: CheckCode, names: readonly string[], what: string): void {
  if (names.length === 0) return;
  const message = `${names.length.toLocaleString('en')} images ${what}, such as ${quoted(names[0])}.`;
  problems.warn(code, message, quoted(names[0]), names.length);
}

const AS_GREY = 'Write it as an 8-bit grey TIFF or PNG.';

/** Problems of label images as problems of pictures, with the remedy where it is another one. */
const AS_PICTURE: Readonly<Partial<Record<CheckCode, { code: CheckCode; remedy?: string }>>> = {
  'not-a-label-image': { code: 'not-a-picture', remedy: AS_GREY },
  'label-image-damaged': { code: 'picture-damaged' },
  'label-image-size': { code: 'picture-size', remedy: 'Pictures have to have the size that the ground truth says.' },
  'label-image-too-large': { code: 'picture-too-large', remedy: 'Leave it out.' },
  'label-image-not-grey': { code: 'picture-not-grey', remedy: AS_GREY },
  'label-image-unsupported': { code: 'picture-unsupported', remedy: AS_GREY },
  'label-image-one-value': { code: 'picture-one-value', remedy: AS_GREY },
  'label-image-stack': { code: 'picture-stack', remedy: AS_GREY },
  'label-image-float': { code: 'picture-float', remedy: AS_GREY },
};

/**
 * Return the grey values of an 8-bit TIFF or PNG; 0 is black, whichever way the file stores it. @throws ImageProblem
 */
export function decodePicture(bytes: Uint8Array, expected: { width: number; height: number }): Pixels {
  try {
    const { bits, labels, palette, whiteIsZero } = decodeLabelImage(bytes, expected, (data, most) =>
      inflateSync(data, { maxOutputLength: most, chunkSize: Math.max(64, most) }),
    );
    if (palette) throw new ImageProblem('label-image-not-grey', 'it is an image with a palette. ');
    if (labels instanceof Uint8Array && bits === 8) return whiteIsZero ? labels.map((value) => 255 - value) : labels;
    throw new ImageProblem('label-image-unsupported', `it has ${bits} bits per pixel. `);
  } catch (error) {
    if (!(error instanceof ImageProblem)) throw error;
    const { code, remedy } = AS_PICTURE[error.code] ?? { code: error.code };
    // the first sentence states what was found; arrays are read as label images alone
    const [found] = error.message.split(/[.;](?= |$)/);
    const message = remedy ? `${found.replace(', nor a NumPy array', '')}. ${remedy}` : error.message;
    throw new ImageProblem(code, message);
  }
}

interface PackedPictures {
  files: number;
  examples: ExamplePicture[];
  statistics: DatasetStatistics;
  warnings: readonly Warning[];
}

/**
 * Read every picture once: measure its cells and write it into the archive at `outPath`. Memory holds one picture.
 *
 * @throws FileRejected with all problems of the pictures
 */
export async function packPictures(
  dataset: Dataset,
  source: PictureSource,
  outPath: string,
  onPicture?: (done: number, of: number) => void,
): Promise<PackedPictures> {
  const { images } = dataset;
  const { Zip, ZipPassThrough } = await import('fflate');
  const examples = new Set(chooseExamples(images.fileNames, source.images));
  const names = pictureNames(images.fileNames);
  const same = Map.groupBy(images.fileNames.keys(), (i) => images.fileNames[i]);
  const problems = new ProblemList();
  const intensities: (number[] | null)[] = images.ids.map(() => null);

  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  const add = (name: string, bytes: Uint8Array) => {
    const member = new ZipPassThrough(name); // PNG is already compressed
    member.mtime = new Date(1980, 0, 1); // a fixed time, so that the same pictures give the same bytes
    zip.add(member);
    member.push(bytes, true);
  };
  const archive = async function* (): AsyncGenerator<Uint8Array> {
    let done = 0;
    let total = 0;
    for (const image of source.images) {
      const name = names[image];
      try {
        const pixels = await source.read(image);
        // a file that is listed twice has two sets of annotations
        for (const i of same.get(images.fileNames[image]) ?? []) intensities[i] = intensitiesOf(dataset, i, pixels);
        if (problems.count === 0) {
          add(`${name}.png`, encodeGreyPng(pixels, { width: images.width[image], height: images.height[image] }));
          if (examples.has(image)) add(`${name}.svg`, new TextEncoder().encode(outlinesOf(dataset, image)));
        }
      } catch (error) {
        if (!(error instanceof ImageProblem)) throw error;
        problems.add(error.code, () => ({ image: images.fileNames[image], message: error.message }));
      }
      for (const chunk of chunks.splice(0)) {
        total += chunk.length;
        yield chunk;
      }
      if (total > MOST_BYTES) {
        const message = 'The pictures need more than 4 GB. Register a part of them.';
        throw new FileRejected({ code: 'pictures-too-large', message });
      }
      onPicture?.(++done, source.images.length);
    }
    if (problems.count > 0) throw new FileRejected(problems.problems(), [...source.warnings]);
    zip.end();
    yield* chunks.splice(0);
  };
  await pipeline(Readable.from(archive()), createWriteStream(outPath));
  return {
    files: source.images.length,
    examples: chooseExamples(images.fileNames, source.images).map((image) => {
      const name = names[image];
      return {
        cellType: cellTypeOf(images.fileNames[image]),
        name,
        width: images.width[image],
        height: images.height[image],
      };
    }),
    statistics: datasetStatistics(dataset, intensities),
    warnings: source.warnings,
  };
}

/**
 * Return the name of each image's picture in the archive, without extension: the file name without folder and extension, or
 * in full where two images would be called the same. Names that are still equal are numbered: `a/b.tif` and `a__b.tif`.
 */
export function pictureNames(fileNames: readonly string[]): string[] {
  const different = [...new Set(fileNames)];
  const byStem = Map.groupBy(different, stem);
  const names = new Map<string, string>();
  const taken = new Set<string>();
  // short names first: they stay as they are
  const alone = (name: string): boolean => byStem.get(stem(name))!.length === 1;
  for (const name of [...different.filter(alone), ...different.filter((other) => !alone(other))]) {
    const wanted = alone(name) ? stem(name) : name.replace(/[/\\]+/g, '__');
    let free = wanted;
    for (let number = 2; taken.has(free); number++) free = `${wanted}__${number}`;
    taken.add(free);
    names.set(name, free);
  }
  return fileNames.map((name) => names.get(name)!);
}

/** Draw the outlines of all cells of an image as an SVG of its size, to lay over its picture. */
function outlinesOf({ images, objectStart, objects }: Dataset, image: number): string {
  const [width, height] = [images.width[image], images.height[image]];
  let path = '';
  for (let k = objectStart[image]; k < objectStart[image + 1]; k++) {
    if (objects.crowd[k] || objects.maskArea[k] === 0) continue;
    const extent = objects.maskExtent.subarray(4 * k, 4 * k + 4);
    const rings = traceOutline(maskOf(objects, k), height, [extent[0], extent[1], extent[2], extent[3]]);
    for (const ring of rings) {
      path += `M${ring[0]} ${ring[1]}`;
      for (let i = 2; i < ring.length; i += 2) path += `l${ring[i] - ring[i - 2]} ${ring[i + 1] - ring[i - 1]}`;
      path += 'z';
    }
  }
  // points are in half pixels
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${2 * width} ${2 * height}" preserveAspectRatio="none"><path d="${path}" fill="none" stroke="#ffb92e" stroke-width="0.9" stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>`;
}

/** Recently read archives, oldest first: listing thousands of members takes longer than reading one. */
const opened = new Map<string, Promise<{ byName: Map<string, ZipMember>; close(): void }>>();
const MOST_OPENED = 4;

/**
 * Read one member of an archive that `packPictures` wrote; null if none has this name. The archive stays open for the
 * next call: it never changes, since new pictures of a data set are written to a new file.
 */
export async function readPicture(packPath: string, name: string): Promise<Uint8Array | null> {
  const open =
    opened.get(packPath) ??
    fileOnDisk(packPath)
      .then(openZip)
      .then(({ members, close }) => ({
        byName: new Map(members.map((member) => [member.name, member])),
        close,
      }));
  opened.delete(packPath);
  opened.set(packPath, open);
  if (opened.size > MOST_OPENED) {
    const [[path, oldest]] = opened;
    opened.delete(path);
    oldest.then(({ close }) => close()).catch(() => {});
  }
  try {
    const { byName } = await open;
    return (await byName.get(name)?.read()) ?? null;
  } catch (error) {
    opened.delete(packPath); // an archive that could not be opened is tried again
    throw error;
  }
}

/**
 * Converts what other tools write to COCO results. Each tool is a function from files to detections; what they share is
 * here: the images, finding one by name, masks from polygons and labels, and errors that say where the fault is.
 */
import type { Images } from '#lib/coco/dataset.ts';
import { appendPolygon } from '#lib/coco/polygon.ts';
import {
  appendIntervals,
  CountsBuffer,
  countsFromIntervals,
  decodeCounts,
  encodeCounts,
  IntervalBuffer,
  maskArea,
} from '#lib/coco/rle.ts';
import { namesOfLabels } from '#lib/readers/labels/label-files.ts';
import type { Inflate } from '#lib/readers/labels/label-image.ts';
import { ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';

/** One detection of the COCO results format. */
export interface Detection {
  image_id: number | string;
  category_id: number;
  score: number;
  segmentation?: { size: [height: number, width: number]; counts: string };
  bbox?: [x: number, y: number, width: number, height: number];
}

/** A file as the tool wrote it; `name` may have folders, separated by `/`. */
export interface GivenFile {
  name: string;
  bytes: Uint8Array;
}

/** What is wrong with a file; the message says where and how to mend it. */
export class ConvertError extends Error {}

/** What a converter works with. */
export class Conversion {
  readonly images: Pick<Images, 'ids' | 'fileNames' | 'width' | 'height'>;
  readonly category: number;
  readonly inflate: Inflate;
  readonly detections: Detection[] = [];
  /** sentences for the caller; each kind once */
  readonly warnings = new Map<string, { message: string; count: number }>();
  readonly #resolver: ImageResolver;
  readonly #buffer = new IntervalBuffer();

  constructor(options: { images: Conversion['images']; category: number; inflate: Inflate }) {
    this.images = options.images;
    this.category = options.category;
    this.inflate = options.inflate;
    this.#resolver = new ImageResolver(options.images);
  }

  /** Count a warning; only the first message of a kind is kept. */
  warn(kind: string, message: string): void {
    const known = this.warnings.get(kind);
    if (known) known.count++;
    else this.warnings.set(kind, { message, count: 1 });
  }

  /**
   * Find the image that a file's name or an id in it refers to.
   *
   * @throws ConvertError if there is none
   */
  imageOf(name: string | number, where: string): number {
    const found = this.findImage(name);
    if (found !== null) return found;
    const [example] = this.images.fileNames;
    throw new ConvertError(
      `${where}: “${name}” is no image of this data set. Names are expected as in the list of images, such as ${example ?? 'image.tif'}.`,
    );
  }

  /** Find the image that a file is named after. @throws ConvertError */
  imageOfFile({ name }: GivenFile): number {
    return this.imageOf(name.replace(/\.(geojson|json|txt)$/i, ''), name);
  }

  /** Find the image by an id, or by a name with or without folders, extension and a tool's ending; null: none. */
  findImage(name: string | number): number | null {
    const found =
      typeof name === 'number'
        ? this.#resolver.ofNumber(name)
        : (namesOfLabels(name)
            .map((text) => this.#resolver.ofText(text))
            .find((image) => image !== UNKNOWN_IMAGE) ?? UNKNOWN_IMAGE);
    return found === UNKNOWN_IMAGE ? null : this.#resolver.firstOf(found);
  }

  size(image: number): { width: number; height: number } {
    return { width: this.images.width[image], height: this.images.height[image] };
  }

  /** Add a detection whose mask is given by intervals of pixels, by columns; one without pixels is left out. */
  addMask(image: number, score: number, { data, from, to }: { data: Uint32Array; from: number; to: number }): void {
    if (maskArea(data, from, to) === 0) {
      this.warn('empty', 'Detections without a single pixel were left out.');
      return;
    }
    const { width, height } = this.size(image);
    const counts = encodeCounts(countsFromIntervals(data, from, to, width * height));
    this.detections.push({
      image_id: this.images.ids[image],
      category_id: this.category,
      score,
      segmentation: { size: [height, width], counts },
    });
  }

  /** Add a detection whose only outline is a box. */
  addBox(image: number, score: number, bbox: NonNullable<Detection['bbox']>): void {
    this.detections.push({ image_id: this.images.ids[image], category_id: this.category, score, bbox });
  }

  /**
   * Add a detection from rings of a polygon: the pixels that an odd number of the rings of one part cover, so that a
   * ring within another is a hole; and the union of the parts.
   *
   * @param parts of rings of x0, y0, x1, y1 … in pixels
   */
  addRings(image: number, score: number, parts: readonly (readonly ArrayLike<number>[])[]): void {
    const { width, height } = this.size(image);
    const buffer = this.#buffer;
    buffer.length = 0;
    const [part] = parts;
    if (parts.length === 1 && part.length === 1) {
      appendPolygon({ xy: part[0], from: 0, points: part[0].length >> 1 }, { height, width }, buffer);
      this.addMask(image, score, { data: buffer.data, from: 0, to: buffer.length });
      return;
    }
    // change of the number of rings at each pixel, by part
    const covered = new Uint8Array(width * height);
    for (const rings of parts) {
      const odd = new Uint8Array(width * height);
      for (const xy of rings) {
        buffer.length = 0;
        appendPolygon({ xy, from: 0, points: xy.length >> 1 }, { height, width }, buffer);
        for (let i = 0; i < buffer.length; i += 2)
          for (let p = buffer.data[i]; p < buffer.data[i + 1]; p++) odd[p] ^= 1;
      }
      for (let p = 0; p < odd.length; p++) covered[p] |= odd[p];
    }
    this.addPixels(image, score, covered);
  }

  /** Add a detection from a byte per pixel, by columns; 0 is background. */
  addPixels(image: number, score: number, byColumns: Uint8Array): void {
    const buffer = this.#buffer;
    buffer.length = 0;
    for (let p = 0; p < byColumns.length; p++) {
      if (!byColumns[p] || (p > 0 && byColumns[p - 1])) continue;
      let end = p;
      while (end < byColumns.length && byColumns[end]) end++;
      buffer.reserve(2);
      buffer.data[buffer.length++] = p;
      buffer.data[buffer.length++] = end;
      p = end;
    }
    this.addMask(image, score, { data: buffer.data, from: 0, to: buffer.length });
  }

  /**
   * Add a detection from COCO's run-length encoding, compressed or not, as many tools write it.
   *
   * @throws ConvertError if it is not one, or of another image's size
   */
  addRle(image: number, score: number, rle: unknown, where: string): void {
    const { width, height } = this.size(image);
    const { size, counts } = (rle ?? {}) as { size?: unknown; counts?: unknown };
    if (!Array.isArray(size) || size[0] !== height || size[1] !== width)
      throw new ConvertError(
        `${where}: the mask is of an image of ${sizeInWords(size)} pixels (height × width), but this one has ${height} × ${width}.`,
      );
    const buffer = this.#buffer;
    buffer.length = 0;
    let runs: ArrayLike<number>;
    let length: number;
    if (Array.isArray(counts) && counts.every((run) => Number.isSafeInteger(run) && run >= 0)) {
      runs = counts;
      length = counts.length;
    } else if (typeof counts === 'string') {
      // the decoder reads strings as they stand in JSON, with backslashes doubled
      const bytes = new TextEncoder().encode(JSON.stringify(counts).slice(1, -1));
      length = decodeCounts(bytes, 0, bytes.length, COUNTS);
      runs = COUNTS.data;
    } else throw new ConvertError(`${where}: “counts” of the mask is neither a text nor a list of whole numbers.`);
    if (length < 0) throw new ConvertError(`${where}: “counts” of the mask is damaged.`);
    buffer.reserve(length + 2);
    if (appendIntervals(runs, length, buffer) !== width * height)
      throw new ConvertError(`${where}: the runs of the mask do not add up to ${height} × ${width} pixels.`);
    this.addMask(image, score, { data: buffer.data, from: 0, to: buffer.length });
  }
}

const COUNTS = new CountsBuffer();

function sizeInWords(size: unknown): string {
  return Array.isArray(size) ? size.map(String).join(' × ') : 'no stated number of';
}

/** Parse a JSON file. @throws ConvertError */
export function parseJson({ name, bytes }: GivenFile): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes).replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ConvertError(`${name} is not JSON: ${(error as Error).message}`);
  }
}

/** Return a number from 0 to 1 or above; @throws ConvertError for anything else */
export function scoreOf(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ConvertError(`${where}: the score is ${JSON.stringify(value) ?? 'missing'}; expected a number.`);
}

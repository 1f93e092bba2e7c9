/**
 * COCO JSON, as a stream: result files (an array of detections), whole documents with scores, and ground truth. One
 * parser reads all three straight from bytes into columns (`Objects`); nothing is kept per record but its numbers.
 *
 * Every record is checked. What is wrong is reported with the record's number, counted from 1 in file order; a file
 * with problems is rejected as a whole, so reading goes on only to find the other problems.
 */

import type { ImageId, Images, Objects } from '#lib/coco/dataset.ts';
import { ObjectsBuilder } from '#lib/coco/dataset.ts';
import { appendPolygon, appendPolygons } from '#lib/coco/polygon.ts';
import { appendIntervals, BAD_CHARACTER, CUT_STRING, maskBox, maskExtent } from '#lib/coco/rle.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { type ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import {
  ABSENT,
  type AnnotationRecord,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  NO_MASK,
  OPEN_BRACE,
  OPEN_BRACKET,
  POLYGONS,
  PRESENT,
  QUOTE,
  RecordParser,
  RLE_STRING,
  WORDS,
  WRONG,
  WRONG_MASK,
} from './annotation-record.ts';
import { OrdinaryRecords, type Target } from './fast-records.ts';
import { JsonScanner, NEED_MORE, scanStream } from './json-scanner.ts';

export interface ImageRecord {
  id: ImageId;
  fileName: string;
  width: number;
  height: number;
}

export interface ReadOptions {
  kind: 'predictions' | 'ground-truth';
  problems: ProblemList;
  /** sizes and names of the images; for ground truth they come from the file itself, before the annotations */
  images: Images | null;
  index: ImageResolver | null;
  /** the category that is a cell; others are counted and left out */
  category: number;
  /** every category is a cell: others are counted all the same */
  anyCategory?: boolean;
  /** for ground truth: called once, at the first annotation, with the images read so far */
  onImages?: (records: ImageRecord[]) => { images: Images; index: ImageResolver } | null;
  /** images of a predictions document by its own ids, when they are known from an earlier look */
  fileImages?: Map<ImageId, number>;
  /** start inside the array of records (of a document?): the bytes before have been read by somebody else */
  insideArray?: 'of-file' | 'of-document';
  /** offset of the file at which the bytes begin */
  from?: number;
  /** stop before the first record that starts at or after this offset of the file */
  stopAt?: number;
  capacity?: number;
  /** what the file's first detection has, for who starts in the middle */
  firstHas?: FirstRecord;
}

/** What the first detection has decides how the whole file is read, as in pycocotools' `loadRes`. */
export interface FirstRecord {
  /** masks have scores of their own */
  maskScore: boolean;
  /** boxes are given; else size classes go by the masks' pixels for `bbox` too */
  box: boolean;
}

/** What reading found, beside the problems. */
export interface ReadResult {
  objects: Objects;
  ids: Float64Array;
  records: number;
  otherCategories: Map<number, number>;
  withoutMask: number;
  /** offset of the file at which reading stopped: the end, or a record's start */
  stoppedAt: number;
  /** the document's categories, when it had any */
  categoryIds: number[];
  images: ImageRecord[];
  /** annotations came before images, so that they could not be understood: read again with what is known now */
  needsImages: boolean;
  /** a predictions document's own numbering of images */
  fileImages?: Map<ImageId, number>;
  /** lowest and highest image id that is not in the data set */
  unknownIds: { min: number; max: number };
  firstHas?: FirstRecord;
}

type State = 'start' | 'array' | 'object' | 'document' | 'images' | 'end';

/**
 * Reads annotations from a stream of bytes into columns.
 *
 * @throws FileRejected when the file's syntax is broken or a budget is exceeded
 */
export async function readAnnotations(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadOptions,
  onBytes?: (bytes: number) => void,
): Promise<ReadResult> {
  const ordinary = idle.pop() ?? new OrdinaryRecords();
  const reader = new AnnotationReader(options, ordinary);
  await scanStream(
    reader.scanner,
    chunks,
    () => reader.run(),
    onBytes,
    (bytes) => ordinary.window(bytes),
  );
  idle.push(ordinary); // not after an error, when it may still be in use
  return reader.result();
}

/** Kernels nobody uses at the moment: a file is read in many parts. */
const idle: OrdinaryRecords[] = [];

/** The same for bytes that lie in memory. */
export class AnnotationReader {
  readonly scanner = new JsonScanner();
  private readonly options: ReadOptions;
  private readonly problems: ProblemList;
  private readonly parser: RecordParser;
  private readonly record: AnnotationRecord;
  private readonly builder: ObjectsBuilder;
  private readonly predictions: boolean;
  private images: Images | null;
  private index: ImageResolver | null;
  private perImage: Uint32Array;
  private state: State;
  private inDocument = false;
  private first = true;
  private firstKey = true;
  private records = 0;
  private ids = new Float64Array(256);
  private otherCategories = new Map<number, number>();
  private withoutMask = 0;
  /** what the first detection has, which decides for the file, as in the reference (`loadRes`) */
  private firstHas: FirstRecord | null;
  private categoryIds: number[] = [];
  private imageRecords: ImageRecord[] = [];
  private fileImages: Map<ImageId, number> | null;
  private stopped = false;
  private needsImages = false;
  /** the short way, where the bytes lie in its memory */
  private readonly ordinary: OrdinaryRecords | null;
  private ordinaryTarget: Target | null = null;
  private seenAnnotations = false;
  private seenImages = false;
  /** all values of the document so far, which counts by file name would be */
  private onlyNumbers = true;

  constructor(options: ReadOptions, ordinary: OrdinaryRecords | null = null) {
    this.options = options;
    this.ordinary = ordinary;
    this.problems = options.problems;
    this.images = options.images;
    this.index = options.index;
    this.perImage = new Uint32Array(options.images?.ids.length ?? 0);
    this.predictions = options.kind === 'predictions';
    this.builder = new ObjectsBuilder(this.predictions, options.capacity);
    this.fileImages = options.fileImages ?? null;
    this.firstHas = options.firstHas ?? null;
    this.parser = new RecordParser(
      this.scanner,
      () => this.records + 1,
      () => this.title(this.records + 1),
    );
    this.record = this.parser.record;
    this.scanner.base = options.from ?? 0;
    this.state = options.insideArray ? 'array' : 'start';
    this.inDocument = options.insideArray === 'of-document';
    this.seenAnnotations = this.seenImages = options.insideArray !== undefined;
  }

  /** Where the reader stands when it has stopped at a record: in a list of the file, of a document, or elsewhere. */
  get place(): 'of-file' | 'of-document' | null {
    return this.stopped && this.state === 'array' ? (this.inDocument ? 'of-document' : 'of-file') : null;
  }

  /** Looks at the record ahead without taking it. */
  look(): FirstRecord {
    const { scanner, record } = this;
    const { pos } = scanner;
    this.parser.parse();
    scanner.pos = pos;
    return { maskScore: record.maskScoreState === PRESENT, box: record.boxState === PRESENT };
  }

  result(): ReadResult {
    return {
      objects: this.builder.finish(),
      ids: this.ids.subarray(0, this.builder.count),
      records: this.records,
      otherCategories: this.otherCategories,
      withoutMask: this.withoutMask,
      stoppedAt: this.scanner.base + this.scanner.pos,
      categoryIds: this.categoryIds,
      images: this.imageRecords,
      needsImages: this.needsImages,
      fileImages: this.fileImages ?? undefined,
      unknownIds: this.unknownIds,
      firstHas: this.firstHas ?? undefined,
    };
  }

  /** Consumes units (records, keys of the document) until the window or the file ends; see `scanStream`. */
  run(): void {
    const { scanner } = this;
    for (;;) {
      const unit = scanner.pos;
      const { state, first, firstKey } = this;
      try {
        if (this.step()) return;
      } catch (error) {
        if (error === NEED_MORE) {
          scanner.pos = unit;
          this.state = state;
          this.first = first;
          this.firstKey = firstKey;
        } else if (error instanceof FileRejected) this.sayWhere(error.problems);
        throw error;
      }
    }
  }

  /** Broken syntax is easier to find with the record's number beside the byte's. */
  private sayWhere([problem]: Problem[]): void {
    if (!problem) return;
    if ((this.state !== 'array' && this.state !== 'object') || this.options.insideArray) return;
    problem.record ??= this.records + 1;
  }

  /** One unit. @returns whether reading is finished */
  private step(): boolean {
    const { scanner } = this;
    switch (this.state) {
      case 'start': {
        if (scanner.base === 0 && scanner.pos === 0) {
          if (scanner.end < 3 && !scanner.final) throw NEED_MORE;
          if (scanner.bytes[0] === 0xef && scanner.bytes[1] === 0xbb && scanner.bytes[2] === 0xbf) scanner.pos = 3;
        }
        const c = scanner.peek();
        if (c === OPEN_BRACE) {
          scanner.pos++;
          this.inDocument = true;
          this.state = 'document';
        } else if (c === OPEN_BRACKET && this.predictions) {
          scanner.pos++;
          this.openRecords('array');
        } else {
          if (this.predictions) this.refuseCountsAsCsv();
          if (c === OPEN_BRACKET || c === QUOTE || c === 45 || (c >= 48 && c <= 57)) this.wrongTopLevel();
          scanner.fail(this.predictions ? 'expected an array of detections' : 'expected a COCO document');
        }
        return false;
      }
      case 'array':
        if (!this.takeOrdinary()) this.next();
        return this.stopped;
      case 'object':
        this.next();
        return this.stopped;
      case 'document':
        this.documentKey();
        return false;
      case 'images':
        this.nextImage();
        return false;
      default:
        if (!scanner.atEnd()) scanner.fail('expected the end of the file');
        return true;
    }
  }

  private wrongTopLevel(): never {
    throw new FileRejected({
      code: 'not-a-list',
      message: this.predictions
        ? 'The file is JSON but not a list of detections. Write an array of {image_id, score, segmentation, bbox}.'
        : 'The file is JSON but not a COCO document. Write {images: […], annotations: […], categories: […]}.',
    });
  }

  /** A table of counts belongs to another task, or into another slot: that says more than where its syntax breaks. */
  private refuseCountsAsCsv(): void {
    const { scanner } = this;
    const text = new TextDecoder().decode(scanner.bytes.slice(scanner.pos, Math.min(scanner.end, scanner.pos + 80)));
    if (/^"?image"?\s*[,;\t]\s*"?count"?\s*$/i.test(text.split(/[\r\n]/, 1)[0])) throw countsAsPredictions();
  }

  private openRecords(container: 'array' | 'object'): void {
    this.first = true;
    this.state = container;
    this.seenAnnotations = true;
    if (this.options.onImages && !this.images && this.options.stopAt !== 0) {
      const found = this.options.onImages(this.imageRecords);
      if (found) {
        this.images = found.images;
        this.index = found.index;
        this.perImage = new Uint32Array(found.images.ids.length);
      } else this.needsImages = true;
    }
  }

  /** The next record of the list, or its end. */
  private next(): void {
    const { scanner } = this;
    const close = this.state === 'array' ? CLOSE_BRACKET : CLOSE_BRACE;
    if (this.first) {
      if (!this.options.insideArray && scanner.take(close)) {
        this.closeRecords();
        return;
      }
    } else if (!scanner.take(COMMA)) {
      if (scanner.take(close)) {
        this.closeRecords();
        return;
      }
      scanner.fail(
        `expected a comma or the end of the ${this.state === 'array' ? 'list' : 'object'} after record ${this.records.toLocaleString('en')}`,
      );
    }
    let c = scanner.peek();
    if (c === close && !this.first)
      scanner.fail(`a comma follows the last record, number ${this.records.toLocaleString('en')}`);
    if (this.options.stopAt !== undefined && scanner.base + scanner.pos >= this.options.stopAt) {
      this.stopped = true;
      return;
    }
    if (this.state === 'object') {
      scanner.string();
      scanner.expect(COLON, 'a colon');
      c = scanner.peek();
    }
    if (c !== OPEN_BRACE) {
      if (c === OPEN_BRACKET || c === QUOTE || scanner.atNumber()) {
        throw new FileRejected({
          code: 'not-a-list',
          record: this.records + 1,
          message: `Record ${(this.records + 1).toLocaleString('en')} is not an object. Each ${this.noun()} has to be {image_id, ${this.predictions ? 'score, ' : ''}segmentation, bbox}.`,
        });
      }
      scanner.fail('expected an object');
    }
    if (this.needsImages) scanner.skip();
    else {
      this.parser.parse();
      this.records++;
      this.accept();
    }
    this.first = false;
    if (this.records > LIMITS.detections) {
      throw new FileRejected({
        code: 'too-many-detections',
        message: this.predictions
          ? `The file has more than ${LIMITS.detections.toLocaleString('en')} detections. Raise the score threshold: LIVECell's whole test set has 462,261 cells.`
          : `The file has more than ${LIMITS.detections.toLocaleString('en')} annotations.`,
      });
    }
  }

  /** As many records as are written like the ones before, and right. @returns whether there were any */
  private takeOrdinary(): boolean {
    const { scanner, parser, images, index, firstHas, options, predictions, fileImages, ordinary } = this;
    if (!ordinary || this.first || !firstHas || !images || !index || this.needsImages) return false;
    this.ordinaryTarget ??= { groundTruth: !predictions, category: options.category, images, index, fileImages };
    const stopAt = options.stopAt ?? Number.POSITIVE_INFINITY;
    const most = LIMITS.detections - this.records;
    const taken = ordinary.take(scanner, stopAt, most, parser.learned, firstHas, this.ordinaryTarget);
    if (!taken) return false;
    if (taken.ids) this.roomForIds(taken.image.length).set(taken.ids, this.builder.count);
    for (const image of taken.image) {
      this.records++;
      this.countIn(image);
    }
    this.withoutMask += taken.withoutMask;
    this.builder.append(taken);
    this.checkIntervals();
    return true;
  }

  private noun(): string {
    return this.predictions ? 'detection' : 'annotation';
  }

  private closeRecords(): void {
    this.state = this.inDocument ? 'document' : 'end';
    this.firstKey = false;
  }

  private documentKey(): void {
    const { scanner } = this;
    if (scanner.take(CLOSE_BRACE)) {
      if (!this.seenAnnotations) {
        if (this.predictions && this.onlyNumbers && !this.firstKey) throw countsAsPredictions();
        throw new FileRejected({
          code: 'not-a-list',
          message: this.predictions
            ? 'The file is a JSON object without “annotations”. Write a list of detections, or a COCO document whose annotations have scores.'
            : 'The document has no “annotations”.',
        });
      }
      if (!this.predictions && !this.seenImages) {
        throw new FileRejected({ code: 'no-images', message: 'The document has no “images”.' });
      }
      this.state = 'end';
      return;
    }
    if (!this.firstKey) scanner.expect(COMMA, 'a comma');
    scanner.string();
    const isAnnotations = scanner.is(WORDS.annotations);
    const isImages = scanner.is(WORDS.images);
    const isCategories = scanner.is(WORDS.categories);
    scanner.expect(COLON, 'a colon');
    const c = scanner.peek();
    if (isAnnotations && (c === OPEN_BRACKET || c === OPEN_BRACE)) {
      scanner.pos++;
      this.openRecords(c === OPEN_BRACKET ? 'array' : 'object');
    } else if (isImages && c === OPEN_BRACKET) {
      scanner.pos++;
      this.seenImages = true;
      this.first = true;
      this.state = 'images';
    } else if (isCategories && c === OPEN_BRACKET) {
      const from = scanner.pos;
      scanner.skip();
      const categories = this.parseSmall<{ id?: unknown }[]>(from, '“categories”');
      this.categoryIds = categories.map((category) => Number(category?.id));
      this.firstKey = false;
    } else {
      if (!scanner.atNumber()) this.onlyNumbers = false;
      scanner.skip();
      this.firstKey = false;
    }
  }

  private nextImage(): void {
    const { scanner } = this;
    const first = this.first;
    if (scanner.take(CLOSE_BRACKET)) {
      this.state = 'document';
      this.firstKey = false;
      if (this.predictions && this.index) this.mapFileImages(this.index);
      return;
    }
    if (!first) scanner.expect(COMMA, 'a comma or the end of “images”');
    if (scanner.peek() !== OPEN_BRACE) scanner.fail('expected an image object');
    const from = scanner.pos;
    scanner.skip();
    this.first = false;
    const { id, file_name, width, height } = this.parseSmall<{
      id?: unknown;
      file_name?: unknown;
      width?: unknown;
      height?: unknown;
    }>(from, `image ${this.imageRecords.length + 1}`);
    const ok =
      (typeof id === 'number' || typeof id === 'string') &&
      (this.predictions ||
        (typeof file_name === 'string' &&
          Number.isInteger(width) &&
          Number.isInteger(height) &&
          (width as number) > 0 &&
          (height as number) > 0 &&
          (width as number) * (height as number) < 2 ** 31));
    if (!ok) {
      this.problems.add('bad-image', () => ({
        record: this.imageRecords.length + 1,
        message: `Image ${this.imageRecords.length + 1} of “images” needs an id, a file_name, and a width and height in pixels.`,
      }));
    }
    this.imageRecords.push({
      id: id as ImageId,
      fileName: typeof file_name === 'string' ? file_name : '',
      width: width as number,
      height: height as number,
    });
  }

  /** A value of human size that was just skipped, from `from` to here, as an object. */
  private parseSmall<T>(from: number, what: string): T {
    try {
      return JSON.parse(new TextDecoder().decode(this.scanner.bytes.slice(from, this.scanner.pos))) as T;
    } catch {
      this.scanner.pos = from;
      return this.scanner.fail(`${what} is not valid JSON`);
    }
  }

  /** A predictions document may number images its own way: its file names say which are meant. */
  private mapFileImages(index: ImageResolver): void {
    this.fileImages = new Map();
    const listed = index.groups.map((): ImageId[] => []);
    for (const { id, fileName } of this.imageRecords) {
      if (!fileName || (typeof id !== 'number' && typeof id !== 'string')) continue;
      const image = index.ofText(fileName);
      const group = image < 0 && image !== UNKNOWN_IMAGE ? -1 - image : null;
      // of images that share a file, the data set's own id says which is meant
      const own = typeof id === 'number' ? index.ofNumber(id) : index.ofText(id);
      const isOwn = group !== null && index.groups[group].includes(own);
      if (group !== null && !isOwn) listed[group].push(id);
      this.fileImages.set(id, isOwn ? own : image);
    }
    // a document with ids of its own that lists a file as often as the data set does means one image by each
    for (const [g, ids] of listed.entries()) {
      const group = index.groups[g];
      if (ids.length === group.length) for (const [k, id] of ids.entries()) this.fileImages.set(id, group[k]);
    }
    // names of which none is known say nothing: then the ids have to be the data set's
    if ([...this.fileImages.values()].every((image) => image === UNKNOWN_IMAGE)) this.fileImages.clear();
    if (this.seenAnnotations && this.fileImages.size > 0) this.needsImages = true;
  }

  // --- checking and storing ---

  private title(record: number): string {
    return `${this.predictions ? 'Detection' : 'Annotation'} ${record.toLocaleString('en')}`;
  }

  private problem(code: string, what: () => string, image?: number): void {
    this.problems.add(code, () => {
      const problem: Omit<Problem, 'code'> = {
        record: this.records,
        message: `${this.title(this.records)}: ${what()}`,
      };
      if (image !== undefined) problem.image = this.imageName(image);
      return problem;
    });
  }

  private imageName(image: number): string {
    return this.images!.fileNames[image >= 0 ? image : this.index!.groups[-1 - image][0]];
  }

  private resolveImage(): number {
    const { record, index } = this;
    if (record.imageState !== PRESENT) {
      this.problem(
        'image-id-missing',
        () =>
          `image_id is ${record.imageState === ABSENT ? 'missing' : 'not a number or a name'}. Use the data set's own image ids or its file names.`,
      );
      return UNKNOWN_IMAGE;
    }
    // detections of an image nearly always stand together
    if (!record.imageIsText && record.imageNumber === this.lastId) return this.lastImage;
    const id = record.imageIsText ? record.imageText : record.imageNumber;
    const mapped = this.fileImages?.get(id);
    const image =
      mapped ?? (record.imageIsText ? index!.ofText(record.imageText) : index!.ofNumber(record.imageNumber));
    if (image === UNKNOWN_IMAGE) {
      if (this.predictions) {
        if (!record.imageIsText && mapped === undefined) this.noteUnknown(record.imageNumber);
        const several = typeof id === 'string' && mapped === undefined ? index!.candidates(id) : [];
        this.problem(several.length > 1 ? 'ambiguous-image' : 'unknown-image', () =>
          several.length > 1
            ? `the name ${quoted(id as string)} stands for several images (${several.slice(0, 3).map(quoted).join(', ')}); write the full path, or the image's id.`
            : mapped === undefined
              ? `image ${typeof id === 'string' ? quoted(id) : id} is not in this data set. Use the data set's own image ids or its file names.`
              : `image ${id} is listed in the file's “images” under a file name that is not in this data set. Leave other images out.`,
        );
      } else {
        this.problems.warn(
          'annotation-without-image',
          'Annotations of images that “images” does not list are never evaluated.',
          typeof id === 'string' ? quoted(id) : String(id),
        );
      }
    } else if (!record.imageIsText) {
      this.lastId = record.imageNumber;
      this.lastImage = image;
    }
    return image;
  }
  private lastId = Number.NaN;
  private lastImage = UNKNOWN_IMAGE;

  /** Lowest and highest unknown numeric id, and how many there are: re-indexed files show it. */
  readonly unknownIds = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  private noteUnknown(id: number): void {
    if (id < this.unknownIds.min) this.unknownIds.min = id;
    if (id > this.unknownIds.max) this.unknownIds.max = id;
  }

  /** Checks the record and appends it to the columns. */
  private accept(): void {
    const { record, builder } = this;
    this.firstHas ??= { maskScore: record.maskScoreState === PRESENT, box: record.boxState === PRESENT };
    if (record.categoryState === WRONG) {
      this.problem(
        'category-not-a-number',
        () => 'category_id is not a number; leave it out, or write the number of the category.',
      );
      return;
    }
    if (record.categoryState === PRESENT && record.category !== this.options.category) {
      this.otherCategories.set(record.category, (this.otherCategories.get(record.category) ?? 0) + 1);
      if (this.otherCategories.size > LIMITS.categories) {
        throw new FileRejected({
          code: 'too-many-categories',
          record: this.records,
          message: `The file has more than ${LIMITS.categories.toLocaleString('en')} different values of category_id.`,
        });
      }
      if (!this.options.anyCategory) return;
    }
    const image = this.resolveImage();
    if (image === UNKNOWN_IMAGE) return;
    const any = image >= 0 ? image : this.index!.groups[-1 - image][0];
    const height = this.images!.height[any];
    const width = this.images!.width[any];
    if (image < 0 && !this.sameSize(this.index!.groups[-1 - image])) {
      this.problem(
        'ambiguous-image',
        () => 'the file name stands for images of different sizes; use image ids.',
        image,
      );
      return;
    }

    if (this.predictions && !this.checkScores(image)) return;

    builder.reserve();
    const n = builder.count;
    const { intervals } = builder;
    const from = intervals.length;
    const boxAt = 4 * n;
    if (record.boxState === WRONG || (record.boxState === PRESENT && !this.finiteBox())) {
      this.problem('bad-box', () => 'bbox has to be four finite numbers [x, y, width, height].', image);
      return;
    }
    if (record.boxState === PRESENT && (record.box[2] < 0 || record.box[3] < 0)) {
      this.problem(
        'negative-box',
        () =>
          `bbox [${record.box.join(', ')}] has a negative size; write [x, y, width, height], not two corners in another order.`,
        image,
      );
      return;
    }
    if (record.mask === NO_MASK) {
      if (record.boxState !== PRESENT) {
        this.problem(
          'nothing-to-score',
          () => 'there is neither a segmentation nor a bbox; write at least one of them.',
          image,
        );
        return;
      }
      if (!this.predictions) {
        this.problem(
          'no-mask',
          () => 'there is no segmentation, and masks are scored: write run lengths or polygons.',
          image,
        );
        return;
      }
      this.withoutMask++;
    } else if (!this.appendMask(height, width, image)) {
      intervals.length = from;
      return;
    }
    this.checkIntervals();
    this.countIn(any);

    const to = intervals.length;
    builder.maskStart[n] = from;
    builder.maskEnd[n] = to;
    // the mask's own extent, for pairs worth comparing; and its box [x, y, w, h], for detections without one
    const extent = builder.maskExtent;
    builder.maskArea[n] = maskExtent(intervals.data, from, to, height, extent, boxAt);
    if (record.boxState === PRESENT) for (let k = 0; k < 4; k++) builder.box[boxAt + k] = record.box[k];
    else if (record.mask !== NO_MASK)
      maskBox(intervals.data, from, to, height, width, this.hadForegroundRuns, builder.box, boxAt);
    builder.image[n] = image;
    if (this.predictions) {
      const b = builder.box;
      builder.area[n] =
        this.firstHas!.box || record.mask === NO_MASK ? b[boxAt + 2] * b[boxAt + 3] : builder.maskArea[n];
      builder.score[n] = record.score;
      builder.maskScore[n] = this.firstHas!.maskScore ? record.maskScore : record.score;
      this.warnOfOddities(n, to === from, width, height, image);
    } else {
      builder.area[n] =
        record.areaState === PRESENT && Number.isFinite(record.area) ? record.area : builder.maskArea[n];
      builder.crowd[n] = record.crowd;
      this.roomForIds(1)[n] = record.id;
    }
    builder.count++;
  }

  private checkIntervals(): void {
    if (this.builder.intervals.length / 2 <= LIMITS.intervals) return;
    throw new FileRejected({
      code: 'too-many-runs',
      message: `The masks have more than ${LIMITS.intervals.toLocaleString('en')} runs together. Raise the score threshold.`,
    });
  }

  /** One more record of an image. */
  private countIn(image: number): void {
    if (++this.perImage[image] <= LIMITS.detectionsPerImage) return;
    throw new FileRejected({
      code: 'too-many-detections-in-image',
      record: this.records,
      image: this.imageName(image),
      message: `${this.title(this.records)}: image ${this.imageName(image)} has more than ${LIMITS.detectionsPerImage.toLocaleString('en')} ${this.noun()}s${this.predictions ? '. Raise the score threshold: the densest image of LIVECell has 3,015 cells' : ''}.`,
    });
  }

  private roomForIds(extra: number): Float64Array {
    const needed = this.builder.count + extra;
    if (needed > this.ids.length) {
      const grown = new Float64Array(Math.max(needed, this.ids.length * 2));
      grown.set(this.ids);
      this.ids = grown;
    }
    return this.ids;
  }

  private sameSize(group: number[]): boolean {
    const { width, height } = this.images!;
    return group.every((i) => width[i] === width[group[0]] && height[i] === height[group[0]]);
  }

  private finiteBox(): boolean {
    for (let i = 0; i < 4; i++) if (!(Math.abs(this.record.box[i]) <= 1e7)) return false;
    return true;
  }

  private checkScores(image: number): boolean {
    const { record } = this;
    if (record.scoreState !== PRESENT) {
      this.problem(
        record.scoreState === ABSENT ? 'score-missing' : 'score-not-a-number',
        () =>
          record.scoreState === ABSENT
            ? 'score is missing; every detection needs one. Predictions without scores can be sent as label images.'
            : 'score is not a number; write a number, without quotes.',
        image,
      );
      return false;
    }
    if (!Number.isFinite(record.score)) {
      this.problem('score-not-finite', () => `score is ${record.score}; it has to be a finite number.`, image);
      return false;
    }
    if (this.firstHas!.maskScore && (record.maskScoreState !== PRESENT || !Number.isFinite(record.maskScore))) {
      this.problem(
        'mask-score-missing',
        () =>
          'mask_score is missing or not finite, although the first detection has one; write it for all or for none.',
        image,
      );
      return false;
    }
    return true;
  }

  private warnOfOddities(n: number, empty: boolean, width: number, height: number, image: number): void {
    const { record, builder } = this;
    const example = (): string => this.imageName(image);
    if (empty && record.mask !== NO_MASK) {
      this.problems.warn(
        'empty-mask',
        'Masks without pixels can match nothing and count as false positives.',
        example(),
      );
    } else if (this.hadEmptyRuns && record.mask !== NO_MASK) {
      this.problems.warn(
        'empty-runs',
        'Masks with runs of length 0 are read as their pixels; pycocotools compares such masks only in part.',
        example(),
      );
    }
    if (record.boxState !== PRESENT) return;
    const b = builder.box;
    if (b[4 * n + 2] === 0 || b[4 * n + 3] === 0) {
      this.problems.warn('empty-box', 'Boxes without area can match nothing and count as false positives.', example());
    } else if (
      b[4 * n] < -1 ||
      b[4 * n + 1] < -1 ||
      b[4 * n] + b[4 * n + 2] > width + 1 ||
      b[4 * n + 1] + b[4 * n + 3] > height + 1
    ) {
      this.problems.warn(
        'box-beyond-border',
        'Boxes reach beyond the image; bbox is [x, y, width, height] in pixels.',
        example(),
      );
    }
  }

  private hadForegroundRuns = false;
  private hadEmptyRuns = false;

  private appendMask(height: number, width: number, image: number): boolean {
    const { record, builder } = this;
    const { intervals } = builder;
    if (record.mask === POLYGONS) return this.appendPolygonMask(height, width, image);
    if (record.mask === WRONG_MASK) {
      this.problem(
        'bad-segmentation',
        () => 'segmentation has to be {size: [height, width], counts: "…" or […]} or polygons [[x, y, …], …].',
        image,
      );
      return false;
    }
    if (record.sizeState !== PRESENT) {
      this.problem(
        'mask-size-missing',
        () => `the run-length mask has no size [height, width]; here that is [${height}, ${width}].`,
        image,
      );
      return false;
    }
    if (record.height !== height || record.width !== width) {
      const swapped = record.height === width && record.width === height;
      this.problem(
        'wrong-mask-size',
        () =>
          `the mask's size is [${record.height}, ${record.width}] but the image is ${height} pixels high and ${width} wide${swapped ? ': swap height and width' : '; size is [height, width] of the original image, not of a resized one'}.`,
        image,
      );
      return false;
    }
    let runs: number;
    let counts: ArrayLike<number>;
    if (record.mask === RLE_STRING) {
      runs = record.runs;
      counts = record.counts.data;
      if (runs < 0) {
        this.problem(
          'bad-rle-string',
          () =>
            `the counts string is not COCO's run-length code (${runs === BAD_CHARACTER ? 'it has a character outside “0” to “o”' : runs === CUT_STRING ? 'it ends in the middle of a number' : 'a run is negative'}). Write pycocotools' encode(), decoded as ASCII.`,
          image,
        );
        return false;
      }
    } else {
      runs = record.listLength;
      counts = record.numbers;
      for (let i = 0; i < runs; i++) {
        if (!(counts[i] >= 0) || counts[i] !== Math.floor(counts[i])) {
          this.problem('bad-rle-list', () => `run ${i + 1} is ${counts[i]}; runs are whole numbers from 0 up.`, image);
          return false;
        }
      }
    }
    if (runs > LIMITS.runsPerMask) {
      this.problem(
        'mask-too-long',
        () => `the mask has more than ${LIMITS.runsPerMask.toLocaleString('en')} runs; that of a cell has some dozens.`,
        image,
      );
      return false;
    }
    const first = intervals.length;
    const total = appendIntervals(counts, runs, intervals);
    if (total !== height * width) {
      this.problem(
        'runs-do-not-add-up',
        () =>
          `the runs add up to ${total.toLocaleString('en')} pixels but the image has ${(height * width).toLocaleString('en')} (${height} × ${width}); they have to cover it all, column by column, background first.`,
        image,
      );
      return false;
    }
    this.hadForegroundRuns = runs > 1;
    this.hadEmptyRuns = intervals.length - first < 2 * (runs >> 1);
    return true;
  }

  private appendPolygonMask(height: number, width: number, image: number): boolean {
    const { record, builder } = this;
    const parts = record.partStart.length - 1;
    let crossings = 0;
    for (let p = 0; p < parts; p++) {
      const from = record.partStart[p];
      const to = record.partStart[p + 1];
      if (to - from < 6) {
        this.problem(
          'bad-polygon',
          () => `a polygon has ${to - from} numbers; it needs at least three points, [x, y, x, y, x, y].`,
          image,
        );
        return false;
      }
      let before = 0;
      for (let i = from; i < to; i++) {
        const at = record.numbers[i];
        if (!(Math.abs(at) <= 1e7)) {
          this.problem('bad-polygon', () => `a polygon coordinate is ${at}; coordinates are pixels.`, image);
          return false;
        }
        if ((i - from) & 1) continue;
        const x = at < 0 ? 0 : at > width ? width : at;
        crossings += Math.abs(x - before) + 1;
        before = x;
      }
    }
    // a line that goes to and fro across the image has a run for every column it crosses
    if (crossings > 2 * LIMITS.runsPerMask) {
      this.problem(
        'mask-too-long',
        () => `the polygons make a mask of more than ${LIMITS.runsPerMask.toLocaleString('en')} runs.`,
        image,
      );
      return false;
    }
    this.hadForegroundRuns = this.hadEmptyRuns = false; // rasterising leaves none
    if (parts === 1) {
      appendPolygon(record.numbers, 0, record.partStart[1] >> 1, height, width, builder.intervals);
    } else {
      const lists = Array.from({ length: parts }, (_, p) =>
        record.numbers.subarray(record.partStart[p], record.partStart[p + 1]),
      );
      appendPolygons(lists, height, width, builder.intervals);
    }
    return true;
  }
}

function countsAsPredictions(): FileRejected {
  return new FileRejected({
    code: 'counts-not-predictions',
    message:
      'The file holds a count per image, and predictions are wanted here: a mask or box and a score for each cell, as COCO results or label images. Counts belong to the task “Fluorescence counts”.',
  });
}

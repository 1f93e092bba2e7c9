/**
 * Reads COCO JSON as a stream: result files (an array of detections), whole documents with scores, and ground truth.
 * One state machine reads all of them from bytes: it finds the records, `RecordParser` parses each, `RecordAcceptor`
 * judges it and stores it in columns. Only a record's numbers are kept.
 *
 * Result files may also be one record per line (JSON Lines), several lists in a row, or objects with the list under
 * “predictions” or “results”.
 *
 * Every record is checked. Problems are reported with the record's number, counted from 1 in file order; a file with
 * problems is rejected as a whole, so reading continues only to find further problems.
 */

import type { ImageId } from '#lib/coco/dataset.ts';
import { thread } from '#lib/kernels/thread-state.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { RecordAcceptor } from './accept-record.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  FIELDS,
  OPEN_BRACE,
  OPEN_BRACKET,
  PRESENT,
  QUOTE,
  RecordParser,
  WORDS,
} from './annotation-record.ts';
import { parseExactly } from './exact-json.ts';
import { OrdinaryRecords, type Target } from './fast-records.ts';
import { type FileImages, mapFileImages, warnOfSizes } from './file-images.ts';
import { JsonScanner, NEED_MORE, scanStream } from './json-scanner.ts';
import { count, countsAsPredictions, wrongImage } from './messages.ts';
import type { FirstRecord, ImageRecord, ReadOptions, ReadResult } from './reading.ts';

type State = 'start' | 'array' | 'object' | 'lines' | 'document' | 'images' | 'end';

/** Keys under which frameworks store a list of detections. */
const RESULT_KEYS = ['predictions', 'results', 'detections'].map((key) => new TextEncoder().encode(key));

/** Number of keys of the first object that are examined to tell a record from a document. */
const MOST_KEYS = 16;

/**
 * Read annotations from a stream of bytes into columns.
 *
 * @throws FileRejected if the file's syntax is broken or a limit is exceeded
 */
export async function readAnnotations(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadOptions,
  onBytes?: (bytes: number) => void,
): Promise<ReadResult> {
  if (options.onRecord) {
    const reader = new DocumentReader(options);
    await scanStream(reader.scanner, chunks, () => reader.run(), { onBytes });
    return reader.result();
  }
  const ordinary = idle.get().pop() ?? new OrdinaryRecords();
  const reader = new DocumentReader(options, ordinary);
  await scanStream(reader.scanner, chunks, () => reader.run(), { onBytes, memory: (bytes) => ordinary.window(bytes) });
  idle.get().push(ordinary); // not after an error, when it may still be in use
  return reader.result();
}

/** Kernels that no reader is using: a file is read in many parts. */
const idle = thread.keep(
  (): OrdinaryRecords[] => [],
  (kernels) => kernels.reduce((sum, { bytes }) => sum + bytes, 0),
);

/** The state machine over bytes in memory. */
export class DocumentReader {
  readonly scanner = new JsonScanner();
  private readonly options: ReadOptions;
  private readonly parser: RecordParser;
  private readonly acceptor: RecordAcceptor;
  private readonly predictions: boolean;
  private state: State;
  private inDocument: boolean;
  /** no record of this list, and no key of this document, has been read yet */
  private first = true;
  private firstKey = true;
  /** the bytes begin after the list's opening bracket */
  private fromMiddle: boolean;
  private categories: { id: number; name: string }[] = [];
  private imageRecords: ImageRecord[] = [];
  private fileImages: FileImages | null = null;
  private stopped = false;
  private needsImages = false;
  /** the fast path, if the bytes lie in its memory */
  private readonly ordinary: OrdinaryRecords | null;
  private ordinaryTarget: Target | null = null;
  private seenAnnotations: boolean;
  private seenImages: boolean;
  /** all values of the document so far are numbers, as in a table of counts by file name */
  private onlyNumbers = true;

  constructor(options: ReadOptions, ordinary: OrdinaryRecords | null = null) {
    this.options = options;
    this.ordinary = ordinary;
    this.predictions = options.kind === 'predictions';
    this.parser = new RecordParser(
      this.scanner,
      () => this.acceptor.records + 1,
      () => this.acceptor.title(this.acceptor.records + 1),
      options.onRecord !== undefined,
    );
    this.acceptor = new RecordAcceptor(this.parser.record, options);
    this.scanner.base = options.from ?? 0;
    this.state = options.insideArray ? 'array' : 'start';
    this.inDocument = options.insideArray === 'of-document';
    this.fromMiddle = this.seenAnnotations = this.seenImages = options.insideArray !== undefined;
  }

  /** The position after stopping at a record: in the file's list, in a document's list, or elsewhere. */
  get place(): 'of-file' | 'of-document' | null {
    return this.stopped && this.state === 'array' ? (this.inDocument ? 'of-document' : 'of-file') : null;
  }

  /** Examine the next record without consuming it. */
  examineNext(): FirstRecord {
    const { scanner, parser } = this;
    const { pos } = scanner;
    parser.parse();
    scanner.pos = pos;
    return { maskScore: parser.record.maskScoreState === PRESENT, box: parser.record.boxState === PRESENT };
  }

  result(): ReadResult {
    return {
      ...this.acceptor.result(),
      stoppedAt: this.scanner.base + this.scanner.pos,
      categories: this.categories,
      images: this.imageRecords,
      needsImages: this.needsImages,
      unknownFileName: this.fileImages?.unknownFileName,
    };
  }

  /** Consume units (records, keys of the document) until the window or the file ends; see `scanStream`. */
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
        } else if (error instanceof FileRejected) this.addPlace(error.problems);
        throw error;
      }
    }
  }

  /** Add the record's number: it helps to find broken syntax, besides the byte offset. */
  private addPlace([problem]: Problem[]): void {
    if (!problem || this.options.insideArray) return;
    if (this.state === 'array' || this.state === 'object' || this.state === 'lines') {
      problem.record ??= this.acceptor.records + 1;
    }
  }

  /** Consume one unit. @returns whether reading is finished */
  private step(): boolean {
    switch (this.state) {
      case 'start':
        this.begin();
        return false;
      case 'array':
        if (!this.takeOrdinary()) this.next();
        return this.stopped;
      case 'object':
        this.next();
        return this.stopped;
      case 'lines':
        this.nextLine();
        return this.stopped;
      case 'document':
        this.documentKey();
        return false;
      case 'images':
        this.nextImage();
        return false;
      default:
        return this.end();
    }
  }

  // --- the file's outer structure ---

  private begin(): void {
    const { scanner, predictions } = this;
    if (scanner.base === 0 && scanner.pos === 0) {
      if (scanner.end < 3 && !scanner.final) throw NEED_MORE;
      if (scanner.bytes[0] === 0xef && scanner.bytes[1] === 0xbb && scanner.bytes[2] === 0xbf) scanner.pos = 3;
    }
    const c = scanner.peek();
    if (c === OPEN_BRACE) {
      const from = scanner.pos;
      if (this.isRecord()) {
        if (!predictions) this.refuseLines();
        scanner.pos = from;
        this.state = 'lines';
        this.openRecords('lines');
      } else {
        scanner.pos = from + 1;
        this.inDocument = true;
        this.state = 'document';
      }
      return;
    }
    if (c === OPEN_BRACKET && predictions) {
      scanner.pos++;
      this.openRecords('array');
      return;
    }
    if (predictions) this.refuseCountsAsCsv();
    if (c === OPEN_BRACKET || c === QUOTE || c === 45 || (c >= 48 && c <= 57)) this.wrongTopLevel();
    scanner.fail(predictions ? 'expected an array of detections' : 'expected a COCO document');
  }

  /** Tell a record from a document by the keys of the next object, as far as they precede any list. */
  private isRecord(): boolean {
    const { scanner } = this;
    scanner.pos++;
    for (let key = 0; key < MOST_KEYS && scanner.peek() === QUOTE; key++) {
      scanner.string();
      if (FIELDS.some((field) => field !== 'id' && scanner.is(WORDS[field]))) return true;
      if (!scanner.accept(COLON)) return false;
      const c = scanner.peek();
      if (c === OPEN_BRACE || c === OPEN_BRACKET) return false;
      scanner.skip();
      if (!scanner.accept(COMMA)) return false;
    }
    return false;
  }

  private refuseLines(): never {
    throw new FileRejected({
      code: 'not-a-list',
      message:
        'The ground truth has one annotation per line (JSON Lines). Write one document, {"images": […], "annotations": […], "categories": […]}, with all annotations in one list.',
    });
  }

  private wrongTopLevel(): never {
    throw new FileRejected({
      code: 'not-a-list',
      message: this.predictions
        ? 'The file is JSON but not a list of detections. Write an array of {image_id, score, segmentation, bbox}.'
        : 'The file is JSON but not a COCO document. Write {images: […], annotations: […], categories: […]}.',
    });
  }

  /** Throw for a table of counts by file name. */
  private refuseCountsAsCsv(): void {
    const { scanner } = this;
    const text = new TextDecoder().decode(scanner.bytes.slice(scanner.pos, Math.min(scanner.end, scanner.pos + 80)));
    if (/^"?image"?\s*[,;\t]\s*"?count"?\s*$/i.test(text.split(/[\r\n]/, 1)[0])) throw countsAsPredictions();
  }

  /** Accept nothing or another list of detections after the outermost value. @returns whether the file has ended */
  private end(): boolean {
    const { scanner } = this;
    if (scanner.atEnd()) return true;
    if (this.inDocument || !this.predictions || !scanner.accept(OPEN_BRACKET)) {
      scanner.fail('expected the end of the file');
    }
    this.openRecords('array');
    return false;
  }

  private openRecords(container: 'array' | 'object' | 'lines'): void {
    const { acceptor, options } = this;
    this.first = true;
    this.fromMiddle = false;
    this.state = container;
    this.seenAnnotations = true;
    if (options.onImages && !acceptor.images && options.stopAt !== 0) {
      const found = options.onImages(this.imageRecords);
      if (found) acceptor.setImages(found.images, found.index);
      else this.needsImages = true;
    }
  }

  private closeRecords(): void {
    this.state = this.inDocument ? 'document' : 'end';
    this.firstKey = false;
  }

  // --- records ---

  /** Read the next record of a list, or its end. */
  private next(): void {
    const { scanner, acceptor } = this;
    const { records } = acceptor;
    const close = this.state === 'array' ? CLOSE_BRACKET : CLOSE_BRACE;
    if (this.first) {
      if (!this.fromMiddle && scanner.accept(close)) {
        this.closeRecords();
        return;
      }
    } else if (!scanner.accept(COMMA)) {
      if (scanner.accept(close)) {
        this.closeRecords();
        return;
      }
      scanner.fail(
        `expected a comma or the end of the ${this.state === 'array' ? 'list' : 'object'} after record ${count(records)}`,
      );
    }
    const c = scanner.peek();
    if (c === close && !this.first) scanner.fail(`a comma follows the last record, number ${count(records)}`);
    if (this.options.stopAt !== undefined && scanner.base + scanner.pos >= this.options.stopAt) {
      this.stopped = true;
      return;
    }
    if (this.state === 'object') {
      scanner.string();
      scanner.expect(COLON, 'a colon');
    }
    this.takeRecord();
  }

  /** Read the next record of a file with one per line; commas between records are skipped. */
  private nextLine(): void {
    const { scanner } = this;
    if (scanner.atEnd()) {
      this.state = 'end';
      return;
    }
    if (!this.first) scanner.accept(COMMA);
    if (scanner.atEnd()) return;
    if (this.options.stopAt !== undefined && scanner.base + scanner.pos >= this.options.stopAt) this.stopped = true;
    else this.takeRecord();
  }

  private takeRecord(): void {
    const { scanner, acceptor } = this;
    const c = scanner.peek();
    if (c !== OPEN_BRACE) {
      if (c === OPEN_BRACKET || c === QUOTE || scanner.atNumber()) {
        const number = acceptor.records + 1;
        throw new FileRejected({
          code: 'not-a-list',
          record: number,
          message: `Record ${count(number)} is not an object. Each ${this.predictions ? 'detection' : 'annotation'} has to be {image_id, ${this.predictions ? 'score, ' : ''}segmentation, bbox}.`,
        });
      }
      scanner.fail('expected an object');
    }
    if (this.needsImages) scanner.skip();
    else {
      this.parser.parse();
      acceptor.accept();
    }
    this.first = false;
    if (acceptor.records > LIMITS.detections) {
      throw new FileRejected({
        code: 'too-many-detections',
        message: this.predictions
          ? `The file has more than ${count(LIMITS.detections)} detections. Raise the score threshold: LIVECell's whole test set has 462,261 cells.`
          : `The file has more than ${count(LIMITS.detections)} annotations.`,
      });
    }
  }

  /** Read as many valid records as have the learned form. @returns whether there were any */
  private takeOrdinary(): boolean {
    const { scanner, parser, acceptor, options, predictions, ordinary } = this;
    const { images, index, firstHas, fileImages } = acceptor;
    if (!ordinary || this.first || !firstHas || !images || !index || this.needsImages) return false;
    this.ordinaryTarget ??= { groundTruth: !predictions, category: options.category, images, index, fileImages };
    const stopAt = options.stopAt ?? Number.POSITIVE_INFINITY;
    const most = LIMITS.detections - acceptor.records;
    const { learned } = parser;
    const taken = ordinary.takeRecords(scanner, { stopAt, most, learned, firstHas, target: this.ordinaryTarget });
    if (!taken) return false;
    acceptor.acceptRecords(taken);
    return true;
  }

  // --- a document's keys ---

  private documentKey(): void {
    const { scanner, predictions } = this;
    if (scanner.accept(CLOSE_BRACE)) {
      this.checkDocument();
      this.state = 'end';
      return;
    }
    if (!this.firstKey) scanner.expect(COMMA, 'a comma');
    scanner.string();
    const isAnnotations = scanner.is(WORDS.annotations) || (predictions && RESULT_KEYS.some((key) => scanner.is(key)));
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
      const categories = this.parseSmall<{ id?: unknown; name?: unknown }[]>(from, '“categories”');
      this.categories = categories.map((category) => ({
        id: Number(category?.id),
        name: typeof category?.name === 'string' ? category.name : '',
      }));
      this.firstKey = false;
    } else {
      if (!scanner.atNumber()) this.onlyNumbers = false;
      scanner.skip();
      this.firstKey = false;
    }
  }

  private checkDocument(): void {
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
  }

  private nextImage(): void {
    const { scanner, imageRecords } = this;
    if (scanner.accept(CLOSE_BRACKET)) {
      this.state = 'document';
      this.firstKey = false;
      if (this.predictions) this.findFileImages();
      return;
    }
    if (!this.first) scanner.expect(COMMA, 'a comma or the end of “images”');
    if (scanner.peek() !== OPEN_BRACE) scanner.fail('expected an image object');
    const from = scanner.pos;
    scanner.skip();
    this.first = false;
    const number = imageRecords.length + 1;
    const image = this.parseSmall<Record<string, unknown>>(from, `image ${number}`);
    const wrong = wrongImage(image, number, !this.predictions);
    if (wrong) this.options.problems.add('bad-image', () => ({ record: number, message: wrong }));
    const { id, file_name, width, height } = image;
    imageRecords.push({
      id: typeof id === 'bigint' ? String(id) : (id as ImageId),
      ...(typeof id === 'bigint' && { largeNumber: true }),
      fileName: typeof file_name === 'string' ? file_name : '',
      width: width as number,
      height: height as number,
    });
  }

  /** Find the images listed by a predictions document. */
  private findFileImages(): void {
    const { acceptor, options } = this;
    if (!acceptor.index || !acceptor.images) return;
    this.fileImages = mapFileImages(this.imageRecords, acceptor.index);
    acceptor.fileImages = this.fileImages.byId;
    // counting does not depend on sizes
    if (!options.onRecord) warnOfSizes(this.imageRecords, this.fileImages, acceptor.images, options.problems);
    if (this.seenAnnotations && this.fileImages.byId.size > 0) this.needsImages = true;
  }

  /** Parse a short value that was just skipped, from `from` to here. */
  private parseSmall<T>(from: number, what: string): T {
    try {
      return parseExactly<T>(new TextDecoder().decode(this.scanner.bytes.slice(from, this.scanner.pos)));
    } catch {
      this.scanner.pos = from;
      return this.scanner.fail(`${what} is not valid JSON`);
    }
  }
}

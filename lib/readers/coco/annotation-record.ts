/**
 * Reads one annotation or detection of COCO JSON from bytes to numbers. It judges nothing and only notes the state of
 * each field. Records of a file are alike, so each is read assuming the form of the one before; only differences are
 * read the slow way.
 */

import { CountsBuffer, decodeCounts } from '#lib/coco/rle.ts';
import { FileRejected } from '#lib/problems.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import type { JsonScanner } from './json-scanner.ts';

const word = (text: string): Uint8Array => new TextEncoder().encode(text);
export const WORDS = {
  image_id: word('image_id'),
  category_id: word('category_id'),
  score: word('score'),
  mask_score: word('mask_score'),
  segmentation: word('segmentation'),
  bbox: word('bbox'),
  size: word('size'),
  counts: word('counts'),
  area: word('area'),
  iscrowd: word('iscrowd'),
  id: word('id'),
  annotations: word('annotations'),
  images: word('images'),
  categories: word('categories'),
};

/** Fields of a record. */
export const FIELDS = [
  'image_id',
  'category_id',
  'bbox',
  'score',
  'segmentation',
  'area',
  'iscrowd',
  'id',
  'mask_score',
] as const;
export type Field = (typeof FIELDS)[number];

/** Maximum length in bytes of a key, or of the text around counts, that is learned. */
export const LONGEST_KEY = 128;

/** The form of the file's records, as seen so far. */
export interface Learned {
  /** changes whenever anything else changes */
  version: number;
  /** the keys of a record in order, with everything from the preceding comma to the value; '' for other fields */
  keys: { bytes: Uint8Array; field: Field | '' }[];
  /** text before and after a mask's counts, from brace to brace: the same for images of one size */
  mask: { head: Uint8Array; tail: Uint8Array; height: number; width: number } | null;
}

/** Learning stops after this many changes, for files that never write two records alike. */
const LESSONS = 10_000;

export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
export const OPEN_BRACKET = 91;
export const CLOSE_BRACKET = 93;
export const COMMA = 44;
export const COLON = 58;
export const QUOTE = 34;

/** State of a field: missing (or null), as expected, or something else. */
export const ABSENT = 0;
export const PRESENT = 1;
export const WRONG = 2;

/** Form of `segmentation`. */
export const NO_MASK = 0;
export const RLE_STRING = 1;
const RLE_LIST = 2;
export const POLYGONS = 3;
export const WRONG_MASK = 4;

/** Fields of the record being read; one object, reused. */
export class AnnotationRecord {
  id = Number.NaN;
  image = 0;
  imageState = ABSENT;
  imageIsText = false;
  /** the text is a number whose digits a program has lost */
  imageIsInexact = false;
  imageNumber = 0;
  imageText = '';
  category = 0;
  /** as written, if the number is too large to be exact */
  categoryText = '';
  categoryState = ABSENT;
  score = 0;
  scoreState = ABSENT;
  maskScore = 0;
  maskScoreState = ABSENT;
  area = 0;
  areaState = ABSENT;
  crowd = 0;
  boxState = ABSENT;
  readonly box = new Float64Array(4);
  readonly boxAsWritten = new Float64Array(5);
  mask = NO_MASK;
  sizeState = ABSENT;
  height = 0;
  width = 0;
  /** number of runs in counts given as a string, or the error code */
  runs = 0;
  listLength = 0;
  numbers = new Float64Array(1024);
  /** [parts + 1] start of each polygon in `numbers` */
  partStart: number[] = [];
  readonly counts = new CountsBuffer();

  clear(): void {
    this.id = Number.NaN;
    this.imageState = ABSENT;
    this.categoryState = ABSENT;
    this.scoreState = ABSENT;
    this.maskScoreState = ABSENT;
    this.areaState = ABSENT;
    this.crowd = 0;
    this.boxState = ABSENT;
    this.mask = NO_MASK;
    this.sizeState = ABSENT;
  }
}

/** Reads records one after another from a scanner. */
export class RecordParser {
  readonly record = new AnnotationRecord();
  private readonly scanner: JsonScanner;
  /** number of the current record, counted from 1, and how messages refer to it */
  private readonly number: () => number;
  private readonly title: () => string;
  /** skip boxes and masks, which counting does not need: they are most of a file */
  private readonly numbersOnly: boolean;

  constructor(scanner: JsonScanner, number: () => number, title: () => string, numbersOnly = false) {
    this.scanner = scanner;
    this.number = number;
    this.title = title;
    this.numbersOnly = numbersOnly;
  }

  /** The form of the records so far: the next one is likely to have the same. */
  readonly learned: Learned = { version: 0, keys: [], mask: null };

  /** Consume the i-th key of a record, up to its value. */
  private key(i: number): Field | '' {
    const { scanner } = this;
    const { keys, version } = this.learned;
    if (i < keys.length && scanner.acceptBytes(keys[i].bytes)) return keys[i].field;
    const from = scanner.pos;
    scanner.string();
    const field = FIELDS.find((name) => scanner.is(WORDS[name])) ?? '';
    scanner.expect(COLON, 'a colon');
    scanner.peek();
    if (i <= keys.length && i < 32 && scanner.pos - from <= LONGEST_KEY && version < LESSONS) {
      keys[i] = { bytes: scanner.bytes.slice(from, scanner.pos), field };
      this.learned.version++;
    }
    return field;
  }

  /** Parse the record that begins here into `record`. */
  parse(): void {
    const { scanner, record } = this;
    record.clear();
    scanner.pos++; // {
    if (scanner.accept(CLOSE_BRACE)) return;
    let i = 0;
    do {
      switch (this.key(i++)) {
        case 'image_id':
          this.parseImageId();
          break;
        case 'category_id':
          record.categoryState = this.parseNumber();
          record.category = this.value;
          if (Math.abs(this.value) > Number.MAX_SAFE_INTEGER) record.categoryText = this.numberText();
          break;
        case 'score':
          record.scoreState = this.parseNumber();
          record.score = this.value;
          break;
        case 'mask_score':
          record.maskScoreState = this.parseNumber();
          record.maskScore = this.value;
          break;
        case 'area':
          record.areaState = this.parseNumber();
          record.area = this.value;
          break;
        case 'iscrowd':
          if (scanner.peek() === 116 /* true */) {
            scanner.skip();
            record.crowd = 1;
          } else record.crowd = this.parseNumber() === PRESENT && this.value !== 0 ? 1 : 0;
          break;
        case 'id':
          record.id = this.parseNumber() === PRESENT ? this.value : Number.NaN;
          break;
        case 'bbox':
          if (this.numbersOnly) scanner.skip();
          else this.parseBox();
          break;
        case 'segmentation':
          if (this.numbersOnly) scanner.skip();
          else this.parseSegmentation();
          break;
        default:
          scanner.skip();
      }
    } while (scanner.accept(COMMA));
    scanner.expect(CLOSE_BRACE, 'a comma or the end of the record');
  }

  private value = 0;

  private numberFrom = 0;

  /** Return the number that was just parsed, as written. */
  private numberText(): string {
    const { scanner } = this;
    return new TextDecoder().decode(scanner.bytes.slice(this.numberFrom, scanner.pos));
  }

  private parseNumber(): number {
    const { scanner } = this;
    if (scanner.atNumber()) {
      this.numberFrom = scanner.pos;
      this.value = scanner.number();
      return PRESENT;
    }
    const absent = scanner.peek() === 110; // null
    scanner.skip();
    return absent ? ABSENT : WRONG;
  }

  private parseImageId(): void {
    const { scanner, record } = this;
    if (scanner.peek() === QUOTE) {
      scanner.string();
      record.imageIsText = true;
      record.imageIsInexact = false;
      record.imageText = scanner.text();
      record.imageState = PRESENT;
      return;
    }
    record.imageState = this.parseNumber();
    record.imageNumber = this.value;
    // its digits are the id: as a number it would be rounded
    record.imageIsText = record.imageState === PRESENT && Math.abs(this.value) > Number.MAX_SAFE_INTEGER;
    if (record.imageIsText) {
      record.imageText = this.numberText();
      record.imageIsInexact = !/^-?\d+$/.test(record.imageText);
    }
  }

  private parseBox(): void {
    const { scanner, record } = this;
    if (scanner.peek() !== OPEN_BRACKET) {
      record.boxState = this.parseNumber() === ABSENT ? ABSENT : WRONG;
      return;
    }
    const from = scanner.pos++;
    if (scanner.accept(CLOSE_BRACKET)) {
      record.boxState = ABSENT;
      return;
    }
    record.boxState = WRONG;
    // read one more than expected, to detect a fifth
    if (scanner.numbers(record.boxAsWritten, 0, 5) === 4 && scanner.listEnded) {
      for (let k = 0; k < 4; k++) record.box[k] = record.boxAsWritten[k];
      record.boxState = PRESENT;
      return;
    }
    scanner.pos = from + 1;
    let n = 0;
    do {
      if (n === 4 || !scanner.atNumber()) {
        scanner.pos = from;
        scanner.skip();
        return;
      }
      record.box[n++] = scanner.number();
    } while (scanner.accept(COMMA));
    scanner.expect(CLOSE_BRACKET, 'a comma or the end of the box');
    if (n === 4) record.boxState = PRESENT;
  }

  private parseSegmentation(): void {
    const { scanner, record } = this;
    record.sizeState = ABSENT;
    const c = scanner.peek();
    if (c === OPEN_BRACE) this.parseRle();
    else if (c === OPEN_BRACKET) this.parsePolygons();
    else record.mask = this.parseNumber() === ABSENT ? NO_MASK : WRONG_MASK;
  }

  private parseRle(): void {
    const { scanner, record } = this;
    const from = scanner.pos++;
    let countsFrom = 0;
    let countsTo = 0;
    record.mask = WRONG_MASK;
    if (scanner.accept(CLOSE_BRACE)) return;
    do {
      scanner.string();
      const isSize = scanner.is(WORDS.size);
      const isCounts = scanner.is(WORDS.counts);
      scanner.expect(COLON, 'a colon');
      if (isSize) {
        const from = scanner.pos;
        record.sizeState = WRONG;
        if (scanner.accept(OPEN_BRACKET) && scanner.atNumber()) {
          record.height = scanner.number();
          if (scanner.accept(COMMA) && scanner.atNumber()) {
            record.width = scanner.number();
            if (scanner.accept(CLOSE_BRACKET)) record.sizeState = PRESENT;
          }
        }
        if (record.sizeState === WRONG) {
          scanner.pos = from;
          scanner.skip();
        }
      } else if (isCounts && scanner.peek() === QUOTE) {
        countsFrom = ++scanner.pos;
        this.parseCounts();
        countsTo = scanner.pos - 1;
      } else if (isCounts && scanner.peek() === OPEN_BRACKET) {
        record.listLength = this.parseNumbers(0, LIMITS.runsPerMask, 'runs');
        record.mask = record.listLength < 0 ? WRONG_MASK : RLE_LIST;
      } else scanner.skip();
    } while (scanner.accept(COMMA));
    scanner.expect(CLOSE_BRACE, 'a comma or the end of the segmentation');
    if (record.mask === RLE_STRING && record.sizeState === PRESENT) this.learnMask(from, countsFrom, countsTo);
  }

  /** Remember the text around the counts of the mask just read. */
  private learnMask(from: number, countsFrom: number, countsTo: number): void {
    const { scanner, record, learned } = this;
    const { bytes, pos } = scanner;
    if (countsFrom - from > LONGEST_KEY || pos - countsTo > LONGEST_KEY || learned.version >= LESSONS) return;
    const head = bytes.slice(from, countsFrom);
    const tail = bytes.slice(countsTo, pos);
    const { mask } = learned;
    if (mask && same(mask.head, head) && same(mask.tail, tail)) return;
    learned.mask = { head, tail, height: record.height, width: record.width };
    learned.version++;
  }

  /** Parse a string of counts after its opening quotation mark; decode it at once if it is valid. */
  private parseCounts(): void {
    const { scanner, record } = this;
    const start = scanner.pos;
    record.mask = RLE_STRING;
    const most = Math.min(scanner.end, start + LIMITS.runsPerMask * 4);
    record.runs = decodeCounts(scanner.bytes, start, most, record.counts);
    if (record.runs >= 0 && scanner.bytes[record.counts.end] === QUOTE) {
      scanner.pos = record.counts.end + 1;
      return;
    }
    scanner.pos = start - 1;
    scanner.string();
    record.runs =
      scanner.stringEnd > most
        ? Number.POSITIVE_INFINITY
        : decodeCounts(scanner.bytes, start, scanner.stringEnd, record.counts);
  }

  private parsePolygons(): void {
    const { scanner, record } = this;
    const from = scanner.pos++;
    record.partStart.length = 0;
    record.partStart.push(0);
    record.mask = POLYGONS;
    if (scanner.accept(CLOSE_BRACKET)) {
      record.mask = NO_MASK; // an empty list of polygons
      return;
    }
    let n = 0;
    do {
      if (scanner.peek() === OPEN_BRACKET) n = this.parseNumbers(n, LIMITS.polygonNumbers, 'polygon coordinates');
      else n = -1;
      if (n < 0) {
        record.mask = WRONG_MASK;
        scanner.pos = from;
        scanner.skip();
        return;
      }
      if (record.partStart.push(n) > LIMITS.polygons) {
        throw new FileRejected({
          code: 'mask-too-long',
          record: this.number(),
          message: `${this.title()}: the mask has more than ${LIMITS.polygons.toLocaleString('en')} polygons.`,
        });
      }
    } while (scanner.accept(COMMA));
    scanner.expect(CLOSE_BRACKET, 'a comma or the end of the polygons');
  }

  /**
   * Parse a list of numbers into `record.numbers` from index `at`. @returns the index after the last, or -1 if not
   * numbers
   */
  private parseNumbers(at: number, limit: number, what: string): number {
    const { scanner, record } = this;
    const from = scanner.pos++;
    if (scanner.accept(CLOSE_BRACKET)) return at;
    for (let n = at; ; ) {
      n = scanner.numbers(record.numbers, n, Math.min(limit, record.numbers.length));
      if (scanner.listEnded) return n;
      // a number in another form, or one too many for the space
      if (!scanner.atNumber()) {
        scanner.pos = from;
        scanner.skip();
        return -1;
      }
      if (n >= limit) {
        throw new FileRejected({
          code: 'mask-too-long',
          record: this.number(),
          message: `${this.title()}: the mask has more than ${limit.toLocaleString('en')} ${what}; that of a cell has some dozens.`,
        });
      }
      if (n === record.numbers.length) {
        const grown = new Float64Array(n * 2);
        grown.set(record.numbers);
        record.numbers = grown;
      }
      record.numbers[n++] = scanner.number();
      if (scanner.accept(COMMA)) continue;
      scanner.expect(CLOSE_BRACKET, 'a comma or the end of the list');
      return n;
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

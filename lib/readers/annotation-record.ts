/**
 * One annotation or detection of COCO JSON, from its bytes to its numbers: nothing is judged here, only noted how each
 * field came. Records of a file are alike, so each is read as the one before was written, and only what differs is read
 * the long way.
 */
import { CountsBuffer, decodeCounts } from '../coco/rle.ts';
import type { JsonScanner } from './json-scanner.ts';
import { LIMITS } from './limits.ts';
import { FatalProblem } from './problems.ts';

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
const FIELDS = [
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

export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
export const OPEN_BRACKET = 91;
export const CLOSE_BRACKET = 93;
export const COMMA = 44;
export const COLON = 58;
export const QUOTE = 34;

/** How a field came: not at all (or null), as it should, or as something else. */
export const ABSENT = 0;
export const PRESENT = 1;
export const WRONG = 2;

/** `segmentation` as it came. */
export const NO_MASK = 0;
export const RLE_STRING = 1;
export const RLE_LIST = 2;
export const POLYGONS = 3;
export const WRONG_MASK = 4;

/** Fields of the record being read; one object, reused. */
export class AnnotationRecord {
  id = Number.NaN;
  image = 0;
  imageState = ABSENT;
  imageIsText = false;
  imageNumber = 0;
  imageText = '';
  category = 0;
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
  /** of counts given as a string, or what is wrong with it */
  runs = 0;
  listLength = 0;
  numbers = new Float64Array(1024);
  /** [parts + 1] where each polygon starts in `numbers` */
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
  /** number of the record that is being read, counted from 1, and what to call it */
  private readonly number: () => number;
  private readonly title: () => string;

  constructor(scanner: JsonScanner, number: () => number, title: () => string) {
    this.scanner = scanner;
    this.number = number;
    this.title = title;
  }

  /** The keys of the record before, as they are written with everything up to their values: the next has the same. */
  private readonly keys: { bytes: Uint8Array; field: string }[] = [];
  private learned = 0;

  /** The i-th key of a record, consumed up to its value. */
  private key(i: number): string {
    const { scanner, keys } = this;
    if (i < keys.length && scanner.takeBytes(keys[i].bytes)) return keys[i].field;
    const from = scanner.pos;
    scanner.string();
    const field = FIELDS.find((name) => scanner.is(WORDS[name])) ?? '';
    scanner.expect(COLON, 'a colon');
    scanner.peek();
    // a file that never writes two records alike is not learned from for ever
    if (i <= keys.length && i < 32 && scanner.pos - from <= 64 && this.learned++ < 10_000)
      keys[i] = { bytes: scanner.bytes.slice(from, scanner.pos), field };
    return field;
  }

  /** The record that begins here, into `record`. */
  parse(): void {
    const { scanner, record } = this;
    record.clear();
    scanner.pos++; // {
    if (scanner.take(CLOSE_BRACE)) return;
    let i = 0;
    do {
      switch (this.key(i++)) {
        case 'image_id':
          this.parseImageId();
          break;
        case 'category_id':
          record.categoryState = this.parseNumber();
          record.category = this.value;
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
          this.parseBox();
          break;
        case 'segmentation':
          this.parseSegmentation();
          break;
        default:
          scanner.skip();
      }
    } while (scanner.take(COMMA));
    scanner.expect(CLOSE_BRACE, 'a comma or the end of the record');
  }

  private value = 0;

  private parseNumber(): number {
    const { scanner } = this;
    if (scanner.atNumber()) {
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
      record.imageText = scanner.text();
      record.imageState = PRESENT;
    } else {
      record.imageIsText = false;
      record.imageState = this.parseNumber();
      record.imageNumber = this.value;
    }
  }

  private parseBox(): void {
    const { scanner, record } = this;
    if (scanner.peek() !== OPEN_BRACKET) {
      record.boxState = this.parseNumber() === ABSENT ? ABSENT : WRONG;
      return;
    }
    const from = scanner.pos++;
    if (scanner.take(CLOSE_BRACKET)) {
      record.boxState = ABSENT;
      return;
    }
    record.boxState = WRONG;
    // one more than there should be, so that a fifth is seen
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
    } while (scanner.take(COMMA));
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

  /** How the last mask began, up to its counts: all masks of images of one size begin so. */
  private maskHead: { bytes: Uint8Array; height: number; width: number } | null = null;

  private parseRle(): void {
    const { scanner, record, maskHead } = this;
    const from = scanner.pos;
    if (maskHead && scanner.takeBytes(maskHead.bytes)) {
      record.height = maskHead.height;
      record.width = maskHead.width;
      record.sizeState = PRESENT;
      this.parseCounts();
      if (scanner.take(CLOSE_BRACE)) return;
      scanner.expect(COMMA, 'a comma or the end of the segmentation');
    } else {
      scanner.pos++;
      record.mask = WRONG_MASK;
      if (scanner.take(CLOSE_BRACE)) return;
    }
    for (let i = 0; ; i++) {
      scanner.string();
      const isSize = scanner.is(WORDS.size);
      const isCounts = scanner.is(WORDS.counts);
      scanner.expect(COLON, 'a colon');
      if (isSize) {
        const from = scanner.pos;
        record.sizeState = WRONG;
        if (scanner.take(OPEN_BRACKET) && scanner.atNumber()) {
          record.height = scanner.number();
          if (scanner.take(COMMA) && scanner.atNumber()) {
            record.width = scanner.number();
            if (scanner.take(CLOSE_BRACKET)) record.sizeState = PRESENT;
          }
        }
        if (record.sizeState === WRONG) {
          scanner.pos = from;
          scanner.skip();
        }
      } else if (isCounts && scanner.peek() === QUOTE) {
        scanner.pos++;
        if (i === 1 && record.sizeState === PRESENT && scanner.pos - from <= 128 && this.learned++ < 10_000) {
          const bytes = scanner.bytes.slice(from, scanner.pos);
          this.maskHead = { bytes, height: record.height, width: record.width };
        }
        this.parseCounts();
      } else if (isCounts && scanner.peek() === OPEN_BRACKET) {
        record.listLength = this.parseNumbers(0, LIMITS.runsPerMask, 'runs');
        record.mask = record.listLength < 0 ? WRONG_MASK : RLE_LIST;
      } else scanner.skip();
      if (!scanner.take(COMMA)) break;
    }
    scanner.expect(CLOSE_BRACE, 'a comma or the end of the segmentation');
  }

  /** A string of counts from behind its quotation mark, decoded at once where nothing is wrong with it. */
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
    if (scanner.take(CLOSE_BRACKET)) {
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
        throw new FatalProblem({
          code: 'mask-too-long',
          record: this.number(),
          message: `${this.title()}: the mask has more than ${LIMITS.polygons.toLocaleString('en')} polygons.`,
        });
      }
    } while (scanner.take(COMMA));
    scanner.expect(CLOSE_BRACKET, 'a comma or the end of the polygons');
  }

  /** A list of numbers into `record.numbers` from index `at`. @returns the index behind the last, or -1 if not numbers */
  private parseNumbers(at: number, limit: number, what: string): number {
    const { scanner, record } = this;
    const from = scanner.pos++;
    if (scanner.take(CLOSE_BRACKET)) return at;
    for (let n = at; ; ) {
      n = scanner.numbers(record.numbers, n, Math.min(limit, record.numbers.length));
      if (scanner.listEnded) return n;
      // one that is not plain, or one too many for the room there is
      if (!scanner.atNumber()) {
        scanner.pos = from;
        scanner.skip();
        return -1;
      }
      if (n >= limit) {
        throw new FatalProblem({
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
      if (scanner.take(COMMA)) continue;
      scanner.expect(CLOSE_BRACKET, 'a comma or the end of the list');
      return n;
    }
  }
}

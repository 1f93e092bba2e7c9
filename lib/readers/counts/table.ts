/**
 * Cell counts per image: `{"<file name>": <count>}` as JSON, `image,count` as CSV, or detections that are counted from a
 * score on. Images are found by the stem of their file name, since `.tif` and `.png` name the same image.
 *
 * A table of counts is small (a line per image) and read in one piece; detections are read as a stream, for their
 * image, category and score alone.
 */

import type { Objects } from '#lib/coco/dataset.ts';
import { cellTypeOf, stem } from '#lib/livecell/cell-types.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { CELL_CATEGORY } from '#lib/readers/coco/ground-truth.ts';
import { JsonScanner, NEED_MORE, scanStream } from '#lib/readers/coco/json-scanner.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import type { CountRow } from '#lib/scoring/fluorescence.ts';

/** Bytes of a table of counts: enough for hundreds of thousands of images. */
export const MOST_COUNT_BYTES = 64 * 1024 ** 2;

/** More than the pixels of any image that is counted: a typing error, or another column. */
export const MOST_CELLS = 1_000_000;

/** Counts of a series, in file order. */
export interface Counts {
  readonly files: readonly string[];
  readonly counts: Float64Array;
  readonly format: 'counts-json' | 'counts-csv';
}

/** What was submitted, beside the reference. */
export interface ReadCounts {
  /** in the order of the reference */
  readonly rows: CountRow[];
  readonly format: 'counts-json' | 'counts-csv' | 'coco-json';
  /** cells that were counted */
  readonly detections: number;
  /** images with any */
  readonly images: number;
  readonly warnings: Warning[];
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads the reference counts of a series. @throws FileRejected with all problems */
export async function readReferenceCounts(chunks: Chunks): Promise<Counts> {
  const problems = new ProblemList();
  const entries = await readEntries(chunks, problems);
  if (problems.count > 0) throw problems.rejection();
  return {
    files: entries.list.map(({ file }) => file),
    counts: Float64Array.from(entries.list, ({ count }) => count),
    format: entries.format,
  };
}

/** The images of registered reference counts, `{ "A172": { "<file name>": count } }`, without their counts. */
export function countedImages(document: string): { file: string; cellType: string }[] {
  const series = JSON.parse(document) as Record<string, Record<string, number>>;
  return Object.entries(series).flatMap(([cellType, counts]) =>
    Object.keys(counts).map((file) => ({ file, cellType })),
  );
}

/** Reads submitted counts: one for every image of the reference, and for no other. @throws FileRejected with all problems */
export async function readCounts(chunks: Chunks, reference: Counts): Promise<ReadCounts> {
  const problems = new ProblemList();
  const { list, format } = await readEntries(chunks, problems);
  const index = indexOf(reference);
  const predicted = new Float64Array(reference.files.length).fill(Number.NaN);
  let found = 0;
  for (const { file, count, record, where } of list) {
    const image = index.get(stem(file));
    if (image !== undefined) {
      found++;
      predicted[image] = count;
    } else {
      problems.add('unknown-image', () => ({
        record,
        image: file,
        message: `${where}: image ${quoted(file)} is not in this series. Use the series' own file names, and leave other images out.`,
      }));
    }
  }
  if (found === 0) throw new FileRejected([noneKnown(list, reference), ...problems.problems()], []);
  const given = new Set(list.map(({ file }) => stem(file)));
  for (const file of reference.files) {
    if (given.has(stem(file))) continue;
    problems.add('missing-image', () => ({
      image: file,
      message: `There is no count for image ${quoted(file)}. Every image of the series needs one; write 0 where no cell was found.`,
    }));
  }
  if (problems.count > 0) throw problems.rejection();
  return finish(predicted, reference, format, []);
}

/**
 * Counts the detections of every image: those with at least the stated score. An image without any has a count of 0.
 *
 * @param options.anyCategory count detections of every category, not only the cell's
 * @throws FileRejected with all problems
 */
export async function readCountsFromDetections(
  chunks: Chunks,
  reference: Counts,
  options: { scoreThreshold: number; anyCategory?: boolean },
  onBytes?: (bytes: number) => void,
): Promise<ReadCounts> {
  const problems = new ProblemList();
  const reader = new DetectionReader(reference, options.scoreThreshold, options.anyCategory ?? false, problems);
  try {
    await scanStream(reader.scanner, chunks, () => reader.run(), onBytes);
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    throw problems.rejection(error.problems);
  }
  if (problems.count > 0) throw problems.rejection();
  reader.warn();
  return finish(reader.counts, reference, 'coco-json', problems.warnings());
}

/**
 * The same for detections that have been read already, per image of their data set.
 *
 * @param groups images that share a file name: a detection that names the file counts for each
 */
export function countDetections(
  detections: Pick<Objects, 'count' | 'image' | 'score'>,
  groups: readonly (readonly number[])[],
  images: number,
  scoreThreshold: number,
): Uint32Array {
  const counts = new Uint32Array(images);
  const { count, image, score } = detections;
  for (let d = 0; d < count; d++) {
    if (!(score[d] >= scoreThreshold)) continue;
    if (image[d] >= 0) counts[image[d]]++;
    else for (const i of groups[-1 - image[d]]) counts[i]++;
  }
  return counts;
}

/** Whether a file begins like a table of counts, and of which kind; null: it may be predictions, or nothing at all. */
export function sniffCounts(firstBytes: Uint8Array): Counts['format'] | null {
  const text = new TextDecoder()
    .decode(firstBytes)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (/^\{\s*(\}|"(?:[^"\\]|\\.)*"\s*:\s*["\d+-])/.test(text)) return 'counts-json';
  return HEADER.test(text.split(/[\r\n]/, 1)[0]) ? 'counts-csv' : null;
}

function finish(
  predicted: ArrayLike<number>,
  reference: Counts,
  format: ReadCounts['format'],
  warnings: Warning[],
): ReadCounts {
  const rows = reference.files.map((file, i) => ({ file, reference: reference.counts[i], predicted: predicted[i] }));
  let detections = 0;
  let images = 0;
  for (const { predicted: count } of rows) {
    detections += count;
    if (count > 0) images++;
  }
  return { rows, format, detections, images, warnings };
}

function indexOf(reference: Counts): Map<string, number> {
  return new Map(reference.files.map((file, i) => [stem(file), i]));
}

/** Nothing fits: said first, because it explains all the others. */
function noneKnown(list: readonly Entry[], reference: Counts): Problem {
  const [theirs, ours] = [list[0].file, reference.files[0]].map((file) => cellTypeOf(file) ?? stem(file).split('_')[0]);
  const of = list.length === 1 ? 'The one image is' : `None of the ${list.length.toLocaleString('en')} images is`;
  return theirs.toLowerCase() !== ours.toLowerCase() && list[0].file.includes('_')
    ? {
        code: 'wrong-series',
        message: `${of} in this series: the file's begin with ${quoted(theirs)}, the series' with ${quoted(ours)}. Is the file in the wrong slot?`,
      }
    : {
        code: 'wrong-series',
        message: `${of} in this series. Use its file names, such as ${quoted(reference.files[0])}; the file has ${quoted(list[0].file)}.`,
      };
}

// --- tables of counts ---

interface Entry {
  file: string;
  /** NaN where it was a problem */
  count: number;
  /** JSON: entries from 1; CSV: the line */
  record: number;
  /** the same in words */
  where: string;
}

/** All entries of a table, the first of each image; what is wrong with one is among the problems. */
async function readEntries(
  chunks: Chunks,
  problems: ProblemList,
): Promise<{ list: Entry[]; format: Counts['format'] }> {
  const list: Entry[] = [];
  const seen = new Map<string, Entry>();
  const accept = (entry: Entry, given: string): void => {
    const { file, record, where } = entry;
    if (stem(file.trim()) === '') {
      problems.add('no-image-name', () => ({ record, message: `${where} names no image.` }));
      return;
    }
    const wrong = whatIsWrong(entry.count, given);
    if (wrong) {
      const [code, message] = wrong;
      problems.add(code, () => ({ record, image: file, message: `${where}, image ${quoted(file)}: ${message}` }));
      entry.count = Number.NaN;
    }
    const before = seen.get(stem(file));
    if (before) {
      problems.add('duplicate-image', () => ({
        record,
        image: file,
        message: `${where}: image ${quoted(file)} has a count already, in ${before.where.replace(/^./, (c) => c.toLowerCase())}${before.file === file ? '' : ` as ${quoted(before.file)}`}. Keep one of them.`,
      }));
      return;
    }
    seen.set(stem(file), entry);
    list.push(entry);
  };
  try {
    const bytes = await collect(chunks);
    const format = readTable(bytes, accept);
    if (list.length === 0 && problems.count === 0) {
      throw new FileRejected({ code: 'no-counts', message: `The file holds no counts. ${WANTED}` });
    }
    if (list.length === 0) throw new FileRejected([]); // the list below
    return { list, format };
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    throw problems.rejection(error.problems);
  }
}

const WANTED = 'Write {"<file name>": <count>, …} as JSON, or CSV with the header image,count and a line per image.';

/** A count's problem, with its remedy. */
function whatIsWrong(count: number, given: string): [code: string, message: string] | null {
  if (!Number.isFinite(count)) {
    const why = given === '' ? 'the count is missing.' : `${quoted(given)} is not a number.`;
    const separators = /^\d{1,3}([,.' ]\d{3})+$/.test(given) ? ' Leave the separators of thousands out.' : '';
    return ['count-not-a-number', `${why} Counts are digits alone, 0 where no cell was found.${separators}`];
  }
  if (count < 0) return ['negative-count', `${given} is negative. A count is 0 or more.`];
  if (!Number.isInteger(count)) {
    return ['fractional-count', `${given} is not a whole number. Count objects, or round before writing the file.`];
  }
  if (count > MOST_CELLS) {
    return ['count-too-large', `${given} is more cells than an image can hold. Is it another column, or a sum?`];
  }
  return null;
}

async function collect(chunks: Chunks): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MOST_COUNT_BYTES) {
      throw new FileRejected({
        code: 'not-counts',
        message: `The file is larger than ${MOST_COUNT_BYTES / 1024 ** 2} MB, too large for a count per image. Predictions are counted when a score threshold is stated with them.`,
      });
    }
    parts.push(chunk);
  }
  const bytes = new Uint8Array(length + 1); // ends in the zero byte that the scanner stops at
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

type Accept = (entry: Entry, given: string) => void;

/** @param bytes of the file, and a zero */
function readTable(bytes: Uint8Array, accept: Accept): Counts['format'] {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const content = bytes.subarray(bom, bytes.length - 1);
  let at = 0;
  while (content[at] === 32 || (content[at] >= 9 && content[at] <= 13)) at++;
  if (at >= content.length) throw new FileRejected({ code: 'no-counts', message: `The file is empty. ${WANTED}` });
  if (content[at] === OPEN_BRACE || content[at] === OPEN_BRACKET) {
    readJson(bytes, bom, accept);
    return 'counts-json';
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    text = '\0';
  }
  if (text.includes('\0')) {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new FileRejected({
      code: 'not-counts',
      message: utf16 ? 'The file is text in UTF-16. Save it as UTF-8.' : `The file is not text in UTF-8. ${WANTED}`,
    });
  }
  readCsv(text, accept);
  return 'counts-csv';
}

const [QUOTE, COMMA, COLON] = [34, 44, 58];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [123, 125, 91, 93];

/** One object, read token by token: `JSON.parse` would keep the last of two counts for one image and say nothing. */
function readJson(bytes: Uint8Array, start: number, accept: Accept): void {
  const scanner = new JsonScanner();
  scanner.bytes = bytes as Uint8Array<ArrayBuffer>;
  scanner.pos = start;
  scanner.end = bytes.length - 1;
  scanner.final = true;
  if (!scanner.take(OPEN_BRACE)) notCounts('The file is a JSON list');
  for (let record = 1; !scanner.take(CLOSE_BRACE); record++) {
    if (record > 1) {
      scanner.expect(COMMA, `a comma or the end of the object after entry ${(record - 1).toLocaleString('en')}`);
    }
    scanner.string();
    const file = scanner.text();
    scanner.expect(COLON, 'a colon');
    const c = scanner.peek();
    if (c === OPEN_BRACKET && /^(images|annotations|categories|licenses)$/.test(file)) {
      notCounts('The file is a COCO document');
    }
    const entry = { file, count: Number.NaN, record, where: `Entry ${record.toLocaleString('en')}` };
    const from = scanner.pos;
    if (c === QUOTE) {
      scanner.string();
      const given = scanner.text().trim();
      accept({ ...entry, count: parseCount(given) }, given);
    } else {
      if (scanner.atNumber()) entry.count = scanner.number();
      else scanner.skip();
      accept(entry, new TextDecoder().decode(bytes.subarray(from, Math.min(scanner.pos, from + 200))));
    }
  }
  if (!scanner.atEnd()) scanner.fail('expected the end of the file');
}

function notCounts(what: string): never {
  throw new FileRejected({
    code: 'not-counts',
    message: `${what}, not counts per image. ${WANTED} Predictions are counted when a score threshold is stated with them (“Score threshold” in the form, --score-threshold on the command line).`,
  });
}

/** Digits with an optional sign, decimals and exponent; the language itself would also take `0x1f` and an empty text. */
function parseCount(text: string): number {
  return /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Spreadsheets of half of Europe write semicolons. */
const HEADER = /^\s*"?\s*image\s*"?\s*([,;\t])\s*"?\s*count\s*"?\s*$/i;

/** RFC 4180, with any line ends, blank lines anywhere, and the header `image,count`. */
function readCsv(text: string, accept: Accept): void {
  let separator: string | null = null;
  let line = 1;
  for (let at = 0; at < text.length; ) {
    if (separator === null) {
      const end = text.slice(at).search(/[\r\n]|$/) + at;
      const header = text.slice(at, end);
      if (header.trim() !== '') {
        const match = HEADER.exec(header);
        if (!match) wrongHeader(header, line);
        separator = match[1];
      }
      at = lineEnd(text, end);
      line++;
      continue;
    }
    const row = readRow(text, at, separator, line);
    const where = `Line ${line.toLocaleString('en')}`;
    const { fields, record } = { fields: row.fields.map((field) => field.trim()), record: line };
    at = row.end;
    line += row.lines;
    if (fields.every((field) => field === '')) continue;
    if (fields.length > 2 && fields.slice(2).every((field) => field === '')) fields.length = 2;
    const [file, given = ''] = fields;
    if (fields.length > 2) {
      // read as a missing count: its text says how the line looks
      accept({ file, count: Number.NaN, record, where }, fields.slice(1).join(separator));
    } else accept({ file, count: parseCount(given), record, where }, given);
  }
  if (separator === null) throw new FileRejected({ code: 'no-counts', message: `The file is empty. ${WANTED}` });
}

/** Where the next line begins. */
function lineEnd(text: string, at: number): number {
  if (text[at] === '\r' && text[at + 1] === '\n') return at + 2;
  return Math.min(at + 1, text.length);
}

function readRow(
  text: string,
  start: number,
  separator: string,
  line: number,
): { fields: string[]; end: number; lines: number } {
  const fields: string[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    let field = '';
    if (text[at] === '"') {
      const opened = at++;
      for (;;) {
        const close = text.indexOf('"', at);
        if (close < 0) {
          throw new FileRejected({
            code: 'not-csv',
            record: line,
            message: `Line ${line.toLocaleString('en')}: the quotation mark before ${quoted(text.slice(opened + 1, opened + 40).split(/[\r\n]/)[0])} is never closed.`,
          });
        }
        field += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      lines += field.split(/\r\n|\r|\n/).length - 1;
    }
    const from = at;
    while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') at++;
    fields.push(field + text.slice(from, at));
    if (text[at] !== separator) return { fields, end: lineEnd(text, at), lines };
    at++;
  }
}

function wrongHeader(header: string, line: number): never {
  const cells = header.split(/[,;\t]/).map((cell) => cell.replace(/"/g, '').trim());
  const remedy =
    cells.length === 2 && /^count$/i.test(cells[0]) && /^image$/i.test(cells[1])
      ? 'The columns are the other way round: write the image first.'
      : cells.length === 2 && /^[+-]?[\d.]+$/.test(cells[1])
        ? 'The header is missing: put the line image,count before the first image.'
        : 'Name the two columns image and count, and leave others out.';
  throw new FileRejected({
    code: 'wrong-header',
    record: line,
    message: `Line ${line.toLocaleString('en')} is ${quoted(header)}, not the header image,count. ${remedy}`,
  });
}

// --- detections ---

const key = (name: string): Uint8Array => new TextEncoder().encode(name);
const KEYS = {
  id: key('id'),
  fileName: key('file_name'),
  imageId: key('image_id'),
  score: key('score'),
  category: key('category_id'),
};

/** Reads a list of detections, or a COCO document whose images come before its annotations, and counts. */
class DetectionReader {
  readonly scanner = new JsonScanner();
  readonly counts: Uint32Array;
  private readonly reference: Counts;
  private readonly scoreThreshold: number;
  private readonly anyCategory: boolean;
  private readonly problems: ProblemList;
  private readonly index: Map<string, number>;
  /** a document's own ids */
  private readonly ids = new Map<number | string, string>();
  private state: 'start' | 'document' | 'images' | 'annotations' | 'end' = 'start';
  private inDocument = false;
  private first = true;
  private records = 0;
  private cells = 0;
  private readonly otherCategories = new Map<number, number>();
  /** the image of the detection before: most files are in order of images */
  private last: { id: number | string | null; file?: string; image?: number } = { id: null };

  constructor(reference: Counts, scoreThreshold: number, anyCategory: boolean, problems: ProblemList) {
    this.reference = reference;
    this.scoreThreshold = scoreThreshold;
    this.anyCategory = anyCategory;
    this.problems = problems;
    this.index = indexOf(reference);
    this.counts = new Uint32Array(reference.files.length);
  }

  /** Consumes records until the window or the file ends; see `scanStream`. */
  run(): void {
    const { scanner } = this;
    for (;;) {
      const { pos } = scanner;
      const { state, first } = this;
      try {
        if (this.step()) return;
      } catch (error) {
        if (error === NEED_MORE) {
          scanner.pos = pos;
          this.state = state;
          this.first = first;
        } else if (error instanceof FileRejected && this.state === 'annotations') {
          error.problems[0].record ??= this.records + 1;
        }
        throw error;
      }
    }
  }

  /** One record, or one key of the document. @returns whether the file has ended */
  private step(): boolean {
    const { scanner } = this;
    switch (this.state) {
      case 'start':
        if (scanner.base === 0 && scanner.pos === 0) {
          if (scanner.end < 3 && !scanner.final) throw NEED_MORE;
          if (scanner.bytes[0] === 0xef && scanner.bytes[1] === 0xbb && scanner.bytes[2] === 0xbf) scanner.pos = 3;
        }
        if (scanner.take(OPEN_BRACE)) {
          this.inDocument = true;
          this.state = 'document';
        } else {
          scanner.expect(OPEN_BRACKET, 'a list of detections');
          this.state = 'annotations';
        }
        return false;
      case 'document':
        if (!this.first) {
          if (scanner.take(CLOSE_BRACE)) {
            this.state = 'end';
            return false;
          }
          scanner.expect(COMMA, 'a comma or the end of the document');
        } else if (scanner.take(CLOSE_BRACE)) {
          this.state = 'end';
          return false;
        }
        this.openKey();
        return false;
      case 'images':
      case 'annotations':
        if (scanner.take(CLOSE_BRACKET)) {
          this.state = this.inDocument ? 'document' : 'end';
          this.first = false;
          return false;
        }
        if (!this.first) scanner.expect(COMMA, `a comma or the end of the list`);
        if (this.state === 'images') this.readImage();
        else this.readDetection();
        this.first = false;
        return false;
      default:
        if (!scanner.atEnd()) scanner.fail('expected the end of the file');
        return true;
    }
  }

  private openKey(): void {
    const { scanner } = this;
    scanner.string();
    const key = scanner.text();
    scanner.expect(COLON, 'a colon');
    const isList = scanner.peek() === OPEN_BRACKET;
    if (isList && (key === 'images' || key === 'annotations')) {
      if (key === 'annotations' && this.ids.size === 0) {
        throw new FileRejected({
          code: 'annotations-before-images',
          message:
            'The document lists “annotations” before “images”, so that their image ids mean nothing yet. Write “images” first, or a list of detections whose image_id is the file name.',
        });
      }
      scanner.pos++;
      this.state = key;
      this.first = true;
    } else {
      scanner.skip();
      this.first = false;
    }
  }

  /** The value of a key that is an id: a number or a text; anything else is skipped. */
  private id(): number | string | null {
    const { scanner } = this;
    if (scanner.peek() === QUOTE) {
      scanner.string();
      return scanner.text();
    }
    if (scanner.atNumber()) return scanner.number();
    scanner.skip();
    return null;
  }

  /** Goes through an object; `read` takes the value of the key that `scanner.is` tells. */
  private fields(read: () => void): void {
    const { scanner } = this;
    scanner.expect(OPEN_BRACE, 'an object');
    for (let first = true; !scanner.take(CLOSE_BRACE); first = false) {
      if (!first) scanner.expect(COMMA, 'a comma or the end of the object');
      scanner.string();
      scanner.expect(COLON, 'a colon');
      read();
    }
  }

  private readImage(): void {
    let id: number | string | null = null;
    let file: number | string | null = null;
    this.fields(() => {
      if (this.scanner.is(KEYS.id)) id = this.id();
      else if (this.scanner.is(KEYS.fileName)) file = this.id();
      else this.scanner.skip();
    });
    if (id !== null && file !== null) this.ids.set(id, String(file));
  }

  private readDetection(): void {
    const { scanner, problems } = this;
    let id: number | string | null = null;
    let score = Number.NaN;
    let category = CELL_CATEGORY;
    this.fields(() => {
      if (scanner.is(KEYS.imageId)) id = this.id();
      else if (scanner.is(KEYS.score) && scanner.atNumber()) score = scanner.number();
      else if (scanner.is(KEYS.category) && scanner.atNumber()) category = scanner.number();
      else scanner.skip();
    });
    const record = ++this.records;
    if (record > LIMITS.detections) {
      throw new FileRejected({
        code: 'too-many-detections',
        message: `The file has more than ${LIMITS.detections.toLocaleString('en')} detections. Leave out those below the score threshold.`,
      });
    }
    if (category !== CELL_CATEGORY) {
      if (this.otherCategories.size < LIMITS.categories || this.otherCategories.has(category)) {
        this.otherCategories.set(category, (this.otherCategories.get(category) ?? 0) + 1);
      }
      if (!this.anyCategory) return;
    }
    this.cells++;
    const where = `Detection ${record.toLocaleString('en')}`;
    if (id === null) {
      problems.add('no-image', () => ({ record, message: `${where} has no image_id.` }));
      return;
    }
    if (id !== this.last.id) {
      const file = this.inDocument ? this.ids.get(id) : String(id);
      this.last = { id, file, image: file === undefined ? undefined : this.index.get(stem(file)) };
    }
    const { file, image } = this.last;
    if (image === undefined) {
      const byNumber = typeof id === 'number' && !this.inDocument;
      problems.add('unknown-image', () => ({
        record,
        image: file,
        message: byNumber
          ? `${where}: the images of this series are known by file name, not by number. Write the file name as image_id instead of ${id}.`
          : `${where}: image ${file === undefined ? id : quoted(file)} is not in this series. Leave other images out.`,
      }));
    } else if (!Number.isFinite(score)) {
      problems.add('no-score', () => ({
        record,
        image: file,
        message: `${where} has no score, so that it cannot be told whether it counts. Give each detection its score, or send counts per image.`,
      }));
    } else if (score >= this.scoreThreshold) this.counts[image]++;
  }

  /** What is legal but odd, once the file has been read without problems. @throws FileRejected */
  warn(): void {
    const { problems, reference, counts } = this;
    if (this.records === 0) {
      const message = 'The file holds no detections at all. Was the wrong file written?';
      throw new FileRejected({ code: 'no-detections', message });
    }
    if (this.cells === 0) {
      const ids = [...this.otherCategories.keys()].slice(0, 5).join(', ');
      const message = `None of the ${this.records.toLocaleString('en')} detections has category_id ${CELL_CATEGORY}, a cell (they have ${ids}). Several frameworks count categories from 0: set it to ${CELL_CATEGORY}, leave it out, or ask to count detections of every category as cells: a box to tick in the form, anyCategory in the API, --any-category on the command line.`;
      throw new FileRejected({ code: 'no-detections-of-category', message });
    }
    for (const [id, count] of this.otherCategories) {
      problems.warn(
        this.anyCategory ? 'category-counted-as-cell' : 'category-not-scored',
        this.anyCategory
          ? `Detections whose category_id is not ${CELL_CATEGORY} are counted as cells, as asked.`
          : `Detections whose category_id is not ${CELL_CATEGORY} are not counted. If they are cells, ask to count every category (a box to tick in the form, --any-category on the command line).`,
        `category ${id}: ${count.toLocaleString('en')}`,
        count,
      );
    }
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] > 0) continue;
      problems.warn(
        'image-without-detections',
        `Images without a detection of score ${this.scoreThreshold} or more: their count is 0.`,
        reference.files[i],
      );
    }
  }
}

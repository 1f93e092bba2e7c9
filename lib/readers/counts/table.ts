/**
 * Tables of counts: `{"<file name>": <count>}` as JSON, or an image and its count per line with any usual separator, as
 * written by spreadsheets, pandas, R and NumPy. A table is small (a line per image) and read in one piece.
 */

import type { CheckCode } from '#lib/checks/checks.ts';
import { FileRejected } from '#lib/problems.ts';
import { JsonScanner } from '#lib/readers/coco/json-scanner.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { entriesOf } from './entries.ts';
import {
  type Accept,
  type Entry,
  findHeader,
  isImageColumn,
  plainHeader,
  readLines,
  type ValueColumn,
} from './lines.ts';

/** Maximum bytes of a table of counts: enough for hundreds of thousands of images. */
const MOST_COUNT_BYTES = 64 * 1024 ** 2;

/** More cells than any image can contain: a typing error, or another column. */
const MOST_CELLS = 1_000_000;

/** Counts of a series, in file order. */
export interface Counts {
  readonly files: readonly string[];
  readonly counts: Float64Array;
  readonly format: 'counts-json' | 'counts-csv';
}

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Read the reference counts of a series. @throws FileRejected with all problems */
export async function readReferenceCounts(chunks: Chunks): Promise<Counts> {
  const problems = new ProblemList();
  const { list, format } = await readEntries(chunks, problems, (file) => file.normalize('NFC'));
  if (problems.count > 0) throw problems.rejection();
  return {
    files: list.map(({ file }) => file),
    counts: Float64Array.from(list, ({ value }) => value),
    format,
  };
}

/** List the images of registered reference counts, `{ "A172": { "<file name>": count } }`, without their counts. */
export function countedImages(document: string): { file: string; cellType: string }[] {
  const series = JSON.parse(document) as Record<string, Record<string, number>>;
  return Object.entries(series).flatMap(([cellType, counts]) =>
    Object.keys(counts).map((file) => ({ file, cellType })),
  );
}

/** Recognise a table of counts by its first bytes; null for predictions or anything else. */
export function sniffCounts(firstBytes: Uint8Array): Counts['format'] | null {
  const text = new TextDecoder()
    .decode(firstBytes)
    .replace(/^\uFEFF/, '')
    .trimStart();
  // one detection per line also begins with an object
  if (/^\{\s*"(image_id|category_id|score|id|bbox|segmentation)"/.test(text)) return null;
  if (/^\{\s*(\}|"(?:[^"\\]|\\.)*"\s*:\s*["\d+-])/.test(text)) return 'counts-json';
  return findHeader(text, COUNT_COLUMN) ? 'counts-csv' : null;
}

/**
 * Read all entries of a table, keeping the first of each image; add what is wrong to the problems.
 *
 * @param keyOf returns the same key for two names of one image
 * @throws FileRejected if there are no entries
 */
export async function readEntries(
  chunks: Chunks,
  problems: ProblemList,
  keyOf: (file: string) => string | number,
): Promise<{ list: Entry[]; format: Counts['format'] }> {
  const { list, accept } = entriesOf(problems, { noun: 'count', keyOf, whatIsWrong });
  try {
    const bytes = await collect(chunks);
    const format = readTable(bytes, accept, () =>
      problems.warn(
        'decimals-or-thousands',
        'Every count ends in “.000”: the points are read as decimal points. If they separate thousands, leave them out.',
      ),
    );
    if (list.length === 0 && problems.count === 0) {
      throw new FileRejected({ code: 'no-counts', message: `The file holds no counts. ${WANTED}` });
    }
    if (list.length === 0) throw new FileRejected([]); // reported with the list below
    return { list, format };
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    throw problems.rejection(error.problems);
  }
}

const isCountColumn = (name: string): boolean =>
  /^((cell|cells|predicted|pred)?counts?|cells|(n|num|number|numberof|nrof)cells)$/.test(plainHeader(name));

const WANTED = 'Write {"<file name>": <count>, …} as JSON, or CSV with the header image,count and a line per image.';

/** Return the problem of a count, with its remedy. */
function whatIsWrong(count: number, given: string): [code: CheckCode, message: string] | null {
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
  const bytes = new Uint8Array(length + 1); // the extra zero byte stops the scanner
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Read a table. @param bytes the file, followed by a zero byte. @param onUnclear called if points may separate thousands */
function readTable(bytes: Uint8Array, accept: Accept, onUnclear: () => void): Counts['format'] {
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
  readLines(text, { ...COUNT_COLUMN, onUnclear }, accept);
  return 'counts-csv';
}

const [QUOTE, COMMA, COLON] = [34, 44, 58];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET] = [123, 125, 91];

/** Read one object token by token: `JSON.parse` would silently keep the last of two counts for one image. */
function readJson(bytes: Uint8Array, start: number, accept: Accept): void {
  const scanner = new JsonScanner();
  scanner.bytes = bytes as Uint8Array<ArrayBuffer>;
  scanner.pos = start;
  scanner.end = bytes.length - 1;
  scanner.final = true;
  if (!scanner.accept(OPEN_BRACE)) notCounts('The file is a JSON list');
  for (let record = 1; !scanner.accept(CLOSE_BRACE); record++) {
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
    if (c === OPEN_BRACE && record === 1) refuseNested(file, bytes.subarray(scanner.pos, scanner.pos + 4096));
    const entry = { file, value: Number.NaN, record, where: `Entry ${record.toLocaleString('en')}` };
    const from = scanner.pos;
    if (c === QUOTE) {
      scanner.string();
      const given = scanner.text().trim();
      accept({ ...entry, value: parseCount(given) }, given);
    } else {
      if (scanner.atNumber()) entry.value = scanner.number();
      else scanner.skip();
      accept(entry, new TextDecoder().decode(bytes.subarray(from, Math.min(scanner.pos, from + 200))));
    }
  }
  if (!scanner.atEnd()) scanner.fail('expected the end of the file');
}

/** Refuse an object as first value; nested counts, and columns as pandas writes them, get their own advice. */
function refuseNested(key: string, from: Uint8Array): void {
  if (key === 'info') notCounts('The file is a COCO document');
  if (sniffCounts(from) !== 'counts-json') return;
  const wanted = 'Write {"<file name>": <count>, …}';
  throw new FileRejected({
    code: 'not-counts',
    message:
      /^\{\s*"\d+"/.test(new TextDecoder().decode(from)) && (isImageColumn(key) || isCountColumn(key))
        ? `The file holds columns (its first is ${quoted(key)}), as pandas writes them. ${wanted}, or CSV with the header image,count.`
        : `The file names stand one level too deep, inside ${quoted(key)}. ${wanted} without anything around it.`,
  });
}

function notCounts(what: string): never {
  throw new FileRejected({
    code: 'not-counts',
    message: `${what}, not counts per image. ${WANTED} Predictions are counted when a score threshold is stated with them (“Score threshold” in the form, --score-threshold on the command line).`,
  });
}

/**
 * A count as a number: digits with an optional sign, decimals and exponent. A decimal comma is read where it can be
 * nothing else; before three digits it may separate thousands.
 */
function parseCount(text: string): number {
  if (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text)) return Number(text);
  return /^[+-]?\d+,(\d{1,2}|\d{4,})$/.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
}

const COUNT_COLUMN: ValueColumn = {
  name: 'count',
  isNamed: isCountColumn,
  parse: parseCount,
  empty: { code: 'no-counts', message: `The file is empty. ${WANTED}` },
};

/**
 * Tables of counts: `{"<file name>": <count>}` as JSON, or an image and its count per line with any usual separator, as
 * written by spreadsheets, pandas, R and NumPy. A table is small (a line per image) and read in one piece.
 */

import type { CheckCode } from '#lib/checks/checks.ts';
import { CsvError, endOfLine, readCsv } from '#lib/csv.ts';
import { stem } from '#lib/livecell/cell-types.ts';
import { FileRejected } from '#lib/problems.ts';
import { JsonScanner } from '#lib/readers/coco/json-scanner.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';

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
    counts: Float64Array.from(list, ({ count }) => count),
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
  return findHeader(text) ? 'counts-csv' : null;
}

export interface Entry {
  file: string;
  /** NaN if it could not be read */
  count: number;
  /** JSON: entries from 1; CSV: the line */
  record: number;
  /** the same place in words, for messages */
  where: string;
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
  const list: Entry[] = [];
  const seen = new Map<string | number, Entry>();
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
    const key = keyOf(file);
    const before = seen.get(key);
    if (before) {
      problems.add('duplicate-image', () => ({
        record,
        image: file,
        message: `${where}: image ${quoted(file)} has a count already, in ${before.where.replace(/^./, (c) => c.toLowerCase())}${before.file === file ? '' : ` as ${quoted(before.file)}`}. Keep one of them.`,
      }));
      return;
    }
    seen.set(key, entry);
    list.push(entry);
  };
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

type Accept = (entry: Entry, given: string) => void;

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
  readLines(text, accept, onUnclear);
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

// --- lines with separators ---

/** Layout of a table. */
interface Header {
  separator: string;
  /** index of the image's and of the count's column, from 0 */
  image: number;
  count: number;
  /** number of columns in the header */
  columns: number;
  /** start of the first line of counts: offset in the text, and line number from 1 */
  from: number;
  line: number;
}

const SEPARATORS = [',', ';', '\t', '|', ' '];
/** `#` begins a comment in pandas, R and NumPy; `sep=;` tells spreadsheets the separator. */
const COMMENT = /^\s*#/;
const DECLARATION = /^"?sep=(.)"?[,;\t]*\s*$/i;

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
const isImageColumn = (name: string): boolean =>
  /^(image|images|img|file|files|filename|imagename|imagefile|imagefilename|filepath|imagepath|path)$/.test(
    plain(name),
  );
const isCountColumn = (name: string): boolean =>
  /^((cell|cells|predicted|pred)?counts?|cells|(n|num|number|numberof|nrof)cells)$/.test(plain(name));
/** Tell whether a column only numbers the lines. */
const isIndexColumn = (name: string): boolean =>
  /^(|unnamed0|index|idx|row|rownames?|no|nr|rowid|x1)$/.test(plain(name));

/** Return the columns of a header, or null if the line is not a header. */
function readHeader(
  line: string,
  declared: string | null,
): Pick<Header, 'separator' | 'image' | 'count' | 'columns'> | null {
  for (const separator of declared === null ? SEPARATORS : [declared]) {
    const names = line.split(separator).map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .trim(),
    );
    const columns = names.findLastIndex((name) => name !== '') + 1;
    const image = names.findIndex(isImageColumn);
    const count = image + 1;
    const others = names.slice(0, columns).filter((_, i) => i !== image && i !== count);
    if (image >= 0 && count < columns && isCountColumn(names[count]) && others.every(isIndexColumn)) {
      return { separator, image, count, columns };
    }
  }
  return null;
}

/**
 * Find the header after blank lines, comments and `sep=`. @param onOther called with the first line of any other kind
 */
function findHeader(
  text: string,
  onOther?: (line: string, number: number, declared: string | null) => void,
): Header | null {
  let declared: string | null = null;
  /** a commented header, as numpy.savetxt writes it */
  let commented: ReturnType<typeof readHeader> = null;
  for (let at = 0, line = 1; at < text.length; line++) {
    const end = text.slice(at).search(/[\r\n]|$/) + at;
    const content = text.slice(at, end);
    const from = endOfLine(text, end);
    const separator = DECLARATION.exec(content);
    if (separator && declared === null) declared = separator[1];
    else if (COMMENT.test(content)) commented ??= readHeader(content.replace(COMMENT, ''), declared);
    else if (content.trim() !== '') {
      const header = readHeader(content, declared);
      if (header) return { ...header, from, line: line + 1 };
      if (commented) return { ...commented, from: at, line };
      onOther?.(content, line, declared);
      return null;
    }
    at = from;
  }
  return null;
}

function readLines(text: string, accept: Accept, onUnclear: () => void): void {
  const header = findHeader(text, refuseHeader);
  if (header === null) throw new FileRejected({ code: 'no-counts', message: `The file is empty. ${WANTED}` });
  const { separator, image, count, columns } = header;
  /** R writes row names without a name in the header, so its lines have one field more */
  let shift: number | null = null;
  const fieldsOf = function* (): Generator<{ own: string[]; line: number }> {
    for (const row of readCsv(text, header)) {
      const fields = row.fields.map((field) => field.trim());
      if (fields.every((field) => field === '')) continue;
      if (COMMENT.test(fields[0]) && !(parseCount(fields[count] ?? '') >= 0)) continue;
      shift ??= hasRowName(fields, header) ? 1 : 0;
      yield { own: fields.slice(shift), line: row.line };
    }
  };
  try {
    const points = /\.000/.test(text) ? meaningOfPoints(fieldsOf(), count) : 'decimals';
    if (points === 'unclear') onUnclear();
    for (const { own, line } of fieldsOf()) {
      const where = `Line ${line.toLocaleString('en')}`;
      const file = own[image] ?? '';
      const entry = { file, record: line, where };
      if (own.slice(columns).some((field) => field !== '')) {
        // read as a missing count: its text says what the line looks like
        accept({ ...entry, count: Number.NaN }, own.slice(count).join(separator));
      } else {
        const given = own[count] ?? '';
        const isRead = points !== 'thousands' || !THOUSANDS.test(given);
        accept({ ...entry, count: isRead ? parseCount(given) : Number.NaN }, given);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { line, begin } = error;
    throw new FileRejected({
      code: 'not-csv',
      record: line,
      message: `Line ${line.toLocaleString('en')}: the quotation mark before ${quoted(begin)} is never closed.`,
    });
  }
}

/** A number that may have points between thousands. */
const THOUSANDS = /^\d{1,3}(\.\d{3})+$/;

/**
 * Tell what points in a column of counts mean. `1.000` is a thousand beside `850`, since decimals would be written for
 * both; if every count has three decimals and all of them are zeros, that is how decimals look, but thousands could too.
 */
function meaningOfPoints(lines: Iterable<{ own: string[] }>, count: number): 'decimals' | 'thousands' | 'unclear' {
  let pointed = 0;
  let round = 0;
  let whole = 0;
  let all = 0;
  for (const { own } of lines) {
    const given = own[count] ?? '';
    if (given === '') continue;
    all++;
    if (/^\d+$/.test(given)) whole++;
    if (!THOUSANDS.test(given)) continue;
    pointed++;
    if (given.endsWith('.000') && Number(given) > 0) round++;
  }
  if (round === 0) return 'decimals';
  if (whole > 0) return 'thousands';
  return round === pointed && pointed === all ? 'unclear' : 'decimals';
}

function hasRowName(fields: readonly string[], { image, count, columns }: Header): boolean {
  return (
    fields.length === columns + 1 &&
    Number.isNaN(parseCount(fields[image + 1])) &&
    !Number.isNaN(parseCount(fields[count + 1])) &&
    /^\d+$/.test(fields[0])
  );
}

function refuseHeader(header: string, line: number, declared: string | null): never {
  const cells = header.split(declared ?? /[,;\t]/).map((cell) => cell.replace(/"/g, '').trim());
  let remedy = 'Name the two columns image and count, and leave others out.';
  if (cells.length === 2 && isCountColumn(cells[0]) && isImageColumn(cells[1])) {
    remedy = 'The columns are the other way round: write the image first.';
  } else if (cells.length === 2 && !Number.isNaN(parseCount(cells[1]))) {
    remedy = 'The header is missing: put the line image,count before the first image.';
  }
  throw new FileRejected({
    code: 'wrong-header',
    record: line,
    message: `Line ${line.toLocaleString('en')} is ${quoted(header)}, not the header image,count. ${remedy}`,
  });
}

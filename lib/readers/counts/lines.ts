/**
 * Tables with a line per image: its name and a number, with any usual separator, as written by spreadsheets, pandas, R
 * and NumPy.
 */
import type { CheckCode } from '#lib/checks/checks.ts';
import { CsvError, endOfLine, readCsv } from '#lib/csv.ts';
import { FileRejected } from '#lib/problems.ts';
import { quoted } from '#lib/readers/problem-list.ts';

/** The second column of a table whose first names images. */
export interface ValueColumn {
  /** as messages ask for it: `count` */
  readonly name: string;
  /** tell whether a header names the column */
  readonly isNamed: (header: string) => boolean;
  /** return the number of a field; NaN if it is none */
  readonly parse: (text: string) => number;
  /** code of the problem and message for a table without lines */
  readonly empty: { readonly code: CheckCode; readonly message: string };
  /** the numbers are whole, so that points may separate thousands; called if they may, and may be decimal points too */
  readonly onUnclear?: () => void;
}

/** A line of a table, or an entry of a JSON object. */
export interface Entry {
  file: string;
  /** NaN if it could not be read */
  value: number;
  /** JSON: entries from 1; CSV: the line */
  record: number;
  /** the same place in words, for messages */
  where: string;
}

/** @param given the number as it is written */
export type Accept = (entry: Entry, given: string) => void;

/** Layout of a table. */
interface Header {
  separator: string;
  /** index of the image's and of the value's column, from 0 */
  image: number;
  value: number;
  /** number of columns in the header */
  columns: number;
  /** start of the first line of values: offset in the text, and line number from 1 */
  from: number;
  line: number;
}

const SEPARATORS = [',', ';', '\t', '|', ' '];
/** `#` begins a comment in pandas, R and NumPy; `sep=;` tells spreadsheets the separator. */
const COMMENT = /^\s*#/;
const DECLARATION = /^"?sep=(.)"?[,;\t]*\s*$/i;

export const plainHeader = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
export const isImageColumn = (name: string): boolean =>
  /^(image|images|img|file|files|filename|imagename|imagefile|imagefilename|filepath|imagepath|path)$/.test(
    plainHeader(name),
  );
/** Tell whether a column only numbers the lines. */
const isIndexColumn = (name: string): boolean =>
  /^(|unnamed0|index|idx|row|rownames?|no|nr|rowid|x1)$/.test(plainHeader(name));

/** Return the columns of a header, or null if the line is not a header. */
function readHeader(
  line: string,
  declared: string | null,
  column: ValueColumn,
): Pick<Header, 'separator' | 'image' | 'value' | 'columns'> | null {
  for (const separator of declared === null ? SEPARATORS : [declared]) {
    const names = line.split(separator).map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .trim(),
    );
    const columns = names.findLastIndex((name) => name !== '') + 1;
    const image = names.findIndex(isImageColumn);
    const value = image + 1;
    const others = names.slice(0, columns).filter((_, i) => i !== image && i !== value);
    if (image >= 0 && value < columns && column.isNamed(names[value]) && others.every(isIndexColumn)) {
      return { separator, image, value, columns };
    }
  }
  return null;
}

/**
 * Find the header after blank lines, comments and `sep=`. @param onOther called with the first line of any other kind
 */
export function findHeader(
  text: string,
  column: ValueColumn,
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
    else if (COMMENT.test(content)) commented ??= readHeader(content.replace(COMMENT, ''), declared, column);
    else if (content.trim() !== '') {
      const header = readHeader(content, declared, column);
      if (header) return { ...header, from, line: line + 1 };
      if (commented) return { ...commented, from: at, line };
      onOther?.(content, line, declared);
      return null;
    }
    at = from;
  }
  return null;
}

/** Read the lines of a table. @throws FileRejected if they are no table of the column */
export function readLines(text: string, column: ValueColumn, accept: Accept): void {
  const { parse, onUnclear } = column;
  const header = findHeader(text, column, (line, number, declared) => refuseHeader(line, number, { declared, column }));
  if (header === null) throw new FileRejected(column.empty);
  const { separator, image, value, columns } = header;
  /** R writes row names without a name in the header, so its lines have one field more */
  let shift: number | null = null;
  const fieldsOf = function* (): Generator<{ own: string[]; line: number }> {
    for (const row of readCsv(text, header)) {
      const fields = row.fields.map((field) => field.trim());
      if (fields.every((field) => field === '')) continue;
      if (COMMENT.test(fields[0]) && !(parse(fields[value] ?? '') >= 0)) continue;
      shift ??= hasRowName(fields, header, column) ? 1 : 0;
      yield { own: fields.slice(shift), line: row.line };
    }
  };
  try {
    const points = onUnclear && /\.000/.test(text) ? meaningOfPoints(fieldsOf(), value) : 'decimals';
    if (points === 'unclear') onUnclear?.();
    for (const { own, line } of fieldsOf()) {
      const where = `Line ${line.toLocaleString('en')}`;
      const file = own[image] ?? '';
      const entry = { file, record: line, where };
      if (own.slice(columns).some((field) => field !== '')) {
        // read as a missing number: its text says what the line looks like
        accept({ ...entry, value: Number.NaN }, own.slice(value).join(separator));
      } else {
        const given = own[value] ?? '';
        const isRead = points !== 'thousands' || !THOUSANDS.test(given);
        accept({ ...entry, value: isRead ? parse(given) : Number.NaN }, given);
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

function hasRowName(fields: readonly string[], { image, value, columns }: Header, { parse }: ValueColumn): boolean {
  return (
    fields.length === columns + 1 &&
    Number.isNaN(parse(fields[image + 1])) &&
    !Number.isNaN(parse(fields[value + 1])) &&
    /^\d+$/.test(fields[0])
  );
}

function refuseHeader(
  header: string,
  line: number,
  { declared, column: { name, isNamed, parse } }: { declared: string | null; column: ValueColumn },
): never {
  const cells = header.split(declared ?? /[,;\t]/).map((cell) => cell.replace(/"/g, '').trim());
  let remedy = `Name the two columns image and ${name}, and leave others out.`;
  if (cells.length === 2 && isNamed(cells[0]) && isImageColumn(cells[1])) {
    remedy = 'The columns are the other way round: write the image first.';
  } else if (cells.length === 2 && !Number.isNaN(parse(cells[1]))) {
    remedy = `The header is missing: put the line image,${name} before the first image.`;
  }
  throw new FileRejected({
    code: 'wrong-header',
    record: line,
    message: `Line ${line.toLocaleString('en')} is ${quoted(header)}, not the header image,${name}. ${remedy}`,
  });
}

/** Reads and writes tables with separators as in RFC 4180, with any line ends. */

/** A quotation mark is never closed. */
export class CsvError extends Error {
  /** from 1 */
  readonly line: number;
  /** text after the quotation mark */
  readonly begin: string;

  constructor(line: number, begin: string) {
    super(`Line ${line}: the quotation mark before ${begin} is never closed.`);
    this.line = line;
    this.begin = begin;
  }
}

interface CsvRow {
  /** without quotation marks; blank space around them is kept */
  fields: string[];
  /** line where the row begins, from 1; a quoted field may span several lines */
  line: number;
}

/**
 * Read the rows of a table, blank lines included.
 *
 * @param options.from offset in the text to begin at, which must be the beginning of line `line`
 * @throws CsvError
 */
export function* readCsv(
  text: string,
  { separator = ',', from = 0, line = 1 }: { separator?: string; from?: number; line?: number } = {},
): Generator<CsvRow> {
  for (let at = from, lineNow = line; at < text.length; ) {
    const row = readRow(text, at, separator, lineNow);
    yield { fields: row.fields, line: lineNow };
    at = row.end;
    lineNow += row.lines;
  }
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
          const [begin] = text.slice(opened + 1, opened + 40).split(/[\r\n]/);
          throw new CsvError(line, begin);
        }
        field += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      lines += field.split(/\r\n|\r|\n/).length - 1;
    }
    const rest = at;
    while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') at++;
    fields.push(field + text.slice(rest, at));
    if (text[at] !== separator) return { fields, end: endOfLine(text, at), lines };
    at++;
  }
}

/** Return the beginning of the line after the line end at `at`. */
export function endOfLine(text: string, at: number): number {
  if (text[at] === '\r' && text[at + 1] === '\n') return at + 2;
  return Math.min(at + 1, text.length);
}

/** Write a field, quoted if necessary. */
export function quoteField(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Guard text against being run as a formula: some spreadsheets run cells that begin with these, and names come from
 * strangers.
 */
export function guardFormula(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}

/** Tables as text with separators: read and written as RFC 4180 has it, with any line ends. */

/** A quotation mark is never closed. */
export class CsvError extends Error {
  /** from 1 */
  readonly line: number;
  /** what stands behind the quotation mark */
  readonly begin: string;

  constructor(line: number, begin: string) {
    super(`Line ${line}: the quotation mark before ${begin} is never closed.`);
    this.line = line;
    this.begin = begin;
  }
}

export interface CsvRow {
  /** as they stand, without quotation marks; blank space around them is kept */
  fields: string[];
  /** where the row begins, from 1; a field in quotation marks may go on over several lines */
  line: number;
}

/**
 * Read the rows of a table, blank lines included.
 *
 * @param options.from where in the text to begin, which is the beginning of line `line`
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

/** Where the line after the line end at `at` begins. */
export function endOfLine(text: string, at: number): number {
  if (text[at] === '\r' && text[at + 1] === '\n') return at + 2;
  return Math.min(at + 1, text.length);
}

/** A field as it is written: in quotation marks where it has to be. */
export function quoteField(field: string | number): string {
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Text that no spreadsheet takes for a formula: some run cells that begin with these, and names come from strangers. */
export function guardFormula(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}

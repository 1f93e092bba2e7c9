/**
 * The ledger of numbers that papers and repositories report for LIVECell: each with its family, its split, its protocol
 * and its source, and whether it may be compared with an entry's number of the same full name. Never ranked.
 */
import { CsvError, readCsv } from '#lib/csv.ts';

/** A family of numbers (docs/protocol.md, section 10); null where the number is of none of them. */
export type LedgerFamily = 'coco-ap' | 'cellpose-ap' | 'msa' | 'f1' | 'ctc' | 'pq';

/** What is written down of a number. */
export interface LedgerInput {
  method: string;
  year: number;
  /** as its source writes it */
  metric: string;
  /** as its source writes it, in per cent or as a fraction */
  value: string;
  split: string;
  protocol: string;
  source: string;
}

export interface LedgerRow extends LedgerInput {
  family: LedgerFamily | null;
  /** full name `family/truth/split` of the number of an entry that it may stand beside; null where there is none */
  beside: string | null;
  /** why it may, or may not, be compared */
  because: string;
}

/** Columns of the table, in this order. */
export const LEDGER_COLUMNS = ['method', 'year', 'metric', 'value', 'split', 'protocol note', 'source'];

/**
 * Read a table of published numbers.
 *
 * @param csv columns `method,year,metric,value,split,protocol note,source`; a protocol that begins with `as above` is
 *   that of the row before, with what follows added
 * @throws Error naming the line that is wrong
 */
export function readLedger(csv: string): LedgerRow[] {
  const [header, ...lines] = readCsv(csv.trim());
  if (header.fields.join() !== LEDGER_COLUMNS.join()) {
    throw new Error(`published numbers: the first line has to be ${LEDGER_COLUMNS.join(',')}`);
  }
  let above = '';
  return lines.map(({ fields, line }) => {
    if (fields.length !== LEDGER_COLUMNS.length)
      throw new Error(`published numbers: ${fields.length} fields in line ${line}`);
    const [method, year, metric, value, split, note, source] = fields.map((field) => field.trim());
    if (!/^\d{4}$/.test(year)) throw new Error(`published numbers: “${year}” in line ${line} is not a year`);
    if (!Number.isFinite(numberOf(value))) {
      throw new Error(`published numbers: “${value}” in line ${line} is not a number`);
    }
    const more = note.startsWith('as above') ? note.slice('as above'.length).trim() : null;
    const protocol = more === null ? note : [above, more].filter(Boolean).join('; ');
    if (more === null) above = note;
    return describeNumber({ method, year: Number(year), metric, value, split, protocol, source });
  });
}

/** Name the family of a number, and say what it may be compared with. */
export function describeNumber(input: LedgerInput): LedgerRow {
  const family = familyOf(input.metric);
  return { ...input, family, ...compare({ ...input, family }) };
}

/** Return what makes two numbers the same one: the same method, metric, images, protocol and source. */
export function numberKey({ method, metric, split, protocol, source }: LedgerInput): string {
  return [method, metric, split, protocol, source].map((text) => text.toLowerCase().replace(/\s+/g, ' ')).join('\n');
}

// --- rows that maintainers add ---

export const MOST_ROWS_ADDED = 500;
const LONGEST = { method: 200, metric: 100, value: 60, split: 200, 'protocol note': 1000, source: 500 } as const;

/** What is wrong with a table, where, and how to mend it. */
export interface LedgerProblem {
  /** from 1; the header is line 1 */
  line: number;
  /** null: the whole line */
  column: string | null;
  message: string;
}

/**
 * Check a table that is to be added. All that is wrong is listed; nothing is thrown.
 *
 * @returns the numbers of the good lines, each with its line
 */
export function checkLedger(csv: string): { rows: (LedgerInput & { line: number })[]; problems: LedgerProblem[] } {
  const problems: LedgerProblem[] = [];
  const add = (line: number, column: string | null, message: string) => problems.push({ line, column, message });
  let lines: { fields: string[]; line: number }[];
  try {
    lines = [...readCsv(csv.replace(/^\uFEFF/, ''))].filter(({ fields }) =>
      fields.some((field) => field.trim() !== ''),
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { rows: [], problems: [{ line: error.line, column: null, message: `${error.message} Close it.` }] };
  }
  const [header, ...rest] = lines;
  const named = header?.fields.map((field) => field.trim().toLowerCase()) ?? [];
  const missing = LEDGER_COLUMNS.filter((column) => !named.includes(column));
  if (missing.length > 0) {
    add(
      header?.line ?? 1,
      null,
      `The first line has to name the columns ${LEDGER_COLUMNS.join(',')}; missing: ${missing.join(', ')}. Separate them by commas.`,
    );
    return { rows: [], problems };
  }
  if (rest.length === 0) add(header.line, null, 'There is no row below the names of the columns. Add one per number.');
  if (rest.length > MOST_ROWS_ADDED)
    add(
      rest[MOST_ROWS_ADDED].line,
      null,
      `There are ${rest.length} rows; at most ${MOST_ROWS_ADDED} are added at once. Divide the table.`,
    );
  let above: string | null = null;
  const rows = rest.slice(0, MOST_ROWS_ADDED).flatMap(({ fields, line }) => {
    const before = problems.length;
    if (fields.length !== named.length) {
      add(
        line,
        null,
        `The line has ${fields.length} fields, and the first line ${named.length}. Put fields with commas into quotation marks.`,
      );
      return [];
    }
    const field = (column: (typeof LEDGER_COLUMNS)[number]) => fields[named.indexOf(column)].trim();
    for (const [column, most] of Object.entries(LONGEST)) {
      const text = field(column as keyof typeof LONGEST);
      if (text.length > most)
        add(line, column, `It has ${text.length} characters; at most ${most} are kept. Shorten it.`);
      if (text === '' && column !== 'protocol note')
        add(line, column, `It is empty. ${REMEDIES[column as keyof typeof REMEDIES]}`);
    }
    const [year, value, note] = [field('year'), field('value'), field('protocol note')];
    if (!/^20\d\d$/.test(year)) add(line, 'year', `“${year}” is not a year. Write four digits, such as 2025.`);
    const number = numberOf(value);
    if (value !== '' && !(number >= 0 && number <= 100))
      add(
        line,
        'value',
        `“${value}” is not a number from 0 to 100. Write it as the source does, such as 47.9, .4176 or ~.49, with a point.`,
      );
    let protocol = note;
    if (note.startsWith('as above')) {
      const more = note.slice('as above'.length).trim();
      if (above === null) add(line, 'protocol note', 'There is no row above. Write the protocol out.');
      protocol = [above ?? '', more].filter(Boolean).join('; ');
    } else above = note;
    if (problems.length > before) return [];
    const [method, metric, split, source] = (['method', 'metric', 'split', 'source'] as const).map(field);
    return [{ line, method, year: Number(year), metric, value, split, protocol, source }];
  });
  return { rows, problems };
}

const REMEDIES = {
  method: 'Name the method.',
  metric: 'Name the metric as its source does, such as mask AP.',
  value: 'Write the number as its source does.',
  split: 'Say which images: test (1512 files), val, not stated.',
  source: 'Name the paper or file where it stands.',
} as const;

/** Tell numbers that are there already, or twice in the table, from new ones. */
export function findDuplicates<Row extends LedgerInput & { line: number }>(
  rows: readonly Row[],
  known: readonly LedgerInput[],
): { fresh: Row[]; duplicates: { line: number; message: string }[] } {
  const values = new Map(known.map((row) => [numberKey(row), { value: row.value, where: 'the ledger has it' }]));
  const fresh: Row[] = [];
  const duplicates: { line: number; message: string }[] = [];
  for (const row of rows) {
    const found = values.get(numberKey(row));
    if (!found) {
      fresh.push(row);
      values.set(numberKey(row), { value: row.value, where: `it stands in line ${row.line}` });
      continue;
    }
    const other = found.value === row.value ? '' : `, with the value ${found.value} in place of ${row.value}`;
    duplicates.push({ line: row.line, message: `“${row.method}”, ${row.metric}: ${found.where}${other}` });
  }
  return { fresh, duplicates };
}

/** Return the value without its interval and without “about”: `.3893 [.3533, .4259]` is 0.3893, `~.49` is 0.49. */
function numberOf(value: string): number {
  return value === '' ? Number.NaN : Number(value.replace(/^~/, '').split(' ')[0]);
}

function familyOf(metric: string): LedgerFamily | null {
  if (/semantic|adjacency|vertex|MMA/.test(metric)) return null;
  if (/^(mSA|SA\d\d|TP\/\(TP\+FP\+FN\))/.test(metric)) return 'msa';
  if (/^(SEG|DET|OP_CSB)$/.test(metric)) return 'ctc';
  if (/F1/.test(metric)) return 'f1';
  if (metric === 'PQ') return 'pq';
  if (/AP/.test(metric)) return 'coco-ap';
  return null;
}

/** Why numbers are not comparable, the gravest reason first. */
const OBSTACLES: readonly [test: (row: Known) => boolean, because: string][] = [
  [({ metric }) => /semantic/.test(metric), 'it scores pixels, not cells, under the name of a score of cells'],
  [
    ({ protocol }) => /INTERACTIVE/i.test(protocol),
    'every cell was pointed out by a box from the annotation: an interactive result, not a benchmark entry',
  ],
  [({ source }) => /SECOND-HAND/i.test(source), 'it is quoted second-hand, and contradicts its source'],
  [({ family }) => family === null, 'it belongs to none of the families that entries have'],
  [
    ({ metric }) => metric === 'DET' || metric === 'OP_CSB',
    'this measure of the Cell Tracking Challenge is not computed here',
  ],
  [
    ({ protocol }) => /oracle/.test(protocol),
    'sizes of the annotated cells were given to the method, and doubles were removed from the truth',
  ],
  [({ split }) => /^val|80 samples/.test(split), 'it is of the validation images'],
  [({ split }) => /crop|256x256/.test(split), 'it is of crops or scaled images, not of whole test images'],
  [({ split }) => /subset|images \(|60 images|8 test images/.test(split), 'it is of a part of the test images'],
  [({ split }) => /not stated|not restated|val \(/.test(split), 'it is not said of which images it is'],
  [({ protocol }) => /box or mask not stated/.test(protocol), 'it is not said whether boxes or masks were scored'],
  [
    ({ protocol }) => /two values for one model/.test(protocol),
    'the same model has another value elsewhere: the truth was prepared otherwise',
  ],
  [
    ({ protocol }) => /CTC|Cell Tracking|preparation differs/.test(protocol),
    'it is not said how overlapping cells were flattened, and values differ between papers',
  ],
  [
    ({ protocol }) => /own evaluator|ablation/.test(protocol),
    'its own evaluator was used, or it is one setting of an ablation',
  ],
];

type Known = Pick<LedgerRow, 'metric' | 'split' | 'protocol' | 'source' | 'family'>;

function compare(row: Known): Pick<LedgerRow, 'beside' | 'because'> {
  for (const [stands, because] of OBSTACLES) if (stands(row)) return { beside: null, because };
  if (row.family === 'msa' && /torch_em/.test(row.protocol) && /1512/.test(row.split)) {
    return {
      beside: 'msa/flat-large/test',
      because: 'it is the same number on the same flattened truth: each file once, larger cells on top',
    };
  }
  return { beside: null, because: 'what is said of its protocol does not suffice to name its truth' };
}

/** Return a number of the ledger as a fraction: sources write 41.8 or .418. */
export function fractionOf(value: string): number {
  const number = numberOf(value);
  return number > 1 ? number / 100 : number;
}

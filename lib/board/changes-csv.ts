/** The log of scores as CSV: one line per number. */
import { guardFormula, quoteField } from '#lib/csv.ts';

interface Line {
  readonly at: Date;
  readonly entry: string;
  readonly method: string;
  readonly task: string;
  readonly dataset: string;
  readonly demo: boolean;
  readonly evaluatorVersion: string;
  readonly groundTruthSha256: string;
  readonly reason: string | null;
  readonly gone: boolean;
  readonly numbers: readonly { key: string; before: number | null; after: number | null }[];
}

const HEAD = [
  'at',
  'entry',
  'method',
  'task',
  'dataset',
  'number',
  'before',
  'after',
  'reason',
  'evaluator',
  'ground_truth_sha256',
  'demo',
  'still_public',
];

/** Return scores as CSV (RFC 4180), fractions with every digit; an entry that is gone has one line without a number. */
export function changesToCsv(lines: readonly Line[]): string {
  const rows = lines.flatMap((line) => {
    const numbers = line.numbers.length > 0 ? line.numbers : [{ key: '', before: null, after: null }];
    return numbers.map(({ key, before, after }) => [
      line.at.toISOString(),
      line.entry,
      guardFormula(line.method),
      line.task,
      guardFormula(line.dataset),
      key,
      before ?? '',
      after ?? '',
      guardFormula(line.reason ?? 'first score'),
      line.evaluatorVersion,
      line.groundTruthSha256,
      line.demo ? 'yes' : 'no',
      line.gone ? 'no' : 'yes',
    ]);
  });
  return `${[HEAD, ...rows].map((cells) => cells.map(quoteField).join(',')).join('\r\n')}\r\n`;
}

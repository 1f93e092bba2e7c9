/** What changed, in words: names of columns and their values as people say them. */
import { integer, moment } from '#lib/format.ts';

/** Names that the name of a column does not say. */
const NAMES: Readonly<Record<string, string>> = {
  sha256: 'ground truth (SHA-256)',
  paperUrl: 'address of the paper',
  codeUrl: 'address of the code',
  quotaDays: 'days of the quota',
  maxBytes: 'largest file, in bytes',
  closedReason: 'why it is closed',
  userId: 'owner',
  teamId: 'team',
  methodId: 'method',
};

/** Return the name of a column as words: `testImagesSeen` is “test images seen”. */
export function columnInWords(column: string): string {
  return NAMES[column] ?? column.replace(/([a-z0-9])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Return a value as words; of an object, its parts with their names. */
export function valueInWords(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : String(value);
  if (typeof value === 'string') return TIME.test(value) ? moment(new Date(value)) : value;
  if (Array.isArray(value)) return value.length > 0 ? value.map(valueInWords).join(', ') : 'nothing';
  return Object.entries(value as object)
    .map(([name, part]) => `${columnInWords(name)} ${valueInWords(part)}`)
    .join(', ');
}

/**
 * Leaderboard rows → CSV and BibTeX. The page links to it and the API serves it: one serializer, so that no field
 * escapes through one of them that the other leaves out.
 */
import { type Evaluation, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { guardFormula, quoteField } from '#lib/csv.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import {
  boardValues,
  type Column,
  columnInterval,
  columnLabel,
  columnValue,
  readsTypes,
  type Task,
  taskNumber,
  valueName,
} from '#lib/tasks/index.ts';
import type { Level } from './trust-level.ts';

/** What an export says of a row: the public fields and no others. */
export interface ExportRow {
  readonly kind: 'entry' | 'reference';
  readonly id: string;
  readonly rank: number | null;
  readonly method: string;
  readonly submitter: string | null;
  readonly team?: string | null;
  /** as they are to be cited */
  readonly authors?: string;
  readonly demo: boolean;
  readonly paperUrl: string | null;
  readonly codeUrl: string | null;
  readonly testImagesSeen: boolean | null;
  readonly publishedAt: Date | string | null;
  readonly level?: Level | null;
  readonly verifiedAt?: Date | string | null;
  readonly unscored: boolean;
  /** which of its method's versions it is */
  readonly version?: number | null;
  /** scored runs of the method on this test set */
  readonly runs?: number | null;
  readonly metrics: Partial<Metrics>;
  readonly cellTypes?: Partial<Record<CellType, Partial<Metrics>>>;
  /** of a board of values: its numbers, by the keys of its columns */
  readonly values?: Readonly<Record<string, number | null>>;
  /** of a reference on another data set: what it was called there */
  readonly subset?: string;
  readonly note?: string;
  readonly source?: string;
}

/** The view that was exported; it stands in every row, since files lose their address. */
export interface ExportView {
  readonly task: Task;
  readonly dataset: string;
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  readonly cellType: CellType | null;
  /** columns of single cell types that are shown beside the slice's */
  readonly ofTypes?: readonly Column[];
  /** the site's address, for links back to entries */
  readonly site: string;
}

/** RFC 4180, fractions with every digit. What was never published is empty, what has no value is `null`. */
export function toCsv(rows: readonly ExportRow[], view: ExportView): string {
  const protocol = PROTOCOLS[view.protocol];
  const values = boardValues(view.task, view.cellType);
  const columns = [...view.task.columns.filter((column) => !readsTypes(column)), ...(view.ofTypes ?? [])];
  const withInterval = columns
    .filter(({ metric }) => metric === 'AP' || metric === 'AFNR')
    .filter(({ meanOfTypes }) => !meanOfTypes);
  const name = (column: Column) => (readsTypes(column) ? column.key : columnLabel(column, protocol));
  const header = [
    'rank',
    'kind',
    'method',
    'submitter',
    'demo',
    'test_images_seen',
    'without_scores',
    'published',
    'task',
    'dataset',
    'protocol',
    'evaluation',
    'cell_type',
    ...columns.map(name),
    ...values.map(({ key }) => key),
    ...withInterval.flatMap((column) => [`${name(column)}_low`, `${name(column)}_high`]),
    'paper',
    'code',
    'team',
    'authors',
    'version',
    'runs',
    'level',
    'verified',
    'note',
    'source',
    'url',
  ];
  const lines = rows.map((row) => [
    row.rank ?? '',
    row.kind === 'entry' ? 'scored here' : 'as published',
    guardFormula(row.method),
    guardFormula(row.submitter ?? ''),
    row.demo ? 'yes' : 'no',
    row.kind === 'reference' || row.testImagesSeen === null ? '' : row.testImagesSeen ? 'yes' : 'no',
    row.kind === 'reference' ? '' : row.unscored ? 'yes' : 'no',
    isoDay(row.publishedAt),
    view.task.id,
    guardFormula(row.subset ?? view.dataset),
    view.protocol,
    view.evaluation,
    view.cellType ?? 'all',
    ...columns.map((column) => {
      const value = columnValue(column, protocol, row.metrics, row.cellTypes);
      return value === undefined ? '' : String(value);
    }),
    ...values.map(({ key }) => {
      const value = row.values?.[key];
      return value === undefined || (value === null && row.kind === 'reference') ? '' : String(value);
    }),
    ...withInterval.flatMap((column) => (columnInterval(column, row.metrics, row.cellTypes) ?? ['', '']).map(String)),
    guardFormula(row.paperUrl ?? ''),
    guardFormula(row.codeUrl ?? ''),
    guardFormula(row.team ?? ''),
    guardFormula(row.authors ?? ''),
    String(row.version ?? ''),
    String(row.runs ?? ''),
    row.level ?? '',
    isoDay(row.verifiedAt ?? null),
    guardFormula(row.note ?? ''),
    guardFormula(row.source ?? ''),
    row.kind === 'entry' ? entryUrl(row, view) : '',
  ]);
  return `${[header, ...lines].map((cells) => cells.map(quoteField).join(',')).join('\r\n')}\r\n`;
}

/** One `@misc` per row, each with the number and what it was computed on in its note. */
export function toBibtex(rows: readonly ExportRow[], view: ExportView): string {
  const used = new Map<string, number>();
  return rows.map((row) => `${bibtexEntry(row, view, used)}\n`).join('\n');
}

function bibtexEntry(row: ExportRow, view: ExportView, used: Map<string, number>): string {
  const date = isoDay(row.publishedAt);
  const url = row.paperUrl ?? (row.kind === 'entry' ? entryUrl(row, view) : (row.source ?? ''));
  const { AP, AFNR } = row.metrics;
  const numbers = [
    typeof AP === 'number' && `AP ${(AP * 100).toFixed(2)}`,
    typeof AFNR === 'number' && `AFNR ${(AFNR * 100).toFixed(2)}`,
    ...boardValues(view.task, view.cellType).map((column) => {
      const value = row.values?.[column.key];
      return typeof value === 'number' && `${valueName(column)} ${taskNumber(column, value)}`;
    }),
  ].filter(Boolean);
  const slice = `${view.evaluation === 'segm' ? 'masks' : 'boxes'}${view.cellType ? `, ${view.cellType}` : ''}`;
  const origin =
    row.kind === 'entry'
      ? `scored by the LIVECell benchmark on ${view.dataset}${row.unscored ? ' from label images without scores' : ''}${row.demo ? ' (synthetic demo data)' : ''}, protocol ${view.protocol}`
      : `as published; ${row.note ?? ''}`;
  const fields: [string, string][] = [
    ['title', `{${tex(row.method)}}`],
    ['author', row.authors || row.submitter ? `{${tex(row.authors || row.submitter || '')}}` : ''],
    ['year', date.slice(0, 4)],
    ['howpublished', url ? `\\url{${texUrl(url)}}` : ''],
    ['note', tex(`${view.task.name} (${slice}): ${numbers.join(', ')}; ${origin}`)],
  ];
  const body = fields.filter(([, value]) => value).map(([name, value]) => `  ${name} = {${value}}`);
  return `@misc{${citationKey(row, used)},\n${body.join(',\n')}\n}`;
}

/** `livecell-<method>`, with a letter when two methods have one name. */
function citationKey(row: ExportRow, used: Map<string, number>): string {
  const words = row.method
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const key = `livecell-${words || row.id}`;
  const seen = used.get(key) ?? 0;
  used.set(key, seen + 1);
  return seen === 0 ? key : `${key}-${seen + 1}`;
}

function entryUrl(row: ExportRow, view: ExportView): string {
  return `${view.site}/entries/${encodeURIComponent(row.id)}`;
}

function isoDay(at: Date | string | null): string {
  return at === null ? '' : new Date(at).toISOString().slice(0, 10);
}

const TEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '&': '\\&',
  '%': '\\%',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

function tex(text: string): string {
  return text.replace(/[\\{}&%$#_~^]/g, (character) => TEX[character]).replace(/\s+/g, ' ');
}

/** Inside \url only what would end the group is harmful. */
function texUrl(url: string): string {
  return url.replace(/[{}\\\s]/g, (character) => encodeURIComponent(character));
}

/**
 * Exports leaderboard rows as CSV and BibTeX. Page links and the API use this one serializer, so that neither can
 * expose a field that the other leaves out.
 */
import type { RowKind } from '#lib/board/ranking.ts';
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';
import { guardFormula, quoteField } from '#lib/csv.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { type Column, type ColumnNumber, columnName, fillLimits, formatNumber } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';
import type { Exposure } from '#lib/vocabulary.ts';
import type { Level } from './trust-level.ts';

/** The exported fields of a row: the public ones and no others. */
export interface ExportRow {
  readonly kind: RowKind;
  readonly id: string;
  readonly rank: number | null;
  /** best and worst rank that it could have on other fields of view */
  readonly rankRange?: readonly [number, number] | null;
  readonly tier?: number | null;
  readonly method: string;
  readonly submitter: string | null;
  readonly team?: string | null;
  /** as they should be cited */
  readonly authors?: string;
  readonly demo: boolean;
  readonly paperUrl: string | null;
  readonly codeUrl: string | null;
  readonly testImagesSeen: boolean | null;
  readonly exposure?: Exposure | null;
  readonly publishedAt: Date | string | null;
  readonly level?: Level | null;
  readonly verifiedAt?: Date | string | null;
  readonly unscored: boolean;
  /** version number of its method */
  readonly version?: number | null;
  /** scored runs of the method on this test set */
  readonly runs?: number | null;
  /** by the keys of the board's columns */
  readonly values: Readonly<Record<string, ColumnNumber>>;
  /** 95 % intervals of those that have one */
  readonly intervals?: Readonly<Record<string, readonly [number, number]>>;
  /** of a reference on another data set: what it was called there */
  readonly subset?: string;
  readonly note?: string;
  readonly source?: string;
}

/** The exported view; repeated in every row, since files lose their address. */
export interface ExportView {
  readonly task: Task;
  readonly dataset: string;
  /** the part of the data set that is scored, where it is divided */
  readonly part?: { readonly name: string } | null;
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  readonly cellType: CellType | null;
  /** columns that exports have on demand, and that were asked for */
  readonly demanded?: readonly Column[];
  /** the site's address, for links back to entries */
  readonly site: string;
}

/**
 * Return rows as CSV (RFC 4180), fractions with every digit. Unpublished numbers are empty, missing values are `null`.
 */
export function toCsv(rows: readonly ExportRow[], view: ExportView): string {
  const columns = [
    ...boardColumns(view.task, view.cellType).filter(({ onDemand }) => !onDemand),
    ...(view.demanded ?? []),
  ];
  const withInterval = columns.filter(({ interval }) => interval);
  const name = ({ key, exportedAs }: Column) => (exportedAs ? fillLimits(exportedAs, view.protocol) : key);
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
    'rank_best',
    'rank_worst',
    'tier',
    'exposure',
    ...(view.part ? ['dataset_part'] : []),
  ];
  const lines = rows.map((row) => [
    row.rank ?? '',
    row.kind === 'entry' ? 'scored here' : row.kind === 'control' ? 'control' : 'as published',
    guardFormula(row.method),
    guardFormula(row.submitter ?? ''),
    row.demo ? 'yes' : 'no',
    row.kind !== 'entry' || row.testImagesSeen === null ? '' : row.testImagesSeen ? 'yes' : 'no',
    row.kind === 'reference' ? '' : row.unscored ? 'yes' : 'no',
    isoDay(row.publishedAt),
    view.task.id,
    guardFormula(row.subset ?? view.dataset),
    view.protocol,
    view.evaluation,
    view.cellType ?? 'all',
    ...columns.map(({ key }) => {
      const value = row.values[key];
      return value === undefined || (value === null && row.kind === 'reference') ? '' : String(value);
    }),
    ...withInterval.flatMap(({ key }) => (row.intervals?.[key] ?? ['', '']).map(String)),
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
    ...(row.rankRange ?? ['', '']).map(String),
    String(row.tier ?? ''),
    row.exposure ?? '',
    // published references were computed on the whole
    ...(view.part ? [row.kind === 'reference' ? '' : view.part.name] : []),
  ]);
  return `${[header, ...lines].map((cells) => cells.map(quoteField).join(',')).join('\r\n')}\r\n`;
}

/** Return rows as BibTeX, one `@misc` each, with the number and what it was computed on in the note. */
export function toBibtex(rows: readonly ExportRow[], view: ExportView): string {
  // controls are nobody's work
  const cited = rows.filter(({ kind }) => kind !== 'control');
  const keys = citationKeys(cited);
  return cited.map((row, i) => `${bibtexEntry(row, keys[i], view)}\n`).join('\n');
}

function bibtexEntry(row: ExportRow, key: string, view: ExportView): string {
  const date = isoDay(row.publishedAt);
  const url = row.paperUrl ?? (row.kind === 'entry' ? entryUrl(row, view) : (row.source ?? ''));
  const { cited } = view.task;
  const numbers = boardColumns(view.task, view.cellType)
    .filter(({ key }) => !cited || cited.includes(key))
    .flatMap((column) => {
      const value = row.values[column.key];
      return typeof value === 'number' ? [`${columnName(column)} ${formatNumber(column, value)}`] : [];
    });
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
  return `@misc{${key},\n${body.join(',\n')}\n}`;
}

/**
 * `livecell-<method>` for each row. Where methods share a name, the later ones get `-2`, `-3` … behind it; a number that
 * another method's own name ends in is passed over, so that no two rows have one key.
 */
function citationKeys(rows: readonly ExportRow[]): string[] {
  const plain = rows.map(({ method, id }) => {
    const words = method
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
    return `livecell-${words || id}`;
  });
  const taken = new Set(plain);
  return plain.map((key, i) => {
    if (plain.indexOf(key) === i) return key;
    let number = 2;
    while (taken.has(`${key}-${number}`)) number++;
    taken.add(`${key}-${number}`);
    return `${key}-${number}`;
  });
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

export function tex(text: string): string {
  return text.replace(/[\\{}&%$#_~^]/g, (character) => TEX[character]).replace(/\s+/g, ' ');
}

/** Escape a URL for \url, where only characters that would end the group are harmful. */
function texUrl(url: string): string {
  return url.replace(/[{}\\\s]/g, (character) => encodeURIComponent(character));
}

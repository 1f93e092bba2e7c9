/** Rows of boards as LaTeX, Parquet, and Hugging Face's evaluation results. */
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { columnName, fillLimits, formatNumber } from '#lib/tasks/columns.ts';
import { type ExportRow, type ExportView, tex } from './export.ts';

/** Return rows as a LaTeX table for the package booktabs, rounded as the site shows them. */
export function toLatex(rows: readonly ExportRow[], view: ExportView): string {
  const { task, dataset, protocol, evaluation, cellType, site } = view;
  const columns = boardColumns(task, cellType).filter(
    ({ key, onDemand }) => !onDemand && rows.some(({ values }) => typeof values[key] === 'number'),
  );
  const head = ['Method', ...columns.map((column) => tex(fillLimits(columnName(column), protocol)))];
  const lines = rows.map((row) => [
    tex(row.method) + (row.kind === 'reference' ? '$^\\dagger$' : ''),
    ...columns.map((column) => {
      const text = formatNumber(column, row.values[column.key]);
      return text === '–' ? '--' : tex(text);
    }),
  ]);
  const what = `${task.name} on ${dataset}, ${task.kind.evaluated ? `${evaluation === 'segm' ? 'masks' : 'boxes'}, ` : ''}protocol ${protocol}${cellType ? `, ${cellType}` : ''}`;
  const dagger = rows.some(({ kind }) => kind === 'reference') ? ' $^\\dagger$As published, not scored here.' : '';
  return `% needs \\usepackage{booktabs}
\\begin{table}
  \\centering
  \\caption{${tex(what)}. LIVECell benchmark, \\texttt{${tex(`${site}/leaderboards/${task.id}`)}}.${dagger}}
  \\begin{tabular}{l${'r'.repeat(columns.length)}}
    \\toprule
    ${head.join(' & ')} \\\\
    \\midrule
${lines.map((cells) => `    ${cells.join(' & ')} \\\\`).join('\n')}
    \\bottomrule
  \\end{tabular}
\\end{table}
`;
}

/** Return rows as a Parquet file: the columns of the CSV that are numbers as numbers, with null where there is none. */
export async function toParquet(rows: readonly ExportRow[], view: ExportView): Promise<Uint8Array<ArrayBuffer>> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const { task, dataset, protocol, evaluation, cellType } = view;
  const columns = [...boardColumns(task, cellType).filter(({ onDemand }) => !onDemand), ...(view.demanded ?? [])];
  const text = (name: string, of: (row: ExportRow) => string | null) => ({
    name,
    data: rows.map(of),
    type: 'STRING' as const,
    nullable: true,
  });
  const number = (name: string, of: (row: ExportRow) => number | null | undefined) => ({
    name,
    data: rows.map((row) => of(row) ?? null),
    type: 'DOUBLE' as const,
    nullable: true,
  });
  const day = (at: Date | string | null) => (at === null ? null : new Date(at).toISOString().slice(0, 10));
  const buffer = parquetWriteBuffer({
    codec: 'UNCOMPRESSED', // any reader has it, and boards are small
    columnData: [
      number('rank', ({ rank }) => rank),
      text('kind', ({ kind }) => (kind === 'entry' ? 'scored here' : 'as published')),
      text('id', ({ id }) => id),
      text('method', ({ method }) => method),
      text('submitter', ({ submitter }) => submitter),
      text('team', ({ team }) => team ?? null),
      text('authors', ({ authors }) => authors || null),
      text('published', ({ publishedAt }) => day(publishedAt)),
      text('task', () => task.id),
      text('dataset', ({ subset }) => subset ?? dataset),
      text('protocol', () => protocol),
      text('evaluation', () => evaluation),
      text('cell_type', () => cellType ?? 'all'),
      ...columns.map(({ key }) => number(key, ({ values }) => values[key])),
      ...columns
        .filter(({ interval }) => interval)
        .flatMap(({ key }) => [
          number(`${key}_low`, ({ intervals }) => intervals?.[key]?.[0]),
          number(`${key}_high`, ({ intervals }) => intervals?.[key]?.[1]),
        ]),
      text('paper', ({ paperUrl }) => paperUrl),
      text('code', ({ codeUrl }) => codeUrl),
      text('source', ({ source }) => source ?? null),
    ],
  });
  return new Uint8Array(buffer);
}

/**
 * Return an entry's headline numbers as a file for `.eval_results/` of a model's repository on Hugging Face. Values are
 * per cent, as papers print AP.
 */
export function toEvalResults(row: ExportRow, view: ExportView): string {
  const { task, dataset, protocol, evaluation, site } = view;
  const quote = (text: string) => JSON.stringify(text);
  const columns = boardColumns(task).filter(({ key, onDemand }) => !onDemand && typeof row.values[key] === 'number');
  const date = row.publishedAt === null ? null : new Date(row.publishedAt).toISOString().slice(0, 10);
  const items = columns.slice(0, 3).map((column) => {
    const value = row.values[column.key] as number;
    return `- dataset:
    id: ${quote(dataset)}
    task_id: ${quote(`${task.id}/${column.key}`)}
  value: ${column.format === 'percent' ? Number((100 * value).toPrecision(12)) : value}
${date ? `  date: ${quote(date)}\n` : ''}  source:
    url: ${quote(`${site}/entries/${row.id}`)}
    name: "LIVECell benchmark"
  notes: ${quote(`${columnName(column)}, ${evaluation === 'segm' ? 'masks' : 'boxes'}, protocol ${protocol}${column.format === 'percent' ? ', per cent' : ''}`)}
`;
  });
  return `# for .eval_results/ of the model's repository; dataset.id is the name here: write that of the data set's repository
${items.join('')}`;
}

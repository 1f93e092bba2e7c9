/** Rows of boards in the formats of papers, notebooks and model repositories. */
import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { ExportRow, ExportView } from '#lib/board/export.ts';
import { toEvalResults, toLatex, toParquet } from '#lib/board/tables.ts';
import { parseTask } from '#lib/tasks/index.ts';

const view: ExportView = {
  task: parseTask('livecell-wide')!,
  dataset: 'LIVECell test',
  protocol: 'livecell-paper',
  evaluation: 'segm',
  cellType: null,
  site: 'https://example.org',
};
const row = (change: Partial<ExportRow> = {}): ExportRow => ({
  kind: 'entry',
  id: 'one',
  rank: 1,
  method: 'Cell_Net & 50 %',
  submitter: 'Ada',
  demo: false,
  paperUrl: null,
  codeUrl: 'https://example.org/code',
  testImagesSeen: false,
  publishedAt: '2026-05-06T07:08:09.000Z',
  unscored: false,
  values: { AP: 0.479123456789012, AFNR: null },
  intervals: { AP: [0.45, 0.5] },
  ...change,
});
const reference = row({
  kind: 'reference',
  id: 'paper',
  method: 'Published',
  rank: null,
  values: { AP: 0.478 },
  intervals: {},
});

test('LaTeX: a table that compiles, with its own columns, rounded as on the site', () => {
  const text = toLatex([row(), reference], view);
  expect(text).toContain('Cell\\_Net \\& 50 \\%');
  expect(text).toMatch(/\\begin\{tabular\}\{lr+\}/);
  const [, columns] = /\{l(r+)\}/.exec(text)!;
  const lines = text.split('\n').filter((line) => line.includes(' & '));
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.match(/(?<!\\)&/g)).toHaveLength(columns.length);
  expect(text).toContain('47.9');
  expect(text).toContain('Published$^\\dagger$');
  expect(text).toContain('As published, not scored here');
  // no column without a number
  expect(text).not.toContain('AFNR');
  expect(toLatex([row()], view)).not.toContain('dagger');
});

test('Parquet: numbers as numbers with every digit, null where there is none', async () => {
  const bytes = await toParquet([row(), reference], view);
  expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe('PAR1');
  const read = (await parquetReadObjects({ file: bytes.buffer })) as Record<string, unknown>[];
  expect(read).toHaveLength(2);
  expect(read[0]).toMatchObject({
    rank: 1,
    kind: 'scored here',
    method: 'Cell_Net & 50 %',
    AP: 0.479123456789012,
    AFNR: null,
    AP_low: 0.45,
    AP_high: 0.5,
    published: '2026-05-06',
    protocol: 'livecell-paper',
    paper: null,
  });
  expect(read[1]).toMatchObject({ rank: null, kind: 'as published', AP: 0.478, AP_low: null });
});

test('Parquet of an empty board is a table without rows', async () => {
  const bytes = await toParquet([], view);
  expect(await parquetReadObjects({ file: bytes.buffer })).toEqual([]);
});

test('evaluation results name data set, number, protocol and source', () => {
  const text = toEvalResults(row({ method: 'x: "y"' }), view);
  expect(text).toContain(`- dataset:
    id: "LIVECell test"
    task_id: "livecell-wide/AP"
  value: 47.9123456789
  date: "2026-05-06"
  source:
    url: "https://example.org/entries/one"
    name: "LIVECell benchmark"
  notes: "AP, masks, protocol livecell-paper, per cent"
`);
  expect(text.match(/^- dataset:/gm)).toHaveLength(1); // AFNR has no number
});

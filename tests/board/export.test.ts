import { expect, test } from 'vitest';
import { type ExportRow, type ExportView, toBibtex, toCsv } from '#lib/board/export.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { readColumn, readerOf, readInterval } from '#lib/tasks/columns.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { metrics } from '#tests/scoring/reports.ts';

const task: Task = TASKS['livecell-wide'];

/** The numbers of the board that this report has, as a row carries them. */
function scoredAs(overall: Partial<Metrics>, cellTypes: Record<string, Partial<Metrics>> = {}) {
  const view = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
  const read = readerOf({ segm: { overall, cellTypes } });
  const intervals = task.columns.map((column) => [column.key, readInterval(column, view, read)] as const);
  return {
    values: Object.fromEntries(task.columns.map((column) => [column.key, readColumn(column, view, read)])),
    intervals: Object.fromEntries(intervals.flatMap(([key, interval]) => (interval ? [[key, interval]] : []))),
  };
}

const view: ExportView = {
  task,
  dataset: 'livecell-test',
  protocol: 'livecell-paper',
  evaluation: 'segm',
  cellType: null,
  site: 'https://example.org',
};
const entry: ExportRow = {
  kind: 'entry',
  id: 'e1',
  rank: 1,
  method: 'Net',
  submitter: 'Ada',
  demo: false,
  paperUrl: null,
  codeUrl: null,
  testImagesSeen: false,
  publishedAt: new Date('2025-03-04T23:00:00Z'),
  unscored: false,
  ...scoredAs(metrics(0.8)),
};
const reference: ExportRow = {
  ...entry,
  kind: 'reference',
  id: 'r1',
  rank: null,
  method: 'Cascade Mask R-CNN',
  submitter: null,
  publishedAt: null,
  ...scoredAs({ AP: 0.4789 }),
  note: 'released code',
  source: 'https://example.org/paper',
};

/** Reads CSV back, to see what a spreadsheet would see. */
function parse(csv: string): Record<string, string>[] {
  const rows = csv
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1]?.replaceAll('""', '"') ?? m[2]),
    );
  return rows.slice(1).map((cells) => Object.fromEntries(rows[0].map((name, i) => [name, cells[i]])));
}

test('numbers keep every digit, and the limits of the protocol name the recall columns', () => {
  const [row] = parse(toCsv([entry], view));
  expect(Number(row.AP)).toBe(metrics(0.8).AP);
  expect(Number(row['AR@3000'])).toBe(metrics(0.8).AR['3000']);
  expect(row).toMatchObject({ rank: '1', kind: 'scored here', cell_type: 'all', published: '2025-03-04' });
});

test('nothing to average is null, never published is empty', () => {
  const [scored, published] = parse(toCsv([entry, reference], view));
  expect(scored.APl).toBe('null');
  expect(published.APl).toBe('');
  expect(published).toMatchObject({
    rank: '',
    kind: 'as published',
    note: 'released code',
    url: '',
    test_images_seen: '',
  });
});

test('AP and AFNR have the ends of their intervals beside them, also those of a cell type', () => {
  const interval = { AP: [0.4, 0.48], AFNR: [0.5, 0.6] } as Metrics['interval'];
  const demanded = view.task.columns.filter(({ key }) => key === 'AP-BV2');
  const row = { ...entry, ...scoredAs({ ...metrics(0.8), interval }, { BV2: { AP: 0.3, interval } }) };
  const [here, elsewhere] = parse(toCsv([row, reference], { ...view, demanded }));
  expect(here).toMatchObject({ AP_low: '0.4', AP_high: '0.48', AFNR_low: '0.5', AFNR_high: '0.6' });
  expect(here).toMatchObject({ 'AP-BV2': '0.3', 'AP-BV2_low': '0.4', 'AP-BV2_high': '0.48' });
  expect(elsewhere).toMatchObject({ AP: '0.4789', AP_low: '', AP_high: '', 'AP-BV2': '' });
});

test('a name that a spreadsheet would run as a formula is made text', () => {
  for (const method of ['=HYPERLINK("http://x","y")', '+1', '-1+2', '@SUM(A1)', '\tx', '\r=1']) {
    const csv = toCsv([{ ...entry, method, submitter: method }], view);
    expect(csv).not.toMatch(/(^|[,\n]"?)[=+@\t]/);
    expect(csv).toContain(`'${method}`.replaceAll('"', '""'));
  }
});

test('quotes, commas and line breaks stay inside their cell', () => {
  const [row] = parse(toCsv([{ ...entry, method: 'A "B", C' }], view));
  expect(row.method).toBe('A "B", C');
});

test('no field of a row beyond the public ones is exported', () => {
  const leaky = { ...entry, email: 'ada@example.org', userId: 'u-77' } as ExportRow;
  expect(toCsv([leaky], view) + toBibtex([leaky], view)).not.toMatch(/ada@example|u-77/);
});

test('BibTeX has a key per row, also when two methods share a name', () => {
  const text = toBibtex([entry, { ...entry, id: 'e2' }], view);
  expect([...text.matchAll(/@misc\{([^,]+),/g)].map((m) => m[1])).toEqual(['livecell-net', 'livecell-net-2']);
  expect(text).toContain('note = {LIVECell-wide (masks): AP 44.00, AFNR 56.00; scored by the LIVECell benchmark');
});

test('BibTeX has no key twice where a method is called what another one’s key would be', () => {
  const rows = ['Foo 2', 'Foo', 'Foo', 'foo', 'Foo-3'].map((method, i) => ({ ...entry, id: `e${i}`, method }));
  const keys = [...toBibtex(rows, view).matchAll(/@misc\{([^,]+),/g)].map((m) => m[1]);
  expect(keys).toEqual(['livecell-foo-2', 'livecell-foo', 'livecell-foo-4', 'livecell-foo-5', 'livecell-foo-3']);
});

test('BibTeX of a name with braces and backslashes stays balanced', () => {
  const text = toBibtex([{ ...entry, method: 'U_{net}\\input{x} 100% & #1', paperUrl: 'https://x.org/a}b' }], view);
  expect(text).toContain('U\\_\\{net\\}\\textbackslash{}input\\{x\\} 100\\% \\& \\#1');
  expect(text).toContain('\\url{https://x.org/a%7Db}');
});

test('a published number says where it comes from', () => {
  expect(toBibtex([reference], view)).toContain('as published; released code');
});

test('CSV names the part of a divided data set, except beside published numbers', () => {
  const reference: ExportRow = { ...entry, kind: 'reference', id: 'r1', rank: null };
  const lines = toCsv([entry, reference], { ...view, part: { name: 'public' } }).split('\r\n');
  expect(lines.slice(0, 3).map((line) => line.split(',').at(-1))).toEqual(['dataset_part', 'public', '']);
  expect(toCsv([entry], view)).not.toContain('dataset_part');
});

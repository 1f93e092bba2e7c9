/** Boards of values: of a task, of one of its cell types, and what was published of other data sets. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { GET } from '#app/api/v1/leaderboards/[task]/route.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { parsePublishedResults, saveReferenceResults } from '#db/datasets/reference-results.ts';
import { db } from '#db/engine/client.ts';
import type { Dataset } from '#db/schema.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission } from '#db/submissions/submissions.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { singleCellType } from '#lib/scoring/single-cell-type.ts';
import type { Report } from '#lib/tasks/report.ts';
import { someDataset, someReports, someSubmission } from '../db/fixtures.ts';
import { metrics } from '../scoring/reports.ts';
import { openSite } from './site.ts';

openSite();

let dataset: Dataset;

async function entry(task: string, method: string, results: unknown, more: object = {}): Promise<void> {
  const { userId: _u, visibility: _v, ...input } = someSubmission(dataset, { method, task });
  const { id } = await createDemoSubmission(input);
  await startScoring(id, 1);
  const [report] = someReports();
  const reports = PROTOCOL_IDS.map((protocol) => ({ ...report, ...more, task, protocol, results }));
  await saveReports(id, reports as unknown as Report[]);
}

const types = (APs: Partial<Record<CellType, number>>) => {
  const cellTypes = Object.fromEntries(Object.entries(APs).map(([type, AP]) => [type, metrics(AP)]));
  return { segm: singleCellType(cellTypes), bbox: singleCellType(cellTypes) };
};

beforeAll(async () => {
  dataset = await someDataset(db());
  await saveReferenceResults(parsePublishedResults(readFileSync('db/datasets/published-results.csv', 'utf8')));
  await entry('single-cell-type', 'all', types(Object.fromEntries(CELL_TYPES.map((type) => [type, 0.5]))));
  await entry('single-cell-type', 'two', types({ BV2: 0.8, A172: 0.2 }));
  await entry('single-cell-type', 'label images', types({ BV2: 0.9 }), { unscored: true });
  await entry('training-size', 'curve', { sizes: { 2: both(0.2), 100: both(0.6) } });
  await entry('training-size', 'no small share', { sizes: { 4: both(0.2), 100: both(0.7) } });
});

const both = (AP: number) => ({ segm: metrics(AP), bbox: metrics(AP) });
const view = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
const ask = (task: string, search = '') =>
  GET(new Request(`http://localhost/x${search}`), { params: Promise.resolve({ task }) });

test('the board of a cell type ranks the entries that have it, label images among themselves', async () => {
  const { rows } = await getLeaderboard({ task: 'single-cell-type', ...view, cellType: 'BV2' });
  const entries = rows.filter(({ kind }) => kind === 'entry');
  expect(entries.map(({ rank, method }) => [rank, method])).toEqual([
    [1, 'label images'],
    [1, 'two'],
    [2, 'all'],
  ]);
  expect(entries[1].values).toMatchObject({ AP: metrics(0.8).AP, AP50: 0.8, AFNR: metrics(0.8).AFNR, APl: null });
  const shown = async (cellType: CellType) =>
    (await getLeaderboard({ task: 'single-cell-type', ...view, cellType })).rows
      .filter(({ kind }) => kind === 'entry')
      .map(({ method }) => method);
  expect(await shown('A172')).toEqual(['all', 'two']);
  expect(await shown('MCF7')).toEqual(['all']);
  const references = rows.filter(({ kind }) => kind === 'reference');
  expect(references.map(({ values }) => values.AP)).toEqual([0.526, 0.4569]);
});

test('with all of them together the mean ranks, and a partial set has none', async () => {
  const { rows } = await getLeaderboard({ task: 'single-cell-type', ...view });
  const entries = rows.filter(({ kind }) => kind === 'entry');
  expect(entries.map(({ rank, method, values }) => [rank, method, values.AP])).toEqual([
    [1, 'all', expect.closeTo(metrics(0.5).AP!, 14)],
    [null, 'two', null],
    [null, 'label images', null],
  ]);
});

test('a cell type has its own columns in JSON, CSV and BibTeX; a task without such boards refuses', async () => {
  const { cellType, sort, rows } = await (await ask('single-cell-type', '?cellType=bv-2&sort=afnr')).json();
  expect([cellType, sort]).toEqual(['BV2', 'AFNR']);
  expect(rows.find(({ method }: { method: string }) => method === 'two')).toMatchObject({ rank: 1, unscored: false });
  const csv = await ask('single-cell-type', '?cellType=BV2&format=csv');
  expect(csv.headers.get('content-disposition')).toContain('single-cell-type-livecell-paper-segm-BV2.csv');
  const [head, ...lines] = (await csv.text()).trim().split('\r\n');
  expect(head).toContain(',cell_type,AP,AFNR,AP50,AP75,APs,APm,APl,');
  expect(lines.find((line) => line.includes(',two,'))).toContain(`,BV2,${metrics(0.8).AP},`);
  expect(await (await ask('single-cell-type', '?cellType=BV2&format=bibtex')).text()).toMatch(/two[^@]*AP50 80\.00/);
  expect((await ask('single-cell-type', '?cellType=BV2&sort=AP-BV2')).status).toBe(400);
  expect((await ask('training-size', '?cellType=BV2')).status).toBe(400);
});

test('the gain from 2 to 100 % is a difference, there when both ends are, beside the published gains', async () => {
  const { rows } = await getLeaderboard({ task: 'training-size', ...view });
  const gains = Object.fromEntries(rows.map(({ method, values }) => [method, values.gain]));
  expect(gains.curve).toBeCloseTo(metrics(0.6).AP! - metrics(0.2).AP!, 14);
  expect(gains['no small share']).toBeNull();
  expect(gains['CenterMask2 (anchor-free)']).toBe(0.115);
  expect(rows.find(({ method }) => method === 'CenterMask2 (anchor-free)')!.values['AP-2']).toBe(0.362);
});

test('published results of outside data sets stand under the name they were published with, whatever is registered', async () => {
  const references = (await getLeaderboard({ task: 'zero-shot', ...view })).rows;
  expect(references.map(({ subset, rank }) => `${subset} ${rank}`).sort()).toEqual([
    'CellPose null',
    'CellPose null',
    'EVICAN easy null',
    'EVICAN easy null',
    'EVICAN easy null',
  ]);
  expect(new Set(references.map(({ id }) => id)).size).toBe(5);
  expect(references.every(({ values }) => values.AP! > 0)).toBe(true);
  await someDataset(db(), { name: 'cellpose', task: 'zero-shot' });
  const own = (await getLeaderboard({ task: 'zero-shot', ...view, dataset: 'cellpose' })).rows;
  expect(own.filter(({ subset }) => subset === undefined).map(({ values }) => values.AP)).toEqual([0.269, 0.245]);
  const csv = await (await ask('zero-shot', '?format=csv')).text();
  expect(csv).toContain('EVICAN easy');
});

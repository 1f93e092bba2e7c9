/** The page and the API are two views of one ranking. */
import { beforeAll, expect, test } from 'vitest';
import { loadSlices } from '#app/_server/slices.ts';
import { GET } from '#app/api/v1/leaderboards/[task]/route.ts';
import { exportHref, type Params, parseView } from '#app/leaderboards/[task]/view.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { db } from '#db/engine/client.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission } from '#db/submissions/submissions.ts';
import { parseSliceQuery } from '#lib/board/slices.ts';
import { leaderboardSchema } from '#lib/http/api.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { FAMILY_COLUMNS } from '#lib/tasks/families.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { saveSlices, someDataset, someReports, someSubmission } from '../db/fixtures.ts';
import { openSite } from './site.ts';

const task = TASKS['livecell-wide'];
openSite();

const SCALARS = [...'AP AFNR AP50 AP75 APs APm APl ARs ARm ARl exactAP pq'.split(' ')];

beforeAll(async () => {
  const dataset = await someDataset(db(), { public: true });
  // numbers that differ between columns, with ties and holes
  for (let i = 0; i < 6; i++) {
    const number = (k: number) => ((i * 7 + k * 3) % 5 === 0 ? null : ((i * 5 + k) % 4) / 10);
    const reports = someReports().map((report) => {
      const { AR, ...others } = report.results.bbox.overall;
      const slice = (k: number) => ({
        ...others,
        ...Object.fromEntries(SCALARS.map((metric, m) => [metric, number(k + m)])),
        AR: Object.fromEntries(Object.keys(AR).map((key, a) => [key, number(k + a)])),
      });
      const results = {
        overall: slice(0),
        cellTypes: Object.fromEntries(CELL_TYPES.map((type, k) => [type, slice(k + 1)])),
      };
      return { ...report, ...(i === 5 && { unscored: true }), results: { segm: results, bbox: results } };
    });
    const { userId: _u, visibility: _v, ...input } = someSubmission(dataset, { method: `m${i}` });
    const { id } = await createDemoSubmission(input);
    await startScoring(id, 1);
    await saveReports(id, reports);
    // two have the same number, two have no slices
    if (i < 4) await saveSlices(id, db(), dataset.sha256, [0.3, 0.1, 0.7, 0.3][i]);
  }
});

const ask = (address: string) =>
  GET(new Request(new URL(address, 'http://x')), { params: Promise.resolve({ task: task.id }) });

/** What the export links of a page give, and what stands on it, as rank and id. */
async function both(params: Params) {
  const view = parseView(task, params);
  const { rows } = await getLeaderboard({ ...view, task: task.id });
  const entries = rows.filter((row) => row.kind === 'entry');
  const body = leaderboardSchema.parse(await (await ask(exportHref(view, 'json'))).json());
  const show = (rows: { rank: number | null; id: string }[]) => rows.map(({ rank, id }) => `${rank} ${id}`);
  return {
    page: [
      show(entries.filter((row) => !row.unscored)),
      show(entries.filter((row) => row.unscored)),
      show(rows.filter((row) => row.kind === 'reference')),
    ],
    api: [
      show(body.rows.filter((row) => row.kind === 'entry' && !row.unscored)),
      show(body.rows.filter((row) => row.kind === 'entry' && row.unscored)),
      show(body.rows.filter((row) => row.kind === 'reference')),
    ],
    sort: body.sort,
  };
}

// the numbers other papers report and times are of all images, and are not in these reports (tests/app/receipts.test.ts,
// tests/app/times.test.ts)
const scored = task.columns.filter(
  ({ key, toggle }) => toggle !== 'time' && !FAMILY_COLUMNS.some((column) => column.key === key),
);

test.each(scored.map(({ key }) => key))('page and API agree on %s, both ways and on any slice', async (sort) => {
  const seen = new Set<string>();
  for (const more of [{}, { direction: 'asc' }, { direction: 'desc' }, { cellType: 'BV2' }, { protocol: 'coco' }]) {
    const { page, api, sort: said } = await both({ sort, ...more });
    expect(said).toBe(sort);
    expect(api).toEqual(page);
    expect(page[0]).toHaveLength(5);
    seen.add(page[0].join());
  }
  expect(seen.size).toBeGreaterThan(1);
});

test('a column of a cell type comes with its numbers, in JSON and CSV', async () => {
  const body = await (await ask('/?sort=AP-BV2')).json();
  const values = body.rows.map((row: { cellTypes: Record<string, { AP: number }> }) => row.cellTypes.BV2.AP);
  const known = values.filter((value: number | null) => value !== null);
  expect(known).toEqual(known.toSorted((a: number, b: number) => b - a));
  expect(values.slice(known.length).every((value: number | null) => value === null)).toBe(true);
  const csv = await (await ask('/?sort=AP-BV2&columns=afnr-by-type&format=csv')).text();
  const header = csv.split('\r\n')[0].split(',');
  expect(header).toEqual(expect.arrayContaining(['AP-BV2', 'AFNR-SkBr3', 'AP_low', 'AFNR_high', 'AP-BV2_low']));
  expect(header).not.toContain('AP-SkBr3');
});

test('by name and time too; what no column is called is refused with the names there are', async () => {
  for (const sort of ['method', 'publishedAt', 'pq', 'ar@3000']) expect((await ask(`/?sort=${sort}`)).status).toBe(200);
  const refused = await ask('/?sort=speed');
  expect(refused.status).toBe(400);
  expect((await refused.json()).fields.sort).toContain('AP-BV2');
});

test('the API answers all rows, or pages of them that make up the same board', async () => {
  const all = leaderboardSchema.parse(await (await ask(exportHref(parseView(task, {}), 'json'))).json());
  expect(all).toMatchObject({ total: all.rows.length, next: null });
  const ids: string[] = [];
  let cursor: string | null | undefined;
  do {
    const address = `/api/v1/leaderboards/${task.id}?limit=4${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
    const page = leaderboardSchema.parse(await (await ask(address)).json());
    expect(page.rows.length).toBeLessThanOrEqual(4);
    ids.push(...page.rows.map(({ id }) => id));
    cursor = page.next;
  } while (cursor);
  expect(ids).toEqual(all.rows.map(({ id }) => id));
  const unknown = await ask(`/api/v1/leaderboards/${task.id}?cursor=nothing`);
  expect(unknown.status).toBe(400);
  expect((await unknown.json()).detail ?? '').toContain('no row “nothing”');
});

test('a slice re-ranks the board, as the page of slices does, in the page and in files', async () => {
  const params = { density: '1', columns: 'size', evaluation: 'bbox', protocol: 'coco', sort: 'PQ' };
  const view = parseView(task, params);
  // slices are those of masks under the primary protocol
  expect(view).toMatchObject({ slice: { density: '1' }, evaluation: 'segm', protocol: 'livecell-paper', groups: [] });
  expect(view.sort.key).toBe('AP');
  const { page, api } = await both(params);
  expect(api).toEqual(page);
  const { rows } = await getLeaderboard({ ...view, task: task.id });
  const told = rows.map(({ rank, rankRange, tier, values }) => [rank, values.AP, rankRange, tier]);
  expect(told.filter(([rank]) => rank !== null)).toEqual(
    [0.7, 0.3, 0.3, 0.1].map((AP, i) => [[1, 2, 2, 4][i], AP, null, null]),
  );
  expect(told.filter(([rank]) => rank === null)).toEqual([0, 1].map(() => [null, undefined, null, null]));
  const slices = await loadSlices(task, undefined, parseSliceQuery({ density: '1' }));
  const ranked = rows.filter(({ rank }) => rank !== null);
  expect(slices!.rows.map(({ rank, id, value }) => [rank, id, value])).toEqual(
    ranked.map(({ rank, id, values }) => [rank, id, values.AP]),
  );
  const csv = await (await ask(exportHref(view, 'csv'))).text();
  expect(csv.split('\r\n')[1]).toContain(',0.7,');
  for (const wrong of [
    'density=6',
    'day=x',
    'density=1&evaluation=bbox',
    'density=1&sort=AP50',
    'density=1&day=1&size=small',
  ])
    expect((await ask(`/?${wrong}`)).status).toBe(400);
});

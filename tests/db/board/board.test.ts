import { readFileSync } from 'node:fs';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BoardQuery, type BoardRow, getLeaderboard } from '#db/board/board.ts';
import { listReports } from '#db/board/reports.ts';
import { fillBoardValues } from '#db/board/values.ts';
import {
  listReferenceResults,
  OTHER_PROTOCOL,
  parsePublishedResults,
  saveReferenceResults,
} from '#db/datasets/reference-results.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { boardValues, type Dataset, submissions } from '#db/schema.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission, createSubmission } from '#db/submissions/submissions.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { findColumn } from '#lib/tasks/board-columns.ts';
import { columnNumber } from '#lib/tasks/columns.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { SUBMISSION_STATES, VISIBILITIES } from '#lib/vocabulary.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { GROUND_TRUTH, someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import fc from '#tests/properties.ts';
import { reportOf } from '#tests/scoring/reports.ts';

const VIEW = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
const published = parsePublishedResults(readFileSync('db/datasets/published-results.csv', 'utf8'));

describe('the published results', () => {
  const comparable = published.filter((row) => row.comparable !== OTHER_PROTOCOL);

  test('hold the rows that follow a comparable protocol, as fractions', () => {
    const of: Record<string, number> = {};
    for (const { task } of comparable) of[task] = (of[task] ?? 0) + 1;
    expect(of).toEqual({
      'livecell-wide': 18,
      'single-cell-type': 32,
      transferability: 4,
      'fluorescence-counts': 8,
      'training-size': 4,
      'zero-shot': 5,
    });
    const gains = published.filter(({ metric }) => metric === 'gain').map(({ value }) => value);
    expect(gains).toEqual([0.077, 0.115]);
    const fractions = published.filter(({ metric }) => !['index', 'linearityLimit'].includes(metric));
    expect(fractions.every((row) => row.value > 0 && row.value < 1)).toBe(true);
    const find = (metric: string, evaluation: string, method: string) =>
      published.find((row) => row.metric === metric && row.evaluation === evaluation && row.method.startsWith(method))!;
    expect(find('AP', 'bbox', 'CenterMask2').value).toBe(0.4845);
    expect(find('AR.2000', 'segm', 'CenterMask2').value).toBe(0.547);
    expect(find('AFNR', 'segm', 'Cascade').value).toBe(0.453);
  });

  test('hold every other row too, marked, in its own words, a number each', () => {
    const others = published.filter((row) => row.comparable === OTHER_PROTOCOL);
    // 36 lines, of which 4 pairs of three measures
    expect(others).toHaveLength(44);
    expect(others.filter(({ method }) => method === 'DINOCell').map(({ metric, value }) => [metric, value])).toEqual([
      ['SEG', 0.784],
      ['DET', 0.926],
      ['MMA', 0.876],
    ]);
    const dino = others.find(({ method }) => method.startsWith('DINO-4scale'))!;
    expect(dino).toMatchObject({ metric: 'AP', evaluation: 'bbox', value: 0.523, task: 'livecell-wide' });
    expect(dino.protocol).toMatch(/^val; mmdet CocoMetric/);
    expect(published.every(({ value }) => Number.isFinite(value))).toBe(true);
    const lines = readFileSync('db/datasets/published-results.csv', 'utf8').trim().split('\n').slice(1);
    for (const line of lines) expect(published.map(({ method }) => method)).toContain(line.split(',')[0]);
  });

  test('what a notebook printed is linked to the notebook', () => {
    const limits = published.filter(({ metric }) => metric === 'linearityLimit');
    expect(limits).toHaveLength(4);
    for (const { source } of limits) expect(source).toMatch(/^https:\S+\.ipynb \(notebook output\)$/);
  });

  test('a row that nobody knows how to read is no silence', () => {
    const [header] = readFileSync('db/datasets/published-results.csv', 'utf8').split('\n');
    expect(() => parsePublishedResults(`${header}\nX,5 dataset size,all,test,speed,1,%,p,yes,s`)).toThrow(
      /how to read X/,
    );
  });

  test('say the protocol of the row above where they say `same`', () => {
    const small = published.find((row) => row.metric === 'APs')!;
    expect(small.protocol).toBe(
      'LIVECell coco_evaluation.py (useCats=0 maxDets=2000 pooled); README log (area<324 px)',
    );
  });
});

describe.each(ONE_ENGINE)('the leaderboard on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db, { demo: true });
    await saveReferenceResults(published, client.db);
    await saveReferenceResults(published, client.db); // twice is once
    await entry('first', { AP: 0.9, AFNR: 0.3, interval: { AP: [0.4, 0.5], AFNR: [0.2, 0.4] } });
    await entry('second', { AP: 0.7, AFNR: 0.2 });
    await entry('second too', { AP: 0.7, AFNR: 0.1 });
    await entry('a hair behind', { AP: 0.7 - 1e-15, AFNR: 0.4 });
    await entry('no number', { AP: null, AFNR: null });
    await entry('private', { AP: 1 }, { visibility: 'private' });
    await entry('against another ground truth', { AP: 1 }, { sha256: 'd'.repeat(64) });
    await createSubmission(someSubmission(dataset, { method: 'not scored' }), client.db);
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  async function entry(
    method: string,
    metrics: Partial<Metrics>,
    { visibility, sha256 = GROUND_TRUTH }: { visibility?: 'private'; sha256?: string } = {},
  ): Promise<void> {
    const { userId: _u, visibility: _v, ...input } = someSubmission(dataset, { method });
    const { id } = await createDemoSubmission(input, client.db);
    await startScoring(id, 1, client.db);
    await saveReports(id, someReports(metrics, sha256), client.db);
    if (visibility) await client.db.update(submissions).set({ visibility }).where(eq(submissions.id, id));
  }

  async function board(query: Partial<BoardQuery> = {}): Promise<BoardRow[]> {
    const defaults = { task: 'livecell-wide', protocol: 'livecell-paper', evaluation: 'segm' } as const;
    return (await getLeaderboard({ ...defaults, metrics: true, ranges: true, ...query }, client.db)).rows;
  }
  const column = (name: string) => findColumn(TASKS['livecell-wide'], name, VIEW)!;
  const entries = (rows: BoardRow[]) =>
    rows.filter((row) => row.kind === 'entry').map((row) => [row.rank, row.method] as const);

  test('ranks 1, 2, 2, 4 on unrounded numbers; what has none comes last, unranked', async () => {
    expect(entries(await board())).toEqual([
      [1, 'first'],
      [2, 'second'],
      [2, 'second too'],
      [4, 'a hair behind'],
      [null, 'no number'],
    ]);
  });

  test('a lower false-negative ratio is better, and turning the order round changes no rank', async () => {
    const ranked = [
      [1, 'second too'],
      [2, 'second'],
      [3, 'first'],
      [4, 'a hair behind'],
    ];
    expect(entries(await board({ sort: column('AFNR') }))).toEqual([...ranked, [null, 'no number']]);
    const reversed = entries(await board({ sort: column('AFNR'), direction: 'desc' }));
    expect(reversed).toEqual([...ranked.reverse(), [null, 'no number']]);
    expect(entries(await board({ sort: 'method' }))[0]).toEqual([4, 'a hair behind']);
  });

  test('shows the numbers of the chosen cell type alone, without published rows', async () => {
    const rows = await board({ cellType: 'A172' });
    expect(rows.every((row) => row.kind === 'entry')).toBe(true);
    expect(rows[0].metrics.AP).toBe(0.45);
    expect((await board({ cellType: 'SKOV3' }))[0]).toMatchObject({ rank: null, metrics: {} });
  });

  test('board values that are missing, or of other columns, are derived again from the reports', async () => {
    const before = await board({ byType: true });
    const [one] = await client.db.select().from(boardValues).limit(1);
    await client.db.delete(boardValues).where(eq(boardValues.evaluationId, one.evaluationId));
    expect(await fillBoardValues({}, client.db)).toBe(1);
    expect(await fillBoardValues({ again: true }, client.db)).toBe(0);
    await client.db.update(boardValues).set({ format: 'earlier', values: {} });
    expect(await fillBoardValues({}, client.db)).toBe(0);
    expect(await fillBoardValues({ again: true }, client.db)).toBeGreaterThan(20);
    expect(await board({ byType: true })).toEqual(before);
  });

  test('published rows stand in the order, unranked; their size classes only where they mean the same', async () => {
    const references = async (protocol: BoardQuery['protocol']) =>
      (await board({ protocol })).filter((row) => row.kind === 'reference');
    const paper = await references('livecell-paper');
    expect(paper.map((row) => row.rank)).toEqual(paper.map(() => null));
    const [centerMask] = paper.filter((row) => row.method.startsWith('CenterMask2'));
    expect(centerMask.metrics).toEqual({ AP: 0.4778, AP50: 0.81626, AP75: 0.508958, AFNR: 0.522 });
    expect(centerMask).toMatchObject({ id: 'centermask2-vovnet2-99-ese-anchor-free', demo: false });
    expect(centerMask.source).toContain('https://');
    const [code] = (await references('livecell-code')).filter((row) => row.method.startsWith('CenterMask2'));
    expect(code.metrics).toMatchObject({ APs: 0.45111, AR: { 2000: 0.547 } });
    expect(await references('coco')).toEqual([]);
    expect(
      (await board({ evaluation: 'bbox', protocol: 'livecell-code' })).some((row) => row.kind === 'reference'),
    ).toBe(true);
  });

  test('rows that follow other protocols are kept, and stand on no board', async () => {
    const boxes = (await board({ evaluation: 'bbox' })).map(({ method }) => method);
    expect(boxes.join()).toContain('ResNeSt');
    expect(boxes.join()).not.toContain('YOLOX');
    const listed = await listReferenceResults({ task: 'livecell-wide', otherProtocols: true }, client.db);
    expect(listed).toHaveLength(published.filter(({ task }) => task === 'livecell-wide').length);
    expect((await listReferenceResults({ task: 'livecell-wide' }, client.db)).length).toBe(18);
  });

  test('the mean over types is unweighted, ranks, and asks for no more than was read', async () => {
    const mean = column('meanAP');
    const [row] = await board({ sort: mean });
    expect(row.values.meanAP).toBe(0.45);
    expect(row).toMatchObject({ method: 'first', rank: 1 });
    const [reference] = (await board()).filter(({ kind }) => kind === 'reference');
    expect(reference.values.meanAP).toBeUndefined();
    const two = { A172: { AP: 0.2 }, BV2: { AP: 0.6 }, MCF7: { AP: null } };
    const of = (overall: object, cellTypes: object) => columnNumber(mean, { segm: { overall, cellTypes } }, VIEW);
    expect(of({ AP: 0.9 }, two)).toBeCloseTo(0.4, 14);
    expect(of({}, {})).toBeNull();
  });

  test('AP and AFNR of every cell type come with the rows where they are asked for, or order them', async () => {
    const [row] = await board({ byType: true });
    expect(row.cellTypes).toEqual({ A172: { AP: 0.45, AFNR: 0.3, interval: { AP: [0.4, 0.5], AFNR: [0.2, 0.4] } } });
    expect(row.metrics.AP).toBe(0.9);
    expect((await board())[0].cellTypes).toBeUndefined();
    // AFNR of the type is that of all images here, and nothing to average stays null
    const byAFNR = await board({ sort: column('AFNR-A172') });
    expect(entries(byAFNR)).toEqual(entries(await board({ sort: column('AFNR') })));
    expect(byAFNR.find(({ method }) => method === 'no number')?.cellTypes?.A172?.AFNR).toBeNull();
  });

  test('the results of several entries are read at once, against the ground truth as it is now', async () => {
    const rows = await client.db.select().from(submissions);
    const slice = { dataset, protocol: 'livecell-paper' } as const;
    const results = await listReports(
      rows.map(({ id }) => id),
      slice,
      client.db,
    );
    const id = (method: string) => rows.find((row) => row.method === method)!.id;
    expect(reportOf(results.get(id('first')), 'livecell-wide').results.segm?.overall.AP).toBe(0.9);
    expect(results.has(id('against another ground truth'))).toBe(false);
    expect(results.has(id('not scored'))).toBe(false);
    expect(await listReports([], slice, client.db)).toEqual(new Map());
  });

  test('whatever happens to entries, only those that are scored and published rank, in the order of their ranks', async () => {
    const other = await someDataset(client.db, { name: 'changing' });
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      const { userId: _u, visibility: _v, ...input } = someSubmission(other, { method: `m${i}` });
      const { id } = await createDemoSubmission(input, client.db);
      await startScoring(id, 1, client.db);
      await saveReports(id, someReports({ AP: [0.3, 0.3, 0.5, null, 0.4, 0.3 + 1e-16][i], AFNR: i / 10 }), client.db);
      ids.push(id);
    }
    const fate = fc.record({
      state: fc.constantFrom(...SUBMISSION_STATES, 'scored' as const, 'scored' as const),
      visibility: fc.constantFrom(...VISIBILITIES, 'published' as const, 'published' as const),
    });
    const sorts = ['AP', 'AFNR', 'AR@100', 'AP-A172', 'AP-BV2'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { minLength: 6, maxLength: 6 }),
        fc.constantFrom(...sorts),
        fc.constantFrom('asc', 'desc'),
        async (fates, sort, direction) => {
          for (const [i, fate] of fates.entries())
            await client.db.update(submissions).set(fate).where(eq(submissions.id, ids[i]));
          const rows = await board({ dataset: other.name, sort: column(sort), direction });
          const found = rows.filter((row) => row.kind === 'entry');
          const allowed = ids.filter((_, i) => fates[i].state === 'scored' && fates[i].visibility === 'published');
          expect(found.map(({ id }) => id).sort()).toEqual(allowed.sort());
          const ranked = found.map(({ rank }) => rank ?? Number.POSITIVE_INFINITY);
          const turned = (direction === 'asc') !== (column(sort).better === 'lower');
          const numbers = ranked.filter(Number.isFinite);
          expect(ranked).toEqual([
            ...numbers.sort((a, b) => (turned ? b - a : a - b)),
            ...ranked.filter((rank) => rank === Number.POSITIVE_INFINITY),
          ]);
          expect(rows.every((row) => row.kind === 'entry' || row.rank === null)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a board of an unknown data set is empty of entries', async () => {
    expect(entries(await board({ dataset: 'nowhere' }))).toEqual([]);
  });
});

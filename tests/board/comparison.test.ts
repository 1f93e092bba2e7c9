/** Entries side by side: the reference's differences, the words for them, and what is told of hidden ground truth. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type ComparedEntry,
  compareEntries,
  comparisonRows,
  NotComparable,
  type PairDifference,
  parsePattern,
  patternInWords,
  patternName,
  perIouDifferences,
  sharedEvaluations,
  tellCells,
  verdictOf,
  withoutDifferences,
} from '#lib/board/comparison.ts';
import { comparisonSchema } from '#lib/http/api.ts';
import type { Difference } from '#lib/scoring/jackknife.ts';
import type { PerIou } from '#lib/scoring/per-iou.ts';
import { someMetrics, someReports } from '#tests/db/fixtures.ts';
import { GOLDEN, readGolden } from '#tests/parity/golden-files.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

afterAll(dismissHelpers);

async function entryOf(file: string): Promise<ComparedEntry> {
  const outcome = await scoreTask({
    task: 'livecell-wide',
    groundTruth: { path: join(GOLDEN, 'small', 'gt.json.gz') },
    files: [{ slot: 'all', path: join(GOLDEN, 'small', file) }],
    protocols: ['livecell-paper'],
    threads: 1,
    errors: false,
  });
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  return { id: file, method: file.split('.')[0], version: 1, report: outcome.reports[0] };
}

const entries = Promise.all(['dt.json.gz', 'dt_second.json.gz'].map(entryOf));

test('per IoU, p is adjusted over pairs and thresholds, and fields must be the same', () => {
  const field = (k: number): [string, string] => [`A172_C7_${k}`, 'A172'];
  const of = (values: (t: number, row: number) => number): PerIou => {
    const rows = Array.from({ length: 9 }, (_, row) => Array.from({ length: 10 }, (__, t) => values(t, row)));
    return { fields: Array.from({ length: 8 }, (_, k) => field(k)), AP: rows, FNR: rows };
  };
  const plain = of((t) => 0.6 - 0.05 * t);
  // far apart at IoU 0.50 alone
  const other = of((t, row) => 0.6 - 0.05 * t + (t === 0 ? 0.2 : 0) + 0.001 * (row % 3));
  const found = perIouDifferences([plain, other])!;
  expect(found.AP).toHaveLength(10);
  expect(found.AP[0][0]).toMatchObject({ first: 0, second: 1, ahead: 1 });
  expect(found.FNR[0][0].ahead).toBe(0);
  for (const [pair] of found.AP) expect(pair.adjusted).toBeGreaterThanOrEqual(pair.p);
  expect(found.AP[0][0].adjusted).toBeGreaterThan(found.AP[0][0].p);
  expect(found.AP[0][0].difference).toBeCloseTo(-0.2, 12);
  expect(perIouDifferences([plain, { ...other, fields: other.fields.slice(1) }])).toBeUndefined();
});

describe('two real entries', () => {
  test.each(['segm', 'bbox'] as const)('differ as the reference says, %s', async (evaluation) => {
    const { paired } = readGolden<{ paired: Record<string, Record<string, Difference>> }>('small/jackknife.json');
    const { differences } = compareEntries(await entries, { evaluation, truthIsPublic: true });
    expect(Object.keys(differences)).toEqual(['AP', 'AFNR', 'meanAP', 'meanAFNR']);
    for (const [metric, golden] of Object.entries(paired[evaluation])) {
      const [found] = differences[metric as 'AP']!;
      for (const key of ['difference', 'standardError', 'p', 'probabilityBetter'] as const)
        expect(found[key], `${metric} ${key}`).toBeCloseTo(golden[key], 9);
      // one pair: nothing to adjust
      expect(found.adjusted).toBe(found.p);
    }
  });

  test('turned round, the differences change their sign and the verdict stays', async () => {
    const there = compareEntries(await entries, { evaluation: 'segm', truthIsPublic: true });
    const back = compareEntries([...(await entries)].reverse(), { evaluation: 'segm', truthIsPublic: true });
    expect(back.differences.AP![0].difference).toBe(-there.differences.AP![0].difference);
    const ahead = ({ entries: of, differences }: typeof there) => {
      const index = differences.AP![0].ahead;
      return index === null ? null : of[index].method;
    };
    expect(ahead(back)).toBe(ahead(there));
  });

  test('fields are told where the ground truth is public, replicates and families never', async () => {
    const open = compareEntries(await entries, { evaluation: 'segm', truthIsPublic: true });
    expect(open.fields!.length).toBeGreaterThan(5);
    const hidden = compareEntries(await entries, { evaluation: 'segm', truthIsPublic: false });
    expect(hidden.fields).toBeUndefined();
    expect(hidden.differences).toEqual(open.differences);
    for (const comparison of [open, hidden])
      expect(JSON.stringify(comparison)).not.toMatch(/without|replicates|digest/);
    const names = open.fields!.map(({ field }) => field);
    for (const name of names) expect(JSON.stringify(hidden)).not.toContain(name);
  });

  test('is what the API describes, and a table with one number per row', async () => {
    const comparison = compareEntries(await entries, { evaluation: 'segm', truthIsPublic: true });
    const more = { dataset: 'x', truthIsPublic: true, evaluations: ['segm', 'bbox'], cells: [], curves: [] };
    expect(comparisonSchema.parse({ ...comparison, ...more })).toMatchObject({ verdict: comparison.verdict });
    const rows = comparisonRows(comparison);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([10]));
    const [pair] = comparison.differences.AFNR!;
    expect(rows).toContainEqual([
      ...['difference', 'AFNR', 'dt.json.gz', 'dt_second.json.gz', pair.difference, ...pair.interval],
      ...[pair.standardError, pair.p, pair.adjusted],
    ]);
  });

  test('what does not compare says why', async () => {
    const [first, second] = await entries;
    const options = { evaluation: 'segm', truthIsPublic: true } as const;
    const elsewhere = {
      ...second,
      report: { ...second.report, groundTruth: { ...second.report.groundTruth, sha256: 'x' } },
    };
    expect(() => compareEntries([first, elsewhere], options)).toThrow('different ground truth');
    const ofOtherTask = { ...second, report: { ...second.report, task: 'training-size' } as ComparedEntry['report'] };
    expect(() => compareEntries([first, ofOtherTask], options)).toThrow(
      'different tasks: LIVECell-wide and Training-set size',
    );
    const gone = { ...second, report: { ...second.report, task: 'gone' } as unknown as ComparedEntry['report'] };
    expect(() => compareEntries([gone, gone], options)).toThrow(NotComparable);
    const { segm: _, bbox } = second.report.results as { segm?: object; bbox: object };
    const boxes = { ...second, report: { ...second.report, results: { bbox } } as ComparedEntry['report'] };
    expect(() => compareEntries([first, boxes], options)).toThrow('“dt_second” gave boxes and no masks');
  });

  test('entries of other tasks stand side by side with their own intervals, data set by data set', async () => {
    const { report } = (await entries)[0];
    const of = (id: string, AP: number, interval?: object) => {
      const overall = { ...someMetrics({ AP }), ...(interval && { interval }) };
      const results = { datasets: { EVICAN: { segm: { overall }, bbox: { overall } } } };
      return {
        id,
        method: id,
        version: 1,
        report: { ...report, task: 'zero-shot', results } as ComparedEntry['report'],
      };
    };
    const two = [of('A', 0.4, { AP: [0.3, 0.5], AFNR: [0.4, 0.6], degreesOfFreedom: 9 }), of('B', 0.2)];
    expect(sharedEvaluations(two)).toEqual(['segm', 'bbox']);
    const comparison = compareEntries(two, { evaluation: 'segm', truthIsPublic: true });
    expect(comparison).toMatchObject({ task: 'zero-shot', differences: {}, cellTypes: [] });
    expect(comparison.verdict).toMatch(/cannot be said/);
    expect(comparison.numbers[0]).toEqual({
      ...{ name: 'EVICAN: AP', better: 'higher', values: [0.4, 0.2], intervals: [[0.3, 0.5], null] },
    });
    expect(comparison.numbers.at(-1)).toMatchObject({ name: 'EVICAN: AFNR', better: 'lower' });
    const more = { dataset: 'x', truthIsPublic: true, evaluations: ['segm', 'bbox'], cells: [], curves: [] };
    expect(comparisonSchema.parse({ ...comparison, ...more }).numbers).toHaveLength(4);
    for (const id of ['zero-shot', 'training-size', 'transferability', 'single-cell-type'])
      expect(withoutDifferences(id)).toContain('without each field of view');
    expect(withoutDifferences('fluorescence-counts')).toContain('Counts have no interval');
  });

  test('reports without replicates stand side by side', () => {
    const [report] = someReports();
    const two = [1, 2].map((k) => ({ id: String(k), method: `M${k}`, version: null, report }));
    const comparison = compareEntries(two, { evaluation: 'segm', truthIsPublic: true });
    expect(comparison.differences).toEqual({});
    expect(comparison.verdict).toContain('too few');
    expect(comparison.numbers[0].values).toEqual([0.5, 0.5]);
  });
});

describe('the verdict', () => {
  const pair = (first: number, second: number, ahead: number | null): PairDifference => ({
    first,
    second,
    difference: ahead === second ? -0.02 : 0.02,
    standardError: 0.005,
    interval: ahead === second ? [-0.031, -0.009] : [0.009, 0.031],
    probabilityBetter: 0.5,
    p: 0.01,
    adjusted: ahead === null ? 0.5 : 0.01,
    ahead,
  });
  test.each([
    [['A', 'B'], [0.5, 0.4], [pair(0, 1, 0)], 'A is ahead of B in AP by 2.0 points (95 % interval 0.9 to 3.1).'],
    [['A', 'B'], [0.4, 0.5], [pair(0, 1, 1)], 'B is ahead of A in AP by 2.0 points (95 % interval 0.9 to 3.1).'],
    [['A', 'B'], [0.5, 0.4], [pair(0, 1, null)], 'A and B cannot be told apart in AP on this test set.'],
    [
      ['A', 'B', 'C'],
      [0.3, 0.5, 0.4],
      [pair(0, 1, 1), pair(0, 2, 2), pair(1, 2, null)],
      'In AP, B is ahead of A; C is ahead of A. Not told apart: B and C.',
    ],
  ])('of %j with %j', (names, values, pairs, sentence) => {
    expect(verdictOf(names, values, pairs)).toBe(sentence);
  });
});

describe('cells × entries', () => {
  const cells = { objects: 1234, patterns: [234, 49, 51, 900] };

  test('are told exactly where the ground truth is public', () => {
    const told = tellCells(cells, { entries: 2, cellType: null, truthIsPublic: true });
    expect(told).toMatchObject({ objects: 1234, patterns: { '00': 234, '10': 49, '01': 51, '11': 900 } });
    expect(told.kappa).toHaveLength(1);
  });

  test('elsewhere to tens, and nothing of fewer than 50', () => {
    const told = tellCells(cells, { entries: 2, cellType: null, truthIsPublic: false });
    expect(told).toMatchObject({ objects: 1230, patterns: { '00': 230, '10': null, '01': 50, '11': 900 } });
    expect(told.kappa[0].kappa).toBe(Math.round(100 * told.kappa[0].kappa!) / 100);
    const few = tellCells(
      { objects: 40, patterns: [10, 10, 10, 10] },
      { entries: 2, cellType: 'A172', truthIsPublic: false },
    );
    expect(few).toMatchObject({ objects: 0, patterns: { '00': null, '11': null }, kappa: [{ kappa: null }] });
  });

  test('patterns have names, and names are read back', () => {
    for (let pattern = 0; pattern < 8; pattern++) expect(parsePattern(patternName(pattern, 3), 3)).toBe(pattern);
    expect(parsePattern('10', 3)).toBeNull();
    expect(parsePattern('1x', 2)).toBeNull();
    expect(parsePattern(undefined, 2)).toBeNull();
    expect(patternInWords('10', ['A', 'B'])).toBe('found by A alone');
    expect(patternInWords('00', ['A', 'B'])).toBe('found by neither');
    expect(patternInWords('111', ['A', 'B', 'C'])).toBe('found by all');
    expect(patternInWords('110', ['A', 'B', 'C'])).toBe('found by A and B alone');
  });
});

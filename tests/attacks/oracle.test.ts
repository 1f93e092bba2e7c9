/**
 * The attack: a submitter chooses predictions so that the score answers a question about hidden ground truth, and asks
 * again and again. Unpublished scores must not answer: what 300 submissions recover is no more than guessing would.
 */
import { describe, expect, test } from 'vitest';
import { getReports } from '#db/board/reports.ts';
import { db } from '#db/engine/client.ts';
import { datasets, submissions } from '#db/schema.ts';
import type { Metrics } from '#lib/coco/metrics.ts';
import { scoreCounts } from '#lib/scoring/fluorescence.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { coarseTotal, disclosed, objectsTold, roundTo, stepOf, unpublishedReport } from '#lib/tasks/disclosure.ts';
import type { Report, ReportOf } from '#lib/tasks/report.ts';
import { openSite, person } from '#tests/app/site.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { reportOf } from '#tests/scoring/reports.ts';

/** A report of counts, as the scoring process makes it. */
function countReport(reference: readonly number[], predicted: readonly number[]): ReportOf<'fluorescence-counts'> {
  const [{ results: _, ...about }] = someReports();
  const rows = reference.map((count, i) => ({
    file: `A172_Phase_A1_1_00d00h${i}m_1.tif`,
    reference: count,
    predicted: predicted[i],
  }));
  return { ...about, task: 'fluorescence-counts', results: { counts: { A172: scoreCounts(rows) } } } as never;
}

/** The x that fits rows · x = said best; a trace of ridge, since rows that sum to zero leave one direction open. */
function leastSquares(rows: readonly number[][], said: readonly number[]): number[] {
  const n = rows[0].length;
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_, j) =>
      rows.reduce((sum, row, k) => sum + row[i] * (j < n ? row[j] : said[k]), i === j ? 1e-9 : 0),
    ),
  );
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = a[k][i] / a[i][i];
      for (let j = i; j <= n; j++) a[k][j] -= factor * a[i][j];
    }
  }
  return a.map((row, i) => row[n] / row[i]);
}

describe('hidden counts', () => {
  const random = seededRandom(11);
  const IMAGES = 60;
  const hidden = Array.from({ length: IMAGES }, () => 200 + Math.floor(random() * 1200));
  const mean = hidden.reduce((sum, y) => sum + y, 0) / IMAGES;

  /** How many counts are right when everything in `answer` is believed: slope and intercept give sum(xy) and sum(y). */
  function recoverByLine(answer: (predicted: number[]) => Report): number {
    let right = 0;
    for (let i = 0; i < IMAGES; i++) {
      const x: number[] = Array(IMAGES).fill(0);
      x[i] = 1;
      const told = (answer(x) as ReportOf<'fluorescence-counts'>).results.counts.A172!;
      // y of the one image = intercept + slope
      const guess = told.slope == null || told.intercept == null ? mean : told.slope + told.intercept;
      if (Math.round(guess) === hidden[i]) right++;
    }
    return right;
  }

  test('were all told by the regression line of exact reports', () => {
    expect(recoverByLine((x) => countReport(hidden, x))).toBe(IMAGES);
  });

  test('are told by no line of an unpublished report', () => {
    expect(recoverByLine((x) => unpublishedReport(countReport(hidden, x)))).toBeLessThanOrEqual(1);
  });

  test('cannot be solved for from 300 submissions with many images in each question', () => {
    // half of the images, at random, are given a cell: Pearson's r weighs all counts at once, and 300 weighings are solved
    const questions = Array.from({ length: 300 }, () => Array.from({ length: IMAGES }, () => Number(random() < 0.5)));
    const spread = Math.sqrt(hidden.reduce((sum, y) => sum + (y - mean) ** 2, 0) / IMAGES);
    const recover = (tell: (report: Report) => Report) => {
      const rows: number[][] = [];
      const said: number[] = [];
      for (const x of questions) {
        const told = (tell(countReport(hidden, x)) as ReportOf<'fluorescence-counts'>).results.counts.A172!.pearson;
        if (told == null) continue;
        const share = x.reduce((sum, v) => sum + v, 0) / IMAGES;
        rows.push(x.map((v) => (v - share) / Math.sqrt(share * (1 - share)) / IMAGES));
        said.push(told);
      }
      return leastSquares(rows, said).filter((z, i) => Math.round(mean + z * spread) === hidden[i]).length;
    };
    expect(recover((report) => report)).toBe(IMAGES);
    // blind guesses within the spread are right once in some hundred, good ones once in ten
    expect(recover(unpublishedReport)).toBeLessThanOrEqual(6);
  });

  test('a score may not be made exact by making it large', () => {
    const scaled = hidden.map((_, i) => (i % 2) * 1e9);
    const told = (unpublishedReport(countReport(hidden, scaled)) as ReportOf<'fluorescence-counts'>).results.counts
      .A172!;
    expect(told.r2).toBe(0);
    expect(String(told.meanAbsoluteError).replace(/0+$/, '').replace('.', '').length).toBeLessThanOrEqual(2);
  });

  test('their sum is told to two digits', () => {
    expect(coarseTotal(98_493)).toBe(98_000);
    expect(objectsTold({ task: 'fluorescence-counts', public: false, objects: 98_493 })).toBe(98_000);
    expect(objectsTold({ task: 'fluorescence-counts', public: true, objects: 98_493 })).toBe(98_493);
    const report = countReport(hidden, hidden);
    const exact = { ...report, groundTruth: { ...report.groundTruth, objects: 98_493 } };
    for (const published of [true, false])
      expect(disclosed(exact, { truthIsPublic: false, published }).groundTruth.objects).toBe(98_000);
  });
});

describe('hidden masks', () => {
  const [exact] = someReports();

  test('an unpublished report has few numbers and each of them is rounded', () => {
    const told = unpublishedReport(exact as Report) as typeof exact;
    const { overall } = told.results.bbox;
    for (const key of ['APs', 'APm', 'APl', 'ARs', 'ARm', 'ARl', 'pq'] as const) expect(overall[key]).toBeNull();
    for (const key of ['apPerIou', 'fnrPerIou', 'f1PerIou', 'jaccardPerIou'] as const)
      expect(overall[key]).toEqual(Array(10).fill(null));
    for (const key of ['errors', 'interval', 'exactAP', 'sensitivity', 'meanImageJaccardPerIou', 'scoreThreshold'])
      expect(overall).not.toHaveProperty(key);
    for (const [type, own] of Object.entries(told.results.bbox.cellTypes)) {
      expect([type, own!.AP50, own!.AP75]).toEqual([type, null, null]);
      expect(own!.objects).toBe(exact.results.bbox.cellTypes[type as 'A172']!.objects);
    }
  });

  test('which of ten candidates hit cannot be read from a fraction over forty objects', () => {
    // fnrPerIou of 40 objects with k hits is 1 - k/40: exact, it counts the hits
    const answers = Array.from({ length: 11 }, (_, hits) => roundTo(1 - hits / 40, stepOf(0.001, 40)));
    expect(new Set(answers).size).toBeLessThanOrEqual(3);
    expect(new Set(Array.from({ length: 11 }, (_, hits) => 1 - hits / 40)).size).toBe(11);
  });

  test('a charge tells a bounded number of bits, whatever is asked', () => {
    const numbers: number[] = [];
    const collect = (value: unknown, key = ''): void => {
      if (typeof value === 'number' && !['images', 'objects', 'detections'].includes(key)) numbers.push(value);
      else if (value && typeof value === 'object') for (const [name, one] of Object.entries(value)) collect(one, name);
    };
    // a whole report: two evaluations, all images and eight types
    const types = ['A172', 'BT474', 'BV2', 'Huh7', 'MCF7', 'SHSY5Y', 'SkBr3', 'SKOV3'] as const;
    const slice: Metrics = {
      ...exact.results.bbox.overall,
      objects: 57_000,
      AP: 0.12345678,
      AP50: 0.2345678,
      AP75: 0.345678,
      AFNR: 0.45678,
    };
    const results = {
      overall: { ...slice, objects: 462_261 },
      cellTypes: Object.fromEntries(types.map((type) => [type, slice])),
    };
    const report = {
      ...exact,
      groundTruth: { ...exact.groundTruth, objects: 462_261 },
      results: { segm: results, bbox: results },
    };
    collect((unpublishedReport(report as Report) as typeof exact).results);
    // docs/disclosure.md states this bound: 40 numbers of at most log2(1001) bits, in each of three protocols
    expect(numbers).toHaveLength(40);
    for (const number of numbers) expect(Math.abs(number * 1000 - Math.round(number * 1000))).toBeLessThan(1e-9);
    expect(Math.ceil(numbers.length * Math.log2(1001))).toBeLessThanOrEqual(400);
  });
});

describe('on the site', () => {
  openSite();

  test('an owner sees rounded numbers until the entry is published, and exact ones where the truth is public', async () => {
    const { id: userId } = await person('curious');
    const { createSubmission } = await import('#db/submissions/submissions.ts');
    const { saveScore, startScoring } = await import('#db/submissions/scoring.ts');
    const { eq } = await import('drizzle-orm');
    const dataset = await someDataset(db());
    const { id } = await createSubmission(someSubmission(dataset, { userId }));
    const input = await startScoring(id, 1);
    await saveScore(input!, { reports: someReports({}, dataset.sha256) });
    const overall = async () => reportOf(Object.values(await getReports(id))[0], 'livecell-wide').results.bbox.overall;

    expect((await overall()).APs).toBeNull();
    expect(Object.values(await getReports(id))[0]!.disclosure).toBe('unpublished');
    await db().update(submissions).set({ visibility: 'published' }).where(eq(submissions.id, id));
    expect((await overall()).APs).toEqual(someReports()[0].results.bbox.overall.APs);
    await db().update(submissions).set({ visibility: 'private' }).where(eq(submissions.id, id));
    await db().update(datasets).set({ public: true }).where(eq(datasets.id, dataset.id));
    expect((await overall()).APs).toEqual(someReports()[0].results.bbox.overall.APs);
  });
});

test('a fraction stays a fraction, however coarse the rounding', () => {
  expect(roundTo(0.9926, 10 / 28)).toBe(1);
  expect(roundTo(0.5, 10 / 28)).toBeCloseTo(0.357, 3);
  // an index has no such limit
  expect(roundTo(1.2, 0.001)).toBe(1.2);
});

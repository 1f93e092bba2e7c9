/**
 * The attack: a submitter chooses predictions so that the score answers a question about hidden ground truth, and asks
 * again and again. Unpublished scores must not answer: what 300 submissions recover is no more than guessing would.
 */
import { describe, expect, test, vi } from 'vitest';
import { getReports } from '#db/board/reports.ts';
import { db } from '#db/engine/client.ts';
import { datasets, submissions } from '#db/schema.ts';
import type { Metrics } from '#lib/coco/metrics.ts';
import { drawsOf } from '#lib/draws.ts';
import { scoreCounts } from '#lib/scoring/fluorescence.ts';
import { seededRandom } from '#lib/stats/random.ts';
import {
  coarseTotal,
  disclosed,
  objectsTold,
  roundTo,
  smoothAP,
  stepOf,
  unpublishedReport,
  widening,
} from '#lib/tasks/disclosure.ts';
import type { Report, ReportOf } from '#lib/tasks/report.ts';
import { openSite, person } from '#tests/app/site.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import {
  type Answer,
  askAtTheEdge,
  askErrors,
  askFirst,
  askInHalves,
  askLast,
  drawn,
  exactly,
  hide,
  hideAmongMany,
  metricsOf,
  type Recovered,
  rounded,
  widened,
} from './questions.ts';

// hundreds of scores in one test
vi.setConfig({ testTimeout: 120_000 });

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
      expect(disclosed(exact, { truthIsPublic: false, published, draw: () => 0.5, runs: 0 }).groundTruth.objects).toBe(
        98_000,
      );
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
      exactAP: 0.12345678,
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
    // docs/disclosure.md states this bound: per evaluation 2 numbers of at most log2(1001) bits and 16 of log2(101)
    expect(numbers).toHaveLength(36);
    const fine = numbers.filter((number) => Math.abs(number * 100 - Math.round(number * 100)) > 1e-9);
    for (const number of fine) expect(Math.abs(number * 1000 - Math.round(number * 1000))).toBeLessThan(1e-9);
    expect(fine.length).toBeLessThanOrEqual(4);
    expect(Math.ceil(4 * Math.log2(1001) + 32 * Math.log2(101))).toBeLessThanOrEqual(253);
  });
});

describe('questions at the edge of a rounding step', () => {
  const share = ({ right, asked }: Recovered) => right / asked;
  const hidden = () => hideAmongMany(1000, 3, { objects: 4000 });

  test('tell of every candidate whether it hits an object, if scores are exact or only rounded; drawn ones do not', async () => {
    expect(share(await askAtTheEdge(exactly, 12, hidden()))).toBe(1);
    expect(share(await askAtTheEdge(rounded, 300, hidden()))).toBe(1);
    const { right, chance, twice, asked } = await askAtTheEdge(drawn, 300, hidden());
    expect(asked).toBeGreaterThan(300);
    expect(right).toBeLessThanOrEqual(chance + twice);
  });

  test('tell the same of counts', async () => {
    expect(share(await askErrors(rounded, 80))).toBe(1);
    const { right, chance, twice, asked } = await askErrors(drawn, 300);
    expect(asked).toBeGreaterThan(250);
    expect(right).toBeLessThanOrEqual(chance + twice);
  });
});

describe('one detection', () => {
  test('is an AP of 1/101 or of 0, and told before publication it is neither', async () => {
    // what scoring computes, and the arithmetic that stands for it where hundreds of files of many objects are scored
    const small = await hide(20, 1);
    const only = small.hits.map((own) => own.map((_, k) => k < 7));
    const scored = await small.ask(only, exactly);
    for (const [t, own] of small.hits.entries()) {
      const hits = own.slice(0, 7).map(Number);
      const { AP, AFNR } = metricsOf(t === 0 ? [...hits, 0] : hits, 20);
      expect(scored.types[t].AFNR).toBeCloseTo(AFNR, 12);
      // equal scores: which comes first is the evaluator’s affair
      expect(Math.abs(scored.types[t].AP! - AP)).toBeLessThan(0.2);
    }
    const exact = await askFirst(exactly, 40);
    expect(exact.right).toBe(exact.asked);
    const { right, chance, twice } = await askFirst(widened, 40);
    expect(right).toBeLessThanOrEqual(chance + twice);
  });

  test('at the end of many does not tell whether it reaches the next recall', async () => {
    const exact = await askLast(exactly, 60);
    expect(exact.right).toBe(exact.asked);
    const { right, chance, twice } = await askLast(widened, 60);
    expect(right).toBeLessThanOrEqual(chance + twice);
  });

  test('of a transfer matrix decides nothing else: the index follows from rounded numbers', () => {
    const types = ['A172', 'BT474', 'BV2', 'Huh7', 'MCF7', 'SHSY5Y', 'SkBr3', 'SKOV3'] as const;
    const withArea = (area: number) => {
      const row = <T>(value: T) => Object.fromEntries(types.map((type) => [type, value]));
      const results = {
        matrix: row(row(area)),
        areas: row(row([57_000, area] as [number, number])),
        index: 0,
        indexMissing: { reason: 'AP is 0', pairs: [{ trainedOn: 'A172', evaluatedOn: 'BV2', AP: 0 }] },
        meanTransferredAP: row(area),
      };
      const [about] = someReports();
      const warnings = [{ code: 'no-transferability-index', message: 'AP is 0 for the model trained on A172.' }];
      return { ...about, task: 'transferability', warnings, results: { bbox: results } } as unknown as Report;
    };
    const told = unpublishedReport(withArea(0.4712)) as ReportOf<'transferability'>;
    expect(told.warnings).toEqual([]);
    expect(told.results.bbox.matrix.A172!.BV2).toBe(0.48);
    expect(told.results.bbox.index).toBe(0);
    expect(told.results.bbox).not.toHaveProperty('areas');
    // an AP of nearly 0 and one of exactly 0 look the same
    for (const area of [0, 1 / 57_000])
      expect(
        (unpublishedReport(withArea(area)) as ReportOf<'transferability'>).results.bbox.indexMissing!.pairs,
      ).toHaveLength(64);
  });
});

describe('AP before publication', () => {
  test('is within a step of the AP of a method, which has its precision at 101 recalls', () => {
    const random = seededRandom(2);
    for (const found of [0.2, 0.5, 0.83]) {
      const hits: number[] = [];
      for (let n = 0; n < found * 50_000; ) {
        hits.push(Number(random() < 0.98 - 0.6 * (n / 50_000) ** 2));
        n += hits.at(-1)!;
      }
      const { AP, exactAP } = metricsOf(hits, 50_000);
      // one threshold; over ten of them the ends of their curves even out
      expect(Math.abs(AP - smoothAP(exactAP))).toBeLessThan(0.005);
    }
    expect(smoothAP(0)).toBe(0);
    expect(smoothAP(1)).toBeCloseTo(0.995, 3);
  });
});

describe('answers that are averaged', () => {
  test('tell of random halves what single ones do not, unless steps are wide and widen with the runs', async () => {
    const ask = async (answer: Answer) => askInHalves(answer, 100, await hide(200, 4), seededRandom(124));
    const before = await ask(exactly);
    expect(before.right).toBeGreaterThan(before.chance + 3 * before.twice);
    // docs/disclosure.md has 300 questions and ten seeds
    const { right, chance, twice } = await ask(widened);
    expect(right).toBeLessThanOrEqual(chance + twice);
  });

  test('are worth less than nine first ones, however many there are', () => {
    const worth = (runs: number) =>
      Array.from({ length: runs }, (_, n) => 1 / widening(n) ** 2).reduce((a, b) => a + b);
    expect(worth(5)).toBe(5);
    expect(worth(100_000)).toBeLessThan(9);
    expect(stepOf(0.001, 570_000, { wider: widening(0) })).toBe(0.001);
    expect(stepOf(0.001, 570_000, { wider: widening(12) })).toBeCloseTo(0.003, 12);
    expect(stepOf(0.001, 10, { wider: widening(12) })).toBe(1);
  });
});

describe('draws', () => {
  const [exact] = someReports();
  const draws = (changes: Partial<Report> = {}) => {
    const draw = drawsOf({ ...exact, ...changes } as Report);
    return Array.from({ length: 400 }, (_, i) => draw(`.cellTypes.A172.n${i}`));
  };

  test('are the same whenever a report is shown, and others for another file and another secret', () => {
    process.env.AUTH_SECRET = 'one';
    const first = draws();
    expect(draws()).toEqual(first);
    expect(draws({ protocol: 'coco' })).toEqual(first);
    const [file] = exact.predictions;
    expect(draws({ predictions: [{ ...file, sha256: 'c'.repeat(64) }] })).not.toEqual(first);
    process.env.AUTH_SECRET = 'two';
    expect(draws()).not.toEqual(first);
    delete process.env.AUTH_SECRET;
    expect(first.reduce((sum, one) => sum + one, 0) / first.length).toBeCloseTo(0.5, 1);
  });

  test('show one of the two neighbouring steps, on average the number itself', () => {
    const shown = Array.from({ length: 1000 }, (_, i) => roundTo(0.1234, 0.001, (i + 0.5) / 1000)!);
    expect(new Set(shown)).toEqual(new Set([0.123, 0.124]));
    expect(shown.reduce((sum, one) => sum + one, 0) / 1000).toBeCloseTo(0.1234, 6);
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

describe('runs are counted', () => {
  openSite();

  test('for the person and the team, on the same task or data set, of the last year', async () => {
    const { createSubmission } = await import('#db/submissions/submissions.ts');
    const { saveReports, startScoring } = await import('#db/submissions/scoring.ts');
    const { createTeam } = await import('#db/people/teams.ts');
    const { quotaLedger } = await import('#db/schema.ts');
    const { accountData } = await import('#db/people/export.ts');
    const { eq, sql } = await import('drizzle-orm');
    const { id: userId } = await person('diligent');
    const { id: other } = await person('unrelated');
    const { id: teamId } = await createTeam('Two heads', userId);
    const dataset = await someDataset(db());
    const elsewhere = await someDataset(db(), { name: 'elsewhere', task: 'training-size', sha256: 'e'.repeat(64) });
    let n = 0;
    const run = async (changes: object, on = dataset) => {
      const { id } = await createSubmission(someSubmission(on, { userId, method: `M${++n}`, ...changes }));
      await startScoring(id, 1);
      await saveReports(id, someReports({ AP: 0.4321 }, on.sha256));
      return Object.values(await getReports(id))[0]!;
    };
    const earlier = async (changes = {}, on = dataset) => (await run(changes, on)).runsBefore ?? 0;
    expect(await earlier()).toBe(0);
    expect(await earlier({ teamId })).toBe(1);
    expect(await earlier()).toBe(2);
    expect(await earlier({ userId: other })).toBe(0);
    // a team-mate’s run follows those of the team and their own
    expect(await earlier({ userId: other, teamId })).toBe(2);
    expect(await earlier({}, elsewhere)).toBe(0);
    for (let i = 0; i < 3; i++) await run({});
    const told = reportOf(await run({}), 'livecell-wide');
    expect(told.runsBefore).toBe(6);
    expect(told.results.bbox.cellTypes.A172!.objects).toBe(10);
    // whatever leaves the site says the same
    const exported = (await accountData(userId))!.submissions.flatMap(({ reports }) => reports);
    expect(exported.map(({ report }) => report?.runsBefore ?? 0)).toContain(6);
    // published, it is exact
    const [last] = await db()
      .select()
      .from(submissions)
      .where(eq(submissions.method, `M${n}`));
    await db().update(submissions).set({ visibility: 'published' }).where(eq(submissions.id, last.id));
    expect(Object.values(await getReports(last.id))[0]).not.toHaveProperty('runsBefore');

    await db().update(quotaLedger).set({ at: sql`now() - interval '13 months'` });
    expect(await earlier()).toBe(0);
  });
});

test('a fraction stays a fraction, however coarse the rounding', () => {
  expect(roundTo(0.9926, 10 / 28)).toBe(1);
  expect(roundTo(0.5, 10 / 28)).toBeCloseTo(0.357, 3);
  // an index has no such limit
  expect(roundTo(1.2, 0.001)).toBe(1.2);
});

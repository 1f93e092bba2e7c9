/** Counts: the golden series, the definition of the limit word by word, and what cannot be answered. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COUNTING_CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { CountRow } from '#lib/livecell/count-row.ts';
import { limitOfLinearity, scoreCounts, sortRows } from '#lib/scoring/fluorescence.ts';
import { levene } from '#lib/stats/levene.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { resultsSchemaOf } from '#lib/tasks/report-schema.ts';
import fc from '#tests/properties.ts';

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/golden/counts/${name}.json`, import.meta.url), 'utf8'));

function goldenRows(type: string): CountRow[] {
  const predicted = golden(`${type}_predicted`) as Record<string, number>;
  return Object.entries(golden(`${type}_counts`) as Record<string, string>).map(([file, count]) => ({
    file,
    reference: Number(count),
    predicted: predicted[file],
  }));
}

/** PROTOCOL's definition, every T on its own and nothing kept. */
function plainLimit(rows: readonly CountRow[]) {
  const largest = Math.max(...rows.map(({ reference }) => reference));
  let p: number | null = null;
  for (let T = 500; T < largest; T++) {
    const subset = rows
      .filter(({ reference }) => reference < T)
      .sort((a, b) => a.predicted - b.predicted || a.reference - b.reference || (a.file < b.file ? -1 : 1));
    const x = subset.map(({ predicted }) => predicted);
    const y = subset.map(({ reference }) => reference);
    const n = x.length;
    const [meanX, meanY] = [x, y].map((values) => values.reduce((a, b) => a + b, 0) / n);
    const xx = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
    const slope = xx > 0 ? x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0) / xx : 0;
    const ofLine = y.map((value, i) => value - (meanY + slope * (x[i] - meanX)));
    const ofNeighbours = y.map((value, i) => {
      const nearest = [...x.keys()].sort((a, b) => Math.abs(x[a] - x[i]) - Math.abs(x[b] - x[i]) || a - b).slice(0, 5);
      return value - nearest.reduce((sum, k) => sum + y[k], 0) / 5;
    });
    p = levene([ofLine, ofNeighbours])?.p ?? null;
    if (p !== null && p < 1e-5) return { limit: T, broken: true, p };
  }
  return { limit: largest - 1, broken: false, p };
}

describe('golden series', () => {
  test.each(COUNTING_CELL_TYPES)('%s', (type) => {
    const found = scoreCounts(goldenRows(type));
    const wanted = golden('golden')[type];
    const results = { counts: { A172: found } };
    expect(resultsSchemaOf(TASKS['fluorescence-counts']).parse(results)).toEqual(results);
    expect(found.images).toBe(wanted.images);
    expect(found.imagesBelow1600).toBe(wanted.imagesBelow1600);
    expect(Math.abs(found.r2! - wanted.r2)).toBeLessThan(1e-12);
    expect(found.linearityLimit).toBe(wanted.linearityLimit);
    expect(found.linearityBroken).toBe(wanted.linearityBroken);
    expect(Math.abs(found.pAtLimit! / wanted.pAtLimit - 1)).toBeLessThan(1e-10);
  });
});

describe('the limit of linearity', () => {
  /** Series that bend at some density, or not, with errors of several kinds; small ones and tied ones too. */
  const series = fc
    .record({
      seed: fc.integer(),
      images: fc.integer({ min: 6, max: 140 }),
      largest: fc.integer({ min: 502, max: 640 }),
      bend: fc.constantFrom(1, 0.6, 0.1, 0),
      noise: fc.constantFrom(0, 2, 25),
      step: fc.constantFrom(1, 1, 7, 60, 1000),
    })
    .map(({ seed, images, largest, bend, noise, step }): CountRow[] => {
      const random = seededRandom(seed);
      return Array.from({ length: images }, (_, i) => {
        // five are below 500 whatever the draw
        const reference = i < 5 ? Math.floor(400 * random()) : i === 5 ? largest : Math.floor((largest + 1) * random());
        const seen = reference < 350 ? reference : 350 + bend * (reference - 350);
        const predicted = Math.max(0, Math.round((seen + noise * (random() - 0.5)) / step) * step);
        return { file: `image-${i}.tif`, reference, predicted };
      });
    });

  test('is that of the definition, tested at every density anew', () => {
    const found = { broken: 0, kept: 0, late: 0 };
    fc.assert(
      fc.property(series, (rows) => {
        const [fast, plain] = [limitOfLinearity(sortRows(rows)), plainLimit(rows)];
        expect({ limit: fast.limit, broken: fast.broken }).toEqual({ limit: plain.limit, broken: plain.broken });
        if (plain.p === null) expect(fast.p).toBeNull();
        else expect(Math.abs(fast.p! - plain.p)).toBeLessThanOrEqual(1e-9 * plain.p);
        if (!plain.broken) found.kept++;
        else if (plain.limit > 500) found.late++;
        else found.broken++;
      }),
      { seed: 41, numRuns: 120 },
    );
    // the series are worth something only if every outcome is among them
    expect(Math.min(found.broken, found.kept, found.late)).toBeGreaterThan(2);
  });

  test('is that of the definition on a series as long as a real one', () => {
    const random = seededRandom(7);
    const rows: CountRow[] = Array.from({ length: 220 }, (_, i) => {
      const reference = Math.round(60 + 1500 * random());
      const seen = reference < 800 ? reference : 800 + 0.8 * (reference - 800);
      return { file: `${i}`, reference, predicted: Math.round(seen * (0.97 + 0.06 * random())) };
    });
    const [fast, plain] = [limitOfLinearity(sortRows(rows)), plainLimit(rows)];
    expect(fast).toMatchObject({ limit: plain.limit, broken: plain.broken });
    expect(fast.p! / plain.p!).toBeCloseTo(1, 9);
  });

  test('is not there below five images under 500, and says why', () => {
    const rows = (...counts: number[]): CountRow[] =>
      counts.map((count, i) => ({ file: `${i}`, reference: count, predicted: count }));
    expect(limitOfLinearity(rows(1, 2, 3, 499, 500, 900))).toEqual({
      limit: null,
      broken: null,
      p: null,
      reason: 'Only 4 images have a reference count below 500; 5 are needed.',
    });
    expect(limitOfLinearity(rows(700, 900)).reason).toBe('No image has a reference count below 500; 5 are needed.');
    expect(limitOfLinearity(rows(1, 2, 3, 4, 5, 6, 500)).reason).toBe(
      'The largest reference count is 500, not above 500.',
    );
    expect(limitOfLinearity([]).reason).toBe('The largest reference count is 0, not above 500.');
  });

  test('counts that are the reference are never off a line; 501 leaves one density to try', () => {
    const rows = (largest: number): CountRow[] =>
      [10, 20, 30, 40, 50, largest].map((count, i) => ({ file: `${i}`, reference: count, predicted: count }));
    // the line fits perfectly: all distances are 0, those of the neighbours are not
    expect(limitOfLinearity(rows(501))).toMatchObject({ limit: 500, broken: false });
    expect(limitOfLinearity(rows(612))).toMatchObject({ limit: 611, broken: false });
  });

  test('series in which nothing varies have no p and break nowhere', () => {
    const rows = Array.from({ length: 9 }, (_, i) => ({ file: `${i}`, reference: i === 8 ? 600 : 30, predicted: 40 }));
    expect(limitOfLinearity(sortRows(rows))).toEqual({ limit: 599, broken: false, p: null });
  });
});

describe('the numbers beside it', () => {
  test('identical counts have an R² and an r of 1, a line through them and no error', () => {
    const counts = fc.uniqueArray(fc.integer({ min: 0, max: 1599 }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(counts, (given) => {
        const found = scoreCounts(given.map((count, i) => ({ file: `${i}`, reference: count, predicted: count })));
        expect(found).toMatchObject({ r2: 1, slope: 1, meanAbsoluteError: 0 });
        expect(found.pearson).toBeCloseTo(1, 12);
        expect(found.intercept).toBeCloseTo(0, 9);
      }),
      { seed: 4 },
    );
  });

  test('only images with a reference below 1,600 count for R²', () => {
    const rows = [
      { file: 'a', reference: 100, predicted: 110 },
      { file: 'b', reference: 200, predicted: 190 },
      { file: 'c', reference: 1599, predicted: 1599 },
      { file: 'd', reference: 1600, predicted: 3 },
    ];
    const found = scoreCounts(rows);
    expect(found).toMatchObject({ images: 4, imagesBelow1600: 3, meanAbsoluteError: 20 / 3 });
    const mean = (100 + 200 + 1599) / 3;
    const total = (100 - mean) ** 2 + (200 - mean) ** 2 + (1599 - mean) ** 2;
    expect(found.r2).toBeCloseTo(1 - 200 / total, 14);
    expect(found.points).toEqual([[100, 110], [200, 190], [1599, 1599], [1600, 3]]); // biome-ignore format: points
    expect(found.files).toEqual(['a', 'b', 'c', 'd']);
  });

  test('do not depend on the order of rows, to the last digit', () => {
    const rows = goldenRows('A549');
    const inOrder = scoreCounts(rows);
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(scoreCounts(shuffled)).toEqual(inOrder);
      }),
      { seed: 4, numRuns: 10 },
    );
  });

  test('of nothing are null', () => {
    expect(scoreCounts([])).toMatchObject({ images: 0, r2: null, slope: null, pearson: null, linearityLimit: null });
  });
});

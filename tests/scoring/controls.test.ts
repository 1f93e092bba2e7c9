/** Controls: what is made from the ground truth, and what it scores. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import { openGroundTruth } from '#lib/readers/ground-truth-file.ts';
import { CONTROLS, jitterMask } from '#lib/scoring/controls.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import { flattenTruth, type TruthVariant } from '#lib/scoring/flat-truth.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { GOLDEN } from '#tests/parity/golden-files.ts';

/** Runs of a disc, column by column. */
function disc(radius: number, [cx, cy]: readonly [number, number], height: number): number[] {
  return Array.from({ length: 2 * radius + 1 }, (_, k) => cx - radius + k).flatMap((x) => {
    const half = Math.floor(Math.sqrt(radius ** 2 - (x - cx) ** 2));
    return [x * height + cy - half, x * height + cy + half + 1];
  });
}
const pixelsOf = (runs: readonly number[]): Set<number> => {
  const pixels = new Set<number>();
  for (let k = 0; k < runs.length; k += 2) for (let p = runs[k]; p < runs[k + 1]; p++) pixels.add(p);
  return pixels;
};
const overlap = (a: readonly number[], b: readonly number[]): number => {
  const [one, two] = [pixelsOf(a), pixelsOf(b)];
  const both = [...one].filter((p) => two.has(p)).length;
  return both / (one.size + two.size - both);
};

test('an outline moves by as much as it should, and by nothing for 0 pixels', () => {
  const size = { width: 120, height: 100 };
  const cell = disc(30, [60, 50], size.height);
  expect(jitterMask(cell, size, { pixels: 0, phases: [1, 2, 3] })).toEqual(cell);
  // the first harmonic alone shifts a disc by its amplitude, √2 times its root mean square, along x for phase 0
  const shifted = pixelsOf(jitterMask(cell, size, { pixels: 2 * Math.SQRT1_2, phases: [0] }));
  const mean = [...shifted].reduce((sum, p) => sum + Math.floor(p / size.height), 0) / shifted.size;
  expect(mean - 60).toBeCloseTo(2, 0);
  const phases = [0.3, 4, 2, 5.5, 1];
  const ious = [1, 2, 4].map((pixels) => overlap(cell, jitterMask(cell, size, { pixels, phases })));
  expect(ious[0]).toBeGreaterThan(ious[1]);
  expect(ious[1]).toBeGreaterThan(ious[2]);
  // an outline of radius 30 that is off by 2 on average shares about 1 − 2 · 1.6 / 30 of the union
  expect(ious[1]).toBeGreaterThan(0.85);
  expect(ious[1]).toBeLessThan(0.95);
});

test('a cell at the border stays in the image', () => {
  const size = { width: 40, height: 30 };
  const moved = jitterMask([0, 12, 30, 42, 60, 72], size, { pixels: 4, phases: [0, 1, 2, 3, 4] });
  for (let k = 0; k < moved.length; k += 2) {
    expect(moved[k]).toBeGreaterThanOrEqual(0);
    expect(moved[k + 1]).toBeGreaterThan(moved[k]);
    expect(moved[k + 1]).toBeLessThanOrEqual(size.width * size.height);
  }
  expect(jitterMask([], size, { pixels: 1, phases: [0] })).toEqual([]);
});

let dataset: Dataset;
const truths = {} as Record<TruthVariant, ReturnType<typeof flattenTruth>>;
beforeAll(async () => {
  dataset = await openGroundTruth(join(GOLDEN, 'small', 'gt.json.gz'));
  for (const variant of ['flat-large', 'flat-cellpose'] as const) {
    const hash = createHash('sha256');
    truths[variant] = flattenTruth(dataset, variant, {
      update: (bytes) => void hash.update(bytes),
      digest: () => hash.digest('hex'),
    });
  }
});

test('controls give a scale: nothing is 0, no label image is perfect, and AP falls with the jitter', async () => {
  const numbers = new Map<string, { AP: number | null; AFNR: number | null; pq: (number | null)[] }>();
  for (const { id, make } of CONTROLS) {
    const { results, families } = await evaluate(dataset, make(dataset, truths), {
      protocols: ['livecell-paper'],
      slices: imageSlices(dataset.images.fileNames),
      intervals: false,
      errors: false,
      families: { truths: [truths['flat-large'], truths['flat-cellpose']] },
    });
    const { AP, AFNR } = results[0].segm!.overall!;
    numbers.set(id, { AP, AFNR, pq: [families!['flat-large'].pq, families!['flat-cellpose'].pq] });
  }
  expect(numbers.get('nothing')).toEqual({ AP: 0, AFNR: 1, pq: [0, 0] });
  // each perfect label image is perfect against its own truth alone
  expect(numbers.get('perfect-flat-large')!.pq[0]).toBe(1);
  expect(numbers.get('perfect-flat-cellpose')!.pq[1]).toBe(1);
  expect(numbers.get('perfect-flat-large')!.AP).toBeLessThan(1);
  const jitter = [1, 2, 4].map((pixels) => numbers.get(`jitter-${pixels}`)!.AP!);
  expect(jitter).toEqual(jitter.toSorted((a, b) => b - a));
  expect(jitter[0]).toBeLessThan(1);
  expect(jitter[2]).toBeGreaterThan(0);
});

/** Budgets, made small enough to be exceeded by a small file. What they really are stands in `lib/readers/limits.ts`. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { readPredictions } from '#lib/readers/coco/predictions.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { bytesOf, fiveCells, packGroundTruth, packPredictions, rectangle } from '#tests/coco/documents.ts';

vi.mock('#lib/readers/limits.ts', async (original) => {
  const actual = await original<typeof import('#lib/readers/limits.ts')>();
  return {
    ...actual,
    LIMITS: {
      ...actual.LIMITS,
      bytes: 10_000,
      detections: 12,
      detectionsPerImage: 8,
      runsPerMask: 40,
      polygonNumbers: 30,
      polygons: 4,
      intervals: 120,
      recordBytes: 3000,
      categories: 3,
      inflationRatio: 10,
      inflationStart: 4000,
      problemsPerKind: 2,
    },
  };
});

let dataset: Dataset;
let folder: string;
beforeAll(async () => {
  dataset = await packGroundTruth(fiveCells());
  folder = mkdtempSync(join(tmpdir(), 'livecell-limits-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const box = (image_id: number, change: object = {}): object => ({
  image_id,
  score: 0.5,
  bbox: [1, 1, 5, 5],
  ...change,
});

async function problemOf(document: unknown): Promise<Problem> {
  const error = await packPredictions(document, dataset).catch((error) => error);
  expect(error).toBeInstanceOf(FileRejected);
  return (error as FileRejected).problems[0];
}

describe('a file that needs no unpacking', () => {
  test('as many detections as are allowed are allowed', async () => {
    const twelve = Array.from({ length: 12 }, (_, k) => box(1 + (k % 2)));
    expect((await packPredictions(twelve, dataset)).detections.count).toBe(12);
  });

  test('too many detections', async () => {
    const problem = await problemOf(Array.from({ length: 13 }, (_, k) => box(1 + (k % 2))));
    expect(problem.code).toBe('too-many-detections');
    expect(problem.message).toMatch(/more than 12 detections\. Raise the score threshold/);
  });

  test('too many detections in one image', async () => {
    const problem = await problemOf(Array.from({ length: 9 }, () => box(2)));
    expect(problem).toMatchObject({
      code: 'too-many-detections-in-image',
      record: 9,
      image: fiveCells().images[1].file_name,
    });
    expect(problem.message).toMatch(/^Detection 9: image BV2.* has more than 8 detections\. Raise the score threshold/);
  });

  test.each<[string, object]>([
    ['a list of runs', { size: [60, 80], counts: [...Array(40).fill(1), 4760] }],
    ['a string of runs', { size: [60, 80], counts: `${'1'.repeat(3)}${'0'.repeat(38)}` }],
    ['a string too long to be looked at', { size: [60, 80], counts: '0'.repeat(200) }],
  ])('a mask of too many runs: %s', async (_what, segmentation) => {
    const problem = await problemOf([box(1, { segmentation })]);
    expect(problem).toMatchObject({ code: 'mask-too-long', record: 1 });
    expect(problem.message).toMatch(/^Detection 1: the mask has more than 40 runs/);
  });

  test('as many polygon coordinates as are allowed are allowed, one more is not', async () => {
    const circle = (points: number): number[][] => [
      Array.from({ length: points }, (_, k) => (2 * Math.PI * k) / points).flatMap((a) => [
        20 + 9 * Math.cos(a),
        20 + 9 * Math.sin(a),
      ]),
    ];
    expect((await packPredictions([box(1, { segmentation: circle(15) })], dataset)).detections.count).toBe(1);
    const problem = await problemOf([box(1), box(1, { segmentation: circle(16) })]);
    expect(problem).toMatchObject({ code: 'mask-too-long', record: 2 });
    expect(problem.message).toMatch(/^Detection 2: the mask has more than 30 polygon coordinates/);
  });

  test('too many polygons', async () => {
    const segmentation = Array.from({ length: 5 }, (_, k) => rectangle(k, k, 3, 3)[0].slice(0, 6));
    const problem = await problemOf([box(1, { segmentation })]);
    expect(problem).toMatchObject({ code: 'mask-too-long', message: expect.stringContaining('more than 4 polygons') });
  });

  test('too many runs of all masks together', async () => {
    const striped = { size: [60, 80], counts: [...Array(38).fill(1), 4762] };
    const problem = await problemOf(Array.from({ length: 8 }, () => box(1, { segmentation: striped })));
    expect(problem).toMatchObject({
      code: 'too-many-runs',
      message: expect.stringMatching(/more than 120 runs together/),
    });
  });

  test('too many categories', async () => {
    const problem = await problemOf(Array.from({ length: 6 }, (_, k) => box(1, { category_id: k + 2 })));
    expect(problem).toMatchObject({ code: 'too-many-categories', record: 4 });
  });

  test('a record that does not end', async () => {
    const bytes = bytesOf([box(1, { note: 'x'.repeat(20_000) })]);
    const pieces = Array.from({ length: bytes.length / 500 }, (_, k) => bytes.subarray(500 * k, 500 * (k + 1)));
    const error = await readPredictions(() => pieces, { images: dataset.images, category: 1 }).catch((error) => error);
    expect((error as FileRejected).problems).toMatchObject([{ code: 'record-too-large' }]);
    expect((error as FileRejected).message).toMatch(
      /The value that starts at byte 1 is longer than .* MB; one detection has to be/,
    );
  });

  test('problems beyond the first of a kind are counted', async () => {
    const error = await packPredictions(
      Array.from({ length: 5 }, () => box(1, { score: null })),
      dataset,
    ).catch((error) => error);
    expect((error as FileRejected).problems.map(({ record, more }) => [record, more])).toEqual([
      [1, undefined],
      [2, 3],
    ]);
  });
});

describe('a file on disk', () => {
  const write = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  async function problemsOf(name: string, bytes: Uint8Array): Promise<Problem[]> {
    const groundTruth = write('images.json', strToU8(JSON.stringify(fiveCells().images)));
    return (await validateFile({ groundTruth, predictions: write(name, bytes) })).problems;
  }

  /** A few detections, and more white space than anybody needs. */
  const airy = strToU8(`[${JSON.stringify(box(1))}${' '.repeat(9000)}]`);

  test('too large', async () => {
    const [problem] = await problemsOf('large.json', strToU8(`[${JSON.stringify(box(1))}${' '.repeat(10_000)}]`));
    expect(problem.code).toBe('file-too-large');
    expect(problem.message).toMatch(
      /^The file has 10,0\d\d bytes; at most 10,000 are read\. Gzip it, or raise the score threshold/,
    );
  });

  test('gzip that unpacks too far', async () => {
    const [problem] = await problemsOf('bomb.json.gz', gzipSync(airy));
    expect(problem.code).toBe('inflates-too-far');
    expect(problem.message).toMatch(/unpacks to more than 10 times its size/);
  });

  test('zip that unpacks too far', async () => {
    expect((await problemsOf('bomb.zip', zipSync({ 'predictions.json': airy })))[0].code).toBe('inflates-too-far');
  });

  test('gzip in a zip that unpacks too far', async () => {
    const bytes = zipSync({ 'predictions.json.gz': gzipSync(airy) }, { level: 0 });
    expect((await problemsOf('bomb.zip', bytes))[0].code).toBe('inflates-too-far');
  });

  test('the same, plain, is read', async () => {
    expect(await problemsOf('plain.json', airy)).toEqual([]);
  });
});

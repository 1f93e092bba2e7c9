/** Files on disk: plain, gzipped, in an archive, damaged; and the whole way of `validateFile`. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packDataset } from '#lib/coco/dataset.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { datasetStatistics } from '#lib/datasets/statistics.ts';
import { FileRejected } from '#lib/problems.ts';
import { sha256File } from '#lib/readers/files.ts';
import { openGroundTruth, readImageList } from '#lib/readers/ground-truth-file.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { fiveCells, packGroundTruth, perfect } from '#tests/coco/documents.ts';
import { Random } from '#tests/parity/random-case.ts';

const groundTruth = fiveCells();
const predictions = strToU8(JSON.stringify(perfect(groundTruth)));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'livecell-open-'));
  write('ground-truth.json', strToU8(JSON.stringify(groundTruth)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

function validate(name: string, bytes: Uint8Array, against = 'ground-truth.json'): ReturnType<typeof validateFile> {
  return validateFile({ groundTruth: join(folder, against), predictions: write(name, bytes) });
}

describe('a good file', () => {
  test.each<[string, Uint8Array]>([
    ['plain.json', predictions],
    ['plain.txt', predictions], // names say nothing
    ['gzipped.json.gz', gzipSync(predictions)],
    [
      'in-two-pieces.json.gz',
      Buffer.concat([gzipSync(predictions.subarray(0, 100)), gzipSync(predictions.subarray(100))]),
    ],
    ['zipped.zip', zipSync({ 'predictions.json': predictions })],
    ['stored.zip', zipSync({ 'predictions.json': predictions }, { level: 0 })],
    ['in-a-folder.zip', zipSync({ results: { 'bbox and segm.json': predictions } })],
    [
      'from-a-mac.zip',
      zipSync({
        'predictions.json': predictions,
        '__MACOSX/._predictions.json': strToU8('resource fork'),
        '.DS_Store': strToU8('x'),
      }),
    ],
    ['gzipped-and-zipped.zip', zipSync({ 'predictions.json.gz': gzipSync(predictions) })],
  ])('%s', async (name, bytes) => {
    expect(await validate(name, bytes)).toEqual({
      problems: [],
      warnings: [],
      detections: 5,
      images: 2,
      format: 'coco-json',
    });
  });

  test('against packed ground truth, gzipped ground truth, and a list of images', async () => {
    write('packed.bin', packDataset(await packGroundTruth(groundTruth)));
    write('ground-truth.json.gz', gzipSync(strToU8(JSON.stringify(groundTruth))));
    write('images.json', strToU8(JSON.stringify(groundTruth.images)));
    for (const against of ['packed.bin', 'ground-truth.json.gz', 'images.json'])
      expect(await validate('plain.json', predictions, against)).toMatchObject({ problems: [], detections: 5 });
  });
});

describe('a file that cannot be read', () => {
  test.each<[string, string, Uint8Array, RegExp]>([
    ['nothing', 'empty', new Uint8Array(), /empty/],
    [
      'an archive of several files',
      'zip-with-several-files',
      zipSync({ 'segm.json': predictions, 'bbox.json': predictions }),
      /several files \(“segm\.json”, “bbox\.json”\)\. Send one file of predictions/,
    ],
    [
      'an archive that was cut off',
      'bad-zip',
      zipSync({ 'predictions.json': predictions }).subarray(0, -60),
      /damaged or cut off.*Write it again/,
    ],
    ['an archive of folders', 'empty-zip', zipSync({ a: { b: {} } }), /holds no file/],
    [
      'gzip that was cut off',
      'cut-off',
      gzipSync(predictions).subarray(0, -30),
      /gzip file ends in the middle, after [\d,]+ unpacked bytes.*Write it again/,
    ],
    [
      'cut off, then gzipped',
      'cut-off',
      gzipSync(predictions.subarray(0, 500)),
      /file ends in the middle, after byte 500:.*check its size/,
    ],
    ['cut off, then zipped', 'cut-off', zipSync({ 'a.json': predictions.subarray(0, 500) }), /after byte 500:/],
    ['an image', 'wrong-kind', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), /PNG/],
  ])('%s', async (_what, code, bytes, message) => {
    const { problems, detections, format } = await validate('wrong', bytes);
    expect(problems).toHaveLength(1);
    expect(problems[0].code).toBe(code);
    expect(problems[0].message).toMatch(message);
    expect([detections, format]).toEqual([0, 'unknown']);
  });

  test('gzip with a flipped bit, wherever it is, is damaged or cut off or no JSON, but never good', async () => {
    const packed = gzipSync(predictions);
    const r = new Random(5);
    for (let k = 0; k < 40; k++) {
      const damaged = Uint8Array.from(packed);
      damaged[r.whole(10, packed.length - 5)] ^= 1 << r.whole(0, 7);
      const { problems } = await validate('damaged.json.gz', damaged);
      expect(problems.length).toBeGreaterThan(0);
    }
    const last = Uint8Array.from(packed);
    last[packed.length - 8] ^= 1; // the checksum
    const [problem] = (await validate('damaged.json.gz', last)).problems;
    expect(problem.code).toBe('bad-gzip');
    expect(problem.message).toMatch(/damaged after [\d,]+ unpacked bytes.*Write it again/);
  });
});

describe('validation', () => {
  test('lists all problems and the warnings, and scores nothing', async () => {
    const wrong = perfect(groundTruth).map((detection, k) => ({
      ...detection,
      ...(k > 2 && { score: null }),
      ...(k === 0 && { bbox: [70, 5, 30, 3] }),
    }));
    const found = await validate('wrong.json', strToU8(JSON.stringify(wrong)));
    expect(found.problems.map(({ code, record }) => [code, record])).toEqual([
      ['score-missing', 4],
      ['score-missing', 5],
    ]);
    expect(found.warnings.map(({ code }) => code)).toEqual(['box-beyond-border']);
  });

  test('a file that is not there is our caller’s mistake, not the submitter’s', async () => {
    const missing = validateFile({
      groundTruth: join(folder, 'ground-truth.json'),
      predictions: join(folder, 'missing.json'),
    });
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('ground truth on disk', () => {
  test('is imported: packed, counted, and the same when it is opened again', async () => {
    const out = join(folder, 'imported.bin');
    const from = join(folder, 'ground-truth.json');
    const imported = await importGroundTruth(from, out);
    expect(imported).toEqual({
      sha256: await sha256File(from),
      images: 2,
      objects: 5,
      cellTypes: { A172: 1, BV2: 1 },
      warnings: [],
      statistics: datasetStatistics(await openGroundTruth(from)),
    });
    const [packed, read] = [await openGroundTruth(out), await openGroundTruth(from)];
    expect(packed.images.fileNames).toEqual(read.images.fileNames);
    expect(packed.meta).toEqual(read.meta);
    expect(packed.objects.area).toEqual(read.objects.area);
  });

  test('gives the list of its images, never annotations', async () => {
    expect(await readImageList(join(folder, 'imported.bin'))).toEqual(groundTruth.images);
  });

  test('that is of the wrong kind is refused', async () => {
    const path = write('image.png', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10));
    const error = await openGroundTruth(path).catch((error) => error);
    expect(error).toBeInstanceOf(FileRejected);
    expect((error as FileRejected).problems[0].code).toBe('wrong-kind');
  });
});

/** What a browser says of a file: the same as the server, told of the whole file at a glance. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describePredictions } from '#lib/local/describe.ts';
import { checkLocally, type LocalFile } from '#lib/local/local-file.ts';
import { drawOutlines } from '#lib/local/outlines.ts';
import type { ReadPredictions, Target } from '#lib/readers/coco/predictions.ts';
import { readPredictions } from '#lib/readers/coco/predictions.ts';
import { openFile } from '#lib/readers/files.ts';
import { openTarget } from '#lib/readers/ground-truth-file.ts';
import { targetOfList } from '#lib/readers/image-list.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { parseTask } from '#lib/tasks/index.ts';

const REPORTS = join(import.meta.dirname, '..', 'fixtures', 'reports');

/** One image of 4 rows and 6 columns. */
const SMALL = targetOfList([{ id: 1, file_name: 'A172_Phase_C7_1_00d00h00m_1.tif', width: 6, height: 4 }]);

function read(records: unknown, target: Target = SMALL): Promise<ReadPredictions> {
  return readPredictions(() => [new TextEncoder().encode(JSON.stringify(records))], target);
}

/** The rows of an image, `#` where a pixel is drawn. */
function rows(pixels: Uint8ClampedArray, width: number): string[] {
  const alpha = pixels.filter((_, i) => i % 4 === 3);
  return Array.from({ length: alpha.length / width }, (_, y) =>
    Array.from(alpha.subarray(y * width, (y + 1) * width), (value) => (value ? '#' : '.')).join(''),
  );
}

test('outlines are the pixels of a mask with a neighbour outside it; without pixels, the box', async () => {
  // a square of 4 rows and 4 columns has four pixels inside
  const whole = { size: [4, 6], counts: [4, 16, 4] };
  const square = await read([{ image_id: 1, score: 1, segmentation: whole }]);
  expect(rows(drawOutlines(square, 0, { width: 6, height: 4 }), 6)).toEqual(['.####.', '.#..#.', '.#..#.', '.####.']);
  const box = await read([
    { image_id: 1, score: 1, bbox: [1, 0, 3, 3], segmentation: [] },
    { image_id: 1, score: 1, segmentation: { size: [4, 6], counts: [23, 1] } },
  ]);
  expect(rows(drawOutlines(box, 0, { width: 6, height: 4 }), 6)).toEqual(['.###..', '.#.#..', '.###..', '.....#']);
});

test('a file is described by its counts per image and its scores', async () => {
  const target = targetOfList(
    ['A172_Phase_C7_1_00d00h00m_1.tif', 'A172_Phase_C7_1_00d04h00m_1.tif', 'other.tif'].map((file_name, k) => ({
      id: k + 1,
      file_name,
      width: 6,
      height: 4,
    })),
  );
  const scores = [0, 0.049, 0.05, 0.5, 1];
  const records = scores.map((score, k) => ({ image_id: 1 + Math.floor(k / 2), score, bbox: [k, 0, 2, 2] }));
  const described = describePredictions(await read(records, target), target);
  expect([...described.perImage]).toEqual([2, 2, 1]);
  expect(described).toMatchObject({ masks: false, median: 2, most: 2, atMost: 2, range: [0, 1] });
  expect(described.types).toEqual([
    { type: 'A172', images: 2, detections: 4 },
    { type: 'other', images: 1, detections: 1 },
  ]);
  const bars = [...described.scores!];
  expect([bars[0], bars[1], bars[10], bars[19]]).toEqual([2, 1, 1, 1]);
  expect(bars.reduce((sum, count) => sum + count)).toBe(5);
});

test.each(['00-dt.json', '08-rows-first.json', '10-no-category.json', '19-deflate64.zip', '21-zero-boxes.json'])(
  '%s gets the findings that the command line gives',
  async (name) => {
    const groundTruth = join(REPORTS, '00-gt.json');
    const predictions = join(REPORTS, name);
    const { warnings: _, ...target } = await openTarget(groundTruth);
    const file: LocalFile = {
      task: parseTask('livecell-wide')!,
      slot: 'all',
      target,
      open: () => openFile(predictions),
    };
    const { read, described, ...found } = await checkLocally(file);
    expect(found).toEqual(await validateFile({ groundTruth, predictions }));
    expect(described === undefined).toBe(found.problems.length > 0);
    expect(read === undefined).toBe(found.problems.length > 0);
  },
);

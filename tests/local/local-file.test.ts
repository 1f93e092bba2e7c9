/** What a browser says of a file: the same as the server, told of the whole file at a glance. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describePredictions } from '#lib/local/describe.ts';
import { checkLocally, type LocalFile } from '#lib/local/local-file.ts';
import { chooseImages } from '#lib/local/worth-a-look.ts';
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

test('a few images are chosen: those with findings first, problems before warnings, then the fullest', () => {
  const names = ['A172', 'BV2', 'Huh7', 'MCF7', 'SHSY5Y'].map((type) => `${type}_Phase_C7_1_00d00h00m_1.tif`);
  const [a, b, c, d, e] = names;
  const perImage = Uint32Array.of(3, 9, 1, 0, 2);
  const chosen = chooseImages(
    {
      problems: [{ code: 'wrong-mask-size', message: '', image: c }],
      warnings: [
        { code: 'image-without-detections', message: '', examples: [d] },
        { code: 'duplicate-detection', message: '', examples: [e] },
        { code: 'no-mask', message: '' },
      ],
    },
    names,
    perImage,
  );
  expect(chosen.map(({ image, code }) => [names[image], code])).toEqual([
    [c, 'wrong-mask-size'],
    [e, 'duplicate-detection'],
    [b, undefined],
    [a, undefined],
    [d, 'image-without-detections'],
  ]);
  expect(chooseImages({ problems: [], warnings: [] }, names, new Uint32Array(5))).toEqual([]);
});

test('of a refused file, the records without a problem can be looked at, and are never scored', async () => {
  const records = [
    { image_id: 1, score: 1, segmentation: { size: [4, 6], counts: [4, 16, 4] } },
    { image_id: 1, score: 1, segmentation: { size: [9, 9], counts: [80, 1] } },
  ];
  const path = join(mkdtempSync(join(tmpdir(), 'livecell-local-')), 'results.json');
  writeFileSync(path, JSON.stringify(records));
  const found = await checkLocally({
    task: parseTask('livecell-wide')!,
    slot: 'all',
    target: SMALL,
    open: () => openFile(path),
  });
  expect(found.problems).toHaveLength(1);
  expect(found.read).toBeUndefined();
  expect(found.drawable?.accepted.detections.count).toBe(1);
  expect([...found.drawable!.perImage]).toEqual([1]);
  expect(found.drawable!.worth).toMatchObject([{ image: 0, code: found.problems[0].code }]);
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
    const { read, described, drawable, ...found } = await checkLocally(file);
    expect(found).toEqual(await validateFile({ groundTruth, predictions }));
    expect(described === undefined).toBe(found.problems.length > 0);
    expect(read === undefined).toBe(found.problems.length > 0);
  },
);

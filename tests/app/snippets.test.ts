/** What the Python of /docs/tools writes, as recorded by tests/fixtures/snippets/record.py, is read and scored. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { SNIPPETS, sendCode } from '#app/docs/tools/snippets.ts';
import type { Dataset } from '#lib/coco/dataset.ts';
import { TOOLS } from '#lib/convert/tools.ts';
import { openFile } from '#lib/readers/files.ts';
import { readOpened } from '#lib/readers/predictions-file.ts';
import { packGroundTruth, rectangle } from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'snippets');
const recorded = JSON.parse(readFileSync(join(FOLDER, 'recorded.json'), 'utf8'));

let truth: Dataset;
beforeAll(async () => {
  const boxes = [
    [5, 5, 15, 12],
    [30, 20, 10, 20],
  ] as const;
  truth = await packGroundTruth({
    images: [
      { id: 7, file_name: 'BV2_Phase_A4_1_00d00h00m_1.tif', width: 80, height: 60 },
      { id: 8, file_name: 'empty.tif', width: 80, height: 60 },
    ],
    categories: [{ id: 1, name: 'cell' }],
    annotations: boxes.map((box, id) => ({
      ...{ id, image_id: 7, category_id: 1, iscrowd: 0, area: box[2] * box[3], bbox: [...box] },
      segmentation: rectangle(box[0], box[1], box[2], box[3]),
    })),
  });
});

test.each(SNIPPETS)('$tool: both cells, in their places, to the pixel', async ({ id, code, file, tried }) => {
  // a snippet that changed has to be recorded again, with its tool
  expect(recorded[id].code).toBe(createHash('sha256').update(code).digest('hex'));
  expect(recorded[id].with).toBe(tried);
  const opened = await openFile(join(FOLDER, `${id}.${file.split('.')[1]}`), 'predictions');
  const predictions = await readOpened(opened, { images: truth.images, category: truth.meta.category });
  expect(predictions.detections.count).toBe(2);
  expect(predictions.format).toBe(file.endsWith('.zip') ? 'label-images' : 'coco-json');
  const unexpected = predictions.warnings.filter(({ code }) => code !== 'image-without-detections');
  expect(unexpected).toEqual([]);
  const [results] = await score(truth, predictions, ['livecell-paper']);
  expect(results.segm!.overall.AP).toBe(1);
  if (!file.endsWith('.zip'))
    expect([...predictions.detections.score].map((one) => one.toFixed(2))).toEqual(['0.90', '0.40']);
});

test('nothing is recorded that is not shown, and every tool is one that the site knows', () => {
  const files = readdirSync(FOLDER).filter((name) => !name.startsWith('record'));
  expect(files.map((name) => name.split('.')[0]).sort()).toEqual(SNIPPETS.map(({ id }) => id).sort());
  for (const { id } of SNIPPETS) if (id !== 'torchvision') expect(Object.keys(TOOLS)).toContain(id);
});

test('what sends the file has the reader’s own address', () => {
  expect(sendCode('https://bench.example.org', 'x.json')).toContain('SITE, AUTH = "https://bench.example.org"');
});

/** An archive of label images, from file to report. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-labels-'));
afterAll(async () => {
  await dismissHelpers();
  rmSync(dir, { recursive: true, force: true });
});

const folder = join(import.meta.dirname, '../../fixtures/labels');
const { width, height, u16 } = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')) as {
  width: number;
  height: number;
  u16: number[];
};
const STEMS = ['BV2_Phase_A4_1_00d00h00m_1', 'A172_Phase_C7_1_00d04h00m_2', 'SKOV3_Phase_E4_1_00d00h00m_4'];

/** The labels as COCO annotations, run by run. */
function annotation(label: number, id: number, image: number) {
  const counts: number[] = [];
  let on = false;
  let run = 0;
  for (let p = 0; p < width * height; p++) {
    const here = u16[(p % height) * width + Math.floor(p / height)] === label;
    if (here !== on) {
      counts.push(run);
      run = 0;
      on = here;
    }
    run++;
  }
  counts.push(run);
  const area = u16.filter((value) => value === label).length;
  return {
    id,
    image_id: image,
    category_id: 1,
    iscrowd: 0,
    area,
    bbox: [0, 0, 1, 1],
    segmentation: { size: [height, width], counts },
  };
}

const labels = [...new Set(u16)].filter((label) => label > 0);
const groundTruth = join(dir, 'truth.json');
writeFileSync(
  groundTruth,
  JSON.stringify({
    categories: [{ id: 1, name: 'cell' }],
    images: STEMS.map((stem, id) => ({ id, file_name: `${stem}.tif`, width, height })),
    annotations: STEMS.flatMap((_, image) => labels.map((label, k) => annotation(label, 100 * image + k, image))),
  }),
);

async function scored(members: Record<string, string>, options: { together?: boolean; threads?: number } = {}) {
  const path = join(dir, 'labels.zip');
  const files = Object.entries(members).map(([name, from]) => [name, new Uint8Array(readFileSync(join(folder, from)))]);
  writeFileSync(path, zipSync(Object.fromEntries(files), { mtime: new Date(2020, 0, 1) }));
  const protocols = ['livecell-paper', 'coco'] as const;
  return scoreTask({
    task: 'livecell-wide',
    groundTruth: { path: groundTruth },
    files: [{ slot: 'all', path }],
    protocols: [...protocols],
    ...options,
  });
}

const ALL = {
  [`${STEMS[0]}_cp_masks.png`]: 'pillow_u16.png',
  [`${STEMS[1]}.tif`]: 'zlib_i32.tif',
  [`${STEMS[2]}_label.tif`]: 'lzw_u16.tif',
};

test('cells that do not overlap are found exactly, and the report says that nothing was ranked', async () => {
  const outcome = await scored(ALL);
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  for (const report of outcome.reports) {
    expect(reportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({ unscored: true, warnings: [] });
    expect(report.predictions).toMatchObject([{ format: 'label-images', detections: 3 * labels.length, images: 3 }]);
    const { AP, AFNR, pq, interval } = reportOf(report, 'livecell-wide').results.segm!.overall;
    expect({ AP, AFNR, pq }).toEqual({ AP: expect.closeTo(1, 12), AFNR: 0, pq: 1 });
    if (interval) expect(interval.AP).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
  }
});

test('several threads read the same', async () => {
  const numbers = async (options: Parameters<typeof scored>[1]) => {
    const outcome = await scored({ ...ALL, [`${STEMS[2]}_label.tif`]: 'pillow_u8.png' }, options);
    if (!outcome.ok) throw new Error(outcome.problems[0].message);
    return outcome.reports.map(({ results, predictions, warnings }) => ({ results, predictions, warnings }));
  };
  expect(await numbers({ together: true, threads: 2 })).toEqual(await numbers({ threads: 1 }));
});

test('a missing image is misses, a wrong one ends the matter', async () => {
  const { [`${STEMS[0]}_cp_masks.png`]: first, ...rest } = ALL;
  const without = await scored(rest);
  if (!without.ok) throw new Error(without.problems[0].message);
  expect(reportOf(without.reports[0], 'livecell-wide').results.segm!.overall.AFNR).toBeCloseTo(1 / 3, 12);
  expect(without.reports[0].warnings).toMatchObject([{ code: 'image-without-detections', count: 1 }]);
  expect(first).toBe('pillow_u16.png');

  const wrong = await scored({ ...rest, [`${STEMS[0]}.png`]: 'bad_rgb.png' }, { together: true, threads: 2 });
  expect(wrong).toMatchObject({ ok: false, problems: [{ code: 'label-image-not-grey', image: `${STEMS[0]}.tif` }] });
});

/** What the headline would be without what is odd in the official test set. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import { EVALUATIONS, PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { INCOMPLETE_IMAGES, sensitivityWeights } from '#lib/scoring/sensitivity.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { type Detection, type GroundTruth, rectangle } from '#tests/coco/documents.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

const PLAIN = 'A172_Phase_C7_1_00d00h00m_1.tif';
const TWICE = 'Huh7_Phase_A12_1_00d00h00m_1.tif';
const INCOMPLETE = `${INCOMPLETE_IMAGES[0]}.tif`;

/** Three cells per image, of an incomplete one two; found of them as many as asked for, with a false one before the last. */
function documents(fileNames: string[], found: number[]): { groundTruth: GroundTruth; detections: Detection[] } {
  const images = fileNames.map((file_name, i) => ({ id: i + 1, file_name, width: 100, height: 100 }));
  const rows = [5, 30, 55];
  return {
    groundTruth: {
      images,
      annotations: images.flatMap(({ id, file_name }) =>
        rows
          .slice(0, file_name === INCOMPLETE ? 2 : 3)
          .map((y, k) => ({ id: 3 * id + k, image_id: id, area: 200, segmentation: rectangle(10, y, 20, 10) })),
      ),
    },
    detections: images.flatMap(({ id }, i) => [
      ...rows.slice(0, found[i]).map((y, k) => ({
        image_id: id,
        score: 0.9 - k / 10 - i / 100,
        segmentation: rectangle(10 + 2 * k, y, 20, 10),
      })),
      { image_id: id, score: 0.75 - i / 100, segmentation: rectangle(70, 80, 20, 10) },
    ]),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'sensitivity-'));
afterAll(async () => {
  await dismissHelpers();
  rmSync(folder, { recursive: true, force: true });
});

async function reports(
  { groundTruth, detections }: ReturnType<typeof documents>,
  { task = 'livecell-wide', threads = 1, leaveOut = [] as number[] } = {},
) {
  const kept = groundTruth.images.filter((_, i) => !leaveOut.includes(i));
  const has = ({ image_id }: { image_id: number | string }) => kept.some(({ id }) => id === image_id);
  const path = (name: string, document: unknown) => {
    const at = join(folder, name);
    writeFileSync(at, JSON.stringify(document));
    return at;
  };
  const outcome = await scoreTask({
    task,
    groundTruth: {
      path: path('gt.json', {
        images: kept,
        annotations: groundTruth.annotations.filter(has),
        categories: [{ id: 1 }],
      }),
    },
    files: [{ slot: 'all', path: path('dt.json', detections.filter(has)) }],
    protocols: [...PROTOCOL_IDS],
    threads,
    together: threads > 1,
    intervals: false,
  });
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  return outcome.reports.map((report) => {
    expect(reportSchema.parse(report)).toEqual(report); // nothing that the schema would drop
    return reportOf(report, 'livecell-wide').results;
  });
}

const odd = documents([PLAIN, TWICE, INCOMPLETE, TWICE.replace('.tif', '.png')], [3, 1, 0, 2]);

describe.each([1, 2])('with %i threads', (threads) => {
  test('a line is what scoring without its images gives, for masks and boxes under every protocol', async () => {
    const [all, single, complete] = [
      await reports(odd, { threads }),
      await reports(odd, { leaveOut: [3] }),
      await reports(odd, { leaveOut: [2] }),
    ];
    for (const p of PROTOCOL_IDS.keys()) {
      for (const evaluation of EVALUATIONS) {
        const { sensitivity, AP, AFNR } = all[p][evaluation]!.overall;
        for (const [line, alone] of [
          ['withoutDuplicates', single],
          ['withoutIncomplete', complete],
        ] as const) {
          const { images, objects, AP: ap, AFNR: afnr } = alone[p][evaluation]!.overall;
          expect(sensitivity?.[line]).toEqual({
            images,
            objects,
            AP: expect.closeTo(ap!, 14),
            AFNR: expect.closeTo(afnr!, 14),
          });
          expect([sensitivity?.[line]?.AP, sensitivity?.[line]?.AFNR]).not.toEqual([AP, AFNR]);
        }
        expect(sensitivity?.withoutDuplicates).toMatchObject({ images: 3, objects: 8 });
      }
    }
  });
});

test('a data set without such images has no such lines, and cell types have none', async () => {
  const [{ segm }] = await reports(documents([PLAIN, TWICE], [3, 1]));
  expect(segm!.overall).not.toHaveProperty('sensitivity');
  const [with_] = await reports(odd);
  expect(with_.segm!.cellTypes.Huh7).not.toHaveProperty('sensitivity');
});

test('of a file with several ids the first is kept; folder and extension do not count; a line must leave something', () => {
  const of = (fileNames: string[], cells = 2) =>
    sensitivityWeights({
      images: { fileNames } as Dataset['images'],
      objectStart: Uint32Array.from({ length: fileNames.length + 1 }, (_, i) => i * cells),
    });
  const weights = of(['a.tif', 'b.tif', 'x/a.png', 'a.tif', 'A.tif']);
  expect([...weights.keys()]).toEqual(['withoutDuplicates']);
  expect([...weights.get('withoutDuplicates')!]).toEqual([1, 1, 0, 0, 1]);
  expect(of([INCOMPLETE]).size).toBe(0);
  expect(of([]).size).toBe(0);
  // an image that is only called so
  expect([...of([INCOMPLETE, PLAIN]).get('withoutIncomplete')!]).toEqual([0, 1]);
  expect(of([INCOMPLETE, PLAIN], 3).size).toBe(0);
});

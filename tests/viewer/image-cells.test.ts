/** Cells of one image: what the viewer draws and counts agrees with the stored outcomes and the masks. */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCells, writeCells } from '#lib/cells-file.ts';
import { packDataset } from '#lib/coco/dataset.ts';
import { ignoredIn } from '#lib/coco/match.ts';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { openPackedImages } from '#lib/readers/packed-image.ts';
import { NOT_COUNTED } from '#lib/scoring/error-kinds.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { cellAt } from '#lib/viewer/cell-at.ts';
import { paintIdMap } from '#lib/viewer/id-map.ts';
import { collectEntryCells, collectFileCells, collectTruthCells } from '#lib/viewer/image-cells.ts';
import { judge } from '#lib/viewer/verdicts.ts';
import { fiveCells, maskOf, pack, rectangle } from '#tests/coco/documents.ts';
import { GOLDEN, readText } from '#tests/parity/golden-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'livecell-cells-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function evaluated(groundTruth: unknown, document: unknown) {
  const { dataset, predictions } = await pack(groundTruth, document);
  const { results, outcomes } = await evaluate(dataset, predictions, {
    protocols: PROTOCOL_IDS,
    slices: imageSlices(dataset.images.fileNames),
    intervals: false,
    outcomes: true,
  });
  return { dataset, predictions, outcomes: outcomes!, f1: results[0].segm!.overall!.f1PerIou![0]! };
}

const small = evaluated(readText(`${GOLDEN}/small/gt.json.gz`), readText(`${GOLDEN}/small/dt.json.gz`));

test('counts at any threshold are those of the outcomes file, and at the entry’s own those of its report', async () => {
  const { dataset, predictions, outcomes, f1 } = await small;
  const images = dataset.images.ids.map((_, image) =>
    collectEntryCells({ outcomes, predictions, images: dataset.images }, image),
  );
  for (const threshold of [0, 0.2, outcomes.scoreThreshold!, 0.5, 0.9, 1.01]) {
    const sums = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
    for (const cells of images) {
      const { counts } = judge(cells, threshold);
      for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += counts![key];
    }
    const expected = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
    const { entryStart } = outcomes;
    const most = PROTOCOLS[PRIMARY_PROTOCOL].maxDets[2];
    outcomes.score.forEach((score, e) => {
      const rank = e - entryStart.findLast((first) => first <= e)!;
      if (score < threshold || rank >= most || ignoredIn(outcomes.fate[e]) & 1) return;
      if (outcomes.fate[e] & 1) expected.truePositives++;
      else expected.falsePositives++;
    });
    const countable = outcomes.countable.subarray(0, images.length).reduce((sum, n) => sum + n, 0);
    expected.falseNegatives = countable - expected.truePositives;
    expect(sums, `from ${threshold}`).toEqual(expected);
    if (threshold === outcomes.scoreThreshold) {
      const { truePositives: tp, falsePositives: fp, falseNegatives: fn } = sums;
      expect((2 * tp) / (2 * tp + fp + fn)).toBeCloseTo(f1, 12);
    }
  }
});

test('at the entry’s own threshold every object is judged as the outcomes name it', async () => {
  const { dataset, predictions, outcomes } = await small;
  const own = outcomes.scoreThreshold!;
  let seen = 0;
  for (let image = 0; image < dataset.images.ids.length; image++) {
    const { objects } = judge(collectEntryCells({ outcomes, predictions, images: dataset.images }, image), own);
    objects.forEach((verdict, g) => {
      const kind = outcomes.objectKind[outcomes.objectStart[image] + g];
      const named = ['found', 'missed', 'missed', 'split', 'merged'][kind];
      expect(verdict).toBe(kind === NOT_COUNTED ? 'uncounted' : named);
      seen++;
    });
  }
  expect(seen).toBe(dataset.objects.count);
});

test('masks survive the file and the raster: every pixel of a cell has its id, or one above it', async () => {
  const { dataset, predictions, outcomes } = await small;
  const path = join(folder, 'small.cells');
  await writeCells({ outcomes, predictions, images: dataset.images }, path);
  const store = {
    createReadStream: (_: string, range?: { start?: number; end?: number }) => createReadStream(path, range),
  };
  for (const image of [0, 1, dataset.images.ids.length - 1]) {
    const cells = await readCells(store, 'key', image);
    expect(cells).toEqual(collectEntryCells({ outcomes, predictions, images: dataset.images }, image));
    const { ids, areas } = paintIdMap(cells!.masks, cells!);
    const first = outcomes.entryStart[image];
    cells!.masks.forEach((_, k) => {
      const mask = maskOf(predictions.detections, outcomes.detection[first + k]);
      let [area, wrong] = [0, 0];
      for (let at = 0; at < mask.length; at += 2)
        for (let pixel = mask[at]; pixel < mask[at + 1]; pixel++, area++) {
          const y = pixel % cells!.height;
          const to = 2 * (y * cells!.width + (pixel - y) / cells!.height);
          // the surest cell lies on top
          if (ids[to] === 0 || ids[to] > k + 1) wrong++;
        }
      expect({ area: areas[k], wrong }).toEqual({ area, wrong: 0 });
    });
  }
  expect(await readCells(store, 'key', dataset.images.ids.length)).toBeNull();
  expect(await readCells(store, 'key', -1)).toBeNull();
});

test('one image of packed ground truth is read without the others, and has the same masks', async () => {
  const { dataset } = await small;
  const path = join(folder, 'small.pack');
  writeFileSync(path, packDataset(dataset));
  const packed = await openPackedImages(path);
  expect(packed.images.fileNames).toEqual(dataset.images.fileNames);
  expect([...packed.images.width]).toEqual([...dataset.images.width]);
  for (let image = 0; image < dataset.images.ids.length; image++) {
    const objects = await packed.read(image);
    const [from, to] = [dataset.objectStart[image], dataset.objectStart[image + 1]];
    expect(objects.count).toBe(to - from);
    for (let k = from; k < to; k++) expect([...maskOf(objects, k - from)]).toEqual([...maskOf(dataset.objects, k)]);
    const size = { image, width: dataset.images.width[image], height: dataset.images.height[image] };
    expect(collectTruthCells(objects, [0, objects.count], size)).toEqual(
      collectTruthCells(dataset.objects, [from, to], size),
    );
  }
});

describe('a constructed image', () => {
  const overlapping = [rectangle(2, 2, 10, 10), rectangle(8, 4, 10, 10)];
  const document = overlapping.map((segmentation, k) => ({
    image_id: 1,
    category_id: 1,
    score: 0.9 - k / 10,
    segmentation,
  }));

  test('has both ids where two cells overlap', async () => {
    const { dataset, predictions, outcomes } = await evaluated(fiveCells(), document);
    const map = paintIdMap(collectEntryCells({ outcomes, predictions, images: dataset.images }, 0).masks, {
      width: 80,
      height: 60,
    });
    const at = (x: number, y: number) => [...map.ids.subarray(2 * (y * 80 + x), 2 * (y * 80 + x) + 2)];
    expect(at(4, 4)).toEqual([1, 0]);
    expect(at(10, 6)).toEqual([1, 2]);
    expect(at(16, 12)).toEqual([2, 0]);
    expect(at(40, 40)).toEqual([0, 0]);
    expect(cellAt(map, 10.7, 6.2)).toBe(0);
    expect(cellAt(map, -1, 5)).toBe(-1);
    expect(cellAt(map, 80, 5)).toBe(-1);
    expect([...map.extents]).toEqual([2, 2, 12, 12, 8, 4, 18, 14]);
  });

  test('without annotations that are public, cells are plain and nothing is counted', async () => {
    const { dataset, predictions, outcomes } = await evaluated(fiveCells(), document);
    const { verdicts: _, ...cells } = collectEntryCells({ outcomes, predictions, images: dataset.images }, 0);
    expect(judge(cells, 0.85)).toEqual({ detections: ['plain', 'hidden'], objects: [] });
  });

  test('a damaged mask and one of another size are refused', () => {
    expect(() => paintIdMap(['09'], { width: 3, height: 3 })).not.toThrow();
    expect(() => paintIdMap(['09'], { width: 3, height: 4 })).toThrow('cell 0 is damaged');
    expect(() => paintIdMap(['\u0007'], { width: 3, height: 3 })).toThrow('cell 0 is damaged');
  });
});

test('the cells of a file are its detections on an image, the surest first, before anything is matched', async () => {
  const { dataset, predictions, outcomes } = await small;
  const { images } = dataset;
  for (const [image] of images.ids.entries()) {
    const size = { image, width: images.width[image], height: images.height[image] };
    const { masks, scores, verdicts } = collectFileCells(predictions, size);
    const judged = collectEntryCells({ outcomes, predictions, images }, image);
    expect(verdicts).toBeUndefined();
    expect(scores).toEqual(judged.scores);
    expect(masks.toSorted()).toEqual(judged.masks.toSorted());
  }
});

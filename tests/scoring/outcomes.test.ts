/** Stored outcomes: what is read equals what was matched, and numbers computed from it equal the report's. */
import { describe, expect, test } from 'vitest';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { compareCells, errorConsistency } from '#lib/scoring/cells-compared.ts';
import { ERROR_KINDS, NOT_COUNTED } from '#lib/scoring/error-kinds.ts';
import { IOU_STEPS } from '#lib/scoring/errors-by-kind.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import { findFields } from '#lib/scoring/fields.ts';
import { makeImageTable } from '#lib/scoring/image-table.ts';
import { evaluatingOf, type Outcomes, packOutcomes, readOutcomes } from '#lib/scoring/outcomes.ts';
import { makePerIou } from '#lib/scoring/per-iou.ts';
import { checkQuality } from '#lib/scoring/quality-control.ts';
import { countObjects, replicateSlice } from '#lib/scoring/replicates.ts';
import { makeScoreCurves } from '#lib/scoring/score-curves.ts';
import { densityBins, makeSliceTable, parseSliceKey, sliceKey, weightedMean } from '#lib/scoring/slice-table.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { type Detection, type GroundTruth, pack, rectangle } from '#tests/coco/documents.ts';
import { GOLDEN, readText } from '#tests/parity/golden-files.ts';
import { randomCase } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';

async function outcomesOf(groundTruth: unknown, predictions: unknown) {
  const packed = await pack(groundTruth, predictions);
  const { dataset } = packed;
  const slices = imageSlices(dataset.images.fileNames);
  const { results, outcomes } = await evaluate(dataset, packed.predictions, {
    protocols: PROTOCOL_IDS,
    slices: slices.size > 1 ? slices : slices.set('A172', new Uint32Array(0)),
    intervals: false,
    outcomes: true,
  });
  const main = packed.predictions.hasMasks ? 'segm' : 'bbox';
  return { dataset, outcomes: outcomes!, results: results[0][main]! };
}

const small = outcomesOf(readText(`${GOLDEN}/small/gt.json.gz`), readText(`${GOLDEN}/small/dt.json.gz`));
const second = outcomesOf(readText(`${GOLDEN}/small/gt.json.gz`), readText(`${GOLDEN}/small/dt_second.json.gz`));

test('what is read equals what was written, wherever its bytes begin', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 8 }), async (seed, shift) => {
      const { gt, dt } = randomCase(seed);
      if (dt.length === 0) return;
      const { outcomes } = await outcomesOf(gt, dt).catch(() => ({ outcomes: null }));
      if (!outcomes) return; // a case that readers refuse
      const packed = packOutcomes(outcomes);
      const elsewhere = new Uint8Array(packed.length + shift);
      elsewhere.set(packed, shift);
      const read = readOutcomes(elsewhere.subarray(shift));
      for (const [key, value] of Object.entries(outcomes))
        expect(Array.from([read[key as keyof Outcomes]].flat() as never[]), key).toEqual(
          Array.from([value].flat() as never[]),
        );
      expect(packOutcomes(read)).toEqual(packed);
    }),
    { numRuns: 40 },
  );
});

test('other bytes, another version and a file that is cut off are refused, and it says why', async () => {
  const packed = packOutcomes((await small).outcomes);
  expect(() => readOutcomes(new TextEncoder().encode('something else entirely'))).toThrow('Not outcomes');
  expect(() => readOutcomes(packed.slice(0, packed.length - 9))).toThrow('cut off within “kind”');
  const text = new TextDecoder('latin1').decode(packed).replace('"version":1', '"version":9');
  expect(() => readOutcomes(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toThrow('version 9, expected 1');
});

test('thresholds, matches and kinds fit together', async () => {
  const { outcomes, results } = await small;
  const { bestIou, found, object, objectKind, score, scoreThreshold } = outcomes;
  for (let g = 0; g < found.length; g++) {
    if (found[g] & 1) expect(bestIou[g] + 1).toBeGreaterThanOrEqual(0.5 * IOU_STEPS);
    if (objectKind[g] === 2) expect(bestIou[g] + 1).toBeGreaterThanOrEqual(0.1 * IOU_STEPS);
  }
  const pairs = [...object].flatMap((g, e) => (g < 0 ? [] : [[g, e] as const]));
  const owner = new Map(pairs);
  expect(owner.size).toBe(pairs.length);
  let matched = 0;
  for (let g = 0; g < found.length; g++) {
    if (objectKind[g] === 0) {
      matched++;
      expect(score[owner.get(g)!]).toBeGreaterThanOrEqual(scoreThreshold!);
    }
  }
  const { errors, objects } = results.overall!;
  const missing = ERROR_KINDS.reduce((sum, kind) => sum + errors![kind].objects, 0);
  expect(matched).toBe(objects - missing);
});

test('per IoU, the numbers are those of the report, with their replicates', async () => {
  const { outcomes, results, dataset } = await small;
  const found = makePerIou(readOutcomes(packOutcomes(outcomes)));
  const { overall } = results;
  found.AP[0].forEach((value, t) => {
    expect(value).toBeCloseTo(overall!.apPerIou[t]!, 12);
    expect(found.FNR[0][t]).toBeCloseTo(overall!.fnrPerIou[t]!, 12);
  });
  // each row is a replicate of the headline
  const fields = findFields(outcomes.fileNames, countObjects(dataset));
  const images = Uint32Array.from(outcomes.fileNames.keys());
  const { without } = replicateSlice(evaluatingOf(outcomes), images, fields, { maxDets: 3000, own: [] });
  expect(found.fields.map(([name]) => name)).toEqual(fields.units.map(({ name }) => name));
  expect(found.AP).toHaveLength(1 + fields.units.length);
  const mean = (row: (number | null)[]) => row.reduce<number>((sum, value) => sum + value!, 0) / row.length;
  without.forEach(({ AP, AFNR }, k) => {
    expect(mean(found.AP[1 + k])).toBeCloseTo(AP!, 12);
    expect(mean(found.FNR[1 + k])).toBeCloseTo(AFNR!, 12);
  });
});

describe('slices', () => {
  test('all images, each cell type and each size are those of the report', async () => {
    const { outcomes, results } = await small;
    const { rows } = makeSliceTable(readOutcomes(packOutcomes(outcomes)));
    const { overall } = results;
    expect(rows['']).toEqual([overall!.images, overall!.objects, overall!.AP, overall!.AFNR]);
    expect(rows['size=small'][2]).toBeCloseTo(overall!.APs!, 12);
    expect(rows['size=medium'][2]).toBeCloseTo(overall!.APm!, 12);
    let types = 0;
    for (const type of CELL_TYPES) {
      const own = results[type];
      if (!own) continue;
      types++;
      expect(rows[`type=${type}`]).toEqual([own.images, own.objects, own.AP, own.AFNR]);
      expect(rows[`type=${type}&size=small`][2]).toEqual(own.APs);
    }
    expect(types).toBeGreaterThan(1);
  });

  test('two dimensions are the images that have both values, scored by themselves', async () => {
    const groundTruth = JSON.parse(readText(`${GOLDEN}/small/gt.json.gz`)) as GroundTruth;
    const detections = JSON.parse(readText(`${GOLDEN}/small/dt.json.gz`)) as Detection[];
    const { rows } = makeSliceTable((await small).outcomes);
    const pairs = Object.keys(rows).filter((key) => /^type=\w+&day=\d+$/.test(key));
    expect(pairs.length).toBeGreaterThan(2);
    for (const key of pairs.slice(0, 3)) {
      const { type, day } = parseSliceKey(key);
      const images = groundTruth.images.filter(
        ({ file_name }) => file_name.startsWith(`${type}_`) && file_name.includes(`_${day!.padStart(2, '0')}d`),
      );
      const ids = new Set(images.map(({ id }) => id));
      const { results } = await outcomesOf(
        {
          ...groundTruth,
          images,
          annotations: groundTruth.annotations.filter((one) => ids.has(one.image_id as number)),
        },
        detections.filter((one) => ids.has(one.image_id as number)),
      );
      expect(rows[key]).toEqual([images.length, results.overall!.objects, results.overall!.AP, results.overall!.AFNR]);
    }
  });

  test('density bins hold as equal numbers of images as ties allow, and every count has one', () => {
    expect(densityBins([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
    expect(densityBins([7, 7, 7])).toEqual([[7, 7]]);
    expect(densityBins([])).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.nat(40), { minLength: 1 }), (counts) => {
        const bins = densityBins(counts);
        for (const count of counts) expect(bins.some(([, to]) => count <= to)).toBe(true);
        for (let k = 1; k < bins.length; k++) expect(bins[k][0]).toBe(bins[k - 1][1] + 1);
      }),
    );
  });

  test('keys name their choice, and the reader’s weights divide the mean', () => {
    const choice = { size: 'small', type: 'A172' };
    expect(sliceKey(choice)).toBe('type=A172&size=small');
    expect(parseSliceKey(sliceKey(choice))).toEqual(choice);
    expect(sliceKey({})).toBe('');
    expect(weightedMean({ A172: 0.2, BV2: 0.8 }, { A172: 3, BV2: 1 })).toBeCloseTo(0.35, 12);
    expect(weightedMean({ A172: 0.2, BV2: null }, { A172: 1, BV2: 1 })).toBeNull();
    expect(weightedMean({ A172: 0.2, BV2: null }, { A172: 2 })).toBe(0.2);
    expect(weightedMean({ A172: 0.2 }, {})).toBeNull();
  });
});

/** Two images; each cell is a square of 10 pixels in a row, each detection the outline of a cell, or a shifted one. */
function rowOfCells(found: readonly (readonly [cell: number, shift: number, score: number])[], names: string[]) {
  const box = (cell: number, shift = 0): [number, number, number, number] => [20 * (cell % 6) + shift, 5, 10, 10];
  const at = (cell: number) => 1 + Math.floor(cell / 6);
  const groundTruth: GroundTruth = {
    images: names.map((file_name, i) => ({ id: i + 1, width: 130, height: 20, file_name })),
    categories: [{ id: 1, name: 'cell' }],
    annotations: Array.from({ length: 6 * names.length }, (_, cell) => ({
      id: cell + 1,
      image_id: at(cell),
      category_id: 1,
      iscrowd: 0,
      area: 100,
      bbox: box(cell),
      segmentation: rectangle(...box(cell)),
    })),
  };
  const detections: Detection[] = found.map(([cell, shift, score]) => ({
    image_id: at(cell),
    category_id: 1,
    score,
    segmentation: rectangle(...box(cell, shift)),
  }));
  return outcomesOf(groundTruth, detections);
}

const NAMES = ['A172_Phase_C7_1_00d00h00m_1.tif', 'BV2_Phase_A4_1_01d00h00m_1.tif'];

describe('cells × entries', () => {
  test('counts who found which, on all images and on one', async () => {
    const entries = await Promise.all([
      rowOfCells(
        [0, 1, 2, 6, 7].map((cell) => [cell, 0, 0.9] as const),
        NAMES,
      ),
      rowOfCells(
        [0, 1, 3, 6, 8, 9].map((cell) => [cell, 1, 0.9] as const),
        NAMES,
      ),
    ]);
    const outcomes = entries.map((entry) => entry.outcomes);
    // none: 4, 5, 10, 11; A only: 2, 7; B only: 3, 8, 9; both: 0, 1, 6
    const all = compareCells(outcomes, [0, 1]);
    expect(all).toEqual({ objects: 12, patterns: [4, 2, 3, 3] });
    expect(compareCells(outcomes, [1])).toEqual({ objects: 6, patterns: [2, 1, 2, 1] });
    // observed 7/12; by chance 5/12 · 6/12 + 7/12 · 6/12 = 1/2
    expect(errorConsistency(all, 0, 1)).toBeCloseTo((7 / 12 - 0.5) / 0.5, 12);
    expect(errorConsistency({ objects: 3, patterns: [0, 0, 0, 3] }, 0, 1)).toBeNull();
    expect(errorConsistency(compareCells([outcomes[0], outcomes[0]], [0, 1]), 0, 1)).toBe(1);
  });

  test('a crowd region is nobody’s to find, and other ground truth is refused', async () => {
    const [one, other] = [await small, await second];
    const all = compareCells([one.outcomes, other.outcomes], one.dataset.images.ids.keys());
    expect(all.objects).toBe(one.results.overall!.objects);
    expect(all.objects).toBeLessThanOrEqual(one.dataset.objects.count);
    const crowds = [...one.dataset.objects.crowd.keys()].filter((g) => one.dataset.objects.crowd[g]);
    for (const g of crowds) expect(one.outcomes.objectKind[g]).toBe(NOT_COUNTED);
    const foreign = { ...other.outcomes, groundTruth: 'another' };
    expect(() => compareCells([one.outcomes, foreign], [0])).toThrow('different ground truth');
  });
});

describe('images', () => {
  test('a row per image: its own AP, and its errors add up to the report’s', async () => {
    const { outcomes, results, dataset } = await small;
    const rows = makeImageTable(outcomes);
    expect(rows.length).toBe(dataset.images.ids.length);
    const { errors, objects } = results.overall!;
    const sum = (pick: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + pick(row), 0);
    expect(sum((row) => row.objects)).toBe(objects);
    for (const kind of ERROR_KINDS) {
      const side = kind === 'duplicate' || kind === 'background' ? 'detections' : 'objects';
      expect(
        sum((row) => row.errors[kind]),
        kind,
      ).toBe(errors![kind][side]);
    }
    expect(sum((row) => row.detections)).toBeLessThanOrEqual(sum((row) => row.allDetections));
  });

  test('found alone, a cell counts as found on its image only', async () => {
    const { outcomes } = await rowOfCells([[0, 0, 0.9]], NAMES);
    const [first, other] = makeImageTable(outcomes);
    expect(first).toMatchObject({ objects: 6, detections: 1, errors: { missed: 5, background: 0 } });
    expect(other).toMatchObject({ AP: 0, objects: 6, detections: 0, errors: { missed: 6 } });
  });
});

describe('quality control', () => {
  const codes = async (entry: Awaited<ReturnType<typeof rowOfCells>>) =>
    checkQuality(entry.outcomes, makeImageTable(entry.outcomes)).map(({ code, severity, count, of }) => [
      code,
      severity,
      count,
      of,
    ]);

  test('an ordinary file raises nothing', async () => {
    const cells = Array.from({ length: 12 }, (_, cell) => [cell, 1, 0.9 - cell / 100] as const);
    expect(await codes(await rowOfCells(cells, NAMES))).toEqual([]);
  });

  test('images without detections, and scores that are all the same', async () => {
    const found = await codes(
      await rowOfCells(
        [0, 1, 2].map((cell) => [cell, 1, 0.5] as const),
        NAMES,
      ),
    );
    expect(found).toEqual([
      ['no-detections', 'serious', 1, 2],
      ['constant-scores', 'serious', 3, 3],
    ]);
  });

  test('copies of the truth', async () => {
    const names = Array.from({ length: 5 }, (_, i) => `A172_Phase_C7_1_00d0${i}h00m_1.tif`);
    const cells = Array.from({ length: 30 }, (_, cell) => [cell, 0, 0.9 - cell / 100] as const);
    expect(await codes(await rowOfCells(cells, names))).toEqual([['near-copies', 'serious', 30, 30]]);
  });
});

test('precision is that of the report, and the calibration counts every detection that counts', async () => {
  const { outcomes, results } = await small;
  const { precision, calibration } = makeScoreCurves(outcomes);
  const [at50, at75] = precision!.map(({ values }) => values.reduce((sum, value) => sum + value, 0) / values.length);
  expect(at50).toBeCloseTo(results.overall!.AP50!, 12);
  expect(at75).toBeCloseTo(results.overall!.AP75!, 12);
  const counted = calibration!.reduce((sum, { detections }) => sum + detections, 0);
  expect(counted).toBeLessThanOrEqual(outcomes.score.length);
  for (const { from, to, meanScore, found } of calibration!) {
    expect(meanScore).toBeGreaterThanOrEqual(from);
    expect(meanScore).toBeLessThanOrEqual(to);
    expect(found).toBeLessThanOrEqual(1);
  }
});

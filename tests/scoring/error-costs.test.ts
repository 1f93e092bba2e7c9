/** What errors cost by density, from stored outcomes: a single bin has the report's own numbers. */
import { expect, test } from 'vitest';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { makeErrorCosts } from '#lib/scoring/error-costs.ts';
import { ERROR_KINDS } from '#lib/scoring/error-kinds.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import { type Outcomes, packOutcomes, readOutcomes } from '#lib/scoring/outcomes.ts';
import { makeSliceTable, type SliceTable } from '#lib/scoring/slice-table.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { pack, rectangle } from '#tests/coco/documents.ts';
import { GOLDEN, readText } from '#tests/parity/golden-files.ts';
import { randomCase } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';

async function scored(groundTruth: unknown, predictions: unknown) {
  const packed = await pack(groundTruth, predictions);
  const { results, outcomes } = await evaluate(packed.dataset, packed.predictions, {
    protocols: PROTOCOL_IDS,
    slices: imageSlices(packed.dataset.images.fileNames),
    intervals: false,
    outcomes: true,
  });
  const main = packed.predictions.hasMasks ? 'segm' : 'bbox';
  // as the job has them: from the file
  return { outcomes: readOutcomes(packOutcomes(outcomes!)), overall: results[0][main]!.overall! };
}

/** All images in one bin. */
function inOneBin(outcomes: Outcomes): SliceTable {
  const { rows } = makeSliceTable(outcomes);
  return { schema: 1, densities: [[0, 1e6]], rows: { ...rows, 'density=1': rows[''] } };
}

test('one bin of all images has counts and gains of the report, to the last digit', async () => {
  const { outcomes, overall } = await scored(
    readText(`${GOLDEN}/small/gt.json.gz`),
    readText(`${GOLDEN}/small/dt.json.gz`),
  );
  const [all, ...others] = makeErrorCosts(outcomes, inOneBin(outcomes))!;
  expect(others).toEqual([]);
  expect(all.errors).toEqual(overall.errors);
  expect(all).toMatchObject({ images: overall.images, objects: overall.objects, AP: overall.AP });
  const gains = ERROR_KINDS.map((kind) => all.errors[kind].deltaAP!);
  expect(gains.filter((gain) => gain > 0).length).toBeGreaterThan(2);
});

test('so it does in random cases', async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
      const { gt, dt } = randomCase(seed);
      if (dt.length === 0) return;
      const found = await scored(gt, dt).catch(() => null);
      if (!found) return; // a case that readers refuse
      const [all] = makeErrorCosts(found.outcomes, inOneBin(found.outcomes))!;
      expect(all.errors).toEqual(found.overall.errors);
      compared++;
    }),
    { numRuns: 40 },
  );
  expect(compared).toBeGreaterThan(5);
});

test('the bins of the slices divide the counts, and each has the gain of its own images', async () => {
  // one cell in the sparse image, missed; two in the dense one, of which one is found
  const cell = (id: number, image: number, x: number) => ({
    ...{ id, image_id: image, category_id: 1, iscrowd: 0, area: 64 },
    ...{ segmentation: rectangle(x, 2, 8, 8), bbox: [x, 2, 8, 8] },
  });
  const images = [1, 2].map((id) => ({ id, width: 64, height: 64, file_name: `A172_Phase_C7_1_00d00h00m_${id}.tif` }));
  const annotations = [cell(1, 1, 2), cell(2, 2, 2), cell(3, 2, 30)];
  const groundTruth = { images, annotations, categories: [{ id: 1, name: 'cell' }] };
  const { segmentation } = annotations[1];
  const { outcomes } = await scored(groundTruth, [{ image_id: 2, category_id: 1, score: 0.9, segmentation }]);
  const slices = makeSliceTable(outcomes);
  const costs = makeErrorCosts(outcomes, slices)!;
  expect(costs.map(({ from, to, images: n, objects }) => [from, to, n, objects])).toEqual([
    [1, 1, 1, 1],
    [2, 2, 1, 2],
  ]);
  expect(costs.map(({ errors }) => errors.missed.objects)).toEqual([1, 1]);
  // without its missed cell the dense image is perfect; the sparse one has nothing left to find
  expect(costs[1].errors.missed.deltaAP).toBeCloseTo(1 - costs[1].AP!, 12);
  expect(costs[0].errors.missed.deltaAP).toBeNull();
});

test('outcomes of before say nothing', async () => {
  const { outcomes } = await scored(readText(`${GOLDEN}/small/gt.json.gz`), readText(`${GOLDEN}/small/dt.json.gz`));
  const { becomes: _, leaves: __, ...before } = outcomes;
  const read = readOutcomes(packOutcomes(before));
  expect(read.becomes).toBeUndefined();
  expect(makeErrorCosts(read, makeSliceTable(read))).toBeNull();
});

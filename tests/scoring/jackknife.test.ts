/** The jackknife over fields of view: the reference's numbers to 1e-9, and what weights have to be equal to. */
import { describe, expect, test } from 'vitest';
import { accumulate, sliceOf } from '#lib/coco/accumulate.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { accumulateReplicates } from '#lib/coco/replicates.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { degreesOfFreedom, type Fields, findFields, stratify } from '#lib/scoring/fields.ts';
import {
  compareReplicated,
  type Difference,
  jackknifeInterval,
  jackknifeVariance,
  type Replicated,
  replicateWeights,
} from '#lib/scoring/jackknife.ts';
import { countObjects, replicateSlice } from '#lib/scoring/replicates.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { match, pack } from '#tests/coco/documents.ts';
import { randomCase, sizes } from '#tests/coco/random-fates.ts';
import { GOLDEN, readGolden, readText } from '#tests/parity/golden-files.ts';
import { Random } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';

const METRICS = ['AP', 'AFNR', 'meanAP', 'meanAFNR'] as const;
type Metric = (typeof METRICS)[number];
interface Golden {
  df: number;
  fields: string[];
  results: Record<
    'a' | 'b',
    Record<'segm' | 'bbox', Record<Metric, { value: number; interval: [number, number]; replicates: number[] }>>
  >;
  paired: Record<'segm' | 'bbox', Record<Metric, Difference>>;
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** The four numbers of an entry with their replicates, from its files. */
async function replicated(groundTruth: string, predictions: string) {
  const { dataset, predictions: read } = await pack(
    readText(`${GOLDEN}/small/${groundTruth}`),
    readText(`${GOLDEN}/small/${predictions}`),
  );
  const fields = findFields(dataset.images.fileNames, countObjects(dataset));
  const numbers = EVALUATIONS.map((evaluation) => {
    const { ranking, matches } = match(dataset, read, evaluation, ['livecell-paper']);
    const found: Record<Metric, Replicated> = {} as Record<Metric, Replicated>;
    const slices = imageSlices(dataset.images.fileNames);
    const plain = (images: Uint32Array) => {
      const slice = sliceOf(ranking, images, dataset.images.ids.length);
      const { precision, recall } = accumulate({ matches, ranking, slice }, { sizeClass: 0, maxDets: 3000 });
      return { AP: mean(precision!), AFNR: 1 - mean(recall!) };
    };
    const bySlice = [...slices].map(([name, images]) => ({
      name,
      value: plain(images),
      ...replicateSlice({ ranking, matches }, images, fields, { maxDets: 3000, own: [] }),
    }));
    const types = bySlice.filter(({ name }) => name !== 'overall');
    for (const key of ['AP', 'AFNR'] as const) {
      const overall = bySlice.find(({ name }) => name === 'overall')!;
      found[key] = { value: overall.value[key], replicates: overall.without.map((one) => one[key]) };
      found[`mean${key}`] = {
        value: mean(types.map(({ value }) => value[key])),
        replicates: fields.units.map((_, unit) => mean(types.map(({ without }) => without[unit][key]!))),
      };
    }
    return [evaluation, found] as const;
  });
  return { fields, numbers: Object.fromEntries(numbers) as Record<'segm' | 'bbox', Record<Metric, Replicated>> };
}

const close = (value: number) => expect.closeTo(value, 9);
const allClose = (values: readonly number[]) => values.map(close);

describe.each([
  ['two fields per type', 'gt.json.gz', 'jackknife.json'],
  ['four fields in two wells', 'gt_four_fields.json.gz', 'jackknife_four_fields.json'],
])('the reference, %s', (_, groundTruth, numbers) => {
  const golden = readGolden<Golden>(`small/${numbers}`);

  test('replicates, intervals and paired differences', async () => {
    const a = await replicated(groundTruth, 'dt.json.gz');
    const b = await replicated(groundTruth, 'dt_second.json.gz');
    const { strata } = a.fields;
    expect(a.fields.units.map(({ name }) => name)).toEqual(golden.fields);
    expect(degreesOfFreedom(strata)).toBe(golden.df);
    for (const evaluation of EVALUATIONS) {
      for (const metric of METRICS) {
        for (const [entry, { numbers: own }] of [
          ['a', a],
          ['b', b],
        ] as const) {
          const wanted = golden.results[entry][evaluation][metric];
          const { value, replicates } = own[evaluation][metric];
          expect(value).toEqual(close(wanted.value));
          expect(replicates).toEqual(allClose(wanted.replicates));
          expect(jackknifeInterval(value, replicates, strata)).toEqual(allClose(wanted.interval));
        }
        const better = metric.endsWith('AFNR') ? 'lower' : 'higher';
        const found = compareReplicated(a.numbers[evaluation][metric], b.numbers[evaluation][metric], strata, better)!;
        const wanted = golden.paired[evaluation][metric];
        expect(found).toEqual({
          difference: close(wanted.difference),
          standardError: close(wanted.standardError),
          interval: allClose(wanted.interval),
          probabilityBetter: close(wanted.probabilityBetter),
          p: close(wanted.p),
        });
      }
    }
  });
});

describe('replicates', () => {
  test('are the numbers of the images weighted one at a time', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 40 }), (of, count) => {
        const { ranking, matches, images, maxDets } = randomCase(of);
        const r = new Random(of.seed);
        const all = ranking.start.length - 1;
        const units = r.whole(1, all);
        const unitOf = Uint16Array.from({ length: all }, () => r.whole(0, units - 1));
        const weights = Uint8Array.from({ length: count * units }, () => r.pick([0, 0, 1, 1, 2, 5, 20]));
        const slice = sliceOf(ranking, Uint32Array.from(images), all);
        const replicates = { unitOf, units, replicates: count, weights };
        const { AP, AFNR } = accumulateReplicates({ matches, ranking, slice }, maxDets, replicates);
        expect([AP.length, AFNR.length]).toEqual([count, count]);
        for (let k = 0; k < count; k++) {
          const own = Array.from(unitOf, (unit) => weights[k * units + unit]);
          // none is cut off where nothing ranks them
          const most = of.unscored ? Number.POSITIVE_INFINITY : maxDets;
          const { precision, recall } = accumulate(
            { matches, ranking, slice, weights: own },
            { sizeClass: 0, maxDets: most },
          );
          if (!precision || !recall) {
            expect([AP[k], AFNR[k]]).toEqual([Number.NaN, Number.NaN]);
            continue;
          }
          expect(AP[k]).toBeCloseTo(mean(precision), 12);
          expect(AFNR[k]).toBeCloseTo(1 - mean(recall), 12);
        }
      }),
    );
  });

  test('weigh a field 0, its stratum n, all others n - 1', () => {
    const units = ['A172', 'A172', 'BV2', 'BV2', 'BV2'].map((cellType, k) => ({ name: `${cellType}_${k}`, cellType }));
    const rows = replicateWeights({ units, strata: stratify(units) });
    expect(Array.from({ length: 5 }, (_, k) => [...rows.subarray(6 * k, 6 * k + 6)])).toEqual([
      [0, 2, 1, 1, 1, 1],
      [2, 0, 1, 1, 1, 1],
      [2, 2, 0, 3, 3, 2],
      [2, 2, 3, 0, 3, 2],
      [2, 2, 3, 3, 0, 2],
    ]);
  });

  /** Fields with images of their own, and as many copies of each image as its replicate weighs, under ids of their own. */
  test('equal scoring again with repeated images, where scores within an image differ', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const r = new Random(seed);
        const names = CELL_TYPES.slice(0, 3).flatMap((type, k) =>
          Array.from({ length: k === 0 ? 3 : 2 }, (_, location) => `${type}_Phase_A1_${location + 1}`),
        );
        const images = names.flatMap((field, f) =>
          Array.from({ length: r.whole(1, 2) }, (_, crop) => ({
            field: f,
            file: `${field}_00d00h00m_${crop + 1}.tif`,
          })),
        );
        const square = (x: number, y: number, side: number) => ({
          segmentation: [[x, y, x, y + side, x + side, y + side, x + side, y]],
          bbox: [x, y, side, side],
          area: side * side,
        });
        const cells = images.map(() =>
          Array.from({ length: r.whole(1, 4) }, () => [r.whole(0, 40), r.whole(0, 40), 12]),
        );
        const scores = new Set<number>();
        const found = cells.map((own) =>
          [...own, [5, 5, 8]].map(([x, y, side]) => {
            let score = r.whole(1, 1e6) / 1e6;
            while (scores.has(score)) score += 1e-7;
            scores.add(score);
            return { score, ...square(x + r.whole(0, 3), y + r.whole(0, 3), side) };
          }),
        );
        /** a benchmark in which image i stands as often as said */
        const documents = (times: readonly number[]) => {
          const chosen = images.flatMap((image, i) => Array.from({ length: times[i] }, () => ({ ...image, i })));
          return {
            groundTruth: {
              images: chosen.map(({ file }, id) => ({ id: id + 1, width: 64, height: 64, file_name: file })),
              categories: [{ id: 1, name: 'cell' }],
              annotations: chosen.flatMap(({ i }, id) =>
                cells[i].map(([x, y, side], k) => ({
                  id: 1000 * (id + 1) + k,
                  image_id: id + 1,
                  category_id: 1,
                  iscrowd: 0,
                  ...square(x, y, side),
                })),
              ),
            },
            detections: chosen.flatMap(({ i }, id) => found[i].map((one) => ({ image_id: id + 1, ...one }))),
          };
        };
        const score = async (times: readonly number[]) => {
          const { groundTruth, detections } = documents(times);
          const { dataset, predictions } = await pack(groundTruth, detections);
          return { dataset, ...match(dataset, predictions, 'segm', ['livecell-paper']) };
        };
        const { dataset, ranking, matches } = await score(images.map(() => 1));
        const fields: Fields = findFields(dataset.images.fileNames, countObjects(dataset));
        const overall = Uint32Array.from(images.keys());
        const { without } = replicateSlice({ ranking, matches }, overall, fields, { maxDets: 3000, own: [] });
        const weights = replicateWeights(fields);
        for (const [unit, { AP, AFNR }] of without.entries()) {
          const own = Array.from(overall, (i) => weights[unit * (fields.units.length + 1) + fields.unitOf[i]]);
          const again = await score(own);
          const slice = sliceOf(
            again.ranking,
            Uint32Array.from(again.dataset.images.ids.keys()),
            again.dataset.images.ids.length,
          );
          const { precision, recall } = accumulate(
            { matches: again.matches, ranking: again.ranking, slice },
            { sizeClass: 0, maxDets: 3000 },
          );
          expect(AP).toBeCloseTo(mean(precision!), 12);
          expect(AFNR).toBeCloseTo(1 - mean(recall!), 12);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('of a slice that a replicate does not touch are the slice’s own number', async () => {
    const { dataset, predictions } = await pack(
      readText(`${GOLDEN}/small/gt.json.gz`),
      readText(`${GOLDEN}/small/dt.json.gz`),
    );
    const fields = findFields(dataset.images.fileNames, countObjects(dataset));
    const evaluating = match(dataset, predictions, 'segm', ['livecell-paper']);
    const [first, second] = fields.units.flatMap(({ cellType }, unit) => (cellType === 'BV2' ? [unit] : []));
    const images = imageSlices(dataset.images.fileNames).get('BV2')!;
    const { without, own } = replicateSlice(evaluating, images, fields, { maxDets: 3000, own: [first, second] });
    expect(new Set(without.map(({ AP }) => AP)).size).toBe(3);
    // of two fields, each is what is left without the other
    expect(own[first]).toEqual(without[second]);
    expect(own[second]).toEqual(without[first]);
    expect(own.filter((numbers) => numbers !== null)).toHaveLength(2);
  });
});

describe('intervals', () => {
  const units = CELL_TYPES.flatMap((cellType) => [1, 2].map((k) => ({ name: `${cellType}_${k}`, cellType })));
  const strata = stratify(units);
  const around = (value: number, by: number) => units.map((_, unit) => value + (unit % 2 ? by : -by));

  test('of fractions lie between 0 and 1 and hold the number', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0, max: 0.0009, noNaN: true }),
        (value, by) => {
          const [low, high] = jackknifeInterval(value, around(value, by), strata)!;
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(low).toBeLessThanOrEqual(value + 1e-12);
          expect(high).toBeGreaterThanOrEqual(value - 1e-12);
        },
      ),
    );
  });

  test('stand on the plain scale, cut at 0 and 1, where a replicate is 0 or 1', () => {
    const replicates = around(0.01, 0.01);
    const half = Math.sqrt(jackknifeVariance(0.01, replicates, strata)) * 2.306004135204166;
    expect(replicates).toContain(0);
    expect(jackknifeInterval(0.01, replicates, strata)).toEqual([0, expect.closeTo(0.01 + half, 12)]);
    expect(jackknifeInterval(0.01, replicates, strata, 'plain')).toEqual([
      expect.closeTo(0.01 - half, 12),
      expect.closeTo(0.01 + half, 12),
    ]);
    expect(jackknifeInterval(0, around(0, 0), strata)).toEqual([0, 0]);
  });

  test('are none below five degrees of freedom, or where a number is missing', () => {
    const few = stratify(units.slice(0, 8));
    expect(degreesOfFreedom(few)).toBe(4);
    expect(jackknifeInterval(0.5, around(0.5, 0.1).slice(0, 8), few)).toBeNull();
    expect(jackknifeInterval(0.5, [null, ...around(0.5, 0.1).slice(1)], strata)).toBeNull();
    expect(jackknifeInterval(null, around(0.5, 0.1), strata)).toBeNull();
  });

  test('of no difference have p = 1, of one that no field changes p = 0', () => {
    const entry = (value: number): Replicated => ({ value, replicates: around(value, 0.01) });
    const same = compareReplicated(entry(0.5), entry(0.5), strata, 'higher')!;
    expect(same).toMatchObject({ difference: 0, p: 1, probabilityBetter: 0.5 });
    const shifted = compareReplicated(
      { value: 0.75, replicates: units.map(() => 0.75) },
      { value: 0.5, replicates: units.map(() => 0.5) },
      strata,
      'lower',
    )!;
    expect(shifted).toEqual({ difference: 0.25, standardError: 0, interval: [0.25, 0.25], p: 0, probabilityBetter: 0 });
  });
});

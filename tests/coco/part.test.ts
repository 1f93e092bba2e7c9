/** Scores on a part of a data set are those of a data set that has only these images. */
import { expect, test } from 'vitest';
import { openDataset, packDataset } from '#lib/coco/dataset.ts';
import { keepPart, partAlone, takePart } from '#lib/coco/part.ts';
import { digestOfPart, listOfPart } from '#lib/datasets/part-list.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import { splitParts } from '#lib/datasets/split-parts.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { score } from '#tests/scoring/score.ts';
import { type Detection, type GroundTruth, packGroundTruth, packPredictions } from './documents.ts';

/** Three wells of two cell types, two fields each, two times; ten objects an image. */
function document(): GroundTruth {
  const images = ['A172', 'BV2'].flatMap((type) =>
    ['A1', 'B2', 'C3'].flatMap((well) =>
      [1, 2].flatMap((field) => [0, 4].map((hour) => `${type}_Phase_${well}_${field}_00d0${hour}h00m_1.tif`)),
    ),
  );
  const random = seededRandom(3);
  return {
    images: images.map((file_name, i) => ({ id: i + 1, file_name, width: 200, height: 100 })),
    categories: [{ id: 1, name: 'cell' }],
    annotations: images.flatMap((_, i) =>
      Array.from({ length: 10 }, (_, k) => {
        const [x, y, w, h] = [k * 19, Math.floor(random() * 60), 12, 10 + Math.floor(random() * 20)];
        const segmentation = [[x, y, x + w, y, x + w, y + h, x, y + h]];
        return {
          id: i * 10 + k + 1,
          image_id: i + 1,
          category_id: 1,
          segmentation,
          bbox: [x, y, w, h],
          area: w * h,
          iscrowd: 0,
        };
      }),
    ),
  };
}

function predictionsFor(truth: GroundTruth): Detection[] {
  const random = seededRandom(5);
  return truth.annotations.map(({ image_id, bbox }) => {
    const [x, y, w, h] = bbox!;
    const shift = Math.floor(random() * 5);
    return {
      image_id,
      category_id: 1,
      score: random(),
      segmentation: [[x + shift, y, x + shift + w, y, x + shift + w, y + h, x + shift, y + h]],
    };
  });
}

const withOnly = (truth: GroundTruth, images: readonly number[]): GroundTruth => {
  const ids = new Set(images.map((i) => truth.images[i].id));
  return {
    ...truth,
    images: truth.images.filter(({ id }) => ids.has(id)),
    annotations: truth.annotations.filter(({ image_id }) => ids.has(image_id)),
  };
};

test('a part of every third image has the numbers of a data set of these images, also once it is packed', async () => {
  const truth = document();
  const detections = predictionsFor(truth);
  const whole = await packGroundTruth(truth);
  const images = truth.images.flatMap((_, i) => (i % 3 === 1 ? [i] : []));
  const part = openDataset(packDataset(takePart(whole, images, 'of the part')).buffer as ArrayBuffer);
  expect(part.images.ids).toHaveLength(truth.images.length);
  expect(part.objects.count).toBe(images.length * 10);
  const { dataset, predictions } = keepPart(part, await packPredictions(detections, part));
  expect(dataset.meta).toMatchObject({ sha256: 'of the part' });
  expect(dataset.images.fileNames).toEqual(images.map((i) => truth.images[i].file_name));

  const alone = await packGroundTruth(withOnly(truth, images));
  const ids = new Set(alone.images.ids);
  const own = await packPredictions(
    detections.filter(({ image_id }) => ids.has(image_id)),
    alone,
  );
  expect(predictions.detections.count).toBe(own.detections.count);
  const protocols = ['livecell-paper', 'coco'] as const;
  const numbers = await score(dataset, predictions, protocols);
  expect(numbers).toEqual(await score(alone, own, protocols));
  expect(numbers[0].segm?.overall.AP).toBeGreaterThan(0.1);
  expect(numbers).not.toEqual(await score(whole, await packPredictions(detections, whole), protocols));
});

test('images of one name in both parts are scored where they belong', async () => {
  const truth = document();
  truth.images[1].file_name = truth.images[0].file_name;
  truth.images[2].file_name = truth.images[0].file_name;
  const whole = await packGroundTruth(truth);
  const named = truth.annotations
    .filter(({ image_id }) => Number(image_id) <= 4)
    .map(({ bbox, image_id }) => ({
      image_id: truth.images[Number(image_id) - 1].file_name,
      category_id: 1,
      score: 0.5,
      bbox,
    }));
  const part = takePart(whole, [1, 3], 'x');
  const { predictions } = keepPart(part, await packPredictions(named, part));
  expect(predictions.groups).toEqual([[0]]);
  // three images of one name, and one of its own
  expect(predictions.detections.count).toBe(40);
  expect([...predictions.detections.image].filter((image) => image === 1)).toHaveLength(10);
});

test('a whole data set and its predictions stay the same objects', async () => {
  const truth = document();
  const whole = await packGroundTruth(truth);
  const given = await packPredictions(predictionsFor(truth), whole);
  const kept = keepPart(whole, given);
  expect([kept.dataset === whole, kept.predictions === given]).toEqual([true, true]);
});

test.each([
  ['well', 3],
  ['field', 6],
] as const)('a data set is divided by whole %ss, each cell type by itself', async (by, ofType) => {
  const whole = await packGroundTruth(document());
  const parts = splitParts(whole, { by, share: 0.5, secret: 'one' });
  const unitsOf = (packed: Uint8Array) => {
    const alone = partAlone(openDataset(packed.slice().buffer as ArrayBuffer));
    return new Set(
      alone.images.fileNames.map((name) => {
        const [type, , well, field] = name.split('_');
        return `${type}_${well}${by === 'field' ? `_${field}` : ''}`;
      }),
    );
  };
  const [shown, hidden] = [unitsOf(parts.public.packed), unitsOf(parts.private.packed)];
  expect([...shown].filter((unit) => hidden.has(unit))).toEqual([]);
  expect(shown.size + hidden.size).toBe(2 * ofType);
  for (const units of [shown, hidden])
    for (const type of ['A172', 'BV2']) expect([...units].some((unit) => unit.startsWith(type))).toBe(true);
  expect(parts.public.images + parts.private.images).toBe(24);
  expect(parts.public.objects + parts.private.objects).toBe(240);
  expect(parts.public.sha256).not.toBe(parts.private.sha256);
  expect(parts.public.part).toMatchObject({ name: 'public', by, units: shown.size, of: 2 * ofType });
  // the site’s secret decides
  const again = splitParts(whole, { by, share: 0.5, secret: 'one' });
  expect(again.private.sha256).toBe(parts.private.sha256);
  const others = ['two', 'three', 'four', 'five'].map(
    (secret) => splitParts(whole, { by, share: 0.5, secret }).private.sha256,
  );
  expect(new Set([parts.private.sha256, ...others]).size).toBeGreaterThan(1);
});

test('the digest that reports state does not tell which wells a part has, not even to who has the whole file', async () => {
  const whole = await packGroundTruth(document());
  const { public: part } = splitParts(whole, { by: 'well', share: 0.5, secret: 'one' });
  const list = listOfPart(openDataset(part.packed.slice().buffer as ArrayBuffer))!;
  expect(digestOfPart(list)).toBe(part.sha256);
  // every choice of wells of each type
  const other = splitParts(whole, { by: 'well', share: 0.5, secret: 'two' }).public.packed;
  const { key } = listOfPart(openDataset(other.slice().buffer as ArrayBuffer))!;
  const wells = ['A1', 'B2', 'C3'];
  const choices = wells.map((well) => wells.filter((name) => name !== well)).concat(wells.map((well) => [well]));
  const tried = choices.flatMap((a) =>
    choices.map((b) => [...a.map((well) => `A172_${well}`), ...b.map((well) => `BV2_${well}`)]),
  );
  expect(tried.map((units) => digestOfPart({ ...list, units }))).toContain(part.sha256);
  for (const guess of [key, '0'.repeat(64)])
    expect(tried.map((units) => digestOfPart({ ...list, key: guess, units }))).not.toContain(part.sha256);
});

test('a data set of one well cannot be divided by wells, and a part not at all', async () => {
  const truth = document();
  const one = await packGroundTruth(withOnly(truth, [0, 1, 2, 3]));
  expect(() => splitParts(one, { by: 'well', share: 0.5, secret: '' })).toThrow(/private part would have no objects/);
  expect(splitParts(one, { by: 'field', share: 0.5, secret: '' }).private.images).toBe(2);
  const part = takePart(one, [0], 'x');
  expect(() => splitParts(part, { by: 'field', share: 0.5, secret: '' })).toThrow(/part already/);
});

test('pages say which part is scored, until when, and that few fields give no intervals', () => {
  const part = {
    name: 'public',
    by: 'well',
    units: 3,
    of: 6,
    degreesOfFreedom: 4,
    until: '2027-03-01T00:00:00.000Z',
  } as const;
  expect(partInWords(null)).toBeNull();
  expect(partInWords(part)).toMatch(
    /^Scores are of the public part of this data set, 3 of 6 wells until .*2027, and of the private part from then on\. It has 4 degrees of freedom/,
  );
  expect(partInWords({ ...part, name: 'private', until: undefined, degreesOfFreedom: 9 })).toBe(
    'Scores are of the private part of this data set, 3 of 6 wells.',
  );
});

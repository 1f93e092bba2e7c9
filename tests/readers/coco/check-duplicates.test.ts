/** Repeated objects are found whatever the order of the file, as comparing each object with each would find them. */
import { expect, test } from 'vitest';
import { type Objects, ObjectsBuilder } from '#lib/coco/dataset.ts';
import { findDuplicates } from '#lib/readers/coco/check-duplicates.ts';
import fc from '#tests/properties.ts';

/** Few values, so that objects share some or all of them. */
const object = fc.record({
  image: fc.integer({ min: -2, max: 3 }),
  x: fc.constantFrom(0, 1.5),
  score: fc.constantFrom(0.25, 0.5),
  mask: fc.constantFrom([0, 4], [2, 6], [0, 2, 3, 5]),
});

function build(
  list: readonly { image: number; x: number; score: number; mask: readonly number[] }[],
  scored: boolean,
): Objects {
  const builder = new ObjectsBuilder(scored);
  for (const { image, x, score, mask } of list) {
    builder.append({
      image: Int32Array.of(image),
      box: Float64Array.of(x, 0, 1, 6),
      area: Float64Array.of(4),
      ...(scored ? { score: Float64Array.of(score), maskScore: Float64Array.of(score) } : { crowd: Uint8Array.of(0) }),
      maskArea: Int32Array.of(4),
      maskExtent: Int32Array.of(0, mask[0], 1, mask[mask.length - 1]),
      maskEnd: Int32Array.of(mask.length),
      intervals: Int32Array.from(mask),
    });
  }
  return builder.finish();
}

test('repeated objects are counted with their images', () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 40 }), fc.boolean(), fc.boolean(), (drawn, scored, sorted) => {
      const list = sorted ? drawn.toSorted((a, b) => a.image - b.image) : drawn;
      const keys = list.map(({ score, ...rest }) => JSON.stringify(scored ? { score, ...rest } : rest));
      const repeated = list.filter((_, k) => keys.indexOf(keys[k]) < k);
      expect(findDuplicates(build(list, scored))).toEqual({
        count: repeated.length,
        images: new Set(repeated.map(({ image }) => image)).size,
        first: repeated[0]?.image ?? 0,
      });
    }),
  );
});

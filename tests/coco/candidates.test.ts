/**
 * Matching looks for pairs by the middle of the detection. Here all pairs are compared pixel by pixel, on scenes made
 * to be hard for that: halves of masks, with gaps between them, at IoU exactly 0.5; crowd regions; boxes of all sizes.
 */
import { expect, test } from 'vitest';
import fc from '#tests/properties.ts';
import { type Annotation, type Detection, pack } from './documents.ts';
import { matchedPairs } from './matched-pairs.ts';

const HEIGHT = 40;
const WIDTH = 120;

/** Rectangles [x, y, w, h] that lie anywhere, often across several tiles. */
const rectangle = fc
  .tuple(fc.nat(WIDTH - 2), fc.nat(HEIGHT - 2), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }))
  .map(([x, y, w, h]) => [x, y, Math.min(w, WIDTH - x), Math.min(h, HEIGHT - y)]);

type Rectangle = number[];

function pixels(parts: Rectangle[]): Uint8Array {
  const mask = new Uint8Array(WIDTH * HEIGHT);
  for (const [x, y, w, h] of parts)
    for (let column = x; column < x + w; column++) mask.fill(1, column * HEIGHT + y, column * HEIGHT + y + h);
  return mask;
}

function counts(mask: Uint8Array): number[] {
  const runs = [0];
  mask.forEach((pixel) => {
    if (pixel !== (runs.length - 1) % 2) runs.push(0);
    runs[runs.length - 1]++;
  });
  return runs;
}

function iouOf(a: Uint8Array, b: Uint8Array, crowd: boolean): number {
  let shared = 0;
  let union = 0;
  for (let i = 0; i < a.length; i++) {
    shared += a[i] & b[i];
    union += crowd ? a[i] : a[i] | b[i];
  }
  return union === 0 ? 0 : shared / union;
}

/** Two rectangles of one size, side by side with a gap: the middle of their pixels lies between them. */
const twins = fc
  .tuple(rectangle, fc.integer({ min: 1, max: 60 }))
  .map(([[x, y, w, h], gap]) =>
    x + 2 * w + gap <= WIDTH ? [0, w + gap].map((by) => [x + by, y, w, h]) : [[x, y, w, h]],
  );

/** An object, and what detectors make of it: all of it, one part, the first or second half, a shift. */
const object = fc.record({
  parts: fc.oneof(fc.array(rectangle, { minLength: 1, maxLength: 2 }), twins),
  crowd: fc.integer({ min: 0, max: 3 }).map((one) => Number(one === 0)),
  seen: fc.array(fc.constantFrom('all', 'first part', 'first half', 'second half', 'shift'), { maxLength: 4 }),
});

function seenAs(mask: Uint8Array, parts: Rectangle[], how: string): Uint8Array {
  if (how === 'all') return mask;
  if (how === 'first part') return pixels([parts[0]]);
  if (how === 'shift') return pixels(parts.map(([x, y, w, h]) => [Math.min(x + 3, WIDTH - w), y, w, h]));
  const total = mask.reduce((sum, pixel) => sum + pixel, 0);
  let before = 0;
  return mask.map((pixel) => {
    if (!pixel) return 0;
    const first = 2 * ++before <= total;
    return Number(first === (how === 'first half'));
  });
}

test('every pair at or above IoU 0.5 is found, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 6 }), async (objects) => {
      const truth = objects.map(({ parts }) => pixels(parts));
      const found = objects.flatMap(({ parts, seen }, k) => seen.map((how) => seenAs(truth[k], parts, how)));
      fc.pre(found.length > 0);
      const size: [number, number] = [HEIGHT, WIDTH];
      const annotations: Annotation[] = truth.map((mask, k) => ({
        id: k + 1,
        image_id: 1,
        iscrowd: objects[k].crowd,
        segmentation: { size, counts: counts(mask) },
      }));
      const detections: Detection[] = found.map((mask) => ({
        image_id: 1,
        score: 0.5,
        segmentation: { size, counts: counts(mask) },
      }));
      const images = [{ id: 1, file_name: 'a.tif', width: WIDTH, height: HEIGHT }];
      const { dataset, predictions } = await pack({ images, annotations }, detections);
      const expected = found.flatMap((mask, d) =>
        truth.flatMap((object, g) => {
          const iou = iouOf(mask, object, objects[g].crowd === 1);
          return iou >= 0.5 ? [[d, g, iou]] : [];
        }),
      );
      expect(matchedPairs(dataset, predictions, 'segm')).toEqual(expected);
    }),
  );
});

test('every pair of boxes at or above IoU 0.5 is found, and no other', async () => {
  const number = (max: number) => fc.double({ min: 0, max, noNaN: true });
  const box = fc.tuple(number(WIDTH), number(HEIGHT), number(60), number(30));
  const near = fc.constantFrom<[number, number, number, number][]>(
    [0, 0, 1, 1],
    [0, 0, 0.5, 1],
    [0.5, 0, 0.5, 1],
    [0, 0.5, 1, 0.5],
    [0.1, 0.1, 1, 1],
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(box, fc.array(near, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 8 }),
      async (objects) => {
        const truth = objects.map(([box]) => box);
        // of each box its like, its halves, and it a little shifted
        const found = objects.flatMap(([[x, y, w, h], ways]) =>
          ways.map(([dx, dy, sw, sh]) => [x + dx * w, y + dy * h, w * sw, h * sh]),
        );
        const segmentation = { size: [HEIGHT, WIDTH] as [number, number], counts: [0, 1, HEIGHT * WIDTH - 1] };
        const annotations = truth.map((bbox, k): Annotation => ({ id: k + 1, image_id: 1, bbox, segmentation }));
        const images = [{ id: 1, file_name: 'a.tif', width: WIDTH, height: HEIGHT }];
        const { dataset, predictions } = await pack(
          { images, annotations },
          found.map((bbox): Detection => ({ image_id: 1, score: 0.5, bbox })),
        );
        const expected = found.flatMap(([x, y, w, h], d) =>
          truth.flatMap(([gx, gy, gw, gh], g) => {
            // maskApi.c bbIou, in its order of operations
            const across = Math.min(w + x, gw + gx) - Math.max(x, gx);
            const down = Math.min(h + y, gh + gy) - Math.max(y, gy);
            if (across <= 0 || down <= 0) return [];
            const iou = (across * down) / (w * h + gw * gh - across * down);
            return iou >= 0.5 ? [[d, g, iou]] : [];
          }),
        );
        expect(matchedPairs(dataset, predictions, 'bbox')).toEqual(expected);
      },
    ),
  );
});

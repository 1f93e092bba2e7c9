/** Polygons against maskApi.c `rleFrPoly`, pixel for pixel. How the random ones were made: `tests/parity/make-polygons.py`. */
import { describe, expect, test } from 'vitest';
import { appendPolygon, appendPolygons } from '#lib/coco/polygon.ts';
import { countsFromIntervals, encodeCounts, IntervalBuffer } from '#lib/coco/rle.ts';
import { readGolden } from '#tests/parity/golden-files.ts';
import fc from '#tests/properties.ts';

interface PolygonCase {
  tag: string;
  h: number;
  w: number;
  parts: number[][];
  part_rle: string[] | null;
  rle: { counts: string };
}

const { polygons } = readGolden<{ polygons: PolygonCase[] }>('cases/mask_cases.json.gz');
const tags = [...new Set(polygons.map(({ tag }) => tag))];

function rasterised(parts: number[][], height: number, width: number): string {
  const into = new IntervalBuffer();
  appendPolygons(parts, height, width, into);
  return encodeCounts(countsFromIntervals(into.data, 0, into.length, height * width));
}

describe('polygons become the reference’s masks', () => {
  test.each(tags)('kind “%s”', (tag) => {
    for (const { h, w, parts, part_rle, rle } of polygons.filter((polygon) => polygon.tag === tag)) {
      expect(rasterised(parts, h, w)).toBe(rle.counts);
      part_rle?.forEach((counts, p) => {
        expect(rasterised([parts[p]], h, w)).toBe(counts);
      });
    }
  });
});

test('masks are appended behind what is there', () => {
  const into = new IntervalBuffer(4);
  const square = [1, 1, 1, 3, 3, 3, 3, 1];
  appendPolygon({ xy: square, from: 0, points: 4 }, { height: 5, width: 5 }, into);
  const first = into.length;
  appendPolygon({ xy: [0, 0, ...square], from: 2, points: 4 }, { height: 5, width: 5 }, into);
  expect([...into.data.subarray(first, into.length)]).toEqual([...into.data.subarray(0, first)]);
  expect([...into.data.subarray(0, first)]).toEqual([6, 8, 11, 13]);
});

test('an odd last coordinate is dropped', () => {
  const square = [1, 1, 1, 3, 3, 3, 3, 1];
  expect(rasterised([[...square, 4]], 5, 5)).toBe(rasterised([square], 5, 5));
});

test('several parts are united, not switched on and off where they overlap', () => {
  const big = [0, 0, 0, 8, 8, 8, 8, 0];
  const inside = [2, 2, 2, 6, 6, 6, 6, 2];
  expect(rasterised([big, inside], 8, 8)).toBe(rasterised([big], 8, 8));
});

test('one part that crosses itself is switched on and off', () => {
  // the same square twice, as one outline: every pixel is crossed twice
  const twice = [1, 1, 1, 3, 3, 3, 3, 1, 1, 1, 1, 3, 3, 3, 3, 1];
  expect(rasterised([twice], 5, 5)).toBe(encodeCounts([25]));
});

test('an outline that is gone round an odd number of times is the outline, however often it crosses a column', () => {
  const coordinate = (size: number) => fc.double({ min: -1, max: size + 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(coordinate(7), coordinate(40)), { minLength: 3, maxLength: 60 }),
      fc.constantFrom(3, 11, 41),
      (ring, times) => {
        const once = ring.flat();
        expect(rasterised([Array.from({ length: times }, () => once).flat()], 40, 7)).toBe(rasterised([once], 40, 7));
      },
    ),
    { seed: 20211 },
  );
});

test('a repeated point changes nothing', () => {
  expect(rasterised([[1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 1]], 5, 5)).toBe(rasterised([[1, 1, 1, 3, 3, 3, 3, 1]], 5, 5));
});

test('what lies outside is cut off as the reference cuts it, not clamped before', () => {
  const wide = rasterised([[-50, -50, -50, 50, 50, 50, 50, -50]], 5, 5);
  expect(wide).toBe(encodeCounts([0, 25]));
  expect(rasterised([[50, 50, 50, 60, 60, 60]], 5, 5)).toBe(encodeCounts([25]));
});

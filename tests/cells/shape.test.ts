/** Shapes of masks: those anyone can compute by hand, and others against numpy (`tests/parity/make-shapes.py`). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { measureShape, SHAPE_METRICS, type ShapeMetric } from '#lib/cells/shape.ts';
import { appendIntervals, IntervalBuffer } from '#lib/coco/rle.ts';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/parity/shapes.json', import.meta.url), 'utf8')) as {
  shapes: { size: [number, number]; counts: number[]; numbers: number[] }[];
};

function measure(counts: number[], height: number): Record<ShapeMetric, number> {
  const buffer = new IntervalBuffer();
  appendIntervals(counts, counts.length, buffer);
  const out = new Float64Array(SHAPE_METRICS.length);
  expect(measureShape({ data: buffer.data, from: 0, to: buffer.length }, height, out, 0)).toBe(true);
  return Object.fromEntries(SHAPE_METRICS.map((metric, m) => [metric, out[m]])) as Record<ShapeMetric, number>;
}

/** Run lengths of the pixels for which `inside` holds. */
function draw(height: number, width: number, inside: (x: number, y: number) => boolean): number[] {
  const counts: number[] = [];
  let last = false;
  let run = 0;
  for (let at = 0; at < height * width; at++) {
    const is = inside(Math.floor(at / height), at % height);
    if (is !== last) {
      counts.push(run);
      run = 0;
      last = is;
    }
    run++;
  }
  return [...counts, run];
}

test('a square of 10 pixels', () => {
  const square = measure(
    draw(20, 30, (x, y) => x >= 5 && x < 15 && y >= 3 && y < 13),
    20,
  );
  expect(square.area).toBe(100);
  expect(square.feret).toBeCloseTo(10 * Math.SQRT2, 12);
  expect(square.solidity).toBe(1);
  expect(square.aspectRatio).toBe(1);
  expect(square.eccentricity).toBe(0);
  expect(square.roundness).toBeCloseTo(2 / Math.PI, 12);
  // ten lines down, ten along, nineteen on either diagonal
  expect(square.perimeter).toBeCloseTo((Math.PI / 4) * (20 + 38 / Math.SQRT2), 12);
});

test('a disc is round, and its outline is 2πr to a per cent', () => {
  const disc = measure(
    draw(101, 101, (x, y) => (x - 50) ** 2 + (y - 50) ** 2 <= 40 ** 2),
    101,
  );
  expect(disc.area / (Math.PI * 1600)).toBeCloseTo(1, 2);
  expect(Math.abs(disc.perimeter / (80 * Math.PI) - 1)).toBeLessThan(0.01);
  expect(disc.feret / 81).toBeCloseTo(1, 1);
  expect(disc.circularity).toBeGreaterThan(0.97);
  expect(disc.roundness).toBeGreaterThan(0.95);
  expect(disc.solidity).toBeGreaterThan(0.97);
  expect(disc.eccentricity).toBeLessThan(1e-6);
});

test('a rectangle of 4 to 1, upright and lying', () => {
  for (const [w, h] of [
    [40, 10],
    [10, 40],
  ]) {
    const shape = measure(
      draw(60, 60, (x, y) => x < w && y < h),
      60,
    );
    expect(shape.aspectRatio).toBeCloseTo(4, 12);
    expect(shape.eccentricity).toBeCloseTo(Math.sqrt(15) / 4, 12);
  }
});

test('a mask without pixels has no shape', () => {
  expect(measureShape({ data: new Uint32Array(), from: 0, to: 0 }, 10, new Float64Array(8), 0)).toBe(false);
});

test('any mask agrees with numpy, also with parts, holes and runs that go on in the next column', () => {
  for (const { size, counts, numbers } of fixture.shapes) {
    const found = Object.values(measure(counts, size[0]));
    found.forEach((value, m) => {
      // a circle's eccentricity is the root of a difference that is almost 0
      const digits = SHAPE_METRICS[m] === 'eccentricity' ? 6 : 9;
      expect(value, `${SHAPE_METRICS[m]} of ${counts}`).toBeCloseTo(numbers[m], digits);
    });
  }
});

/** Brightness of masks, against scikit-image and SciPy (`tests/parity/make-morphology.py`). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { INTENSITY_METRICS, type IntensityMetric, measureIntensity } from '#lib/cells/intensity.ts';
import { measureShape, SHAPE_METRICS, type ShapeMetric } from '#lib/cells/shape.ts';
import { appendIntervals, IntervalBuffer } from '#lib/coco/rle.ts';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/parity/morphology.json', import.meta.url), 'utf8')) as {
  shapes: {
    size: [number, number];
    counts: number[];
    picture: number[];
    intensity: Record<IntensityMetric, number>;
    shape: Record<'area' | 'perimeter' | 'feret' | 'eccentricity' | 'solidity', number>;
  }[];
};

test('there are 17 metrics with those of shape', () => {
  expect(SHAPE_METRICS.length + INTENSITY_METRICS.length).toBe(17);
});

test.each(fixture.shapes.map((shape, k) => [k, shape] as const))(
  'mask %i has the numbers of scikit-image',
  (_, shape) => {
    const { size, counts, picture: pixels, intensity } = shape;
    const [height, width] = size;
    const buffer = new IntervalBuffer();
    appendIntervals(counts, counts.length, buffer);
    const mask = { data: buffer.data, from: 0, to: buffer.length };
    const out = new Float64Array(INTENSITY_METRICS.length);
    expect(measureIntensity(mask, { width, height, pixels: Uint8Array.from(pixels) }, out, 0)).toBe(true);
    INTENSITY_METRICS.forEach((metric, m) => {
      expect(out[m], metric).toBeCloseTo(intensity[metric], 9);
    });
    const shapes = new Float64Array(SHAPE_METRICS.length);
    measureShape(mask, height, shapes, 0);
    const own = (metric: ShapeMetric) => shapes[SHAPE_METRICS.indexOf(metric)];
    expect(own('area')).toBe(shape.shape.area);
    expect(own('perimeter')).toBeCloseTo(shape.shape.perimeter, 9);
    // defined by squares instead of points, as their definitions say
    expect(Math.abs(own('feret') - shape.shape.feret)).toBeLessThan(1);
    expect(Math.abs(own('eccentricity') - shape.shape.eccentricity)).toBeLessThan(0.03);
    expect(Math.abs(own('solidity') - shape.shape.solidity)).toBeLessThan(0.08);
  },
);

/** 3 rows of 4: the mask is column 1 from its second pixel to the first pixel of column 2, and column 3's last. */
const picture = {
  width: 4,
  height: 3,
  pixels: Uint8Array.from([...[9, 9, 8, 9], ...[9, 2, 9, 9], ...[9, 4, 9, 6]]),
};

test('mean, spread, range and percentiles of the grey values under a mask', () => {
  const out = new Float64Array(INTENSITY_METRICS.length + 1);
  expect(measureIntensity({ data: Uint32Array.from([4, 7, 11, 12]), from: 0, to: 4 }, picture, out, 1)).toBe(true);
  // 2, 4, 8, 6: mean 5, deviations -3, -1, 3, 1; fourth moment 41 over a squared variance of 25
  expect([...out.subarray(0, 8)]).toEqual([0, 5, Math.sqrt(5), 0, 41 / 25 - 3, 2, 8, 2.3]);
  expect(out[8]).toBeCloseTo(7.7, 12);
});

test('one grey value has no skewness, and no pixel nothing at all', () => {
  const out = new Float64Array(INTENSITY_METRICS.length).fill(7);
  expect(measureIntensity({ data: new Uint32Array(), from: 0, to: 0 }, picture, out, 0)).toBe(false);
  expect([...out]).toEqual(INTENSITY_METRICS.map(() => 7));
  measureIntensity({ data: Uint32Array.from([0, 3]), from: 0, to: 2 }, picture, out, 0);
  expect([...out]).toEqual([9, 0, 0, 0, 9, 9, 9, 9, 0]);
  measureIntensity(
    { data: Uint32Array.from([0, 3]), from: 0, to: 2 },
    { ...picture, pixels: new Uint8Array(12) },
    out,
    0,
  );
  expect([...out]).toEqual(INTENSITY_METRICS.map(() => 0));
});

import { expect, test } from 'vitest';
import { INTENSITY_METRICS, measureIntensity } from '#lib/cells/intensity.ts';

/** 3 rows of 4: the mask is column 1 from its second pixel to the first pixel of column 2, and column 3's last. */
const picture = {
  width: 4,
  height: 3,
  pixels: Uint8Array.from([...[9, 9, 8, 9], ...[9, 2, 9, 9], ...[9, 4, 9, 6]]),
};

test('mean, standard deviation and skewness of the grey values under a mask', () => {
  const out = new Float64Array(INTENSITY_METRICS.length + 1);
  expect(measureIntensity({ data: Uint32Array.from([4, 7, 11, 12]), from: 0, to: 4 }, picture, out, 1)).toBe(true);
  // 2, 4, 8, 6: mean 5, deviations -3, -1, 3, 1
  expect([...out]).toEqual([0, 5, Math.sqrt(5), 0]);
  measureIntensity({ data: Uint32Array.from([4, 7]), from: 0, to: 2 }, picture, out, 0);
  // 2, 4, 8: mean 14/3
  const deviations = [2, 4, 8].map((value) => value - 14 / 3);
  const moment = (power: number) => deviations.reduce((sum, value) => sum + value ** power, 0) / 3;
  expect(out[1]).toBeCloseTo(Math.sqrt(moment(2)), 12);
  expect(out[2]).toBeCloseTo(moment(3) / moment(2) ** 1.5, 12);
});

test('one grey value has no skewness, and no pixel nothing at all', () => {
  const out = new Float64Array(3).fill(7);
  expect(measureIntensity({ data: new Uint32Array(), from: 0, to: 0 }, picture, out, 0)).toBe(false);
  expect([...out]).toEqual([7, 7, 7]);
  measureIntensity({ data: Uint32Array.from([0, 3]), from: 0, to: 2 }, picture, out, 0);
  expect([...out]).toEqual([9, 0, 0]);
});

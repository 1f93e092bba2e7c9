import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { countsOverTime, growthSentence, withoutReference } from '#lib/scoring/counts-over-time.ts';

const name = (well: string, hours: number, crop: number) =>
  `A172_Phase_${well}_1_0${Math.floor(hours / 24)}d${String(hours % 24).padStart(2, '0')}h00m_${crop}.tif`;

describe('counts over time', () => {
  const files = [name('B10', 28, 1), name('B2', 0, 1), name('B2', 0, 2), name('B2', 4, 1), name('B10', 0, 1), 'x.tif'];
  const points: [number, number][] = [
    [50, 40],
    [10, 12],
    [14, 14],
    [20, 19],
    [30, 30],
    [999, 999],
  ];

  test('means and standard errors by well and time, in the order of a plate', () => {
    expect(countsOverTime(points, files)).toEqual([
      { well: 'B2', hours: 0, images: 2, predicted: { mean: 13, sem: 1 }, reference: { mean: 12, sem: 2 } },
      { well: 'B2', hours: 4, images: 1, predicted: { mean: 19, sem: null }, reference: { mean: 20, sem: null } },
      { well: 'B10', hours: 0, images: 1, predicted: { mean: 30, sem: null }, reference: { mean: 30, sem: null } },
      { well: 'B10', hours: 28, images: 1, predicted: { mean: 40, sem: null }, reference: { mean: 50, sem: null } },
    ]);
  });

  test('in a sentence', () => {
    expect(growthSentence(countsOverTime(points, files))).toBe(
      'The reference goes from 12 to 20 cells per image in 4 hours in well B2, and from 30 to 50 cells per image in 28 hours in well B10. There the prediction is 20.0 % below the reference at the end.',
    );
    expect(growthSentence(countsOverTime(points.slice(1, 3), files.slice(1, 3)))).toBe(
      'There is only one time point in each well.',
    );
  });

  test('without the reference only what rests on five images, and only what was predicted', () => {
    const many = [1, 2, 3, 4, 5].map((crop) => name('B2', 0, crop));
    const times = countsOverTime([...many.map((): [number, number] => [7, 9]), [7, 9]], [...many, name('B3', 0, 1)]);
    expect(withoutReference(times)).toEqual([{ well: 'B2', hours: 0, images: 5, predicted: { mean: 9, sem: 0 } }]);
  });

  test('of names with a running number behind the crop, as count files have', () => {
    const reference = JSON.parse(
      readFileSync(new URL('../fixtures/golden/counts/A172_counts.json', import.meta.url), 'utf8'),
    ) as Record<string, string>;
    const names = Object.keys(reference);
    const times = countsOverTime(
      names.map((file) => [Number(reference[file]), 0]),
      names,
    );
    expect(new Set(times.map(({ well }) => well))).toEqual(new Set(['B2', 'B3', 'B4', 'B5', 'B6']));
    expect(times).toHaveLength(360);
    expect(times[0]).toMatchObject({ well: 'B2', hours: 0, images: 1, reference: { mean: 86 } });
  });
});

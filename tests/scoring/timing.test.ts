/** Time against object count: the line through constructed times is the one they were made from. */
import { expect, test } from 'vitest';
import { countsFor, fitTiming, timedImages } from '#lib/scoring/timing.ts';
import fc from '#tests/properties.ts';

const images = [
  { name: 'a.tif', objects: 10, detections: 1 },
  { name: 'b.tif', objects: 200, detections: 5 },
  { name: 'a.tif', objects: 999, detections: 999 },
  { name: 'c.tif', objects: 1000, detections: 3 },
];
const times = [
  { image: 'a.tif', seconds: 0.5 },
  { image: 'c.tif', seconds: 5.45 },
  { image: 'gone.tif', seconds: 7 },
];

test('a file counts once, with its first image; files of another data set do not count', () => {
  expect(timedImages(images, times, 'annotated')).toEqual([
    { cells: 10, seconds: 0.5 },
    { cells: 1000, seconds: 5.45 },
  ]);
  expect(timedImages(images, times, 'detected')).toEqual([
    { cells: 1, seconds: 0.5 },
    { cells: 3, seconds: 5.45 },
  ]);
});

test('5 ms per cell are 500 ms per 100 cells', () => {
  const timing = fitTiming(timedImages(images, times, 'annotated'), 'annotated')!;
  expect(timing.msPer100Cells).toBeCloseTo(500, 9);
  expect(timing.secondsWithoutCells).toBeCloseTo(0.45, 12);
  expect(timing).toMatchObject({ counts: 'annotated', images: 2, secondsPerImage: 2.975 });
});

test('slope and intercept of any line are found again', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { minLength: 2, maxLength: 50 }),
      fc.double({ min: -0.01, max: 0.1, noNaN: true }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (cells, slope, intercept) => {
        const points = cells.map((count) => ({ cells: count, seconds: intercept + slope * count }));
        const timing = fitTiming(points, 'detected')!;
        expect(timing.msPer100Cells).toBeCloseTo(slope * 1e5, 4);
        expect(timing.secondsWithoutCells).toBeCloseTo(intercept, 6);
      },
    ),
  );
});

test('images with equally many cells have a mean and no line; without images there is nothing', () => {
  expect(
    fitTiming(
      [
        { cells: 4, seconds: 1 },
        { cells: 4, seconds: 2 },
      ],
      'detected',
    ),
  ).toEqual({
    counts: 'detected',
    images: 2,
    msPer100Cells: null,
    secondsWithoutCells: null,
    secondsPerImage: 1.5,
  });
  expect(fitTiming([], 'annotated')).toBeNull();
});

test('annotated cells count only where they are public', () => {
  expect([countsFor({ public: true }), countsFor({ public: false })]).toEqual(['annotated', 'detected']);
});

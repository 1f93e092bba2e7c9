import { describe, expect, test } from 'vitest';
import { rankDetections } from '#tests/coco/rank-detections.ts';

/** Detections in ranking order over all images. */
function ranked(image: number[], score: number[], images: number, groups: number[][] = []): [number, number][] {
  const ranking = rankDetections(Int32Array.from(image), Float64Array.from(score), images, groups);
  return [...ranking.order].map((e) => [ranking.image[e], ranking.detection[e]]);
}
const detections = (...args: Parameters<typeof ranked>): number[] => ranked(...args).map(([, d]) => d);

describe('over all images', () => {
  test('the highest score comes first', () => {
    expect(detections([0, 1, 0, 1], [0.1, 0.4, 0.3, 0.2], 2)).toEqual([1, 2, 3, 0]);
  });

  test('equal scores stand by image, then in file order', () => {
    expect(detections([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5], 2)).toEqual([1, 3, 0, 2]);
  });

  test('scores that differ only below 32-bit precision differ', () => {
    const near = 0.5 + 2 ** -50;
    expect(detections([0, 0, 0], [0.5, near, 0.5 + 2 ** -51], 1)).toEqual([1, 2, 0]);
  });

  test('negative scores stand below zero, and 0 and -0 are equal', () => {
    expect(detections([0, 0, 0, 0, 0], [-1, 0, -0, -0.5, 1e-300], 1)).toEqual([4, 1, 2, 3, 0]);
  });

  test('any finite numbers are scores', () => {
    const score = [1e300, -1e300, 5e-324, -5e-324, 1, 2 ** 53, -(2 ** 53)];
    const byScore = [...score.keys()].sort((a, b) => score[b] - score[a]);
    expect(
      detections(
        score.map(() => 0),
        score,
        1,
      ),
    ).toEqual(byScore);
  });

  test('a thousand random scores with many ties stand as a stable sort puts them', () => {
    let state = 7;
    const random = (n: number): number => {
      state = (state * 48271) % 2147483647;
      return state % n;
    };
    const image = Array.from({ length: 1000 }, () => random(20));
    const score = image.map(() => random(50) / 50 - 0.2);
    const expected = [...image.keys()].sort((a, b) => image[a] - image[b]).sort((a, b) => score[b] - score[a]);
    expect(detections(image, score, 20)).toEqual(expected);
  });
});

describe('within an image', () => {
  test('entries lie together, the highest score first', () => {
    const { start, detection, score, image } = rankDetections(
      Int32Array.of(2, 0, 2, 0),
      Float64Array.of(0.1, 0.2, 0.3, 0.4),
      3,
      [],
    );
    expect([...start]).toEqual([0, 2, 2, 4]);
    expect([...detection]).toEqual([3, 1, 2, 0]);
    expect([...score]).toEqual([0.4, 0.2, 0.3, 0.1]);
    expect([...image]).toEqual([0, 0, 2, 2]);
  });

  test('ties keep the order of the file', () => {
    const { detection } = rankDetections(Int32Array.of(0, 0, 0), Float64Array.of(0.5, 0.7, 0.5), 1, []);
    expect([...detection]).toEqual([1, 0, 2]);
  });
});

test('a detection of a file that stands for two images is an entry of both', () => {
  expect(ranked([-1, 1, 2], [0.5, 0.6, 0.4], 3, [[0, 2]])).toEqual([
    [1, 1],
    [0, 0],
    [2, 0],
    [2, 2],
  ]);
});

test('without detections there is nothing to rank', () => {
  const ranking = rankDetections(new Int32Array(0), new Float64Array(0), 2, []);
  expect([ranking.count, ...ranking.start]).toEqual([0, 0, 0, 0]);
  expect(ranking.order).toHaveLength(0);
});

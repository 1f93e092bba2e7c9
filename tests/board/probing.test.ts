import { describe, expect, test } from 'vitest';
import { PROBING_LIMITS, probingIn, type Run, thinnessOf } from '#lib/board/probing.ts';

/** A run of a method: 900 detections on 95 of 100 images with 1,000 objects. */
const run = (changes: Partial<Run> = {}): Run => ({
  holder: 'ada',
  files: [{ detections: 900, images: 95 }],
  truth: { objects: 1000, images: 100 },
  series: [],
  fingerprint: new Map(),
  ...changes,
});
const counted = (pearson: number | null, leverage: number | null) => run({ series: [{ pearson, leverage }] });
const scores = (at: number) => new Map(Array.from({ length: 10 }, (_, i) => [`ap${i}`, at + i / 100]));
const times = (n: number, make: (i: number) => Run) => Array.from({ length: n }, (_, i) => make(i));
const kinds = (runs: Run[]) => probingIn(runs).map(({ kind }) => kind);

describe('a run says too little to be an attempt', () => {
  test.each([
    ['of a method', run(), null],
    ['of a poor method', run({ files: [{ detections: 20, images: 6 }] }), null],
    ['of one in fifty objects at most', run({ files: [{ detections: 19, images: 6 }] }), 'empty'],
    ['of nothing', run({ files: [{ detections: 0, images: 0 }] }), 'empty'],
    ['of many detections on few images', run({ files: [{ detections: 900, images: 5 }] }), 'few-images'],
    ['of one image', run({ truth: { objects: 40, images: 8 }, files: [{ detections: 30, images: 1 }] }), 'few-images'],
    [
      'of the only image there is',
      run({ truth: { objects: 40, images: 1 }, files: [{ detections: 9, images: 1 }] }),
      null,
    ],
    [
      'of several models together',
      run({ files: times(8, () => run()).map(() => ({ detections: 5, images: 90 })) }),
      null,
    ],
    ['of counts', counted(0.9, 0.01), null],
    ['of counts that are the same everywhere', counted(null, null), 'constant'],
    ['of counts of which one stands out', counted(0.2, 0.9), 'one-image'],
    [
      'of one image in one of two series',
      run({
        series: [
          { pearson: 0.9, leverage: 0.01 },
          { pearson: 1, leverage: 0.3 },
        ],
      }),
      'one-image',
    ],
  ])('%s', (_, given, expected) => {
    expect(thinnessOf(given)).toBe(expected);
  });
});

describe('a person', () => {
  test('who works on a method is not suspected', () => {
    const runs = times(8, (i) => run({ fingerprint: scores(i / 50), files: [{ detections: 700 + i, images: 95 }] }));
    expect(kinds([...runs, run({ files: [{ detections: 0, images: 0 }] }), counted(null, null)])).toEqual([]);
  });

  test('is, after three thin files, and the sentence says which', () => {
    const empty = times(2, () => run({ files: [{ detections: 1, images: 1 }] }));
    expect(kinds(empty)).toEqual([]);
    const [{ kind, text }] = probingIn([...empty, counted(0.1, 0.99), run()]);
    expect(kind).toBe('thin-files');
    expect(text).toMatch(/^3 of 4 runs .*: 2 with fewer detections than 2 % of the objects, 1 whose counts vary/);
  });

  test('is, when runs are sent for three teams or people that belong together', () => {
    expect(kinds(['ada', 'one', 'one'].map((holder) => run({ holder })))).toEqual([]);
    expect(kinds(['ada', 'one', 'two'].map((holder) => run({ holder })))).toEqual(['several-teams']);
  });

  test('is, after many runs', () => {
    expect(kinds(times(PROBING_LIMITS.runs - 1, () => run()))).toEqual([]);
    expect(kinds(times(PROBING_LIMITS.runs, () => run()))).toEqual(['many-runs']);
  });

  test('is, when runs differ by little; the same file again is no question', () => {
    const near = (step: number) =>
      times(PROBING_LIMITS.nearlyEqual, (i) => run({ fingerprint: scores(0.3 + i * step) }));
    expect(kinds(near(0.0005))).toEqual(['nearly-equal-runs']);
    expect(kinds(near(0.0005).slice(1))).toEqual([]);
    expect(kinds(near(0.002))).toEqual([]);
    expect(kinds(near(0))).toEqual([]);
  });
});

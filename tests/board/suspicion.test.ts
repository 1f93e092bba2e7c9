import { describe, expect, test } from 'vitest';
import {
  findingsOf,
  fingerprintDistance,
  highestAp95,
  RADAR_LIMITS,
  scoreFingerprint,
  standingOf,
} from '#lib/board/suspicion.ts';
import { countCopiedMasks } from '#lib/scoring/copied-masks.ts';
import { fiveCells, match, pack, perfect, rectangle } from '#tests/coco/documents.ts';
import { report } from '#tests/scoring/reports.ts';

const fingerprint = (types: Parameters<typeof report>[1], masks = true) =>
  scoreFingerprint(report(0.5, types, { masks }).results);

describe('masks copied from ground truth', () => {
  const exact = async (groundTruth = fiveCells(), detections = perfect(groundTruth)) => {
    const { dataset, predictions } = await pack(groundTruth, detections);
    return countCopiedMasks(dataset, match(dataset, predictions, 'segm', ['livecell-paper']));
  };

  test('are counted', async () => {
    expect(await exact()).toEqual({ count: 5, detections: 5 });
  });

  test('and not those that differ by a pixel', async () => {
    const detections = perfect(fiveCells());
    detections[0].segmentation = rectangle(5, 5, 15, 11);
    detections[3].segmentation = rectangle(6, 30, 15, 12);
    expect(await exact(fiveCells(), detections)).toEqual({ count: 3, detections: 5 });
  });

  test('a copy counts once, however often it is sent', async () => {
    const detections = perfect(fiveCells());
    expect(await exact(fiveCells(), [...detections, ...detections])).toEqual({ count: 5, detections: 10 });
  });

  test('a mask inside a crowd region has IoU 1 and is no copy', async () => {
    const groundTruth = fiveCells();
    groundTruth.annotations[0].iscrowd = 1;
    const inside = perfect(groundTruth);
    inside[0].segmentation = rectangle(6, 6, 12, 9);
    expect(await exact(groundTruth, inside)).toEqual({ count: 4, detections: 5 });
  });

  test('a few pixels are equal by chance', async () => {
    const groundTruth = fiveCells();
    groundTruth.annotations[0] = { ...groundTruth.annotations[0], segmentation: rectangle(5, 5, 7, 9), area: 63 };
    groundTruth.annotations[1] = { ...groundTruth.annotations[1], segmentation: rectangle(30, 5, 8, 8), area: 64 };
    expect((await exact(groundTruth)).count).toBe(4);
  });
});

describe('the fingerprint of scores', () => {
  test('is AP at every IoU of every cell type, of masks where there are any', () => {
    const both = fingerprint({ A172: 0.6, BV2: 0.4 });
    expect(both.size).toBe(20);
    expect(both.get('segm.cellTypes.BV2.apPerIou.9')).toBeCloseTo(0.04, 12);
    expect([...fingerprint({ A172: 0.6 }, false).keys()].every((key) => key.startsWith('bbox.'))).toBe(true);
  });

  test('is all images where a task has no cell types, and the matrix of transfers', () => {
    const overall = report(0.5, {}).results;
    expect(scoreFingerprint({ sizes: { '2': overall, '100': overall } }).size).toBe(20);
    expect(scoreFingerprint({ segm: { matrix: { A172: { BV2: 0.3, MCF7: null } }, index: 2 } })).toEqual(
      new Map([['segm.matrix.A172.BV2', 0.3]]),
    );
  });

  test('the distance is the root mean square over what two have in common', () => {
    const a = fingerprint({ A172: 0.6, BV2: 0.4 });
    expect(fingerprintDistance(a, fingerprint({ A172: 0.6, BV2: 0.4 }))).toBe(0);
    // AP at IoU t is ap × (1 − t/10): shifted by 0.1 in one of the two types
    const squares = Array.from({ length: 10 }, (_, t) => (0.1 * (1 - t / 10)) ** 2);
    const rms = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / 20);
    expect(fingerprintDistance(a, fingerprint({ A172: 0.6, BV2: 0.5 }))).toBeCloseTo(rms, 12);
    expect(fingerprintDistance(a, fingerprint({ A172: 0.6, BV2: 0.5, MCF7: 0.1 }))).toBeCloseTo(rms, 12);
  });

  test('nothing in common, or nothing but zeros, is not close', () => {
    expect(fingerprintDistance(fingerprint({ A172: 0.5 }), fingerprint({ BV2: 0.5 }))).toBeNull();
    expect(fingerprintDistance(fingerprint({ A172: 0 }), fingerprint({ A172: 0 }))).toBeNull();
  });
});

test('AP at IoU 0.95 is that of masks', () => {
  expect(highestAp95(report(0.5, { A172: 0.9 }).results)).toBeCloseTo(0.05, 12);
  expect(highestAp95(report(0.5, {}, { masks: false }).results)).toBeNull();
  expect(highestAp95({ sizes: { '2': report(0.5, {}).results, '100': report(0.8, {}).results } })).toBeCloseTo(
    0.08,
    12,
  );
  expect(highestAp95({ segm: { matrix: { A172: { BV2: 0.3 } } } })).toBeNull();
});

describe('the standing', () => {
  const peer = (id: string, value: number | null) => ({ id, method: id, value });
  const board = [peer('a', 0.5), peer('b', 0.4), peer('c', 0.4), peer('d', null)];

  test('is the rank it would get, and how far the best of the others is', () => {
    expect(standingOf(0.45, board, 'higher')).toMatchObject({ rank: 2, of: 4, best: { id: 'a' } });
    expect(standingOf(0.45, board, 'higher')!.best!.ahead).toBeCloseTo(-0.05, 12);
    expect(standingOf(0.4, board, 'higher')!.rank).toBe(2);
    expect(standingOf(0.6, board, 'higher')).toMatchObject({ rank: 1, of: 4 });
  });

  test('turns around where the lower is better', () => {
    expect(standingOf(0.3, board, 'lower')).toMatchObject({ rank: 1, best: { id: 'b' } });
    expect(standingOf(0.3, board, 'lower')!.best!.ahead).toBeCloseTo(0.1, 12);
  });

  test('an empty board has a first place, and nothing without a number has a place', () => {
    expect(standingOf(0.3, [], 'higher')).toEqual({ rank: 1, of: 1, best: null });
    expect(standingOf(null, board, 'higher')).toBeNull();
  });
});

describe('a case is opened', () => {
  const clean = { id: 'x', ap95: 0.02, fingerprint: fingerprint({ A172: 0.6, BV2: 0.4 }) };
  const other = { id: 'o', method: 'Other', submitter: 'Eve' };
  const kinds = (...input: Parameters<typeof findingsOf>) => findingsOf(...input).map(({ kind }) => kind);

  test('by nothing', () => {
    const far = { ...other, fingerprint: fingerprint({ A172: 0.6, BV2: 0.5 }) };
    expect(findingsOf({ ...clean, exactGroundTruth: { count: 5, detections: 8000 } }, [], [far])).toEqual([]);
  });

  test('by the same file, which is not also said to have close scores', () => {
    const same = { ...other, fileName: 'mine.json', fingerprint: clean.fingerprint };
    const [finding, ...more] = findingsOf(clean, [same], [same]);
    expect(more).toEqual([]);
    expect(finding).toEqual({
      kind: 'same-file',
      text: 'The file mine.json is, byte by byte, that of “Other” by Eve.',
      link: '/submissions/o',
    });
  });

  test('by scores that are close, the closest first, and says how close', () => {
    const near = (id: string, shift: number) => ({
      id,
      method: id,
      submitter: null,
      fingerprint: fingerprint({ A172: 0.6 + shift, BV2: 0.4 }),
    });
    const found = findingsOf(clean, [], [near('near', 0.001), near('equal', 0), near('far', 0.01)]);
    expect(found.map(({ link }) => link)).toEqual(['/submissions/equal', '/submissions/near']);
    expect(found[0].text).toBe('Its scores are exactly those of “equal”.');
    expect(found[1].text).toContain('0.044 per cent apart');
  });

  test('by masks of the ground truth, above the limit that is stated', () => {
    const at = (count: number, detections: number) =>
      kinds({ ...clean, exactGroundTruth: { count, detections } }, [], []);
    expect(at(RADAR_LIMITS.exactCount, 100)).toEqual(['copied-ground-truth']);
    expect(at(RADAR_LIMITS.exactCount - 1, 100)).toEqual([]);
    expect(at(124, 622_277)).toEqual([]);
    expect(at(125, 622_277)).toEqual(['copied-ground-truth']);
    const [{ text }] = findingsOf({ ...clean, exactGroundTruth: { count: 1500, detections: 600_000 } }, [], []);
    expect(text).toContain('1,500 of 600,000 masks (0.3 %)');
  });

  test('by outlines that fit too well', () => {
    expect(kinds({ ...clean, ap95: RADAR_LIMITS.ap95 }, [], [])).toEqual([]);
    expect(kinds({ ...clean, ap95: 0.3 }, [], [])).toEqual(['implausible-ap95']);
    expect(kinds({ ...clean, ap95: null }, [], [])).toEqual([]);
  });
});

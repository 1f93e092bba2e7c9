/** Suspected label errors on constructed images with known answers. */
import { expect, test } from 'vitest';
import { countsFromIntervals, encodeCounts } from '#lib/coco/rle.ts';
import type { EntryCells, TruthCells } from '#lib/viewer/image-cells.ts';
import { findLabelErrors, keyOf } from '#lib/viewer/label-errors.ts';

const SIZE = { image: 3, width: 60, height: 40 };
type Box = [x: number, y: number, width: number, height: number];

/** The mask of a rectangle. */
function maskOf([x, y, width, height]: Box): string {
  const intervals = new Uint32Array(2 * width);
  for (let k = 0; k < width; k++) intervals.set([(x + k) * SIZE.height + y, (x + k) * SIZE.height + y + height], 2 * k);
  return encodeCounts(countsFromIntervals(intervals, 0, intervals.length, SIZE.width * SIZE.height));
}

const truth = (boxes: Box[], crowd = boxes.map(() => 0)): TruthCells => ({ ...SIZE, masks: boxes.map(maskOf), crowd });

/** An entry whose detections are all unmatched. @param kind 6 is background, 2 a poor boundary, 5 a duplicate */
const entry = (boxes: Box[], { kind = 6, score = 0.9 }: { kind?: number; score?: number } = {}): EntryCells => ({
  ...SIZE,
  scoreThreshold: 0.5,
  unscored: false,
  masks: boxes.map(maskOf),
  scores: boxes.map(() => score),
  verdicts: {
    object: boxes.map(() => -1),
    kind: boxes.map(() => kind),
    ignored: boxes.map(() => 0),
    objectKind: [],
    bestIou: [],
  },
});

const CELL: Box = [10, 10, 12, 12];
const shifted = (by: number): Box => [CELL[0] + by, CELL[1], CELL[2], CELL[3]];

test('three entries that agree on a cell nobody annotated are a suspect; two are none', () => {
  const entries = [entry([CELL]), entry([shifted(1)]), entry([CELL])];
  const [suspect, ...more] = findLabelErrors(truth([[40, 20, 8, 8]]), entries);
  expect(more).toEqual([]);
  expect(suspect).toMatchObject({ kind: 'unannotated', object: null, box: CELL, annotationIou: 0, entries: [0, 1, 2] });
  expect(suspect.agreement).toBeCloseTo((11 * 12) / (13 * 12), 12);
  expect(findLabelErrors(truth([]), entries.slice(1))).toEqual([]);
});

test('every two must agree: a chain of shifts is no agreement', () => {
  const chain = [0, 2, 4].map((by) => entry([shifted(by)])); // neighbours 10/14 = 0.71, the ends 8/16 = 0.5
  expect(findLabelErrors(truth([]), chain)).toEqual([]);
});

test('where the annotation has another outline, the cell is named', () => {
  const annotated: Box[] = [
    [40, 20, 8, 8],
    [10, 10, 12, 5],
  ];
  const entries = [0, 0, 0].map(() => entry([CELL], { kind: 2 }));
  const [suspect] = findLabelErrors(truth(annotated), entries);
  expect(suspect).toMatchObject({ kind: 'outline', object: 1 });
  expect(suspect.annotationIou).toBeCloseTo(5 / 12, 12);
  expect(keyOf(3, suspect)).toBe('3 cell 1');
  // a crowd region is no cell
  expect(findLabelErrors(truth(annotated, [0, 1]), entries)).toEqual([]);
});

test('found cells, second outlines and detections below the threshold are no candidates', () => {
  const good = [entry([CELL]), entry([CELL])];
  expect(findLabelErrors(truth([]), [...good, entry([CELL], { kind: 5 })])).toEqual([]);
  expect(findLabelErrors(truth([]), [...good, entry([CELL], { score: 0.4 })])).toEqual([]);
  const found = entry([CELL]);
  found.verdicts!.object = [0];
  expect(findLabelErrors(truth([]), [...good, found])).toEqual([]);
  expect(findLabelErrors(truth([]), [...good, { ...entry([CELL]), verdicts: undefined }])).toEqual([]);
  expect(findLabelErrors(truth([]), [...good, entry([CELL])])).toHaveLength(1);
});

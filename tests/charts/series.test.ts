import { describe, expect, test } from 'vitest';
import { byCellType, byErrorKind, IOU_LABELS, meanOverTypes, perIou } from '#lib/charts/series.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { metrics, report } from '#tests/scoring/reports.ts';

const good = { name: 'Good', results: report(0.8, { A172: 0.6, BV2: 0.9 }).results.segm };
const poor = { name: 'Poor', results: report(0.4, { A172: 0.5, SKOV3: 0.2 }).results.segm };

test('the thresholds are written as people write them, 0.50 to 0.95', () => {
  expect(IOU_LABELS).toEqual(['0.50', '0.55', '0.60', '0.65', '0.70', '0.75', '0.80', '0.85', '0.90', '0.95']);
});

test('AP per IoU has a row per threshold and a value per report, in the order given', () => {
  const series = perIou([poor, good], 'AP');
  expect(series.names).toEqual(['Poor', 'Good']);
  expect(series.rows).toHaveLength(10);
  expect(series.rows[0]).toEqual({ label: '0.50', values: [0.4, 0.8] });
  expect(series.rows[5].values[1]).toBeCloseTo(0.4, 12);
});

test('the sentence names the best line at 0.50 and at 0.75', () => {
  expect(perIou([good, poor], 'AP').sentence).toBe(
    'At IoU 0.50 the highest AP is 80.0 %, of Good; at 0.75 it is 40.0 %, of Good.',
  );
  expect(perIou([good, poor], 'FNR').sentence).toBe(
    'At IoU 0.50 the lowest false-negative ratio is 20.0 %, of Good; at 0.75 it is 60.0 %, of Good.',
  );
});

test('one line is described by its own numbers', () => {
  expect(perIou([good], 'AP').sentence).toBe('Good: 80.0 % at IoU 0.50, 40.0 % at 0.75 and 8.0 % at 0.95.');
});

test('equal lines are both said to be best', () => {
  expect(perIou([good, { ...good, name: 'Twin' }], 'AP').sentence).toContain('80.0 %, of Good and Twin');
});

test('a method without masks has no line among masks', () => {
  const boxes = { name: 'Boxes only', results: report(0.9, { A172: 0.9 }, { masks: false }).results.segm };
  expect(perIou([good, boxes], 'AP').names).toEqual(['Good']);
  expect(byCellType([boxes], 'AP').rows).toEqual([]);
});

test('a cell type that no method has draws nothing, and says so', () => {
  const series = perIou([good], 'AP', 'SKOV3');
  expect(series.names).toEqual([]);
  expect(series.sentence).toBe('There is nothing to draw for this choice.');
});

test('bars cover the types of any report, in the order of the paper; a missing one is null, not zero', () => {
  const series = byCellType([good, poor], 'AP');
  expect(series.rows.map(({ label }) => label)).toEqual(['A172', 'BV-2', 'SK-OV-3']);
  expect(series.rows[1].values[0]).toBeCloseTo(0.495, 12);
  expect(series.rows[1].values[1]).toBeNull();
  expect(series.rows[2].values[0]).toBeNull();
});

test('bars carry the intervals that reports have; without any there are none', () => {
  const sure = structuredClone(good);
  sure.results!.cellTypes.BV2!.interval = { AP: [0.4, 0.6], AFNR: [0.4, 0.6] };
  const series = byCellType([sure, poor], 'AP');
  expect(series.rows[0].intervals).toEqual([null, null]);
  expect(series.rows[1].intervals).toEqual([[0.4, 0.6], null]);
  expect(byCellType([good, poor], 'AP').rows[0]).not.toHaveProperty('intervals');
});

test('bars are described by the hardest type of each method', () => {
  expect(byCellType([good, poor], 'AP').sentence).toBe(
    'The lowest AP is on A172 for Good (33.0 %); SK-OV-3 for Poor (11.0 %).',
  );
  expect(byCellType([good], 'AFNR').sentence).toBe('The highest AFNR is on A172 for Good (67.0 %).');
  expect(byCellType([good, { ...good, name: 'Twin' }], 'AP').sentence).toBe(
    'The lowest AP is on A172 for Good (33.0 %) and Twin (33.0 %).',
  );
});

test('nulls are neither best nor worst', () => {
  const overall = { ...metrics(0.5), apPerIou: Array(10).fill(null) };
  const empty = { name: 'Empty', results: { overall, cellTypes: {} } };
  expect(perIou([empty, poor], 'AP').sentence).toContain('40.0 %, of Poor');
  expect(perIou([empty], 'AP').sentence).toBe('There is nothing to draw for this choice.');
});

test('the mean over types is unweighted and leaves out types without a number', () => {
  const none = { ...metrics(0.5), AP: null };
  expect(meanOverTypes({ A172: metrics(0.2), BV2: metrics(0.4), SKOV3: none }, 'AP')).toEqual({
    mean: expect.closeTo(0.165, 12),
    types: 2,
  });
  expect(meanOverTypes({}, 'AP')).toEqual({ mean: null, types: 0 });
});

describe('errors by kind', () => {
  const none = { objects: 0, detections: 0, deltaAP: 0 };
  const named = (missed: number, split: number, background: number): Metrics['errors'] => ({
    missed: { objects: missed, detections: 0, deltaAP: 0.1 },
    poorBoundary: none,
    split: { objects: split, detections: 2 * split, deltaAP: 0.05 },
    merge: none,
    duplicate: none,
    background: { objects: 0, detections: background, deltaAP: 0.02 },
  });
  const { overall } = report(0.8, {}).results.bbox;
  const results = (errors: Partial<Record<CellType, Metrics['errors']>>): EvaluationResults => ({
    overall,
    cellTypes: Object.fromEntries(
      Object.entries(errors).map(([type, value]) => [type, { ...metrics(0.5), errors: value }]),
    ),
  });

  test('cells not found are shares of the cells of their type, stacked by kind', () => {
    const series = byErrorKind(results({ BV2: named(20, 4, 7), A172: named(3, 0, 0) }), 'objects');
    expect(series.names).toEqual(['Missed', 'Poor outline', 'Split', 'Merged']);
    expect(series.rows).toEqual([
      { label: 'A172', values: [0.03, 0, 0, 0] },
      { label: 'BV-2', values: [0.2, 0, 0.04, 0] },
    ]);
    expect(series.sentence).toBe('Most on BV-2: 24.0 % of its cells, of which “missed” is the largest part.');
  });

  test('false outlines are counted per hundred cells; a kind keeps its look in both charts', () => {
    const series = byErrorKind(results({ BV2: named(20, 4, 7) }), 'detections');
    expect(series.rows[0].values).toEqual([0, 0.08, 0, 0, 0.07]);
    expect(series.sentence).toBe('Most on BV-2: 15.0 outlines per 100 cells, of which “split” is the largest part.');
    expect(series.styles).toEqual([1, 2, 3, 4, 5]);
    expect(byErrorKind(results({}), 'objects').styles).toEqual([0, 1, 2, 3]);
  });

  test('nothing wrong, and nothing known, are said in words', () => {
    expect(byErrorKind(results({ BV2: named(0, 0, 0) }), 'objects').sentence).toBe('Every cell was found.');
    expect(byErrorKind(results({ BV2: named(0, 0, 0) }), 'detections').sentence).toBe('No outline is false.');
    expect(byErrorKind(results({ BV2: undefined }), 'objects')).toMatchObject({ names: [], rows: [] });
  });
});

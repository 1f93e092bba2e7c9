import { describe, expect, test } from 'vitest';
import {
  gainSentence,
  heatMap,
  knownResults,
  learningCurve,
  learningSentence,
  perIouAndSize,
  type TaskResults,
  transferSentence,
} from '#lib/board/task-series.ts';
import { type Metrics, TRAINING_SIZES } from '#lib/scoring/report.ts';
import { gainOfTrainingOnAll } from '#lib/scoring/single-cell-type.ts';
import { metrics } from '#tests/scoring/reports.ts';

/** AP is 0.55 of the number: it falls from IoU to IoU. */
const some = (ap: number): Metrics => metrics(ap);
const kindOf = (results: unknown) => knownResults(results as TaskResults).kind;

test('what a report is of is seen by the shape of its results', () => {
  const slices = { overall: some(0.5), cellTypes: {} };
  expect(kindOf({ segm: slices, bbox: slices })).toBe('wide');
  expect(kindOf({ bbox: slices })).toBe('wide');
  expect(kindOf({ bbox: { cellTypes: { A172: some(0.5) }, mean: null } })).toBe('types');
  expect(kindOf({ bbox: { matrix: {}, index: null, meanTransferredAP: {} } })).toBe('matrix');
  expect(kindOf({ sizes: {} })).toBe('sizes');
  expect(kindOf({ counts: {} })).toBe('counts');
  expect(kindOf({ datasets: {} })).toBe('datasets');
});

describe('training-set size', () => {
  const results = { sizes: { '2': { bbox: some(0.2) }, '50': { bbox: some(0.4), segm: some(0.35) } } };

  test('a curve has the shares that were submitted with this evaluation', () => {
    expect(Object.keys(learningCurve('A', results, 'bbox').sizes)).toEqual(['2', '50']);
    expect(Object.keys(learningCurve('A', results, 'segm').sizes)).toEqual(['50']);
  });

  test('the sentence goes from the smallest to the largest share', () => {
    expect(learningSentence([learningCurve('A', results, 'bbox')], 'AP')).toBe(
      'AP by share of the training images: A from 11.0 % at 2 % to 22.0 % at 50 %.',
    );
    expect(learningSentence([], 'AP')).toBe('There is nothing to draw for this choice.');
  });

  test('a share keeps its look, whichever others there are', () => {
    const series = perIouAndSize(learningCurve('A', results, 'bbox'));
    expect(series.names).toEqual(['2 %', '50 %']);
    expect(series.styles).toEqual([TRAINING_SIZES.indexOf('2'), TRAINING_SIZES.indexOf('50')]);
    expect(series.rows).toHaveLength(10);
  });
});

describe('transferability', () => {
  const matrix = { A172: { A172: 0.5, BV2: 0, MCF7: 0.25 }, BV2: { A172: 0.1 } };

  test('a cell says its share of AP at home, if there is one', () => {
    const [a172, , bv2] = heatMap({ matrix });
    expect(a172.cells[0]).toEqual({ evaluatedOn: 'A172', AP: 0.5, ofHome: 1, home: true });
    expect(a172.cells[2]).toEqual({ evaluatedOn: 'BV2', AP: 0, ofHome: 0, home: false });
    expect(a172.cells[4].ofHome).toBe(0.5);
    expect(a172.cells[7]).toMatchObject({ AP: null, ofHome: null });
    expect(bv2.cells[0]).toMatchObject({ AP: 0.1, ofHome: null });
  });

  test('the sentence names the best and the worst pair', () => {
    expect(transferSentence({ matrix })).toBe(
      'Away from home the highest AP is 25.0 %, trained on A172 and evaluated on MCF7; the lowest is 0.0 %, trained on A172 and evaluated on BV-2.',
    );
    expect(transferSentence({ matrix: { A172: { A172: 1 } } })).toBe('There is no AP away from home.');
  });
});

describe('what training on all types gains', () => {
  const numbers = (AP: number) => ({ AP, AFNR: 1 - AP });
  const one = { A172: numbers(0.3), BV2: numbers(0.4), MCF7: numbers(0.5) };
  const say = (all: Parameters<typeof gainOfTrainingOnAll>[1], metric: 'AP' | 'AFNR') =>
    gainSentence('A', gainOfTrainingOnAll(one, all, metric), metric);

  test('is said with its direction, the types and the test', () => {
    const all = { A172: numbers(0.35), BV2: numbers(0.41), MCF7: numbers(0.53) };
    expect(say(all, 'AP')).toMatch(
      /^A: training on all cell types raises AP by 3\.0 percentage points on average over 3 types \(paired t-test, p = 0\.\d{3}\)\.$/,
    );
    expect(say(all, 'AFNR')).toContain('lowers AFNR by 3.0 percentage points');
  });

  test('of one type, of none, or of nothing', () => {
    expect(say({ BV2: numbers(0.5) }, 'AP')).toBe(
      'A: training on all cell types raises AP by 10.0 percentage points on BV-2, the only type with both.',
    );
    expect(say({}, 'AP')).toBe('A has no cell type with both numbers.');
    expect(say(one, 'AP')).toContain('leaves AP as it is');
  });
});

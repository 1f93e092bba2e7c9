import { describe, expect, test } from 'vitest';
import { TRAINING_SIZES } from '#lib/livecell/splits.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { gainOfTrainingOnAll, gainSentence } from '#lib/scoring/single-cell-type.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { learningCurve, learningSentence, perIouAndSize } from '#lib/tasks/training-size.ts';
import { heatMap, transferSentence } from '#lib/tasks/transferability.ts';
import { metrics } from '#tests/scoring/reports.ts';

/** AP is 0.55 of the number: it falls from IoU to IoU. */
const some = (ap: number): Metrics => metrics(ap);

test('every task draws its own results', () => {
  const slices = { overall: some(0.5), cellTypes: { A172: some(0.4) } };
  const drawn = <Results>(task: Task<Results>, results: Results) =>
    task
      .draw([{ name: 'A', results }], { evaluation: 'bbox' })
      .flatMap(({ figures }) => figures.map(({ kind }) => kind));
  expect(drawn(TASKS['livecell-wide'], { bbox: slices })).toEqual(['bar', 'bar', 'line', 'line']);
  expect(drawn(TASKS['single-cell-type'], { bbox: { cellTypes: slices.cellTypes, mean: null } })).toEqual([
    'bar',
    'bar',
  ]);
  const matrix = { matrix: {}, index: null, meanTransferredAP: {} };
  expect(drawn(TASKS.transferability, { bbox: matrix })).toEqual(['heat']);
  const sizes = { 2: { bbox: some(0.2) } };
  expect(drawn(TASKS['training-size'], { sizes })).toEqual(['learning-curves', 'learning-curves', 'line']);
  expect(drawn(TASKS['fluorescence-counts'], { counts: {} })).toEqual([]);
  const datasets = { EVICAN: { bbox: { overall: some(0.5) } } };
  expect(drawn(TASKS['zero-shot'], { datasets })).toEqual(['table', 'line', 'line']);
});

describe('training-set size', () => {
  const results = { sizes: { '2': { bbox: some(0.2) }, '50': { bbox: some(0.4), segm: some(0.35) } } };

  test('a curve has the shares that were submitted with this evaluation', () => {
    expect(Object.keys(learningCurve({ name: 'A', results: results }, 'bbox').sizes)).toEqual(['2', '50']);
    expect(Object.keys(learningCurve({ name: 'A', results: results }, 'segm').sizes)).toEqual(['50']);
  });

  test('the sentence goes from the smallest to the largest share', () => {
    expect(learningSentence([learningCurve({ name: 'A', results: results }, 'bbox')], 'AP')).toBe(
      'AP by share of the training images: A from 11.0 % at 2 % to 22.0 % at 50 %.',
    );
    expect(learningSentence([], 'AP')).toBe('There is nothing to draw for this choice.');
  });

  test('a share keeps its look, whichever others there are', () => {
    const series = perIouAndSize(learningCurve({ name: 'A', results: results }, 'bbox'));
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

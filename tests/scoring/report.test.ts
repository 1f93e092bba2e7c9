/** Every task's report by the schema: the shapes that other programs rely on. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type AnyReport,
  anyReportSchema,
  isReportOf,
  type ScoreReport,
  scoreReportSchema,
} from '#lib/scoring/report.ts';
import { TASK_IDS } from '#lib/tasks/index.ts';
import { metrics, report } from './reports.ts';

const { task: _task, results: _results, ...envelope } = report(0.5, { A172: 0.4 });
const numbers = metrics(0.5);

const RESULTS: Record<string, unknown> = {
  'livecell-wide': { bbox: { overall: numbers, cellTypes: { A172: numbers } } },
  'single-cell-type': {
    segm: { cellTypes: { BV2: numbers }, mean: null },
    bbox: { cellTypes: { BV2: numbers }, mean: null },
  },
  transferability: {
    bbox: { matrix: { A172: { A172: 0.4, BV2: null } }, index: null, meanTransferredAP: { A172: null } },
  },
  'fluorescence-counts': {
    counts: {
      A549: {
        images: 2,
        imagesBelow1600: 2,
        r2: 0.98,
        linearityLimit: null,
        linearityBroken: null,
        points: [
          [1, 2],
          [3, 3],
        ],
      },
    },
  },
  'training-size': { sizes: { '2': { bbox: numbers }, '100': { segm: numbers, bbox: numbers } } },
  'zero-shot': { datasets: { EVICAN: { bbox: { overall: numbers } } } },
};

describe('reports', () => {
  test.each(TASK_IDS)('%s', (task) => {
    const document = { ...envelope, task, results: RESULTS[task] };
    expect(anyReportSchema.parse(document)).toEqual(document);
    const others = TASK_IDS.filter((other) => other !== task);
    for (const other of others) {
      expect(anyReportSchema.safeParse({ ...document, task: other }).success, other).toBe(false);
    }
  });

  test('of LIVECell-wide is what everybody calls a ScoreReport', () => {
    const wide = report(0.5, { A172: 0.4 });
    expect(anyReportSchema.parse(wide)).toEqual(scoreReportSchema.parse(wide));
    const any = anyReportSchema.parse(wide);
    if (!isReportOf(any, 'livecell-wide')) throw new Error('not narrowed');
    expectTypeOf(any).toExtend<ScoreReport>();
    expectTypeOf<AnyReport['task']>().toEqualTypeOf<(typeof TASK_IDS)[number]>();
  });

  test('of no task is none', () => {
    expect(anyReportSchema.safeParse({ ...envelope, task: 'seventh', results: {} }).success).toBe(false);
  });
});

/** Every task's report by the schema: the shapes that other programs rely on. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import { listTasks, TASKS, type TaskId } from '#lib/tasks/index.ts';
import { isReportOf, type Report, type ReportOf } from '#lib/tasks/report.ts';
import { isReport, reportSchema } from '#lib/tasks/report-schema.ts';
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
  test.each(listTasks().map(({ id }) => id))('%s', (task) => {
    const document = { ...envelope, task, results: RESULTS[task] };
    expect(reportSchema.parse(document)).toEqual(document);
    const others = Object.keys(TASKS).filter((other) => other !== task);
    for (const other of others) {
      expect(reportSchema.safeParse({ ...document, task: other }).success, other).toBe(false);
    }
  });

  test('are told apart by their task, for the compiler too', () => {
    const any = reportSchema.parse(report(0.5, { A172: 0.4 }));
    if (!isReportOf(any, 'livecell-wide')) throw new Error('not narrowed');
    expectTypeOf(any).toExtend<ReportOf<'livecell-wide'>>();
    expect(any.results.segm?.cellTypes.A172).toEqual(metrics(0.4));
    expectTypeOf<Report['task']>().toEqualTypeOf<TaskId>();
  });

  test('of no task is none', () => {
    const document = { ...envelope, task: 'seventh', results: {} };
    expect(reportSchema.safeParse(document).success).toBe(false);
    expect(isReport(document)).toBe(false);
  });
});

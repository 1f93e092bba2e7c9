/** Intervals, fields and replicates in reports: the reference's numbers, whatever the number of threads. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { TaskId } from '#lib/tasks/index.ts';
import { isReportOf, type ReportOf } from '#lib/tasks/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { GOLDEN, readGolden, readText } from '#tests/parity/golden-files.ts';
import type { ScoreJob } from '#workers/scoring/job.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

interface Golden {
  df: number;
  fields: string[];
  results: {
    a: Record<
      'segm' | 'bbox',
      Record<'AP' | 'AFNR' | 'meanAP' | 'meanAFNR', { value: number; interval: [number, number]; replicates: number[] }>
    >;
  };
}

let folder: string;
const groundTruth = join(GOLDEN, 'small', 'gt.json.gz');
const predictions = join(GOLDEN, 'small', 'dt.json.gz');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'livecell-intervals-'));
});
afterAll(async () => {
  await dismissHelpers();
  rmSync(folder, { recursive: true, force: true });
});

async function reportOf<T extends TaskId>(task: T, job: Partial<ScoreJob> = {}): Promise<ReportOf<T>> {
  const outcome = await scoreTask({
    task,
    groundTruth: { path: groundTruth },
    files: [{ slot: 'all', path: predictions }],
    protocols: ['livecell-paper'],
    errors: false,
    threads: 1,
    ...job,
  });
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  const [report] = outcome.reports;
  if (!isReportOf(report, task)) throw new Error(report.task);
  return report;
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 9));

describe.each([
  ['gt.json.gz', 'jackknife.json'],
  ['gt_four_fields.json.gz', 'jackknife_four_fields.json'],
])('LIVECell-wide, %s', (truth, numbers) => {
  const golden = readGolden<Golden>(`small/${numbers}`);

  test.each([1, 2])('with %i thread(s)', async (threads) => {
    const report = await reportOf('livecell-wide', {
      groundTruth: { path: join(GOLDEN, 'small', truth) },
      threads,
      together: threads > 1,
    });
    expect(reportSchema.parse(report)).toEqual(report);
    for (const evaluation of EVALUATIONS) {
      const { overall, meanOfTypes, fields, replicates, cellTypes } = report.results[evaluation]!;
      const { AP, AFNR, meanAP, meanAFNR } = golden.results.a[evaluation];
      expect(overall.interval).toEqual({
        AP: close(AP.interval),
        AFNR: close(AFNR.interval),
        degreesOfFreedom: golden.df,
      });
      expect(meanOfTypes).toEqual({
        AP: expect.closeTo(meanAP.value, 9),
        AFNR: expect.closeTo(meanAFNR.value, 9),
        interval: {
          AP: close(meanAP.interval),
          AFNR: close(meanAFNR.interval),
          degreesOfFreedom: golden.df,
        },
      });
      expect(replicates!.map(({ without }) => without)).toEqual(golden.fields);
      expect(replicates!.map((one) => one.AP)).toEqual(close(AP.replicates));
      expect(replicates!.map((one) => one.meanAFNR)).toEqual(close(meanAFNR.replicates));
      expect(fields!.map(({ field }) => field)).toEqual(golden.fields);
      // a single cell type has too few fields for an interval
      for (const metrics of Object.values(cellTypes)) expect(metrics.interval).toBeUndefined();
    }
  });
});

test('fields have their own numbers: those of their images alone', async () => {
  const report = await reportOf('livecell-wide');
  const { fields, cellTypes } = report.results.segm!;
  // the two fields of a type have its images between them
  for (const type of CELL_TYPES) {
    const own = fields!.filter((field) => field.cellType === type);
    expect(own).toHaveLength(2);
    expect(own.reduce((sum, { images }) => sum + images, 0)).toBe(cellTypes[type]!.images);
    const [low, high] = own.map(({ AFNR }) => AFNR!).sort((a, b) => a - b);
    expect(cellTypes[type]!.AFNR).toBeGreaterThanOrEqual(low);
    expect(cellTypes[type]!.AFNR).toBeLessThanOrEqual(high);
  }
});

test('without intervals a report says nothing of fields', async () => {
  const { overall, ...others } = (await reportOf('livecell-wide', { intervals: false })).results.segm!;
  expect(overall.interval).toBeUndefined();
  expect(Object.keys(others)).toEqual(['cellTypes']);
});

describe('other tasks', () => {
  const slots = (names: readonly string[]) => names.map((slot) => ({ slot, path: predictions }));

  test('the mean of single cell types has the interval of the mean over types: the same model everywhere', async () => {
    const report = await reportOf('single-cell-type', { files: slots(CELL_TYPES) });
    const wide = await reportOf('livecell-wide');
    expect(report.results.segm!.mean!.interval).toEqual(wide.results.segm!.meanOfTypes!.interval);
    expect(reportSchema.parse(report)).toEqual(report);
  });

  test('each training size has the interval of all images pooled', async () => {
    const report = await reportOf('training-size', { files: slots(['2', '100']) });
    const wide = await reportOf('livecell-wide');
    for (const size of ['2', '100'] as const)
      expect(report.results.sizes[size]!.bbox!.interval).toEqual(wide.results.bbox!.overall.interval);
  });

  test('the transferability index and the means of transferred AP have intervals, matrix cells have none', async () => {
    const report = await reportOf('transferability', { files: slots(CELL_TYPES) });
    const { index, interval, meanTransferredAP } = report.results.segm!;
    expect(reportSchema.parse(report)).toEqual(report);
    expect(interval!.degreesOfFreedom).toBe(8);
    // the same model everywhere: what is lost on one type is gained on another
    expect(index).toBeCloseTo(0, 12);
    const [low, high] = interval!.index!;
    expect(low).toBeLessThanOrEqual(1e-9);
    expect(high).toBeGreaterThanOrEqual(-1e-9);
    for (const type of CELL_TYPES) {
      const [least, most] = interval!.meanTransferredAP[type]!;
      expect(least).toBeLessThan(meanTransferredAP[type]!);
      expect(most).toBeGreaterThan(meanTransferredAP[type]!);
    }
  });

  test('an outside data set is one stratum, even where its files are named as LIVECell’s', async () => {
    const outside = join(folder, 'outside.json');
    writeFileSync(outside, readText(groundTruth));
    const report = await reportOf('zero-shot', {
      files: [{ slot: 'outside', path: predictions, groundTruth: outside }],
    });
    expect(report.results.datasets.outside.segm!.overall.interval!.degreesOfFreedom).toBe(15);
  });
});

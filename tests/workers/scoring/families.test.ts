/** The numbers other papers report, in a job's report: those of the golden file, whatever the number of threads. */
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Family } from '#lib/scoring/families.ts';
import { TRUTH_VARIANTS } from '#lib/scoring/flat-truth.ts';
import { isReportOf } from '#lib/tasks/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { GOLDEN, readGolden } from '#tests/parity/golden-files.ts';
import type { ScoreJob } from '#workers/scoring/job.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

afterAll(dismissHelpers);

const { thresholds } = readGolden<{ thresholds: Record<string, Record<string, Family>> }>('families/small.json');

async function familiesOf(job: Partial<ScoreJob>) {
  const outcome = await scoreTask({
    task: 'livecell-wide',
    groundTruth: { path: join(GOLDEN, 'small', 'gt.json.gz') },
    files: [{ slot: 'all', path: join(GOLDEN, 'small', 'dt.json.gz') }],
    protocols: ['livecell-paper'],
    errors: false,
    intervals: false,
    families: true,
    ...job,
  });
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  const report = reportSchema.parse(outcome.reports[0]);
  if (!isReportOf(report, 'livecell-wide')) throw new Error(report.task);
  return report;
}

test.each([1, 2])('with %i thread(s)', async (threads) => {
  const { families } = await familiesOf({ threads, together: threads > 1, labelThreshold: 0.5 });
  expect(families!.labelThreshold).toBe(0.5);
  for (const variant of TRUTH_VARIANTS) {
    const golden = thresholds['0.5'][variant];
    expect(families![variant].digest).toBe(golden.digest);
    for (const key of ['msa', 'pq', 'seg', 'aji', 'labels', 'objects'] as const)
      expect(families![variant][key]).toBeCloseTo(golden[key]!, 9);
    golden.errorRate.forEach((rate, t) => {
      expect(families![variant].errorRate[t]).toBeCloseTo(rate!, 9);
    });
  }
});

test('the threshold is that of the best F1 unless it is stated, and nothing is computed unasked', async () => {
  const { families, results } = await familiesOf({ threads: 1 });
  expect(families!.labelThreshold).toBe(results.segm!.overall.scoreThreshold);
  expect((await familiesOf({ threads: 1, families: false })).families).toBeUndefined();
});

/** What is derived from public ground truth: archives of label images, and controls that score as those archives do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Family } from '#lib/scoring/families.ts';
import { TRUTH_VARIANTS } from '#lib/scoring/flat-truth.ts';
import { isReportOf } from '#lib/tasks/report.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { GOLDEN, readGolden } from '#tests/parity/golden-files.ts';
import derive, { type Derived } from '#workers/scoring/derive-task.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

const folder = mkdtempSync(join(tmpdir(), 'livecell-derive-'));
const groundTruth = { path: join(GOLDEN, 'small', 'gt.json.gz') };
let derived: Derived;
beforeAll(async () => {
  derived = await derive({ task: 'livecell-wide', groundTruth, folder, threads: 1 });
}, 120_000);
afterAll(async () => {
  await dismissHelpers();
  rmSync(folder, { recursive: true, force: true });
});

test('variants have the digests of the golden file', () => {
  const { thresholds } = readGolden<{ thresholds: Record<string, Record<string, Family>> }>('families/small.json');
  for (const { variant, digest, images, labels, bytes, sha256 } of derived.variants) {
    const golden = thresholds['0.0'][variant];
    expect([digest, images, labels]).toEqual([golden.digest, golden.images, golden.objects]);
    expect(bytes).toBeGreaterThan(100);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(derived.variants.map(({ variant }) => variant)).toEqual(TRUTH_VARIANTS);
});

test.each(TRUTH_VARIANTS)(
  'who submits the archive of %s gets the numbers of its control',
  { timeout: 120_000 },
  async (variant) => {
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth,
      files: [{ slot: 'all', path: join(folder, `${variant}.zip`) }],
      protocols: ['livecell-paper'],
      intervals: false,
      errors: false,
      families: true,
      threads: 1,
    });
    if (!outcome.ok) throw new Error(outcome.problems[0].message);
    const report = reportSchema.parse(outcome.reports[0]);
    if (!isReportOf(report, 'livecell-wide')) throw new Error(report.task);
    expect(report.unscored).toBe(true);
    const control = derived.controls[`perfect-${variant}`]['livecell-paper']!;
    const { segm, bbox } = report.results;
    expect(control['segm/all']).toMatchObject({ AP: segm!.overall.AP, AFNR: segm!.overall.AFNR });
    expect(control['segm/all'].PQ).toBeCloseTo(segm!.overall.pq!, 12); // a sum in another order
    expect(control['bbox/all'].AP).toBe(bbox.overall.AP);
    for (const [type, { AP }] of Object.entries(segm!.cellTypes)) expect(control[`segm/${type}`].AP).toBe(AP);
    // against its own truth it is perfect
    expect(control['segm/all'][`msa.${variant}`]).toBe(1);
    expect(control['segm/all'][`msa.${variant}`]).toBe(report.families![variant].msa);
    expect(control['segm/all'].AP).toBeLessThan(1);
  },
);

/** Reference counts are ground truth: no report that is kept for private ground truth holds one. */
import { expect, test } from 'vitest';
import type { Report, ReportOf } from '#lib/tasks/report.ts';
import { reportSchema, withoutGroundTruth, withoutReferenceCounts } from '#lib/tasks/report-schema.ts';

const counts = {
  schema: 1,
  task: 'fluorescence-counts',
  protocol: 'livecell-paper',
  evaluator: { name: 'livecell-benchmark', version: '1.0.0' },
  groundTruth: { sha256: 'ab', images: 2, objects: 1234 },
  predictions: [{ slot: 'A549', sha256: 'cd', bytes: 1, format: 'counts-json', detections: 1230, images: 2 }],
  warnings: [],
  results: {
    counts: {
      A549: {
        images: 2,
        imagesBelow1600: 2,
        r2: 0.9,
        linearityLimit: null,
        linearityBroken: null,
        points: [
          [617, 600],
          [617, 630],
        ],
        files: ['secret-1.tif', 'secret-2.tif'],
      },
    },
  },
  seconds: { read: 0, match: 0, accumulate: 0, total: 0 },
} as unknown as Report;

test('a count report without its ground truth keeps what was computed, and neither counts nor names of images', () => {
  const kept = reportSchema.parse(withoutGroundTruth(counts));
  expect(JSON.stringify(kept)).not.toMatch(/617|secret/);
  expect(kept).toMatchObject({ results: { counts: { A549: { r2: 0.9, images: 2, points: [] } } } });
});

test('means of predicted counts over five images or more stay; they say nothing of the reference', () => {
  const name = (hours: number, crop: number) => `A549_Phase_B2_1_00d0${hours}h00m_${crop}.tif`;
  const crops = [1, 2, 3, 4, 5];
  const files = [...crops.map((crop) => name(0, crop)), ...crops.slice(1).map((crop) => name(4, crop))];
  const points = files.map((_, i) => [617, 100 + 2 * i]);
  const report = structuredClone(counts) as typeof counts & { results: { counts: { A549: object } } };
  Object.assign(report.results.counts.A549, { files, points });
  const kept = reportSchema.parse(withoutGroundTruth(report));
  const overTime = [{ well: 'B2', hours: 0, images: 5, predicted: { mean: 104, sem: Math.sqrt(10 / 5) } }];
  expect(kept).toMatchObject({ results: { counts: { A549: { points: [], overTime } } } });
  expect(JSON.stringify(kept)).not.toMatch(/617|tif/);
  // what is kept is kept again
  expect(withoutGroundTruth(kept)).toEqual(kept);
});

test('fields, replicates and families stay on the server; everything else of the report is shown', () => {
  const wide = { ...counts, task: 'livecell-wide' } as unknown as ReportOf<'livecell-wide'>;
  const overall = { AP: 0.5 };
  const evaluation = { overall, cellTypes: {}, meanOfTypes: { AP: 0.4 } };
  const inside = { fields: [{ field: 'A172_C7_1' }], replicates: [{ without: 'A172_C7_1' }] };
  const report = {
    ...wide,
    families: { labelThreshold: 0.5 },
    results: { segm: { ...evaluation, ...inside }, bbox: { ...evaluation, ...inside } },
  } as unknown as ReportOf<'livecell-wide'>;
  expect(withoutGroundTruth(report)).toEqual({ ...wide, results: { segm: evaluation, bbox: evaluation } });
  expect(JSON.stringify(withoutGroundTruth(report))).not.toMatch(/A172_C7|families/);
  // boards compute with them: they are stored
  expect(withoutReferenceCounts(report)).toBe(report);
});

test('other reports hold none and stay as they are', () => {
  const other = { ...counts, task: 'training-size', results: { sizes: {} } } as unknown as Report;
  expect(withoutGroundTruth(other)).toBe(other);
});

/** Tables of single cells and detections: their sums are the numbers of the report. */
import { parquetReadObjects } from 'hyparquet';
import { beforeAll, expect, test } from 'vitest';
import { cellsToCsv, cellsToParquet } from '#lib/board/cell-tables.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { readCsv } from '#lib/csv.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import type { Outcomes } from '#lib/scoring/outcomes.ts';
import type { EvaluationResults } from '#lib/scoring/report.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { pack } from '#tests/coco/documents.ts';
import { GOLDEN, readText } from '#tests/parity/golden-files.ts';

let outcomes: Outcomes;
let results: EvaluationResults;
beforeAll(async () => {
  const { dataset, predictions } = await pack(
    readText(`${GOLDEN}/small/gt.json.gz`),
    readText(`${GOLDEN}/small/dt.json.gz`),
  );
  const evaluated = await evaluate(dataset, predictions, {
    protocols: PROTOCOL_IDS,
    slices: imageSlices(dataset.images.fileNames),
    intervals: false,
    outcomes: true,
  });
  outcomes = evaluated.outcomes!;
  results = evaluated.results[0].segm as EvaluationResults;
});

const rowsOf = (csv: Iterable<string>) => {
  const [{ fields: head }, ...lines] = [...readCsv([...csv].join(''))];
  return lines.map(({ fields }) => Object.fromEntries(fields.map((field, i) => [head[i], field])));
};

test('objects: a row each; what was found adds up to AFNR', () => {
  const rows = rowsOf(cellsToCsv(outcomes, 'objects'));
  expect(rows).toHaveLength(outcomes.bestIou.length);
  const counted = rows.filter(({ counts }) => counts === '1');
  expect(counted).toHaveLength(results.overall.objects);
  const found = counted.reduce((sum, { thresholds_found }) => sum + Number(thresholds_found), 0);
  expect(1 - found / (10 * counted.length)).toBeCloseTo(results.overall.AFNR!, 12);
  // numbered from 0 within each image
  const [first] = rows;
  expect([first.image, first.object]).toEqual([outcomes.fileNames[0], '0']);
  for (const { best_iou } of rows) expect(Number(best_iou)).toBeLessThanOrEqual(1);
});

test('detections: a row each, with scores exact and objects of the same image', () => {
  const rows = rowsOf(cellsToCsv(outcomes, 'detections'));
  // those beyond the detection limits, too
  expect(rows).toHaveLength(outcomes.score.length);
  expect(rows.length).toBeGreaterThanOrEqual(results.overall.detections);
  expect(rows.map(({ score }) => Number(score))).toEqual([...outcomes.score]);
  const sizes = new Map(
    outcomes.fileNames.map((name, i) => [name, outcomes.objectStart[i + 1] - outcomes.objectStart[i]]),
  );
  const matched = rows.filter(({ object }) => object !== '');
  expect(matched.length).toBeGreaterThan(0);
  for (const { image, object } of matched) expect(Number(object)).toBeLessThan(sizes.get(image)!);
});

test.each(['objects', 'detections'] as const)('Parquet has the same %s', async (table) => {
  const read = (await parquetReadObjects({ file: (await cellsToParquet(outcomes, table)).buffer })) as object[];
  const text = read.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value ?? '')])),
  );
  expect(text).toEqual(rowsOf(cellsToCsv(outcomes, table)));
});

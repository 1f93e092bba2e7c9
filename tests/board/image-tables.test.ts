import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { imagesToCsv, imagesToParquet } from '#lib/board/image-tables.ts';
import { readCsv } from '#lib/csv.ts';
import { ERROR_KINDS, type ErrorKind } from '#lib/scoring/error-kinds.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';

const errors = Object.fromEntries(ERROR_KINDS.map((kind, i) => [kind, i])) as Record<ErrorKind, number>;
const rows: ImageRow[] = [
  { image: 0, name: 'A172_1.tif', AP: 0.479123456789012, objects: 7, detections: 6, allDetections: 9, errors },
  { image: 1, name: '=SUM(A1), "quoted".tif', AP: null, objects: 0, detections: 0, allDetections: 1, errors },
];

test('a line per image, with every digit, and nothing that a spreadsheet would compute', () => {
  const [head, ...lines] = [...readCsv(imagesToCsv(rows))].map(({ fields }) => fields);
  expect(head).toEqual(['image', 'AP', 'objects', 'detections', 'all detections', ...ERROR_KINDS]);
  expect(lines[0]).toEqual(['A172_1.tif', '0.479123456789012', '7', '6', '9', ...ERROR_KINDS.map((_, i) => String(i))]);
  expect(lines[1].slice(0, 3)).toEqual([`'=SUM(A1), "quoted".tif`, '', '0']);
});

test('Parquet has the same numbers, and null where an image has no AP', async () => {
  const read = (await parquetReadObjects({ file: (await imagesToParquet(rows)).buffer })) as Record<string, unknown>[];
  expect(read.map(({ image, AP, objects, all_detections }) => [image, AP, objects, all_detections])).toEqual([
    ['A172_1.tif', 0.479123456789012, 7, 9],
    ['=SUM(A1), "quoted".tif', null, 0, 1],
  ]);
  for (const [i, kind] of ERROR_KINDS.entries()) expect(read[0][kind]).toBe(i);
});

test('seconds stand in the last column where a submission says them', async () => {
  const timed = [{ ...rows[0], seconds: 0.412345678901234 }, rows[1]];
  const [head, first, second] = [...readCsv(imagesToCsv(timed))].map(({ fields }) => fields.at(-1));
  expect([head, first, second]).toEqual(['seconds', '0.412345678901234', '']);
  const read = (await parquetReadObjects({ file: (await imagesToParquet(timed)).buffer })) as Record<string, unknown>[];
  expect(read.map(({ seconds }) => seconds)).toEqual([0.412345678901234, null]);
});

/** Charts of a data set's page as files: the numbers of the page, and of private ground truth no others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { datasetCharts, TYPE_COLOURS } from '#app/datasets/[name]/chart-files.ts';
import type { Dataset } from '#db/schema.ts';
import { chartToCsv, chartToSvg } from '#lib/charts/svg.ts';
import { readCsv } from '#lib/csv.ts';
import { datasetStatistics, withoutImages } from '#lib/datasets/statistics.ts';
import { packGroundTruth } from '#tests/coco/documents.ts';

const note = { source: 'Source.', citation: 'Citation' };
const HOURS = [0, 4, 28];

/** Three types at three times; the number of cells of each image differs. */
async function statistics() {
  let id = 0;
  const drawn = ['A172', 'BV2', 'SKOV3'].flatMap((type, t) =>
    HOURS.flatMap((hours, h) =>
      Array.from({ length: 5 }, (_, crop) => ({
        name: `${type}_Phase_C7_1_0${Math.floor(hours / 24)}d${String(hours % 24).padStart(2, '0')}h00m_${crop + 1}.tif`,
        n: 1 + t + 2 * h + crop,
        side: 10 + 4 * t + crop,
      })),
    ),
  );
  const dataset = await packGroundTruth({
    categories: [{ id: 1, name: 'cell' }],
    images: drawn.map(({ name }, i) => ({ id: i, file_name: name, width: 400, height: 300 })),
    annotations: drawn.flatMap(({ n, side }, image_id) =>
      Array.from({ length: n }, (_, k) => {
        const [x, y] = [(k % 8) * 48, Math.floor(k / 8) * 48];
        const segmentation = [[x, y, x + side, y, x + side, y + side, x, y + side]];
        return {
          ...{ id: id++, image_id, category_id: 1, segmentation },
          ...{ bbox: [x, y, side, side], area: side * side, iscrowd: 0 },
        };
      }),
    ),
  });
  return datasetStatistics(dataset);
}

const REGISTERED = { cellTypes: { A172: 15, BV2: 15, SKOV3: 15, other: 1 } } as unknown as Dataset;
const rowsOf = (charts: ReturnType<typeof datasetCharts>, name: string) =>
  [...readCsv(chartToCsv(charts[name], note))].map(({ fields }) => fields);

test('of public ground truth every chart of the page is there, with its numbers', async () => {
  const told = await statistics();
  const charts = datasetCharts(REGISTERED, told);
  expect(Object.keys(charts)).toEqual([
    ...['images', 'cells', 'sizes', 'cells-per-image', 'density', 'components', 'weights'],
  ]);
  for (const chart of Object.values(charts)) expect(chartToSvg(chart, note)).not.toMatch(/NaN|undefined|Infinity/);
  expect(
    rowsOf(charts, 'cells')
      .slice(1)
      .map(([type, , count]) => [type, Number(count)]),
  ).toEqual(told.groups.map(({ objects }, k) => [['A172', 'BV-2', 'SK-OV-3'][k], objects]));
  // each image is in one bin
  const counted = rowsOf(charts, 'cells-per-image');
  const count = counted[0].indexOf('count');
  expect(counted.slice(1).reduce((sum, row) => sum + Number(row[count]), 0)).toBe(45);
  const density = rowsOf(charts, 'density').slice(1);
  expect(density.map(([group, , hours]) => `${group} ${hours}`)).toEqual(
    ['A172', 'BV-2', 'SK-OV-3'].flatMap((type) => HOURS.map((hours) => `${type} ${hours}`)),
  );
  // five images with 1 to 5 cells
  expect(density[0][3]).toBe('3');
  expect(rowsOf(charts, 'components')).toHaveLength(1 + 45);
});

test('of private ground truth no image is told, and no digit that the page does not show', async () => {
  const charts = datasetCharts(REGISTERED, withoutImages(await statistics()));
  expect(charts).not.toHaveProperty('cells-per-image');
  // one point for each type
  expect(rowsOf(charts, 'components')).toHaveLength(1 + 3);
  for (const [name, chart] of Object.entries(charts)) {
    const csv = chartToCsv(chart, note);
    expect(csv, name).not.toMatch(/_Phase_/);
    if (['density', 'components', 'weights'].includes(name)) expect(csv, name).not.toMatch(/\d\.\d{3}/);
  }
});

test('without statistics there are the images by type, as on the page', () => {
  const charts = datasetCharts(REGISTERED, null);
  expect(Object.keys(charts)).toEqual(['images']);
  expect(
    rowsOf(charts, 'images')
      .slice(1)
      .map(([type, , count]) => `${type} ${count}`),
  ).toEqual([...['A172 15', 'BV-2 15', 'SK-OV-3 15', 'other 1']]);
});

test('types have the colours of the pages', () => {
  const tokens = readFileSync(join(import.meta.dirname, '..', '..', 'app', 'styles', 'tokens.css'), 'utf8');
  for (const [type, colour] of Object.entries(TYPE_COLOURS))
    expect(tokens).toContain(`--type-${type}: light-dark(${colour},`);
});

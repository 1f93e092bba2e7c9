import { describe, expect, test } from 'vitest';
import { INTENSITY_METRICS } from '#lib/cells/intensity.ts';
import { datasetStatistics, FEWEST, type Intensities, intensitiesOf, withoutImages } from '#lib/datasets/statistics.ts';
import { packGroundTruth } from '#tests/coco/documents.ts';

/** An image with `n` squares of `side` pixels. */
interface Drawn {
  name: string;
  n: number;
  side: number;
}

async function statisticsOf(drawn: readonly Drawn[], intensities?: Intensities) {
  return datasetStatistics(await datasetOf(drawn), intensities);
}

function datasetOf(drawn: readonly Drawn[]) {
  let id = 0;
  return packGroundTruth({
    categories: [{ id: 1, name: 'cell' }],
    images: drawn.map(({ name }, i) => ({ id: i, file_name: name, width: 400, height: 300 })),
    annotations: drawn.flatMap(({ n, side }, image_id) =>
      Array.from({ length: n }, (_, k) => {
        const [x, y] = [(k % 8) * 48, Math.floor(k / 8) * 48];
        return {
          id: id++,
          image_id,
          category_id: 1,
          segmentation: [[x, y, x + side, y, x + side, y + side, x, y + side]],
          bbox: [x, y, side, side],
          area: side * side,
          iscrowd: 0,
        };
      }),
    ),
  });
}

const image = (type: string, hours: number, crop: number) =>
  `${type}_Phase_C7_1_0${Math.floor(hours / 24)}d${String(hours % 24).padStart(2, '0')}h00m_${crop}.tif`;

describe('statistics of a data set', () => {
  test('cells, sizes, wells and times of each type', async () => {
    const { groups, areaEdges, countEdges } = await statisticsOf([
      { name: image('A172', 0, 1), n: 3, side: 10 },
      { name: image('A172', 28, 1), n: 5, side: 30 },
      { name: image('A172', 28, 2), n: 9, side: 40 },
      { name: image('SKOV3', 4, 1), n: 2, side: 20 },
    ]);
    expect(groups.map(({ cellType }) => cellType)).toEqual(['A172', 'SKOV3']);
    const [a172] = groups;
    expect(a172).toMatchObject({ images: 3, files: 3, objects: 17, wells: ['C7'] });
    expect(a172.time).toEqual({ first: 0, last: 28, points: 2 });
    // 100, 900 and 1,600 pixels: either protocol has one kind of each
    expect(a172.sizeClasses).toEqual({ 'livecell-paper': [3, 5, 9], 'livecell-code': [3, 5, 9] });
    expect(a172.area.median).toBe(1600);
    expect(a172.area.histogram.reduce((a, b) => a + b)).toBe(17);
    expect(a172.area.histogram).toHaveLength(areaEdges.length - 1);
    expect(a172.cellsPerImage.histogram!).toHaveLength(countEdges.length - 1);
    expect(a172.cellsPerImage.histogram!.map((n, k) => n && countEdges[k]).filter(Boolean)).toEqual([3, 5, 9]);
    expect(a172.density).toEqual([
      { hours: 0, images: 1, mean: 3, sem: null },
      { hours: 28, images: 2, mean: 7, sem: 2 },
    ]);
  });

  test('a limit of size classes belongs to both sides, as in scoring', async () => {
    const [{ sizeClasses }] = (await statisticsOf([{ name: image('A172', 0, 1), n: 1, side: 18 }])).groups;
    expect(sizeClasses['livecell-code']).toEqual([1, 1, 0]);
    expect(sizeClasses['livecell-paper']).toEqual([1, 0, 0]);
  });

  test('images of other names are a group of their own', async () => {
    const { groups } = await statisticsOf([{ name: 'field-1.png', n: 2, side: 12 }]);
    expect(groups).toMatchObject([{ cellType: null, images: 1, objects: 2, time: null, density: [] }]);
  });

  test('images without cells count, and have no shape', async () => {
    const { groups, components } = await statisticsOf([
      { name: image('BV2', 0, 1), n: 0, side: 1 },
      { name: image('BV2', 0, 2), n: 4, side: 8 },
    ]);
    expect(groups[0]).toMatchObject({ images: 2, cellsPerImage: { mean: 2 }, shape: { area: 64, solidity: 1 } });
    expect(components).toBeNull();
  });

  test('principal components have a point for every image with cells', async () => {
    const { components } = await statisticsOf(
      [4, 9, 15, 20].map((side, i) => ({ name: image('BV2', i, 1), n: 2, side })),
    );
    expect(components?.scores).toHaveLength(4);
    expect(components?.loadings).toHaveLength(2);
    expect(components!.explained.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});

describe('where images are registered', () => {
  const drawn = [4, 9, 15, 20].map((side, i) => ({ name: image('BV2', i, 1), n: 2, side }));
  // the other six follow the mean
  const grey: Intensities = [
    [100, 5, 0],
    [120, 6, 1],
    [90, 9, 0.5],
    [130, 8, 2],
  ].map((own) => own && [...own, ...Array.from({ length: 6 }, (_, k) => own[0] + (k % 2) * own[1])]);

  test('an image’s cells are as bright as its picture on average, cell by cell', async () => {
    const dataset = await datasetOf([{ name: image('BV2', 0, 1), n: 2, side: 2 }]);
    const pixels = new Uint8Array(400 * 300).fill(10);
    for (const [x, y, value] of [
      [0, 0, 20],
      [1, 1, 20],
      [48, 0, 100],
      [49, 0, 100],
      [48, 1, 100],
      [49, 1, 100],
    ])
      pixels[y * 400 + x] = value;
    // 20, 10, 10, 20 and four times 100
    expect(intensitiesOf(dataset, 0, pixels)).toEqual([
      (15 + 100) / 2,
      5 / 2,
      0,
      -1,
      55,
      60,
      55,
      60,
      expect.any(Number),
    ]);
    const empty = await datasetOf([{ name: 'a.png', n: 0, side: 1 }]);
    expect(intensitiesOf(empty, 0, pixels)).toBeNull();
  });

  test('intensities are among the metrics of the components, and have means of their own', async () => {
    const { components, groups } = await statisticsOf(drawn, grey);
    expect(components?.metrics.slice(-9)).toEqual(INTENSITY_METRICS);
    expect(components?.loadings[0]).toHaveLength(17);
    expect(groups[0].intensity).toMatchObject({
      intensityMean: 110,
      intensitySd: 7,
      intensitySkewness: 0.875,
      images: 4,
    });
    const [plain] = (await statisticsOf(drawn)).components!.scores!;
    expect(components?.scores?.[0]).not.toEqual(plain);
  });

  test('of some images only, the components are those of shape alone', async () => {
    const { components, groups } = await statisticsOf(drawn, [...grey.slice(0, 3), null]);
    expect(components?.metrics).toHaveLength(8);
    expect(components).toEqual((await statisticsOf(drawn)).components);
    expect(groups[0].intensity?.images).toBe(3);
  });

  test('means of a few pictures are not told of ground truth that is not public', async () => {
    const many = Array.from({ length: 6 }, (_, i) => ({ name: image('BV2', i, 1), n: 2, side: 8 + i }));
    const means = (n: number): Intensities => many.map((_, i) => (i < n ? [100 + i, 5, 0] : null));
    expect(withoutImages(await statisticsOf(many, means(5))).groups[0].intensity?.images).toBe(5);
    expect(withoutImages(await statisticsOf(many, means(4))).groups[0]).not.toHaveProperty('intensity');
  });
});

describe('of ground truth that is not public', () => {
  const many = (type: string, n: number, hours = 0): Drawn[] =>
    Array.from({ length: n }, (_, i) => ({ name: image(type, hours, i + 1), n: 2 + i, side: 10 + 2 * i }));

  test('no image has a point, and none is counted in a bin', async () => {
    const full = await statisticsOf([...many('A172', 6), ...many('BV2', 6)]);
    const told = withoutImages(full);
    expect(full.components?.scores).toHaveLength(12);
    expect(told.components?.scores).toBeUndefined();
    for (const { cellsPerImage } of told.groups) expect(cellsPerImage).not.toHaveProperty('histogram');
    expect(told.components?.groups).toHaveLength(2);
    expect(told.withheld).toBeUndefined();
  });

  test('what rests on a few images is left out, and never so little that the totals give it away', async () => {
    const told = withoutImages(await statisticsOf([...many('A172', 8), ...many('BV2', 6), ...many('SKOV3', 2)]));
    // SK-OV-3 alone would be the total less the others
    expect(told.groups.map(({ cellType }) => cellType)).toEqual(['A172']);
    expect(told.withheld).toEqual({ images: 8 });
    expect(told.components?.groups).toHaveLength(1);
  });

  test('times too', async () => {
    const told = withoutImages(
      await statisticsOf([...many('A172', 7, 0), ...many('A172', 6, 4), ...many('A172', 1, 8)]),
    );
    expect(told.groups[0].density.map(({ hours }) => hours)).toEqual([0]);
    for (const { images } of told.groups[0].density) expect(images).toBeGreaterThanOrEqual(FEWEST);
  });

  test('a few images in all tell nothing', async () => {
    const told = withoutImages(await statisticsOf(many('A172', 4)));
    expect(told.groups).toEqual([]);
    expect(told.components).toBeNull();
  });
});

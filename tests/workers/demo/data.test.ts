import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '#lib/datasets/pictures.ts';
import { intensitiesOf } from '#lib/datasets/statistics.ts';
import { CELL_TYPES, parseImageName } from '#lib/livecell/cell-types.ts';
import { packGroundTruth } from '#tests/coco/documents.ts';
import { type DemoData, drawPicture, imageNames, MOST_IMAGES_PER_TYPE, writeDemoData } from '#workers/demo/data.ts';

interface Document {
  images: { id: number; width: number; height: number; file_name: string }[];
  annotations: {
    id: number;
    image_id: number;
    segmentation: number[][];
    area: number;
    bbox: number[];
  }[];
}

const dir = mkdtempSync(join(tmpdir(), 'livecell-demo-'));
let demo: DemoData;
let document: Document;

beforeAll(async () => {
  demo = await writeDemoData(dir);
  document = JSON.parse(readFileSync(demo.groundTruth, 'utf8'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the demo benchmark', () => {
  test('has all cell types, six images each, named and sized as LIVECell does', () => {
    for (const type of CELL_TYPES) {
      const names = document.images.map(({ file_name }) => file_name).filter((name) => name.startsWith(`${type}_`));
      expect(new Set(names).size).toBe(6);
      for (const name of names) expect(parseImageName(name)).toMatchObject({ cellType: type });
      const locations = new Set(names.map((name) => parseImageName(name)!.location));
      const times = new Set(names.map((name) => parseImageName(name)!.minutes));
      expect([locations.size, times.size]).toEqual([2, 3]); // fields of view, followed over time
    }
    for (const { width, height } of document.images) expect([width, height]).toEqual([704, 520]);
  });

  test('counts images and annotations on one counter, as the official files do', () => {
    const ids = [...document.images, ...document.annotations].map(({ id }) => id).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from(ids, (_, i) => ids[0] + i));
  });

  test('keeps polygons inside the image, with two decimals, their exact box and their shoelace area', () => {
    for (const { segmentation, area, bbox } of document.annotations) {
      const [ring] = segmentation;
      const xs = ring.filter((_, i) => i % 2 === 0);
      const ys = ring.filter((_, i) => i % 2 === 1);
      expect(ring.every((value) => Math.round(value * 100) / 100 === value)).toBe(true);
      expect(Math.min(...xs) >= 0 && Math.max(...xs) <= 704 && Math.min(...ys) >= 0 && Math.max(...ys) <= 520).toBe(
        true,
      );
      expect(bbox).toEqual([
        Math.min(...xs),
        Math.min(...ys),
        Math.max(...xs) - Math.min(...xs),
        Math.max(...ys) - Math.min(...ys),
      ]);
      let twice = 0;
      for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) twice += xs[j] * ys[i] - xs[i] * ys[j];
      expect(area).toBeCloseTo(Math.abs(twice) / 2, 6);
    }
  });

  test('differs between cell types as cultures do: BV-2 small and dense, SK-OV-3 large and sparse', () => {
    const median = (type: string) => {
      const ids = new Set(document.images.filter((i) => i.file_name.startsWith(`${type}_`)).map(({ id }) => id));
      const areas = document.annotations.filter((a) => ids.has(a.image_id)).map(({ area }) => area);
      return { cells: areas.length, area: areas.sort((a, b) => a - b)[areas.length >> 1] };
    };
    expect(median('BV2').cells).toBeGreaterThan(4 * median('SKOV3').cells);
    expect(median('SKOV3').area).toBeGreaterThan(5 * median('BV2').area);
  });

  test('writes the same bytes for the same seed, and other cells for another', async () => {
    const again = await writeDemoData(join(dir, 'again'));
    const other = await writeDemoData(join(dir, 'other'), { seed: 2 });
    const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(digest(again.groundTruth)).toBe(digest(demo.groundTruth));
    expect(again.predictions.map(({ path }) => digest(path))).toEqual(demo.predictions.map(({ path }) => digest(path)));
    expect(digest(other.groundTruth)).not.toBe(digest(demo.groundTruth));
  });

  test('draws an image the same whatever else is drawn', async () => {
    const more = JSON.parse(
      readFileSync((await writeDemoData(join(dir, 'more'), { imagesPerType: 7 })).groundTruth, 'utf8'),
    );
    const cells = ({ images, annotations }: Document, name: string) => {
      const { id } = images.find(({ file_name }) => file_name === name)!;
      return annotations.filter(({ image_id }) => image_id === id).map(({ segmentation }) => segmentation);
    };
    const name = 'MCF7_Phase_H4_1_00d00h00m_1.tif';
    expect(cells(more, name)).toEqual(cells(document, name));
  });

  test('draws pictures in which cells show: they stand out from an even field', async () => {
    const { pictures } = await writeDemoData(join(dir, 'pictures'), { imagesPerType: 1, pictures: true });
    expect(readdirSync(pictures!).sort()).toEqual(
      CELL_TYPES.map((type) => `${imageNames(type, 1)[0].replace('.tif', '')}.png`).sort(),
    );
    const dataset = await packGroundTruth(document);
    const [bv2] = imageNames('BV2', 1);
    const pixels = drawPicture(bv2);
    expect(drawPicture(bv2)).toEqual(pixels);
    expect(drawPicture(bv2, 2)).not.toEqual(pixels);
    const stored = readFileSync(join(pictures!, bv2.replace('.tif', '.png')));
    expect(decodePicture(stored, { width: 704, height: 520 })).toEqual(new Uint8Array(pixels));
    const field = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    const cells = intensitiesOf(dataset, dataset.images.fileNames.indexOf(bv2), pixels)!;
    expect(Math.abs(field - 128)).toBeLessThan(12);
    // their own grey values differ far more than the grain of the field
    expect(cells[1]).toBeGreaterThan(15);
  });

  test('never gives two images one name', () => {
    for (const type of CELL_TYPES)
      for (const count of [1, 2, 6, 63, MOST_IMAGES_PER_TYPE])
        expect(new Set(imageNames(type, count)).size).toBe(count);
  });
});

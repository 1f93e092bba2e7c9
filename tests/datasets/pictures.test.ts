import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import { decodePicture, openPictures, packPictures, readPicture } from '#lib/datasets/pictures.ts';
import type { FileRejected } from '#lib/problems.ts';
import { openGroundTruth } from '#lib/readers/ground-truth-file.ts';
import { decodeLabelImage } from '#lib/readers/labels/decode.ts';
import { packGroundTruth } from '#tests/coco/documents.ts';
import { writeDemoData } from '#workers/demo/data.ts';
import { type Grey, pngOf, tiffOf } from './grey-images.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-pictures-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const NAMES = ['BV2_Phase_A4_1_00d00h00m_1', 'BV2_Phase_A4_1_00d04h00m_1', 'SKOV3_Phase_E4_1_00d00h00m_1'];
const WIDTH = 30;
const HEIGHT = 20;

/** Two squares on each image; the last file is listed twice, the second time with one square. */
const document = {
  categories: [{ id: 1, name: 'cell' }],
  images: [...NAMES, NAMES[2]].map((name, id) => ({ id, file_name: `${name}.tif`, width: WIDTH, height: HEIGHT })),
  annotations: [0, 0, 1, 1, 2, 2, 3].map((image_id, k) => {
    const [x, y] = k % 2 === 0 ? [2, 3] : [20, 8];
    return {
      id: k + 1,
      image_id,
      category_id: 1,
      iscrowd: 0,
      area: 16,
      bbox: [x, y, 4, 4],
      segmentation: [[x, y, x + 4, y, x + 4, y + 4, x, y + 4]],
    };
  }),
};

/** Grey `value`, and 200 in the left half. */
function grey(value: number, changes: Partial<Grey> = {}): Grey {
  const { width = WIDTH, height = HEIGHT } = changes;
  const pixels = Uint8Array.from({ length: width * height }, (_, p) => (p % width < 15 ? 200 : value + (p % 3)));
  return { width, height, pixels, ...changes };
}

async function pack(dataset: Dataset, path: string) {
  const source = await openPictures(path, dataset.images);
  const out = join(dir, `${crypto.randomUUID()}.zip`);
  try {
    return { out, ...(await packPictures(dataset, source, out)) };
  } finally {
    source.close();
  }
}

function folder(files: Record<string, Uint8Array>): string {
  const path = mkdtempSync(join(dir, 'f-'));
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

const wrong = async (files: Record<string, Uint8Array>): Promise<FileRejected> =>
  pack(await packGroundTruth(document), folder(files)).then(
    () => Promise.reject(new Error('nothing was wrong')),
    (error) => error as FileRejected,
  );

describe('the images of a data set', () => {
  const files = {
    [`train/${NAMES[0]}.tif`]: tiffOf(grey(40)),
    [`test/${NAMES[1]}.png`]: pngOf(grey(60)),
    [`test/${NAMES[2]}.TIF`]: tiffOf(grey(80)),
    'notes.txt': Uint8Array.of(1),
    'A172_Phase_C7_1_00d00h00m_1.tif': tiffOf(grey(1)),
  };

  test('come from a folder or an archive, and are the same afterwards', async () => {
    const dataset = await packGroundTruth(document);
    const archive = join(dir, 'images.zip');
    writeFileSync(archive, zipSync(files));
    const [fromFolder, fromZip] = [await pack(dataset, folder(files)), await pack(dataset, archive)];
    expect(fromZip.files).toBe(3);
    expect(readFileSync(fromZip.out)).toEqual(readFileSync(fromFolder.out));
    for (const [k, name] of NAMES.entries()) {
      const stored = (await readPicture(fromZip.out, `${name}.png`))!;
      expect(decodePicture(stored, { width: WIDTH, height: HEIGHT })).toEqual(grey(40 + 20 * k).pixels);
      expect(decode(stored, { checkCrc: true })).toMatchObject({
        width: WIDTH,
        height: HEIGHT,
        channels: 1,
        depth: 8,
        data: grey(40 + 20 * k).pixels,
      });
    }
    expect(await readPicture(fromZip.out, 'other.png')).toBeNull();
    expect(fromZip.warnings).toMatchObject([{ code: 'unknown-image', count: 1 }]);
  });

  test('of one name in two folders stay apart', async () => {
    const names = ['01/t000.tif', '02/t000.tif', '02/t001.tif'];
    const own = {
      ...document,
      images: document.images.map((image, k) => ({ ...image, file_name: names[k] ?? `x${k}.tif` })),
    };
    const found = await pack(
      await packGroundTruth(own),
      folder(Object.fromEntries(names.map((name, k) => [name, tiffOf(grey(40 + 20 * k))]))),
    );
    expect(found.files).toBe(3);
    for (const [k, name] of ['01__t000.tif', '02__t000.tif', 't001'].entries()) {
      const stored = (await readPicture(found.out, `${name}.png`))!;
      expect(decode(stored).data).toEqual(grey(40 + 20 * k).pixels);
    }
  });

  test.each([
    ['folders and underscores', ['a/b/t.tif', 'a__b/t.tif', 'c.tif'], ['a__b__t.tif', 'a__b__t.tif__2', 'c']],
    [
      'a short name like a full one',
      ['01/t.tif', '02/t.tif', '01__t.tif.png'],
      ['01__t.tif__2', '02__t.tif', '01__t.tif'],
    ],
  ])('whose names would be the same in the archive stay apart: %s', async (_, names, stored) => {
    const own = {
      ...document,
      images: document.images.map((image, k) => ({ ...image, file_name: names[k] ?? `x${k}.tif` })),
    };
    const given = Object.fromEntries(
      names.map((name, k) => [name, name.endsWith('.png') ? pngOf(grey(40 + 20 * k)) : tiffOf(grey(40 + 20 * k))]),
    );
    const { out, files } = await pack(await packGroundTruth(own), folder(given));
    expect(files).toBe(3);
    for (const [k, name] of stored.entries()) {
      expect(decode((await readPicture(out, `${name}.png`))!).data).toEqual(grey(40 + 20 * k).pixels);
    }
  });

  test('of a TIFF whose 0 is white are turned round, and of label images the numbers stay', async () => {
    const image = grey(40);
    const negative = tiffOf({ ...image, pixels: image.pixels.map((value) => 255 - value) }, 0);
    const size = { width: WIDTH, height: HEIGHT };
    expect(decodePicture(negative, size)).toEqual(image.pixels);
    const { out } = await pack(
      await packGroundTruth(document),
      folder({ ...files, [`train/${NAMES[0]}.tif`]: negative }),
    );
    expect(decodePicture((await readPicture(out, `${NAMES[0]}.png`))!, size)).toEqual(image.pixels);
    const none = () => Promise.reject(new Error('not compressed so'));
    expect(decodeLabelImage(tiffOf(image, 0), size, none as never).labels).toEqual(image.pixels);
  });

  test('are measured under the masks, for each id of a file that is listed twice', async () => {
    const { statistics, examples } = await pack(await packGroundTruth(document), folder(files));
    const [bv2, skov3] = statistics.groups.map(({ intensity }) => intensity!);
    // one square lies on 200, the other on the picture's own grey: 40 and 60 for BV-2, with 0, 1, 2 on top
    const right = (value: number) => value + [20, 21, 22, 23].reduce((sum, x) => sum + ((8 * WIDTH + x) % 3), 0) / 4;
    expect(bv2.images).toBe(2);
    expect(bv2.intensityMean).toBeCloseTo((200 + (right(40) + right(60)) / 2) / 2, 9);
    expect(skov3.images).toBe(2);
    expect(skov3.intensityMean).toBeCloseTo(((200 + right(80)) / 2 + 200) / 2, 9);
    expect(statistics.components?.metrics).toContain('intensitySd');
    expect(examples).toEqual([
      { cellType: 'BV2', name: NAMES[1], width: WIDTH, height: HEIGHT },
      { cellType: 'SKOV3', name: NAMES[2], width: WIDTH, height: HEIGHT },
    ]);
  });

  test('that stand for the others have their outlines beside them, the others have none', async () => {
    const { out } = await pack(await packGroundTruth(document), folder(files));
    const svg = new TextDecoder().decode((await readPicture(out, `${NAMES[1]}.svg`))!);
    expect(svg).toContain(`viewBox="0 0 ${2 * WIDTH} ${2 * HEIGHT}"`);
    expect(svg).toContain('d="M5 6l6 0l1 1l0 6l-1 1l-6 0l-1 -1l0 -6zM');
    expect(await readPicture(out, `${NAMES[0]}.svg`)).toBeNull();
  });

  test('are read from many archives in turn, and one that is missing is missed each time', async () => {
    const dataset = await packGroundTruth(document);
    const packs = [];
    for (let value = 0; value < 7; value++)
      packs.push((await pack(dataset, folder({ [`${NAMES[0]}.png`]: pngOf(grey(value)) }))).out);
    for (const turn of [0, 1]) {
      const read = await Promise.all(packs.map((path) => readPicture(path, `${NAMES[0]}.png`)));
      const first = read.map((bytes) => decodePicture(bytes!, { width: WIDTH, height: HEIGHT })[15]);
      expect(first, `turn ${turn}`).toEqual([0, 1, 2, 3, 4, 5, 6]);
      await expect(readPicture(join(dir, 'none'), 'x.png')).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  test('may be a part of them', async () => {
    const { files: n, warnings } = await pack(
      await packGroundTruth(document),
      folder({ [`${NAMES[1]}.png`]: pngOf(grey(9)) }),
    );
    expect(n).toBe(1);
    expect(warnings).toEqual([
      {
        code: 'image-without-picture',
        message: `2 images of the data set have no picture, such as “${NAMES[0]}”.`,
        count: 2,
        examples: [`“${NAMES[0]}”`],
      },
    ]);
  });
});

describe('pictures that cannot be used', () => {
  const [name] = NAMES;
  test.each([
    [
      'of another size',
      pngOf(grey(1, { width: 31, height: HEIGHT })),
      /it is 31 × 20 pixels .*but the image is 30 × 20\. Pictures/,
    ],
    ['in colour', pngOf(grey(1), 2), /it is an RGB image\. Write it as an 8-bit grey TIFF or PNG\.$/],
    ['that are none', Uint8Array.of(1, 2, 3), /neither a PNG nor a TIFF/],
    ['that end early', tiffOf(grey(1)).subarray(0, 60), /damaged/],
    ['far too large', new Uint8Array(2_000_000), /far larger/],
  ])('%s', async (_, bytes, message) => {
    const { problems } = await wrong({ [`${name}.png`]: bytes });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ image: `${name}.tif`, message: expect.stringMatching(message) });
    expect(problems[0].message).toMatch(`“${name}.png”`);
    expect(problems[0].message).not.toMatch(/label/i);
  });

  test('every one of them is named', async () => {
    const { problems } = await wrong({
      [`${NAMES[0]}.tif`]: pngOf(grey(1), 2),
      [`${NAMES[1]}.tif`]: tiffOf(grey(1)),
      [`${NAMES[2]}.tif`]: pngOf(grey(1, { height: 3 })),
    });
    expect(problems.map(({ image }) => image)).toEqual([`${NAMES[0]}.tif`, `${NAMES[2]}.tif`]);
  });

  test('whose name fits two images', async () => {
    const names = ['01/t000.tif', '02/t000.tif', 't001.tif'];
    const own = {
      ...document,
      images: document.images.map((image, k) => ({ ...image, file_name: names[k] ?? `x${k}.tif` })),
    };
    const dataset = await packGroundTruth(own);
    const files = { 't000.png': pngOf(grey(1)), 't001.tif': tiffOf(grey(2)) };
    await expect(pack(dataset, folder(files))).rejects.toMatchObject({
      problems: [
        {
          code: 'ambiguous-picture',
          message:
            '“t000.png” could be the picture of “01/t000.tif” or “02/t000.tif”. Put it into a folder named as that of its image.',
        },
      ],
    });
    // where both have their pictures it is one of another split
    const all = await pack(dataset, folder({ ...files, '01/t000.png': pngOf(grey(3)), '02/t000.png': pngOf(grey(4)) }));
    expect(all.warnings).toMatchObject([
      { code: 'unknown-image', count: 1 },
      { code: 'image-without-picture', count: 1 },
    ]);
  });

  test('two of one image, or none at all', async () => {
    const two = await wrong({ [`a/${name}.tif`]: tiffOf(grey(1)), [`b/${name}.png`]: pngOf(grey(1)) });
    expect(two.problems[0].message).toBe(
      `“a/${name}.tif” and “b/${name}.png” are both pictures of one image. Leave one of them out.`,
    );
    const none = await wrong({ 'x.png': pngOf(grey(1)), 'y.tif': tiffOf(grey(1)) });
    expect(none.problems[0].message).toContain(
      `None of the 2 TIFF and PNG files is named as an image of this data set`,
    );
  });
});

test('demo images: every one is found, and each cell type has an example', async () => {
  const { groundTruth, pictures, images } = await writeDemoData(join(dir, 'demo'), {
    imagesPerType: 1,
    pictures: true,
  });
  const { files, statistics, examples, warnings } = await pack(await openGroundTruth(groundTruth), pictures!);
  expect(files).toBe(images);
  expect(warnings).toEqual([]);
  expect(examples.map(({ cellType }) => cellType)).toEqual([
    'A172',
    'BT474',
    'BV2',
    'Huh7',
    'MCF7',
    'SHSY5Y',
    'SkBr3',
    'SKOV3',
  ]);
  for (const { intensity } of statistics.groups) {
    // phase contrast is grey in the middle
    expect(intensity!.intensityMean).toBeGreaterThan(90);
    expect(intensity!.intensityMean).toBeLessThan(170);
  }
});

/** Which image a prediction means: LIVECell's own ids are large, and 52 of its files occur under two of them. */

import { describe, expect, test } from 'vitest';
import { FileRejected } from '#lib/problems.ts';
import { ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import {
  type Detection,
  type GroundTruth,
  pack,
  packGroundTruth,
  packPredictions,
  rectangle,
} from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';

const FILE = 'SKOV3_Phase_E4_1_00d00h00m_1.tif';
const OTHER = 'Huh7_Phase_A12_1_00d00h00m_1.tif';

/** Two annotation sets of one file, under two ids, and another image between them. */
const twice: GroundTruth = {
  images: [
    { id: 900_001, file_name: FILE, width: 80, height: 60 },
    { id: 900_002, file_name: OTHER, width: 80, height: 60 },
    { id: 900_003, file_name: FILE, width: 80, height: 60 },
  ],
  annotations: [
    { id: 1, image_id: 900_001, segmentation: rectangle(5, 5, 15, 12) },
    { id: 2, image_id: 900_002, segmentation: rectangle(5, 5, 15, 12) },
    { id: 3, image_id: 900_003, segmentation: rectangle(5, 5, 15, 12) },
    { id: 4, image_id: 900_003, segmentation: rectangle(40, 30, 15, 12) },
  ],
};
const of = (image_id: number | string, x = 5, y = 5, score = 0.9): Detection => ({
  image_id,
  score,
  segmentation: rectangle(x, y, 15, 12),
});

/** Detections that count in each image, and AP. */
async function counted(document: unknown): Promise<{ images: number; detections: number; AP: number | null }> {
  const { dataset, predictions } = await pack(twice, document);
  const [{ segm }] = await score(dataset, predictions, ['livecell-paper']);
  return { images: predictions.images, detections: segm!.overall.detections, AP: segm!.overall.AP };
}

describe('a file name stands for the image', () => {
  test.each([
    ['as it is', OTHER],
    ['without extension', OTHER.replace('.tif', '')],
    ['with another extension', OTHER.replace('.tif', '.png')],
    ['with a folder', `data/livecell_test_images/Huh7/${OTHER}`],
    ['with a folder of Windows', `C:\\data\\${OTHER}`],
    ['with a folder and without extension', `images/${OTHER.replace('.tif', '')}`],
    ['as OME-TIFF', OTHER.replace('.tif', '.ome.tiff')],
  ])('%s', async (_how, name) => {
    const { dataset, predictions } = await pack(twice, [of(name)]);
    expect(dataset.images.fileNames[predictions.detections.image[0]]).toBe(OTHER);
  });

  test('an id in quotes is an id', async () => {
    const { dataset, predictions } = await pack(twice, [of('900002')]);
    expect(dataset.images.ids[predictions.detections.image[0]]).toBe(900_002);
  });

  test('ids may be text, and stand in the order of their letters', async () => {
    const images = ['b', 'a', 'c'].map((id) => ({ id, file_name: `${id}${id}.tif`, width: 80, height: 60 }));
    const { dataset, predictions } = await pack({ images, annotations: [] }, [of('c'), of('aa.tif')]);
    expect(dataset.images.ids).toEqual(['a', 'b', 'c']);
    expect([...predictions.detections.image]).toEqual([2, 0]);
  });

  test('a number means the id of the same digits where ids are text', async () => {
    const images = ['7', 'seven'].map((id) => ({ id, file_name: `${id}x.tif`, width: 80, height: 60 }));
    const { dataset, predictions } = await pack({ images, annotations: [] }, [of(7), of('seven')]);
    expect(dataset.images.ids).toEqual(['7', 'seven']);
    expect([...predictions.detections.image]).toEqual([0, 1]);
  });
});

describe('a file that occurs under two ids', () => {
  test('a prediction by name counts for both', async () => {
    // 1 of 1 and 1 of 2: three of the four cells are found, nothing is false
    expect(await counted([of(FILE), of(OTHER)])).toEqual({
      images: 3,
      detections: 3,
      AP: expect.closeTo(76 / 101, 12),
    });
  });

  test('a prediction by id counts for that one', async () => {
    expect(await counted([of(900_001), of(900_003)])).toMatchObject({ images: 2, detections: 2 });
  });

  test('by name in one and by id in another is both', async () => {
    const found = await counted([of(FILE), of(900_003, 40, 30), of(OTHER)]);
    expect(found).toEqual({ images: 3, detections: 4, AP: expect.closeTo(1, 12) });
  });

  test('a document with the data set’s ids means one image by each, though both have one name', async () => {
    const { images } = twice;
    const annotations = [of(900_001), of(900_002), of(900_003), of(900_003, 40, 30)];
    const all = { images: 3, detections: 4, AP: expect.closeTo(1, 12) };
    expect(await counted({ images, annotations })).toEqual(all);
    expect(await counted({ annotations, images })).toEqual(all);
  });

  test('a document with ids of its own that lists the file twice means one image by each', async () => {
    const images = twice.images.map(({ file_name }, id) => ({ id, file_name }));
    const annotations = [of(0), of(1), of(2), of(2, 40, 30)];
    expect(await counted({ images, annotations })).toEqual({ images: 3, detections: 4, AP: expect.closeTo(1, 12) });
  });

  test('a document with ids of its own that lists the file once means both', async () => {
    const images = [FILE, OTHER].map((file_name, id) => ({ id, file_name }));
    expect(await counted({ images, annotations: [of(0), of(1)] })).toMatchObject({ images: 3, detections: 3 });
  });

  test('images of different sizes under one name have to be told apart by id', async () => {
    const images = [twice.images[0], { ...twice.images[2], width: 90 }];
    const dataset = await packGroundTruth({ images, annotations: [] });
    const error = await packPredictions([of(FILE)], dataset).catch((error) => error);
    expect(error).toBeInstanceOf(FileRejected);
    expect((error as FileRejected).problems).toMatchObject([
      { code: 'ambiguous-image', record: 1, image: FILE, message: expect.stringContaining('use image ids') },
    ]);
    expect((await packPredictions([of(900_001)], dataset)).images).toBe(1);
  });
});

describe('files of one name in several folders', () => {
  const fileNames = ['01/t000.tif', '02/t000.tif', '01/t001.tif', 'plate/a/t9.tif', 'plate/b/t9.tif', 't9.png'];
  const resolver = new ImageResolver({ ids: [10, 20, 30, 40, 50, 60], fileNames });

  test.each([
    ['01/t000.tif', 0],
    ['02/t000.tif', 1],
    ['02/t000', 1],
    ['02\\t000.tif', 1],
    ['./02/t000.tif', 1],
    ['/data/test/02/t000.png', 1],
    ['t001', 2],
    ['elsewhere/t001.tif', 2],
    ['a/t9.tif', 3],
    ['b/t9.tif', 4],
    ['t9.png', 5],
    ['t9', 5],
  ])('%s is one of them', (name, image) => {
    expect(resolver.ofText(name)).toBe(image);
    expect(resolver.candidates(name)).toEqual([]);
  });

  test.each([
    ['t000.tif', ['01/t000.tif', '02/t000.tif']],
    ['03/t000.tif', ['01/t000.tif', '02/t000.tif']],
    ['nothing.tif', []],
  ])('%s is none', (name, candidates) => {
    expect(resolver.ofText(name)).toBe(UNKNOWN_IMAGE);
    expect(resolver.candidates(name)).toEqual(candidates);
  });

  test('a prediction that leaves it open is refused with the paths', async () => {
    const images = ['01/t000.tif', '02/t000.tif'].map((file_name, id) => ({ id, file_name, width: 80, height: 60 }));
    const dataset = await packGroundTruth({ images, annotations: [] });
    const error = await packPredictions([of('t000.tif')], dataset).catch((error) => error);
    expect(error.problems).toMatchObject([
      { code: 'ambiguous-image', record: 1, message: expect.stringContaining('“01/t000.tif”, “02/t000.tif”') },
    ]);
  });

  test('one stem with two extensions: the full name means that file alone', () => {
    const two = new ImageResolver({ ids: [1, 2], fileNames: ['cell.tif', 'cell.png'] });
    expect(['cell.tif', 'cell.png', 'x/cell.png', 'cell', 'cell.jpg'].map((name) => two.ofText(name))).toEqual([
      0,
      1,
      1,
      UNKNOWN_IMAGE,
      UNKNOWN_IMAGE,
    ]);
  });

  test('the same full name twice stays a group', () => {
    const twice = new ImageResolver({ ids: [1, 2, 3], fileNames: ['a.tif', 'b.tif', 'a.tif'] });
    expect(twice.members(twice.ofText('a.png'))).toEqual([0, 2]);
  });
});

describe('one name, written differently', () => {
  const fileNames = ['Zürich_1.tif', 'cell 1.tif', 'scan_0000.tif', 'well-b2.tif'];
  const resolver = new ImageResolver({ ids: [1, 2, 3, 4], fileNames });

  test.each([
    ['composed and decomposed letters', 'Zürich_1.tif'.normalize('NFD'), 0],
    ['percent-encoded', 'Z%C3%BCrich_1.tif', 0],
    ['percent-encoded blanks', 'images/cell%201.png', 1],
    ['Roboflow', 'well-b2_tif.rf.0123456789abcdef0123456789abcdef.jpg', 3],
    ['Label Studio', 'upload/1/0a1b2c3d-well-b2.tif', 3],
    ['a channel of nnU-Net', 'well-b2_0000.tif', 3],
    ['what looks like a channel and is none', 'scan_0000.tif', 2],
  ])('%s', (_how, name, image) => {
    expect(resolver.ofText(name)).toBe(image);
  });

  test('a number that is a file and another image’s id has two meanings', () => {
    const numbers = new ImageResolver({ ids: [1, 2, 3], fileNames: ['2.png', '1.png', '3.png'] });
    expect(numbers.ofText('1')).toBe(1);
    expect(['1', '2', '3', '1.png', '4'].map((text) => numbers.otherMeaning(text))).toEqual([
      0,
      1,
      UNKNOWN_IMAGE,
      UNKNOWN_IMAGE,
      UNKNOWN_IMAGE,
    ]);
  });
});

/** Reports 03, 09, 11, 12, 14 and 18: label images and arrays as tools write them, each with neighbours of its kind. */
import { describe, expect, test } from 'vitest';
import { type Found, scoreAndCheck } from './score.ts';

const codes = ({ problems }: Found) => [...new Set(problems.map(({ code }) => code))];

describe('report 03: label images in the folders of their images', () => {
  test('each belongs to the image of its folder', async () => {
    const found = await scoreAndCheck('02-two-folders.gt.json', '03-two-folders-labels.zip');
    expect(found).toMatchObject({ masks: 1, problems: [] });
  });
});

describe('report 09: one value for all cells', () => {
  test.each([
    ['09-one-value-labels.zip', 'label-image-one-value', /value 32,768, which stands for white/],
    ['neighbours/one-value-1.zip', 'label-image-one-value', /value 1, in \d+ separate parts/],
    ['neighbours/one-value-65535.zip', 'label-image-one-value', /value 65,535, which stands for white/],
    ['neighbours/one-value-bits.zip', 'label-image-one-value', /1 bit per pixel/],
    ['neighbours/one-value-everywhere.zip', 'label-image-one-value', /every pixel is 1/],
    ['neighbours/npy-bool.zip', 'label-image-one-value', /True and False/],
  ])('%s is refused, in every image', async (name, code, message) => {
    const found = await scoreAndCheck('00-gt.json', name);
    expect(codes(found)).toEqual([code]);
    expect(found.problems).toHaveLength(3);
    for (const problem of found.problems) {
      expect(problem.message).toMatch(message);
      expect(problem.message).toMatch(/Give each cell its own number/);
    }
  });

  test('one image of three is enough, and is named', async () => {
    const { problems } = await scoreAndCheck('00-gt.json', 'neighbours/one-value-in-one.zip');
    expect(problems).toMatchObject([
      { code: 'label-image-one-value', image: expect.stringContaining('A172_Phase_C7_1_00d00h00m_1') },
    ]);
  });
});

describe('report 11: names that tools give', () => {
  test.each([
    '11-stardist-names.zip',
    'neighbours/labels-suffix.zip',
    'neighbours/pred-suffix.zip',
    'neighbours/ilastik-names.zip',
    'neighbours/cellpose-folder.zip',
  ])('%s is read', async (name) => {
    expect(await scoreAndCheck('00-gt.json', name)).toMatchObject({ masks: 1, problems: [] });
  });

  test('an image that two files claim is told so', async () => {
    const found = await scoreAndCheck('00-gt.json', 'neighbours/image-and-pred.zip');
    expect(codes(found)).toEqual(['two-label-images']);
    expect(found.problems[0].message).toMatch(/_1\.png” and .*_1_pred\.png” are both for image/);
  });
});

describe('report 12: letters in one piece and in two, and of old archives', () => {
  test.each([
    '12-umlaut-mac.zip',
    'neighbours/umlaut-composed.zip',
    'neighbours/umlaut-finder.zip',
    'neighbours/umlaut-windows.zip',
  ])('%s is read', async (name) => {
    expect(await scoreAndCheck('12-umlaut.gt.json', name)).toMatchObject({ masks: 1, problems: [] });
  });
});

describe('report 14: palettes whose indices are labels', () => {
  test.each(['14-palette-labels.zip', 'neighbours/palette-few-bits.zip', 'neighbours/palette-tiff.zip'])(
    '%s is read',
    async (name) => {
      expect(await scoreAndCheck('00-gt.json', name)).toMatchObject({ masks: 1, problems: [] });
    },
  );

  test('index 255 is as doubtful as in 8 bits of grey', async () => {
    const found = await scoreAndCheck('00-gt.json', 'neighbours/palette-full.zip');
    expect(codes(found)).toEqual(['label-image-8-bit']);
    expect(found.problems[0].message).toMatch(/cut off/);
  });
});

describe('report 18: arrays of NumPy', () => {
  test.each([
    '18-arrays.npz',
    'neighbours/savez.npz',
    'neighbours/savez-int64.npz',
    'neighbours/npy-fortran-big-endian.zip',
    'neighbours/npy-uint8.zip',
  ])('%s is read', async (name) => {
    expect(await scoreAndCheck('00-gt.json', name)).toMatchObject({ masks: 1, problems: [] });
  });

  test.each([
    ['npy-pickle.zip', 'numpy-pickle', /Python objects \(a pickle.*np\.save/],
    ['cellpose-seg-alone.zip', 'numpy-pickle', /_seg\.npy”.*pickle.*_cp_masks/],
    ['npy-float.zip', 'label-image-float', /32-bit numbers are floating point.*astype/],
    ['npy-stack.zip', 'label-image-stack', /a stack of \d+ arrays.*one array of height × width per image/],
    ['savez-unnamed.npz', 'unknown-image', /“arr_0\.npy” belongs to no image.*np\.savez\(path, \*\*/],
  ])('%s is refused as what it is', async (name, code, message) => {
    const found = await scoreAndCheck('00-gt.json', `neighbours/${name}`);
    expect(codes(found)).toEqual([code]);
    expect(found.problems[0].message).toMatch(message);
    expect(found.problems[0].message).not.toMatch(/checkpoint/);
  });
});

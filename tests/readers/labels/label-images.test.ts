/** Label images as tifffile, Pillow, pypng, NumPy and ImageJ's format write them (`tests/fixtures/labels/make*.py`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkLabels } from '#lib/readers/labels/check-labels.ts';
import { decodeLabelImage } from '#lib/readers/labels/decode.ts';
import { ImageProblem, type Inflate } from '#lib/readers/labels/label-image.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import fc from '#tests/properties.ts';

const folder = join(import.meta.dirname, '../../fixtures/labels');
const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const truth = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')) as Record<string, number[]> & {
  width: number;
  height: number;
};
const { few } = JSON.parse(readFileSync(join(folder, 'labels_more.json'), 'utf8')) as { few: number[] };
Object.assign(truth, {
  few,
  three: few.map((label) => Math.min(label, 3)),
  one: few.map((label) => (label === 3 ? 1 : 0)),
  i2: truth.u16.map((label) => Math.min(label, 32_000)),
});
const size = { width: truth.width, height: truth.height };
const inflate: Inflate = (data, most) => inflateSync(data, { maxOutputLength: most });
const decode = (bytes: Uint8Array, expected = size) => decodeLabelImage(bytes, expected, inflate);

test.each([
  ['pillow_u16.png', 16, 'u16'],
  ['pillow_u8.png', 8, 'u8'],
  ['plain_u16.tif', 16, 'u16'],
  ['zlib_i32.tif', 32, 'u16'],
  ['deflate_predictor_u16.tif', 16, 'u16'],
  ['lzw_u16.tif', 16, 'u16'],
  ['lzw_predictor_u16.tif', 16, 'u16'],
  ['lzw_predictor_u32.tif', 32, 'u32'],
  ['tiles_zlib_u32.tif', 32, 'u32'],
  ['tiles_lzw_predictor_i32.tif', 32, 'u16'],
  ['big_endian_u16.tif', 16, 'u16'],
  ['big_endian_lzw_predictor_i32.tif', 32, 'u16'],
  ['packbits_u16.tif', 16, 'u16'],
  ['pillow_lzw.tif', 16, 'u16'],
  ['pillow_i32.tif', 32, 'u16'],
  ['imagej_u16.tif', 16, 'u16'],
  ['ome_u16.ome.tif', 16, 'u16'],
  ['palette_pillow.png', 8, 'u8'],
  ['palette_u8.png', 8, 'few'],
  ['palette_4bit.png', 4, 'few'],
  ['palette_1bit.png', 1, 'one'],
  ['palette_pillow.tif', 8, 'few'],
  ['palette_lzw.tif', 8, 'few'],
  ['palette_tifffile.tif', 8, 'few'],
  ['grey_4bit.png', 4, 'few'],
  ['grey_2bit.png', 2, 'three'],
  ['f32.tif', 32, 'u16'],
  ['i64.tif', 32, 'u16'],
  ['u64_big_endian.tif', 32, 'u32'],
  ['u1.npy', 8, 'u8'],
  ['i2.npy', 16, 'i2'],
  ['u2.npy', 16, 'u16'],
  ['u2_big_endian.npy', 16, 'u16'],
  ['u2_fortran.npy', 16, 'u16'],
  ['u2_version_2.npy', 16, 'u16'],
  ['i4.npy', 32, 'u16'],
  ['i4_big_endian_fortran.npy', 32, 'u16'],
  ['u4.npy', 32, 'u32'],
  ['i8.npy', 32, 'u32'],
  ['u8_big_endian.npy', 32, 'u32'],
  ['one_layer.npy', 16, 'u16'],
])('%s has the labels its writer was given', (name, bits, labels) => {
  const image = decode(file(name));
  expect(image.bits).toBe(bits);
  expect(Array.from(image.labels)).toEqual(truth[labels]);
});

test.each([
  ['bad_rgb.png', 'label-image-not-grey', /RGB/],
  ['bad_rgb.tif', 'label-image-not-grey', /RGB/],
  ['bad_1bit.png', 'label-image-one-value', /1 bit per pixel.*own number/],
  ['bad_1bit.tif', 'label-image-one-value', /1 bit per pixel.*own number/],
  ['bad_bool.npy', 'label-image-one-value', /True and False.*own number/],
  ['bad_float.npy', 'label-image-float', /64-bit numbers are floating point.*astype/],
  ['bad_complex.npy', 'label-image-unsupported', /type <c8/],
  ['bad_records.npy', 'label-image-unsupported', /array of records/],
  [
    'bad_stack.npy',
    'label-image-stack',
    /\(7, 52, 70\): it is a stack of 7 arrays.*one array of height × width per image/,
  ],
  ['bad_rgb.npy', 'label-image-not-grey', /RGB/],
  ['bad_flat.npy', 'label-image-unsupported', /shape is \(3640\).*height × width/],
  ['bad_turned.npy', 'label-image-size', /turned/],
  ['bad_huge.npy', 'label-image-unsupported', /label 9223372036854775815; labels up to 4,294,967,295/],
  ['bad_pickle.npy', 'numpy-pickle', /pickle.*np\.save/],
  ['bad_size.tif', 'label-image-size', /69 × 52.*70 × 52/],
  ['bad_turned.tif', 'label-image-size', /turned/],
  ['bad_pages.tif', 'label-image-unsupported', /several pages/],
  ['bad_zstd.tif', 'label-image-unsupported', /Zstandard.*LZW or deflate/],
  ['bad_bigtiff.tif', 'label-image-unsupported', /BigTIFF/],
  ['labels.json', 'not-a-label-image', /neither/],
])('%s is refused with a reason and a remedy', (name, code, message) => {
  expect(() => decode(file(name))).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test.each([
  [2.5, /one of them is 2\.5; labels are whole numbers.*astype/],
  [Number.NaN, /one of them is NaN; labels are whole numbers.*astype/],
  [2 ** 25, /one of them is 33554432; above 16,777,216 such numbers are not exact.*astype/],
])('the floating point number %s is no label', (number, message) => {
  const bytes = file('f32.tif');
  new DataView(bytes.buffer, bytes.byteOffset).setFloat32(bytes.length - 4, number, true);
  const code = 'label-image-float';
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test.each([
  ['bad_full_palette.png', 'label-image-8-bit', /cut off/],
  ['bad_palette_without_background.png', 'label-image-not-grey', /palette.*index 0, the background/],
  ['bad_negative.npy', 'label-image-negative', /label -1/],
  ['bad_binary.png', 'label-image-8-bit', /black and white/],
  ['one_value_1_u8.png', 'label-image-one-value', /the value 1, in \d+ separate parts/],
  ['one_value_1_u16.png', 'label-image-one-value', /the value 1, in \d+ separate parts.*own number/],
  ['one_value_32768_u16.png', 'label-image-one-value', /32,768, which stands for white/],
  ['one_value_65535_u16.png', 'label-image-one-value', /65,535, which stands for white/],
  ['one_value_i32.tif', 'label-image-one-value', /the value 1/],
  ['one_value_max_i32.tif', 'label-image-one-value', /2,147,483,647, which stands for white/],
  ['one_value_i8.npy', 'label-image-one-value', /the value 1/],
  ['one_value_everywhere.png', 'label-image-one-value', /every pixel is 1/],
  ['classes.png', 'label-image-classes', /labels 2, 1, each in 24 or more/],
])('%s holds no labels: it is a picture, a mask or classes', (name, code, message) => {
  const image = decode(file(name));
  expect(() => checkLabels(image)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test.each([
  ['one_cell.png', { labels: 1, parts: 1 }],
  ['one_cell_in_two.png', { labels: 1, parts: 2 }],
  ['palette_1bit.png', { labels: 1, parts: 1 }],
  ['grey_2bit.png', { labels: 3, parts: 0 }],
  ['pillow_u16.png', { labels: 5, parts: 0 }],
])('%s may be a label image', (name, findings) => {
  expect(checkLabels(decode(file(name)))).toEqual(findings);
});

test.each([
  'pillow_u16.png',
  'lzw_predictor_u16.tif',
  'tiles_zlib_u32.tif',
  'plain_u16.tif',
  'packbits_u16.tif',
  'u2.npy',
])('%s cut off anywhere is refused, never read in part', (name) => {
  const whole = file(name);
  for (let length = 0; length < whole.length - 1; length += 1 + Math.floor(length / 40)) {
    let code = 'none';
    try {
      // what lies behind the pixels may be missing
      const { labels } = decode(whole.subarray(0, length));
      expect(Array.from(labels)).toEqual(truth[name.includes('u32') ? 'u32' : 'u16']);
    } catch (error) {
      code = (error as { code: string }).code;
      expect(code).toMatch(/^(label-image-|not-a-label-image)/);
    }
  }
});

test('with any bytes changed they are read or refused, and nothing is unpacked further than the image is large', () => {
  const names = [
    'pillow_u16.png',
    'palette_4bit.png',
    'lzw_predictor_u16.tif',
    'tiles_zlib_u32.tif',
    'u2.npy',
    'i8.npy',
  ];
  const files = names.map(file);
  fc.assert(
    fc.property(
      fc.nat(files.length - 1),
      // headers are at the beginning, and those of TIFF at the end
      fc.array(fc.tuple(fc.oneof(fc.nat(300), fc.integer({ min: -400, max: -1 })), fc.nat(255)), {
        minLength: 1,
        maxLength: 6,
      }),
      (k, changes) => {
        const bytes = Uint8Array.from(files[k]);
        for (const [at, value] of changes) bytes[at < 0 ? bytes.length + at : at] = value;
        let most = 0;
        try {
          const { labels } = decodeLabelImage(bytes, size, (data, limit) => {
            most = Math.max(most, limit);
            return inflateSync(data, { maxOutputLength: limit });
          });
          expect(labels).toHaveLength(size.width * size.height);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageProblem);
        }
        // a tile may be larger than its image, but not than any image
        expect(most).toBeLessThanOrEqual(8 * LIMITS.labelImagePixels);
      },
    ),
    { numRuns: 1000 },
  );
});

test('a header that lies about the size ends the matter before anything is unpacked', () => {
  const png = file('pillow_u16.png');
  new DataView(png.buffer).setUint32(16, 0xffffffff); // width
  let asked = false;
  expect(() =>
    decodeLabelImage(png, size, () => {
      asked = true;
      return new Uint8Array();
    }),
  ).toThrow(/4294967295 × 52/);
  expect(asked).toBe(false);
});

test('a data set with enormous images does not make room for enormous labels', () => {
  const png = file('pillow_u16.png');
  const view = new DataView(png.buffer);
  view.setUint32(16, 100_000);
  view.setUint32(20, 100_000);
  expect(() => decode(png, { width: 100_000, height: 100_000 })).toThrow(
    expect.objectContaining({ code: 'label-image-too-large' }),
  );
});

test('pixels that unpack to more than the header says are not unpacked', () => {
  const bomb = deflateSync(new Uint8Array(1 << 24));
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size.width);
  header.writeUInt32BE(size.height, 4);
  header[8] = 16;
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', bomb),
    chunk('IEND', new Uint8Array()),
  ]);
  expect(() => decode(png)).toThrow(/more pixels than its header says/);
});

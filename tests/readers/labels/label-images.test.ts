/** Label images as tifffile, Pillow and ImageJ's format write them (`tests/fixtures/labels/make.py`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodeLabelImage, type Inflate } from '#lib/readers/labels/label-images.ts';

const folder = join(import.meta.dirname, '../../fixtures/labels');
const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const truth = JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')) as Record<string, number[]> & {
  width: number;
  height: number;
};
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
])('%s has the labels its writer was given', (name, bits, labels) => {
  const image = decode(file(name));
  expect(image.bits).toBe(bits);
  expect(Array.from(image.labels)).toEqual(truth[labels]);
});

test.each([
  ['bad_rgb.png', 'label-image-not-grey', /RGB/],
  ['bad_rgb.tif', 'label-image-not-grey', /RGB/],
  ['bad_palette.png', 'label-image-not-grey', /palette/],
  ['bad_1bit.png', 'label-image-unsupported', /1 bit per pixel/],
  ['bad_float.tif', 'label-image-float', /floating point.*astype/],
  ['bad_size.tif', 'label-image-size', /69 × 52.*70 × 52/],
  ['bad_turned.tif', 'label-image-size', /turned/],
  ['bad_pages.tif', 'label-image-unsupported', /several pages/],
  ['bad_zstd.tif', 'label-image-unsupported', /Zstandard.*LZW or deflate/],
  ['bad_bigtiff.tif', 'label-image-unsupported', /BigTIFF/],
  ['labels.json', 'not-a-label-image', /neither/],
])('%s is refused with a reason and a remedy', (name, code, message) => {
  expect(() => decode(file(name))).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test.each(['pillow_u16.png', 'lzw_predictor_u16.tif', 'tiles_zlib_u32.tif', 'plain_u16.tif', 'packbits_u16.tif'])(
  '%s cut off anywhere is refused, never read in part',
  (name) => {
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
  },
);

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

/**
 * TIFF label images: one page of whole numbers (8, 16, 32 or 64 bits, signed or not, or as 32-bit floating point, which
 * QuPath and ImageJ write), grey or with a palette whose indices are the labels; either byte order, in strips or tiles, plain, LZW, deflate or PackBits, with or without horizontal
 * prediction.
 *
 * Why not a library: in a general decoder, the header of an untrusted file decides how much memory is used. All that
 * were tried (tiff, utif, geotiff) unpack a strip, a colour profile or a table of 2^32 entries before they check its
 * size, and take 10 to 50 ms for an image whose data unpack in 1. Here the data set gives the size of an image, and a
 * header that differs is refused before anything is allocated. The tests read files of 17 writers.
 *
 * Source: TIFF 6.0, sections 2, 5 (palettes), 9 (PackBits), 13 (LZW), 14 (prediction), 15 (tiles).
 */
import { thread } from '#lib/kernels/thread-state.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import {
  checkSize,
  type Inflate,
  type LabelImage,
  type Labels,
  narrowLabels,
  refuseColours,
  refuseDamaged,
  refuseFloats,
  refuseTruthValues,
  refuseUnsupported,
  type Size,
  wholeLabels,
} from './label-image.ts';

const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  sampleFormat: 339,
} as const;
const KNOWN_TAGS: ReadonlySet<number> = new Set(Object.values(TAG));

const NONE = 1;
const LZW = 5;
const DEFLATE = [8, 32946];
const PACK_BITS = 32773;
const COMPRESSIONS: Record<number, string> = {
  2: 'CCITT',
  3: 'CCITT',
  4: 'CCITT',
  6: 'JPEG',
  7: 'JPEG',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
};

/** The layout of the pixels according to the directory, checked. */
interface Layout extends Size {
  bits: 8 | 16 | 32 | 64;
  signed: boolean;
  /** 32-bit floating point */
  floats: boolean;
  little: boolean;
  compression: number;
  /** each row stores differences */
  differences: boolean;
  palette: boolean;
  whiteIsZero: boolean;
  tileWidth: number;
  tileHeight: number;
  /** offset of each strip or tile; strips are tiles as wide as the image */
  offsets: ArrayLike<number>;
  /** length of each; absent only if nothing is compressed */
  lengths: ArrayLike<number> | undefined;
}

/** Decode a TIFF of the expected size. @throws ImageProblem, or whatever `inflate` throws */
export function decodeTiff(bytes: Uint8Array, expected: Size, inflate: Inflate): LabelImage {
  const layout = readLayout(bytes, expected);
  const { width, height, tileWidth, tileHeight, compression, palette, whiteIsZero } = layout;
  const pixelBytes = layout.bits / 8;
  const wide = layout.bits === 64;
  // 64-bit numbers are collected as bytes and narrowed at the end
  const labels: Labels = wide ? new Uint8Array(8 * width * height) : newLabels(layout);
  const own = compression === LZW || compression === PACK_BITS;
  const unpacked = new Uint8Array(own ? tileWidth * tileHeight * pixelBytes : 0);
  const across = Math.ceil(width / tileWidth);
  const down = Math.ceil(height / tileHeight);
  for (let t = 0; t < across * down; t++) {
    const x = (t % across) * tileWidth;
    const y = Math.floor(t / across) * tileHeight;
    const rows = Math.min(tileHeight, height - y);
    // the last strip may be shorter; tiles should be complete, but some writers cut the last ones too
    const needed = tileWidth * rows * pixelBytes;
    const from = layout.offsets[t];
    const length = layout.lengths ? layout.lengths[t] : needed;
    if (from + length > bytes.length) refuseDamaged('it ends in the middle');
    const packed = bytes.subarray(from, from + length);
    let tile: Uint8Array;
    if (compression === NONE) tile = packed;
    else if (compression === LZW) tile = unpacked.subarray(0, unpackLzw(packed, unpacked));
    else if (compression === PACK_BITS) tile = unpacked.subarray(0, unpackPackBits(packed, unpacked));
    else tile = inflate(packed, tileWidth * tileHeight * pixelBytes);
    if (tile.length < needed) refuseDamaged('it holds fewer pixels than its header says');
    const columns = Math.min(tileWidth, width - x);
    for (let row = 0; row < rows; row++) {
      const start = row * tileWidth * pixelBytes;
      const to = (y + row) * width + x;
      if (wide) labels.set(tile.subarray(start, start + 8 * columns), 8 * to);
      else copyRow(layout, { tile, from: start, columns }, labels, to);
    }
  }
  const image: LabelImage = {
    width,
    height,
    bits: layout.bits === 64 ? 32 : layout.bits,
    labels: wide ? narrowLabels(labels as Uint8Array, layout) : labels,
  };
  if (layout.floats) image.labels = wholeLabels(new Float32Array(labels.buffer));
  if (palette) image.palette = true;
  if (whiteIsZero) image.whiteIsZero = true;
  return image;
}

function newLabels({ bits, signed, width, height }: Layout): Labels {
  const pixels = width * height;
  if (bits === 8) return signed ? new Int8Array(pixels) : new Uint8Array(pixels);
  if (bits === 16) return signed ? new Int16Array(pixels) : new Uint16Array(pixels);
  return signed ? new Int32Array(pixels) : new Uint32Array(pixels);
}

function readLayout(bytes: Uint8Array, expected: Size): Layout {
  const little = bytes[0] === 0x49;
  const tags = readDirectory(bytes, little, expected.width * expected.height);
  const one = (tag: number, otherwise?: number): number => {
    const [value = otherwise] = tags.get(tag) ?? [];
    return value ?? refuseDamaged('its header is incomplete');
  };

  checkSize({ width: one(TAG.width), height: one(TAG.height) }, expected);
  const { width, height } = expected;
  const samples = one(TAG.samples, 1);
  const photometric = one(TAG.photometric, 1);
  if (samples !== 1)
    refuseColours(samples === 3 || samples === 4 ? 'it is an RGB image' : `it has ${samples} channels`);
  const palette = photometric === 3;
  if (photometric > 1 && !palette) refuseColours('it is a colour image');
  const format = one(TAG.sampleFormat, 1);
  const bits = one(TAG.bits, 1);
  const floats = format === 3;
  if (floats && bits !== 32) refuseFloats(bits);
  if (!floats && format !== 1 && format !== 2 && format !== 4) refuseUnsupported(`it has sample format ${format}`);
  if (bits === 1) refuseTruthValues('it has 1 bit per pixel');
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64)
    return refuseUnsupported(`it has ${bits} bits per pixel`);
  const compression = one(TAG.compression, NONE);
  if (![NONE, LZW, ...DEFLATE, PACK_BITS].includes(compression)) {
    refuseUnsupported(
      `it is compressed with ${COMPRESSIONS[compression] ?? `method ${compression}`}`,
      'Write it uncompressed, or with LZW or deflate (zlib).',
    );
  }
  const predictor = one(TAG.predictor, 1);
  if (predictor !== 1 && predictor !== 2) refuseUnsupported(`it has predictor ${predictor}`);
  if (predictor === 2 && bits === 64) refuseUnsupported('its 64-bit numbers are stored as differences');
  if (one(TAG.fillOrder, 1) !== 1) refuseUnsupported('its bits are stored in reverse order');

  const tiled = tags.has(TAG.tileWidth);
  const tileWidth = tiled ? one(TAG.tileWidth) : width;
  const tileHeight = tiled ? one(TAG.tileHeight) : Math.min(one(TAG.rowsPerStrip, height), height);
  if (tileHeight < 1 || tileWidth < 1 || (tiled && (tileWidth % 16 || tileHeight % 16))) {
    refuseDamaged(`its ${tiled ? 'tiles are' : 'strips are'} ${tileWidth} × ${tileHeight} pixels`);
  }
  if (tileWidth * tileHeight > LIMITS.labelImagePixels) refuseDamaged('its tiles are larger than any image');
  const count = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  const offsets = tags.get(tiled ? TAG.tileOffsets : TAG.stripOffsets) ?? refuseDamaged('it has no pixels');
  const lengths = tags.get(tiled ? TAG.tileBytes : TAG.stripBytes);
  if (!lengths && compression !== NONE) refuseDamaged('it does not say how long its strips are');
  if (offsets.length < count || (lengths && lengths.length < count)) refuseDamaged('some of its strips are missing');
  return {
    width,
    height,
    bits,
    signed: format === 2,
    floats,
    little,
    compression,
    differences: predictor === 2,
    palette,
    whiteIsZero: photometric === 0,
    tileWidth,
    tileHeight,
    offsets,
    lengths,
  };
}

/** Read the numbers of the first directory's tags; tags that do not describe pixels are skipped. */
function readDirectory(bytes: Uint8Array, little: boolean, pixels: number): Map<number, number[] | Uint32Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) refuseDamaged('it ends in the middle');
  const start = view.getUint32(4, little);
  if (start + 2 > bytes.length) refuseDamaged('its directory lies behind its end');
  const count = view.getUint16(start, little);
  const end = start + 2 + 12 * count;
  if (end > bytes.length) refuseDamaged('its directory is cut off');
  const tags = new Map<number, number[] | Uint32Array>();
  for (let at = start + 2; at < end; at += 12) {
    const tag = view.getUint16(at, little);
    if (!KNOWN_TAGS.has(tag)) continue;
    const type = view.getUint16(at + 2, little);
    const n = view.getUint32(at + 4, little);
    const size = type === 3 ? 2 : type === 4 ? 4 : type === 1 ? 1 : refuseDamaged(`its tag ${tag} has type ${type}`);
    // even one strip or tile per pixel would be too many
    if (n === 0 || n > pixels) refuseDamaged(`its tag ${tag} has ${n.toLocaleString('en')} values`);
    const from = n * size <= 4 ? at + 8 : view.getUint32(at + 8, little);
    if (from + n * size > bytes.length) refuseDamaged(`its tag ${tag} lies behind its end`);
    const values = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      values[i] =
        size === 2
          ? view.getUint16(from + 2 * i, little)
          : size === 4
            ? view.getUint32(from + 4 * i, little)
            : bytes[from + i];
    }
    tags.set(tag, values);
  }
  if (end + 4 <= bytes.length && view.getUint32(end, little) !== 0)
    refuseUnsupported('it has several pages', 'Write one page per file.');
  return tags;
}

/**
 * Copy a row's numbers, or their running sums if the file stores differences; the array's type truncates sums to its
 * bits.
 */
function copyRow(
  { bits, little, differences }: Layout,
  { tile, from, columns }: { tile: Uint8Array; from: number; columns: number },
  labels: Labels,
  to: number,
): void {
  let p = from;
  if (bits === 8) labels.set(tile.subarray(from, from + columns), to);
  else if (bits === 16) {
    const [high, low] = little ? [1, 0] : [0, 1];
    for (let x = 0; x < columns; x++, p += 2) labels[to + x] = (tile[p + high] << 8) | tile[p + low];
  } else if (little) {
    for (let x = 0; x < columns; x++, p += 4)
      labels[to + x] = tile[p] | (tile[p + 1] << 8) | (tile[p + 2] << 16) | (tile[p + 3] << 24);
  } else {
    for (let x = 0; x < columns; x++, p += 4)
      labels[to + x] = (tile[p] << 24) | (tile[p + 1] << 16) | (tile[p + 2] << 8) | tile[p + 3];
  }
  if (differences) for (let x = to + 1; x < to + columns; x++) labels[x] += labels[x - 1];
}

/** The table of `unpackLzw`, used by one image at a time; the first 256 entries never change. */
class LzwTable {
  readonly prefix = new Uint16Array(4096);
  readonly last = new Uint8Array(4096);
  readonly first = new Uint8Array(4096);
  readonly length = new Uint16Array(4096);

  constructor() {
    for (let i = 0; i < 256; i++) {
      this.last[i] = this.first[i] = i;
      this.length[i] = 1;
    }
  }
}

const lzwTable = thread.keep(() => new LzwTable());

/**
 * Unpack TIFF's LZW: codes of 9 to 12 bits, highest bit first, that grow one code early. @returns bytes written, at
 * most `out`
 */
function unpackLzw(packed: Uint8Array, out: Uint8Array): number {
  const { prefix, last, first, length } = lzwTable.get();
  const CLEAR = 256;
  const END = 257;
  let buffer = 0;
  let have = 0;
  let width = 9;
  let next = 258;
  let before = -1;
  let at = 0;
  for (let p = 0; at < out.length; ) {
    while (have < width) {
      if (p >= packed.length) return at;
      buffer = ((buffer << 8) | packed[p++]) & 0xffffff;
      have += 8;
    }
    have -= width;
    const code = (buffer >> have) & ((1 << width) - 1);
    if (code === END) return at;
    if (code === CLEAR) {
      width = 9;
      next = 258;
      before = -1;
      continue;
    }
    if (before < 0) {
      if (code > 255) refuseDamaged('its LZW code is broken');
    } else {
      if (code > next || (code === next && next > 4095)) refuseDamaged('its LZW code is broken');
      if (next < 4096) {
        prefix[next] = before;
        first[next] = first[before];
        last[next] = code === next ? first[before] : first[code];
        length[next] = length[before] + 1;
        next++;
        if (next === (1 << width) - 1 && width < 12) width++;
      }
    }
    // written from end to beginning; bytes after the tile's end are dropped
    let c = code;
    let q = at + length[code] - 1;
    at = q + 1;
    for (; q >= out.length; q--) c = prefix[c];
    for (; c > 255; c = prefix[c]) out[q--] = last[c];
    out[q] = c;
    before = code;
  }
  return out.length;
}

function unpackPackBits(packed: Uint8Array, out: Uint8Array): number {
  let at = 0;
  for (let p = 0; p < packed.length && at < out.length; ) {
    const n = packed[p++];
    if (n < 128) {
      const run = packed.subarray(p, Math.min(p + n + 1, p + out.length - at));
      out.set(run, at);
      at += run.length;
      p += n + 1;
    } else if (n > 128) {
      out.fill(packed[p++], at, Math.min(at + 257 - n, out.length));
      at = Math.min(at + 257 - n, out.length);
    }
  }
  return at;
}

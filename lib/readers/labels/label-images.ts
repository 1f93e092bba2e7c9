/**
 * One label image, PNG or TIFF, from bytes to numbers: what the tools of the field write and nothing more. 8- and 16-bit
 * grey PNG; grey TIFF of 8, 16 or 32 bits, signed or not, either byte order, in strips or tiles, plain, LZW, deflate or
 * PackBits, with or without horizontal prediction.
 *
 * Why not a library: the header of a stranger's file decides how much memory a general decoder takes (all that were
 * tried unpack a strip, a colour profile or a table of 2^32 entries before they look at its size), and decoding takes
 * 10 to 50 ms for an image whose data unpack in 1. Here the data set says how large an image is, and a header that says
 * otherwise ends the matter before anything is allocated.
 *
 * Sources: PNG specification (third edition), sections 5, 9 and 10; TIFF 6.0, sections 2, 13 (LZW), 14 (prediction), 15 (tiles).
 */
import { LIMITS } from '#lib/readers/limits.ts';

/** Unpacks a zlib stream; throws when it is damaged or holds more than `most` bytes. */
export type Inflate = (data: Uint8Array, most: number) => Uint8Array;

export interface LabelImage {
  width: number;
  height: number;
  bits: 8 | 16 | 32;
  /** row by row from the top; negative numbers only from a signed TIFF */
  labels: Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array;
  /** the TIFF says that 0 is white: of no account for labels, but pictures mean it */
  whiteIsZero?: boolean;
}

/** What is wrong with one image; the reader adds which. */
export class ImageProblem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export type ImageKind = 'png' | 'tiff' | 'bigtiff';

/** What the first bytes are, or null when they begin no image that can be read. */
export function imageKind(bytes: Uint8Array): ImageKind | null {
  if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return 'png';
  const order = bytes[0] === 0x49 && bytes[1] === 0x49 ? 0 : bytes[0] === 0x4d && bytes[1] === 0x4d ? 1 : -1;
  if (order < 0) return null;
  const [low, high] = order === 0 ? [bytes[2], bytes[3]] : [bytes[3], bytes[2]];
  return high !== 0 ? null : low === 42 ? 'tiff' : low === 43 ? 'bigtiff' : null;
}

/**
 * @param expected the size of the image the labels belong to, in pixels
 * @throws ImageProblem
 */
export function decodeLabelImage(
  bytes: Uint8Array,
  expected: { width: number; height: number },
  inflate: Inflate,
): LabelImage {
  const kind = imageKind(bytes);
  if (kind === null) throw new ImageProblem('not-a-label-image', 'it is neither a PNG nor a TIFF image.');
  if (kind === 'bigtiff') unsupported('it is a BigTIFF', 'Write a classic TIFF or a PNG.');
  try {
    return kind === 'png' ? decodePng(bytes, expected, inflate) : decodeTiff(bytes, expected, inflate);
  } catch (error) {
    if (error instanceof ImageProblem) throw error;
    // what zlib says
    const { code, message } = error as NodeJS.ErrnoException;
    return damaged(code === 'ERR_BUFFER_TOO_LARGE' ? 'it holds more pixels than its header says' : message);
  }
}

function damaged(why: string): never {
  throw new ImageProblem('label-image-damaged', `the image is damaged: ${why}. Write it again.`);
}

function unsupported(what: string, remedy = 'Write 16-bit grey PNG, or 16- or 32-bit grey TIFF.'): never {
  throw new ImageProblem('label-image-unsupported', `${what}, which is not read here. ${remedy}`);
}

function checkSize(width: number, height: number, expected: { width: number; height: number }): void {
  if (width === expected.width && height === expected.height) {
    if (width * height <= LIMITS.labelImagePixels) return;
    throw new ImageProblem(
      'label-image-too-large',
      `it has ${(width * height).toLocaleString('en')} pixels; at most ${LIMITS.labelImagePixels.toLocaleString('en')} are read. Send COCO results instead.`,
    );
  }
  const turned = width === expected.height && height === expected.width;
  throw new ImageProblem(
    'label-image-size',
    `it is ${width} × ${height} pixels (width × height), but the image is ${expected.width} × ${expected.height}. ${turned ? 'It is turned: exchange rows and columns.' : 'Write labels at the original size, not resized, cropped or padded.'}`,
  );
}

function notGrey(what: string): never {
  throw new ImageProblem(
    'label-image-not-grey',
    `${what}. Write the label numbers themselves as a grey image of 16 bits, not a picture of them.`,
  );
}

// --- PNG ---

function decodePng(bytes: Uint8Array, expected: { width: number; height: number }, inflate: Inflate): LabelImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let bits = 0;
  let ended = false;
  for (let at = 8; !ended; ) {
    if (at + 12 > bytes.length) damaged('it ends in the middle');
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (at + 12 + length > bytes.length) damaged('it ends in the middle');
    const body = at + 8;
    if (bits === 0) {
      if (type !== 0x49484452 /* IHDR */ || length !== 13) damaged('it does not begin with a header');
      bits = checkPngHeader(view, body, expected);
    } else if (type === 0x49444154 /* IDAT */) data.push(bytes.subarray(body, body + length));
    else if (type === 0x49454e44 /* IEND */) ended = true;
    at += 12 + length;
  }
  const { width, height } = expected;
  const pixelBytes = bits / 8;
  const rowBytes = width * pixelBytes;
  const rows = inflate(join(data), (rowBytes + 1) * height);
  if (rows.length !== (rowBytes + 1) * height) damaged('it holds fewer pixels than its header says');
  unfilter(rows, rowBytes, height, pixelBytes);
  if (bits === 8) {
    const labels = new Uint8Array(width * height);
    for (let y = 0; y < height; y++)
      labels.set(rows.subarray(y * (rowBytes + 1) + 1, (y + 1) * (rowBytes + 1)), y * width);
    return { width, height, bits: 8, labels };
  }
  const labels = new Uint16Array(width * height);
  for (let y = 0, p = 0, out = 0; y < height; y++) {
    p++; // the row's filter
    for (const end = out + width; out < end; p += 2) labels[out++] = (rows[p] << 8) | rows[p + 1];
  }
  return { width, height, bits: 16, labels };
}

/** @returns bits per pixel, 8 or 16 */
function checkPngHeader(view: DataView, at: number, expected: { width: number; height: number }): number {
  checkSize(view.getUint32(at), view.getUint32(at + 4), expected);
  const depth = view.getUint8(at + 8);
  const colour = view.getUint8(at + 9);
  if (colour === 2 || colour === 6) notGrey('it is an RGB image');
  if (colour === 3) notGrey('it is an image with a palette');
  if (colour === 4) notGrey('it is a grey image with transparency');
  if (colour !== 0) damaged(`its header has colour type ${colour}`);
  if (depth === 1 || depth === 2 || depth === 4) unsupported(`it has ${depth} bit${depth > 1 ? 's' : ''} per pixel`);
  if (depth !== 8 && depth !== 16) damaged(`its header has ${depth} bits per pixel`);
  if (view.getUint8(at + 10) !== 0 || view.getUint8(at + 11) !== 0) damaged('its header has an unknown compression');
  if (view.getUint8(at + 12) !== 0) unsupported('it is interlaced', 'Write it without interlacing.');
  return depth;
}

function join(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Each row begins with its filter; `b` bytes make a pixel. */
function unfilter(rows: Uint8Array, rowBytes: number, height: number, b: number): void {
  const zeros = new Uint8Array(rowBytes);
  let up: Uint8Array = zeros;
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1);
    const row = rows.subarray(from + 1, from + 1 + rowBytes);
    switch (rows[from]) {
      case 0:
        break;
      case 1:
        for (let i = b; i < rowBytes; i++) row[i] += row[i - b];
        break;
      case 2:
        for (let i = 0; i < rowBytes; i++) row[i] += up[i];
        break;
      case 3:
        for (let i = 0; i < b; i++) row[i] += up[i] >> 1;
        for (let i = b; i < rowBytes; i++) row[i] += (row[i - b] + up[i]) >> 1;
        break;
      case 4:
        for (let i = 0; i < b; i++) row[i] += up[i];
        for (let i = b; i < rowBytes; i++) {
          const left = row[i - b];
          const above = up[i];
          const corner = up[i - b];
          // inside a cell and outside of all, two of them are equal: no need to ask which is nearest
          row[i] += above === corner ? left : left === corner ? above : paeth(left, above, corner);
        }
        break;
      default:
        damaged(`row ${y + 1} has an unknown filter`);
    }
    up = row;
  }
}

/** Which of left, above and above-left is nearest to left + above - above-left. */
function paeth(a: number, b: number, c: number): number {
  const pa = b > c ? b - c : c - b;
  const pb = a > c ? a - c : c - a;
  const sum = a + b - 2 * c;
  const pc = sum < 0 ? -sum : sum;
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

// --- TIFF ---

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

function decodeTiff(bytes: Uint8Array, expected: { width: number; height: number }, inflate: Inflate): LabelImage {
  const little = bytes[0] === 0x49;
  const tags = readDirectory(bytes, little, expected.width * expected.height);
  const one = (tag: number, otherwise?: number): number => {
    const [value = otherwise] = tags.get(tag) ?? [];
    return value ?? damaged('its header is incomplete');
  };

  checkSize(one(TAG.width), one(TAG.height), expected);
  const { width, height } = expected;
  const samples = one(TAG.samples, 1);
  const photometric = one(TAG.photometric, 1);
  if (photometric === 3) notGrey('it is an image with a palette');
  if (samples !== 1) notGrey(samples === 3 || samples === 4 ? 'it is an RGB image' : `it has ${samples} channels`);
  if (photometric > 1) notGrey('it is a colour image');
  const format = one(TAG.sampleFormat, 1);
  const bits = one(TAG.bits, 1);
  if (format === 3) {
    throw new ImageProblem(
      'label-image-float',
      `its ${bits}-bit numbers are floating point; labels are whole numbers. Write astype(np.uint16) or np.int32.`,
    );
  }
  if (format !== 1 && format !== 2 && format !== 4) unsupported(`it has sample format ${format}`);
  if (bits !== 8 && bits !== 16 && bits !== 32) unsupported(`it has ${bits} bits per pixel`);
  const compression = one(TAG.compression, NONE);
  if (![NONE, LZW, ...DEFLATE, PACK_BITS].includes(compression)) {
    unsupported(
      `it is compressed with ${COMPRESSIONS[compression] ?? `method ${compression}`}`,
      'Write it uncompressed, or with LZW or deflate (zlib).',
    );
  }
  const predictor = one(TAG.predictor, 1);
  if (predictor !== 1 && predictor !== 2) unsupported(`it has predictor ${predictor}`);
  if (one(TAG.fillOrder, 1) !== 1) unsupported('its bits are stored in reverse order');

  // strips are tiles as wide as the image
  const tiled = tags.has(TAG.tileWidth);
  const tileWidth = tiled ? one(TAG.tileWidth) : width;
  const tileHeight = tiled ? one(TAG.tileHeight) : Math.min(one(TAG.rowsPerStrip, height), height);
  if (tileHeight < 1 || tileWidth < 1 || (tiled && (tileWidth % 16 || tileHeight % 16)))
    damaged(`its ${tiled ? 'tiles are' : 'strips are'} ${tileWidth} × ${tileHeight} pixels`);
  if (tileWidth * tileHeight > LIMITS.labelImagePixels) damaged('its tiles are larger than any image');
  const across = Math.ceil(width / tileWidth);
  const down = Math.ceil(height / tileHeight);
  const offsets = tags.get(tiled ? TAG.tileOffsets : TAG.stripOffsets) ?? damaged('it has no pixels');
  const lengths = tags.get(tiled ? TAG.tileBytes : TAG.stripBytes);
  if (!lengths && compression !== NONE) damaged('it does not say how long its strips are');
  if (offsets.length < across * down || (lengths && lengths.length < across * down))
    damaged('some of its strips are missing');

  const pixelBytes = bits / 8;
  const signed = format === 2;
  const labels = new (
    bits === 8
      ? signed
        ? Int8Array
        : Uint8Array
      : bits === 16
        ? signed
          ? Int16Array
          : Uint16Array
        : signed
          ? Int32Array
          : Uint32Array
  )(width * height);
  const unpacked = new Uint8Array(
    compression === LZW || compression === PACK_BITS ? tileWidth * tileHeight * pixelBytes : 0,
  );
  for (let t = 0; t < across * down; t++) {
    const x0 = (t % across) * tileWidth;
    const y0 = Math.floor(t / across) * tileHeight;
    const rows = Math.min(tileHeight, height - y0);
    const whole = tileWidth * tileHeight * pixelBytes;
    // the last strip may be shorter, tiles are whole; some writers cut the last ones all the same
    const needed = tileWidth * rows * pixelBytes;
    const from = offsets[t];
    const length = lengths ? lengths[t] : needed;
    if (from + length > bytes.length) damaged('it ends in the middle');
    const packed = bytes.subarray(from, from + length);
    let tile: Uint8Array;
    if (compression === NONE) tile = packed;
    else if (compression === LZW) tile = unpacked.subarray(0, unpackLzw(packed, unpacked));
    else if (compression === PACK_BITS) tile = unpacked.subarray(0, unpackPackBits(packed, unpacked));
    else tile = inflate(packed, whole);
    if (tile.length < needed) damaged('it holds fewer pixels than its header says');
    const columns = Math.min(tileWidth, width - x0);
    for (let y = 0; y < rows; y++)
      copyRow(tile, y * tileWidth * pixelBytes, columns, bits, little, predictor === 2, labels, (y0 + y) * width + x0);
  }
  return { width, height, bits, labels, ...(photometric === 0 && { whiteIsZero: true }) };
}

/** The numbers of the first directory's tags; tags that say nothing about pixels are passed over. */
function readDirectory(bytes: Uint8Array, little: boolean, pixels: number): Map<number, number[] | Uint32Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) damaged('it ends in the middle');
  const start = view.getUint32(4, little);
  if (start + 2 > bytes.length) damaged('its directory lies behind its end');
  const count = view.getUint16(start, little);
  const end = start + 2 + 12 * count;
  if (end > bytes.length) damaged('its directory is cut off');
  const tags = new Map<number, number[] | Uint32Array>();
  for (let at = start + 2; at < end; at += 12) {
    const tag = view.getUint16(at, little);
    if (!KNOWN_TAGS.has(tag)) continue;
    const type = view.getUint16(at + 2, little);
    const n = view.getUint32(at + 4, little);
    const size = type === 3 ? 2 : type === 4 ? 4 : type === 1 ? 1 : damaged(`its tag ${tag} has type ${type}`);
    // one strip or tile per pixel would be too many already
    if (n === 0 || n > pixels) damaged(`its tag ${tag} has ${n.toLocaleString('en')} values`);
    const from = n * size <= 4 ? at + 8 : view.getUint32(at + 8, little);
    if (from + n * size > bytes.length) damaged(`its tag ${tag} lies behind its end`);
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
    unsupported('it has several pages', 'Write one page per file.');
  return tags;
}

/** A row's numbers, and their sums where the file holds differences; the array's type cuts sums to its bits. */
function copyRow(
  tile: Uint8Array,
  from: number,
  columns: number,
  bits: number,
  little: boolean,
  differences: boolean,
  labels: LabelImage['labels'],
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

const lzw = {
  prefix: new Uint16Array(4096),
  last: new Uint8Array(4096),
  first: new Uint8Array(4096),
  length: new Uint16Array(4096),
};
for (let i = 0; i < 256; i++) {
  lzw.last[i] = lzw.first[i] = i;
  lzw.length[i] = 1;
}

/** TIFF's LZW: codes of 9 to 12 bits, highest bit first, that grow one code early. @returns bytes written, at most `out` */
function unpackLzw(packed: Uint8Array, out: Uint8Array): number {
  const { prefix, last, first, length } = lzw;
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
      if (code > 255) damaged('its LZW code is broken');
    } else {
      if (code > next || (code === next && next > 4095)) damaged('its LZW code is broken');
      if (next < 4096) {
        prefix[next] = before;
        first[next] = first[before];
        last[next] = code === next ? first[before] : first[code];
        length[next] = length[before] + 1;
        next++;
        if (next === (1 << width) - 1 && width < 12) width++;
      }
    }
    // from the end to the beginning; what would stand behind the tile's end is left out
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

/**
 * PNG label images: grey of 2, 4, 8 or 16 bits, and palettes, whose indices are the labels.
 *
 * Why not a library: in a general decoder, the header of an untrusted file decides how much memory is used. fast-png
 * and pngjs unpack the pixels before they check the size; here the data set gives the size of an image, and a header
 * that differs is refused before anything is allocated. Decoding also takes about as long as zlib needs to unpack.
 *
 * Source: PNG specification (third edition), sections 5, 9 and 10.
 */
import {
  checkSize,
  type Inflate,
  type LabelImage,
  refuseColours,
  refuseDamaged,
  refuseTruthValues,
  refuseUnsupported,
  type Size,
} from './label-image.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const [IHDR, IDAT, IEND] = [0x49484452, 0x49444154, 0x49454e44];

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Decode a PNG of the expected size. @throws ImageProblem, or whatever `inflate` throws */
export function decodePng(bytes: Uint8Array, expected: Size, inflate: Inflate): LabelImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let header: { bits: LabelImage['bits']; palette: boolean } | null = null;
  for (let at = 8, ended = false; !ended; ) {
    if (at + 12 > bytes.length) refuseDamaged('it ends in the middle');
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (at + 12 + length > bytes.length) refuseDamaged('it ends in the middle');
    const body = at + 8;
    if (header === null) {
      if (type !== IHDR || length !== 13) refuseDamaged('it does not begin with a header');
      header = readHeader(view, body, expected);
    } else if (type === IDAT) data.push(bytes.subarray(body, body + length));
    else if (type === IEND) ended = true;
    at += 12 + length;
  }
  if (header === null) return refuseDamaged('it ends in the middle');
  const { width, height } = expected;
  const { bits, palette } = header;
  const rowBytes = Math.ceil((width * bits) / 8);
  const rows = inflate(join(data), (rowBytes + 1) * height);
  if (rows.length !== (rowBytes + 1) * height) refuseDamaged('it holds fewer pixels than its header says');
  undoFilters(rows, { rowBytes, height, pixelBytes: Math.max(1, bits >> 3) });
  const labels = bits === 16 ? labelsOf16Bits(rows, expected) : labelsOfBits(rows, expected, bits);
  return palette ? { width, height, bits, labels, palette } : { width, height, bits, labels };
}

function readHeader(view: DataView, at: number, expected: Size): { bits: LabelImage['bits']; palette: boolean } {
  checkSize({ width: view.getUint32(at), height: view.getUint32(at + 4) }, expected);
  const bits = view.getUint8(at + 8);
  const colour = view.getUint8(at + 9);
  if (colour === 2 || colour === 6) refuseColours('it is an RGB image');
  if (colour === 4) refuseColours('it is a grey image with transparency');
  if (colour !== 0 && colour !== 3) refuseDamaged(`its header has colour type ${colour}`);
  const palette = colour === 3;
  if (bits === 1 && !palette) refuseTruthValues('it has 1 bit per pixel');
  const known = bits === 1 || bits === 2 || bits === 4 || bits === 8 || (bits === 16 && !palette);
  if (!known) return refuseDamaged(`its header has ${bits} bits per pixel`);
  if (view.getUint8(at + 10) !== 0 || view.getUint8(at + 11) !== 0) {
    refuseDamaged('its header has an unknown compression');
  }
  if (view.getUint8(at + 12) !== 0) refuseUnsupported('it is interlaced', 'Write it without interlacing.');
  return { bits, palette };
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

function labelsOf16Bits(rows: Uint8Array, { width, height }: Size): Uint16Array {
  const labels = new Uint16Array(width * height);
  for (let y = 0, p = 0, out = 0; y < height; y++) {
    p++; // skip the row's filter
    for (const end = out + width; out < end; p += 2) labels[out++] = (rows[p] << 8) | rows[p + 1];
  }
  return labels;
}

/** Unpack labels of 8 bits or fewer; the first label of a byte is in its highest bits. */
function labelsOfBits(rows: Uint8Array, { width, height }: Size, bits: number): Uint8Array {
  const labels = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * bits) / 8);
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1) + 1;
    if (bits === 8) labels.set(rows.subarray(from, from + rowBytes), y * width);
    else {
      const mask = (1 << bits) - 1;
      for (let x = 0; x < width; x++) {
        const bit = x * bits;
        labels[y * width + x] = (rows[from + (bit >> 3)] >> (8 - bits - (bit & 7))) & mask;
      }
    }
  }
  return labels;
}

/** Undo each row's filter, in place. */
function undoFilters(
  rows: Uint8Array,
  { rowBytes, height, pixelBytes }: { rowBytes: number; height: number; pixelBytes: number },
): void {
  const zeros = new Uint8Array(rowBytes);
  let up: Uint8Array = zeros;
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1);
    const row = rows.subarray(from + 1, from + 1 + rowBytes);
    switch (rows[from]) {
      case 0:
        break;
      case 1:
        for (let i = pixelBytes; i < rowBytes; i++) row[i] += row[i - pixelBytes];
        break;
      case 2:
        for (let i = 0; i < rowBytes; i++) row[i] += up[i];
        break;
      case 3:
        for (let i = 0; i < pixelBytes; i++) row[i] += up[i] >> 1;
        for (let i = pixelBytes; i < rowBytes; i++) row[i] += (row[i - pixelBytes] + up[i]) >> 1;
        break;
      case 4:
        for (let i = 0; i < pixelBytes; i++) row[i] += up[i];
        for (let i = pixelBytes; i < rowBytes; i++) {
          const left = row[i - pixelBytes];
          const above = up[i];
          const corner = up[i - pixelBytes];
          // inside a cell, and outside all cells, two of them are equal: no need to compute the nearest
          row[i] += above === corner ? left : left === corner ? above : nearest(left, above, corner);
        }
        break;
      default:
        refuseDamaged(`row ${y + 1} has an unknown filter`);
    }
    up = row;
  }
}

/** Return whichever of left, above and corner is nearest to left + above − corner (the Paeth predictor). */
function nearest(left: number, above: number, corner: number): number {
  const byLeft = above > corner ? above - corner : corner - above;
  const byAbove = left > corner ? left - corner : corner - left;
  const sum = left + above - 2 * corner;
  const byCorner = sum < 0 ? -sum : sum;
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

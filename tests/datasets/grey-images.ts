/** Grey images as bytes, to read in tests. */
import { encode } from 'fast-png';

export interface Grey {
  width: number;
  height: number;
  pixels: Uint8Array;
}

export function pngOf({ width, height, pixels }: Grey, colorType: 0 | 2 = 0): Uint8Array {
  const data = colorType === 0 ? pixels : Uint8Array.from([...pixels].flatMap((value) => [value, value, value]));
  return encode({ width, height, data, channels: colorType === 0 ? 1 : 3, depth: 8 });
}

/** As LIVECell's files are: 8 bits, LZW with horizontal prediction, here in one strip. */
export function tiffOf({ width, height, pixels }: Grey, photometric: 0 | 1 = 1): Uint8Array {
  const differences = pixels.map((value, p) => (p % width === 0 ? value : value - pixels[p - 1]));
  const strip = lzw(differences);
  const tags: [tag: number, value: number][] = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 5],
    [262, photometric],
    [273, 8],
    [277, 1],
    [278, height],
    [279, strip.length],
    [317, 2],
  ];
  const bytes = new Uint8Array(8 + strip.length + 2 + 12 * tags.length + 4);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, 8 + strip.length, true);
  bytes.set(strip, 8);
  let at = 8 + strip.length;
  view.setUint16(at, tags.length, true);
  at += 2;
  for (const [tag, value] of tags) {
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, 4, true);
    view.setUint32(at + 4, 1, true);
    view.setUint32(at + 8, value, true);
    at += 12;
  }
  return bytes;
}

/** Every byte as a code of its own; the table is cleared before codes would grow to ten bits. */
function lzw(bytes: Uint8Array): Uint8Array {
  const codes = [...bytes].flatMap((byte, i) => (i % 200 === 0 ? [256, byte] : [byte]));
  const bits = [...codes, 257].map((code) => code.toString(2).padStart(9, '0')).join('');
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    Number.parseInt(bits.slice(8 * i, 8 * i + 8).padEnd(8, '0'), 2),
  );
}

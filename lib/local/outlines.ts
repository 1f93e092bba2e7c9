/** Draws the outlines of one image's detections as pixels. */
import { maskOf, type Predictions } from '#lib/coco/dataset.ts';

/** Colours of neighbouring cells, red, green, blue (Okabe and Ito's palette, without black). */
const COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
] as const;

interface Size {
  width: number;
  height: number;
}

/**
 * Return the outlines as RGBA, transparent elsewhere: [height × width × 4]. A detection without pixels is drawn as its
 * box.
 *
 * A mask is the list of its intervals in pixels counted column by column (`lib/coco/rle.ts`); a pixel is on the outline
 * if one of its four neighbours is not in the mask.
 *
 * @param image its number in the data set
 */
export function drawOutlines(
  { detections, groups }: Pick<Predictions, 'detections' | 'groups'>,
  image: number,
  size: Size,
): Uint8ClampedArray<ArrayBuffer> {
  const { width, height } = size;
  const pixels = new Uint8ClampedArray(4 * width * height);
  const inside = new Uint8Array(width * height);
  for (let d = 0; d < detections.count; d++) {
    const of = detections.image[d];
    if (of !== image && !(of < 0 && groups[-1 - of].includes(image))) continue;
    const paint = (x: number, y: number): void => {
      const to = 4 * (y * width + x);
      pixels.set(COLOURS[d % COLOURS.length], to);
      pixels[to + 3] = 255;
    };
    const { data, from, to } = maskOf(detections, d);
    if (from === to) {
      paintBox(detections.box.subarray(4 * d, 4 * d + 4), size, paint);
      continue;
    }
    for (let k = from; k < to; k += 2) inside.fill(1, data[k], data[k + 1]);
    for (let k = from; k < to; k += 2) {
      for (let at = data[k]; at < data[k + 1]; at++) {
        const y = at % height;
        const x = (at - y) / height;
        const onEdge = x === 0 || x === width - 1 || y === 0 || y === height - 1;
        const surrounded = !onEdge && inside[at - 1] && inside[at + 1] && inside[at - height] && inside[at + height];
        if (!surrounded) paint(x, y);
      }
    }
    for (let k = from; k < to; k += 2) inside.fill(0, data[k], data[k + 1]);
  }
  return pixels;
}

/** @param box x, y, width, height in pixels */
function paintBox([x, y, w, h]: Float64Array, size: Size, paint: (x: number, y: number) => void): void {
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most - 1, Math.round(value)));
  const [left, right] = [clamp(x, size.width), clamp(x + w - 1, size.width)];
  const [top, bottom] = [clamp(y, size.height), clamp(y + h - 1, size.height)];
  for (let column = left; column <= right; column++) for (const row of [top, bottom]) paint(column, row);
  for (let row = top; row <= bottom; row++) for (const column of [left, right]) paint(column, row);
}

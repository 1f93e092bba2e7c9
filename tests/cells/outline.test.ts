/** Outlines as anyone can draw them by hand, and their areas against the pixels of random masks. */
import { expect, test } from 'vitest';
import { traceOutline } from '#lib/cells/outline.ts';
import { appendIntervals, IntervalBuffer, maskArea, maskBox } from '#lib/coco/rle.ts';
import { seededRandom } from '#lib/stats/random.ts';

/** The outline of pixels drawn as rows of text: `#` is the mask. */
function outline(...rows: string[]): number[][] {
  const [height, width] = [rows.length, rows[0].length];
  const pixels = Array.from({ length: height * width }, (_, at) => rows[at % height][Math.floor(at / height)] === '#');
  return trace(pixels, height, width).rings;
}

function trace(pixels: boolean[], height: number, width: number) {
  const counts = [0];
  pixels.forEach((is, at) => {
    if (is !== (at === 0 ? false : pixels[at - 1])) counts.push(0);
    counts[counts.length - 1]++;
  });
  const buffer = new IntervalBuffer();
  appendIntervals(counts, counts.length, buffer);
  const box = new Float64Array(4);
  const mask = { data: buffer.data, from: 0, to: buffer.length };
  maskBox(mask, { height, width, hadForegroundRuns: false }, box, 0);
  const [x, y, w, h] = box;
  const rings = traceOutline(mask, height, [x, y, x + w, y + h]);
  return { rings, area: maskArea(buffer.data, 0, buffer.length) };
}

/** In pixels; holes count against. */
function area(ring: number[]): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    twice += ring[i] * ring[j + 1] - ring[j] * ring[i + 1];
  }
  return twice / 8;
}

test('a pixel is a diamond through the middles of its edges', () => {
  expect(outline('...', '.#.', '...')).toEqual([[3, 2, 4, 3, 3, 4, 2, 3]]);
});

test('a rectangle at the image’s edge, without points on its straight sides', () => {
  expect(outline('####', '####', '....')).toEqual([[1, 0, 7, 0, 8, 1, 8, 3, 7, 4, 1, 4, 0, 3, 0, 1]]);
});

test('a slanted border is straight', () => {
  const [ring] = outline('...#', '..##', '.###', '####');
  expect(ring.slice(-4)).toEqual([0, 7, 6, 1]);
});

test('parts and holes each have an outline; a hole turns the other way', () => {
  const rings = outline('#####..', '#...#..', '#.#.#.#', '#...#..', '#####..');
  expect(rings.map((ring) => Math.sign(area(ring)))).toEqual([1, 1, 1, -1]);
});

test('pixels that touch at a corner are two parts', () => {
  expect(outline('#.', '.#')).toHaveLength(2);
});

test('every border pixel of random masks is gone around once: the area is that of the pixels less their corners', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 200; round++) {
    const [height, width] = [1 + Math.floor(random() * 12), 1 + Math.floor(random() * 12)];
    const pixels = Array.from({ length: height * width }, () => random() < 0.6);
    if (!pixels.includes(true)) continue;
    const { rings, area: pixelArea } = trace(pixels, height, width);
    // each convex corner cuts an eighth of a pixel off, each concave one adds as much: four more of those per part
    const parts = rings.filter((ring) => area(ring) > 0).length;
    const total = rings.reduce((sum, ring) => sum + area(ring), 0);
    expect(total).toBeCloseTo(pixelArea - (4 * parts - 4 * (rings.length - parts)) / 8, 9);
  }
});

/**
 * Pictures of demo cells that look like phase contrast: an unevenly lit grey field, a bright halo around every cell, a
 * dark rim inside it, and a mottled interior. Everything follows from one distance per pixel, that to the nearest
 * border, so a picture costs the same whatever its number of cells.
 */
import { appendPolygons } from '#lib/coco/polygon.ts';
import { IntervalBuffer } from '#lib/coco/rle.ts';
import { thread } from '#lib/kernels/thread-state.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import { seededRandom } from '#lib/stats/random.ts';

/** Optical appearance, in grey values on a field of 128; negative is darker than the field. */
interface Optics {
  halo: number;
  rim: number;
  inside: number;
  /** how much the interior varies */
  mottle: number;
  /** variation of single cells around `inside` */
  spread: number;
  nucleus: number;
}

/** Flat cells hardly differ from the field; round ones shine. */
const OPTICS: Record<CellType, Optics> = {
  A172: { halo: 22, rim: -34, inside: -6, mottle: 20, spread: 5, nucleus: -14 },
  BT474: { halo: 40, rim: -44, inside: 2, mottle: 26, spread: 9, nucleus: -16 },
  BV2: { halo: 52, rim: -58, inside: 34, mottle: 22, spread: 16, nucleus: 0 },
  Huh7: { halo: 30, rim: -38, inside: -2, mottle: 24, spread: 6, nucleus: -20 },
  MCF7: { halo: 42, rim: -46, inside: 8, mottle: 26, spread: 10, nucleus: -12 },
  SHSY5Y: { halo: 44, rim: -48, inside: 6, mottle: 22, spread: 12, nucleus: -14 },
  SkBr3: { halo: 58, rim: -60, inside: 40, mottle: 26, spread: 16, nucleus: 0 },
  SKOV3: { halo: 18, rim: -30, inside: -8, mottle: 18, spread: 4, nucleus: -18 },
};

interface PaintedCell {
  ring: readonly (readonly [x: number, y: number])[];
  x: number;
  y: number;
  radius: number;
}

/** Grey values [height × width], row by row. */
interface Picture {
  pixels: Uint8Array;
  width: number;
  height: number;
}

const FIELD = 128;
/** maximum distance, in fifths of a pixel, as a chamfer of 5 and 7 measures it */
const FAR = 90;
const TILE = 256;

/** Smooth and fine noise, generated once: mean 0, deviation about 1. */
const tiles = thread.keep(() => ({ smooth: smoothNoise(seededRandom(1)), fine: fineNoise(seededRandom(2)) }));

/** Paint cells. @returns grey values [height × width], row by row; the same for the same random numbers */
export function paintPicture(
  type: CellType,
  cells: readonly PaintedCell[],
  { width, height }: { width: number; height: number },
  random: () => number,
): Uint8Array<ArrayBuffer> {
  const { smooth, fine } = tiles.get();
  const optics = OPTICS[type];
  const owner = ownersOf(cells, width, height);
  const distance = distances(owner, width, height);
  const bright = Float32Array.from(cells, () => optics.inside + optics.spread * (random() + random() - 1) * 1.7);

  const outer = new Float32Array(FAR + 1);
  const rim = new Float32Array(FAR + 1);
  const middle = new Float32Array(FAR + 1);
  for (let d = 0; d <= FAR; d++) {
    const pixels = d / 5;
    // the halo is brightest just outside, and fades into a faint dark ring
    outer[d] = optics.halo * Math.exp(-pixels / 2.6) - 0.16 * optics.halo * Math.exp(-(((pixels - 9) / 4) ** 2));
    rim[d] = optics.rim * Math.exp(-(((pixels - 0.7) / 1.3) ** 2));
    middle[d] = 1 - Math.exp(-pixels / 2.2);
  }

  const pixels = new Uint8Array(width * height);
  const [shiftX, shiftY] = [Math.floor(random() * TILE), Math.floor(random() * TILE)];
  const start = Math.floor(random() * TILE * TILE);
  const [tiltX, tiltY] = [12 * (random() - 0.5), 12 * (random() - 0.5)];
  const mottle = optics.mottle / 2;
  for (let y = 0, p = 0; y < height; y++) {
    const row = ((y + shiftY) & (TILE - 1)) * TILE;
    const slow = (((y >> 2) + shiftX) & (TILE - 1)) * TILE;
    const lit = FIELD + tiltY * (y / height - 0.5);
    for (let x = 0; x < width; x++, p++) {
      const cell = owner[p] - 1;
      const d = distance[p];
      let value =
        lit +
        tiltX * (x / width - 0.5) +
        2.4 * smooth[slow + (((x >> 2) + shiftY) & (TILE - 1))] +
        3.2 * fine[(start + p * 7) & (TILE * TILE - 1)];
      if (cell < 0) value += outer[d];
      else value += rim[d] + middle[d] * (bright[cell] + mottle * smooth[row + ((x + shiftX) & (TILE - 1))]);
      pixels[p] = Math.min(255, Math.max(0, value));
    }
  }
  if (optics.nucleus !== 0)
    for (const cell of cells) paintNucleus({ pixels, width, height }, cell, optics.nucleus, random);
  return pixels;
}

/** Return, for each pixel, 1 + the cell it belongs to, 0 for none; of overlapping cells the later one is on top. */
function ownersOf(cells: readonly PaintedCell[], width: number, height: number): Uint16Array {
  const owner = new Uint16Array(width * height);
  const mask = new IntervalBuffer();
  cells.forEach(({ ring }, index) => {
    mask.length = 0;
    appendPolygons([ring.flat()], height, width, mask);
    for (let k = 0; k < mask.length; k += 2) {
      for (let at = mask.data[k]; at < mask.data[k + 1]; at++) {
        const x = Math.floor(at / height);
        owner[(at - x * height) * width + x] = index + 1;
      }
    }
  });
  return owner;
}

/**
 * Return, for each pixel, the distance to the nearest border between owners, in fifths of a pixel: two passes of a 5-7
 * chamfer. The picture's outermost pixels count as far from everything; they are copied from their neighbours.
 */
function distances(owner: Uint16Array, width: number, height: number): Uint8Array {
  const distance = new Uint8Array(owner.length).fill(FAR);
  const [last, lines] = [width - 1, height - 1];
  for (let y = 1; y < lines; y++) {
    for (let p = y * width + 1, end = y * width + last; p < end; p++) {
      const up = p - width;
      const own = owner[p];
      if (owner[p - 1] !== own || owner[up] !== own || owner[p + 1] !== own || owner[p + width] !== own) {
        distance[p] = 2;
        continue;
      }
      const left = distance[p - 1];
      const above = distance[up];
      const straight = (left < above ? left : above) + 5;
      const corner = (distance[up - 1] < distance[up + 1] ? distance[up - 1] : distance[up + 1]) + 7;
      const least = straight < corner ? straight : corner;
      if (least < FAR) distance[p] = least;
    }
  }
  for (let y = lines - 1; y > 0; y--) {
    for (let p = y * width + last - 1, end = y * width; p > end; p--) {
      const own = distance[p];
      if (own === 2) continue;
      const down = p + width;
      const right = distance[p + 1];
      const below = distance[down];
      const straight = (right < below ? right : below) + 5;
      const corner = (distance[down - 1] < distance[down + 1] ? distance[down - 1] : distance[down + 1]) + 7;
      const least = straight < corner ? straight : corner;
      if (least < own) distance[p] = least;
    }
    distance[y * width] = distance[y * width + 1];
    distance[y * width + last] = distance[y * width + last - 1];
  }
  distance.copyWithin(0, width, 2 * width);
  distance.copyWithin(lines * width, (lines - 1) * width, lines * width);
  return distance;
}

/** Paint a soft disc with one or two bright spots. */
function paintNucleus(picture: Picture, { x, y, radius }: PaintedCell, depth: number, random: () => number): void {
  const size = radius * (0.34 + 0.08 * random());
  const [cx, cy] = [x + (random() - 0.5) * 0.25 * radius, y + (random() - 0.5) * 0.25 * radius];
  paintDisc(picture, { x: cx, y: cy, radius: size }, depth);
  if (size < 3) return;
  for (let n = 1 + Math.floor(random() * 2); n > 0; n--) {
    const angle = random() * 2 * Math.PI;
    const spot = { x: cx + 0.4 * size * Math.cos(angle), y: cy + 0.4 * size * Math.sin(angle), radius: 1.6 };
    paintDisc(picture, spot, 26);
  }
}

/** Adds to the grey values within a circle: `by` in its middle, less towards its border. */
function paintDisc(picture: Picture, circle: { x: number; y: number; radius: number }, by: number): void {
  const { pixels, width, height } = picture;
  const { x: cx, y: cy, radius: r } = circle;
  for (let y = Math.max(0, Math.floor(cy - r)); y <= Math.min(height - 1, cy + r); y++) {
    for (let x = Math.max(0, Math.floor(cx - r)); x <= Math.min(width - 1, cx + r); x++) {
      const far = ((x - cx) ** 2 + (y - cy) ** 2) / (r * r);
      if (far >= 1) continue;
      const p = y * width + x;
      pixels[p] = Math.max(0, Math.min(255, pixels[p] + by * (1 - far * far)));
    }
  }
}

/** Generate value noise at three scales on a torus. */
function smoothNoise(random: () => number): Float32Array {
  const noise = new Float32Array(TILE * TILE);
  for (const [cell, weight] of [
    [16, 0.9],
    [8, 0.8],
    [4, 0.7],
  ]) {
    const n = TILE / cell;
    const grid = Float32Array.from({ length: n * n }, () => 2 * random() - 1);
    const ease = Float32Array.from({ length: cell }, (_, i) => (i / cell) ** 2 * (3 - (2 * i) / cell));
    for (let y = 0; y < TILE; y++) {
      const [gy, ty] = [Math.floor(y / cell), ease[y % cell]];
      for (let x = 0; x < TILE; x++) {
        const [gx, tx] = [Math.floor(x / cell), ease[x % cell]];
        const at = (dx: number, dy: number) => grid[((gy + dy) % n) * n + ((gx + dx) % n)];
        const top = at(0, 0) + tx * (at(1, 0) - at(0, 0));
        const bottom = at(0, 1) + tx * (at(1, 1) - at(0, 1));
        noise[y * TILE + x] += weight * (top + ty * (bottom - top)) * 1.5;
      }
    }
  }
  return noise;
}

/** Generate a camera's grain: independent from pixel to pixel, nearly normal. */
function fineNoise(random: () => number): Float32Array {
  return Float32Array.from({ length: TILE * TILE }, () => (random() + random() + random() - 1.5) * 2);
}

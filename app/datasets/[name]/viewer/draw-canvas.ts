/** Draws a scene pixel by pixel, where WebGL 2 is not to be had: the same picture, at fewer frames a second. */
import type { IdMap } from '#lib/viewer/id-map.ts';
import { VERDICTS } from '#lib/viewer/verdicts.ts';
import { lineWidth } from './draw-gl.ts';
import { COLOURS, isInked, LOOKUP_LENGTH, LOOKUPS, PATTERNS, partsOf, type Renderer, type Scene } from './scene.ts';

const AROUND = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [0.7, 0.7],
  [-0.7, 0.7],
  [0.7, -0.7],
  [-0.7, -0.7],
] as const;

/** @returns null where a canvas cannot be drawn on at all */
export function createCanvasRenderer(canvas: HTMLCanvasElement): Renderer | null {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return null;
  let grey: Uint8ClampedArray | null = null;
  return {
    draw(scene, { picture }) {
      if (picture && scene.picture) grey = readGrey(scene.picture);
      const image = context.createImageData(canvas.width, canvas.height);
      paint(scene, grey, image);
      context.putImageData(image, 0, 0);
    },
    close() {},
  };
}

function readGrey(picture: ImageBitmap): Uint8ClampedArray | null {
  const copy = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  copy?.drawImage(picture, 0, 0);
  return copy?.getImageData(0, 0, picture.width, picture.height).data ?? null;
}

/** Fill an image with a scene. @param grey RGBA of the picture, of which red counts */
export function paint(scene: Scene, grey: ArrayLike<number> | null, image: ImageData): void {
  const { width, height, camera, maps, lookups, chosen } = scene;
  const data = image.data;
  const border = scene.swipe * image.width;
  const marked = scene.left !== scene.right;
  for (let py = 0, to = 0; py < image.height; py++)
    for (let px = 0; px < image.width; px++, to += 4) {
      const x = (px + 0.5 - image.width / 2) / camera.scale + camera.x;
      const y = (py + 0.5 - image.height / 2) / camera.scale + camera.y;
      const inside = x >= 0 && y >= 0 && x < width && y < height;
      let [r, g, b] = inside ? [41, 41, 41] : [18, 18, 18];
      if (inside && grey) {
        r = g = b = 0.72 * grey[4 * (Math.floor(y) * width + Math.floor(x))];
      }
      if (inside)
        // the map on top is drawn last
        for (const { map, lookup } of partsOf(px < border ? scene.left : scene.right).reverse()) {
          const ids = maps[map];
          if (!ids) continue;
          const row = LOOKUPS.indexOf(lookup) * LOOKUP_LENGTH;
          for (let level = 1; level >= 0; level--) {
            const id = ids.ids[2 * (Math.floor(y) * width + Math.floor(x)) + level];
            const verdict = VERDICTS[id === 0 ? 0 : lookups[row + id]];
            if (verdict === 'hidden') continue;
            const isChosen = chosen?.layer === map && chosen.id === id;
            const colour = isChosen ? COLOURS.plain : COLOURS[verdict];
            const reach = (lineWidth() * (isChosen ? 2 : 1)) / camera.scale;
            if (isEdge(ids, { x, y, id, reach })) [r, g, b] = colour;
            else if (isInked(PATTERNS[verdict], px, py))
              [r, g, b] = [r, g, b].map((value, k) => 0.25 * value + 0.75 * COLOURS[verdict][k]);
          }
        }
      if (marked && Math.abs(px + 0.5 - border) < 1) r = g = b = 255;
      data[to] = r;
      data[to + 1] = g;
      data[to + 2] = b;
      data[to + 3] = 255;
    }
}

function isEdge(
  { ids, width, height }: IdMap,
  { x, y, id, reach }: { x: number; y: number; id: number; reach: number },
) {
  return AROUND.some(([dx, dy]) => {
    const [column, row] = [Math.floor(x + dx * reach), Math.floor(y + dy * reach)];
    if (column < 0 || row < 0 || column >= width || row >= height) return true;
    const at = 2 * (row * width + column);
    return ids[at] !== id && ids[at + 1] !== id;
  });
}

/** The page that `frames.ts` opens: makes maps of 3,000 cells, and draws them at moving places. */
import { createCanvasRenderer } from '#app/datasets/[name]/viewer/draw-canvas.ts';
import { createGlRenderer } from '#app/datasets/[name]/viewer/draw-gl.ts';
import { LOOKUP_LENGTH, LOOKUPS, type Scene } from '#app/datasets/[name]/viewer/scene.ts';
import type { IdMap } from '#lib/viewer/id-map.ts';

const FRAMES = 15;
const [WIDTH, HEIGHT, CELLS, ACROSS] = [704, 520, 3000, 60];

/** Small rectangles in rows, some pixels further right and down. */
function mapOf(shift: number): IdMap {
  const ids = new Uint16Array(2 * WIDTH * HEIGHT);
  for (let cell = 0; cell < CELLS; cell++) {
    const x0 = Math.floor(3 + shift + 11.6 * (cell % ACROSS));
    const y0 = Math.floor(2 + shift + 10.2 * Math.floor(cell / ACROSS));
    for (let y = y0; y < Math.min(HEIGHT, y0 + 9); y++)
      for (let x = x0; x < Math.min(WIDTH, x0 + 10); x++) ids[2 * (y * WIDTH + x)] = cell + 1;
  }
  const extents = new Int32Array(4 * CELLS);
  return { width: WIDTH, height: HEIGHT, ids, extents, areas: new Uint32Array(CELLS) };
}

/** Return the milliseconds of each frame until its pixels can be read; null if the browser cannot draw this way. */
export function measure(way: 'webgl' | 'canvas'): { times: number[]; renderer: string; cells: number } | null {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [880, 650];
  document.body.replaceChildren(canvas);
  const renderer = way === 'webgl' ? createGlRenderer(canvas) : createCanvasRenderer(canvas);
  if (!renderer) return null;
  const lookups = new Uint8Array(LOOKUPS.length * LOOKUP_LENGTH);
  for (let k = 1; k < lookups.length; k++) lookups[k] = 2 + (k % 5);
  const camera = { x: WIDTH / 2, y: HEIGHT / 2, scale: 1.25 };
  const size = { width: WIDTH, height: HEIGHT };
  const maps = { truth: mapOf(0), a: mapOf(1) };
  const scene: Scene = {
    ...{ ...size, picture: null, maps, lookups, left: 'truth', right: 'a', swipe: 0.3, chosen: null },
    camera,
  };
  renderer.draw(scene, { picture: true, maps: true, lookups: true });
  const gl = way === 'webgl' ? canvas.getContext('webgl2') : null;
  const context = gl ? null : canvas.getContext('2d');
  const pixel = new Uint8Array(4);
  const times: number[] = [];
  for (let frame = 0; frame < FRAMES; frame++) {
    camera.x += frame % 2 ? 3 : -2;
    camera.scale = 1.25 + 0.01 * frame;
    const begin = performance.now();
    renderer.draw(scene, {});
    // reading a pixel waits until the frame is drawn
    if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    else context?.getImageData(0, 0, 1, 1);
    times.push(performance.now() - begin);
  }
  const named = gl?.getExtension('WEBGL_debug_renderer_info');
  const name = gl ? String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER)) : 'canvas';
  return { times, renderer: name, cells: CELLS };
}

Object.assign(globalThis, { measure });

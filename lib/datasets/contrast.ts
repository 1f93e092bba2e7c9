/**
 * Contrast of pictures as pages show them. Phase-contrast images use a small part of the grey values: stretched, cells can
 * be seen.
 */

/** Shares of the pixels that may become black, and white. */
const TAIL = 0.005;

/** Return grey values stretched so that all but the darkest and brightest 0.5 % span black to white. */
export function stretchContrast(pixels: Uint8Array): Uint8Array {
  const counts = new Uint32Array(256);
  for (const value of pixels) counts[value]++;
  const most = TAIL * pixels.length;
  let [low, high] = [0, 255];
  for (let below = counts[0]; below <= most && low < 255; below += counts[++low]);
  for (let above = counts[255]; above <= most && high > 0; above += counts[--high]);
  // a picture of one value stays as it is
  if (high <= low) return pixels.slice();
  const table = Uint8Array.from({ length: 256 }, (_, value) =>
    Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low)))),
  );
  return pixels.map((value) => table[value]);
}

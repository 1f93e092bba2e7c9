/** Pictures of a data set made small. */
import { stretchContrast } from './contrast.ts';
import { encodeGreyPng } from './grey-png.ts';

interface Size {
  width: number;
  height: number;
}

/** Grey levels of a thumbnail: four bits a pixel make the file a third as large, and noise hides the steps. */
const LEVELS = 16;

/** Return a picture made smaller: each pixel is the mean of those it covers. Pictures that are small enough stay. */
export function shrink(pixels: Uint8Array, { width, height }: Size, most: number): { pixels: Uint8Array } & Size {
  if (width <= most) return { pixels, width, height };
  const small = { width: most, height: Math.max(1, Math.round((height * most) / width)) };
  const made = new Uint8Array(small.width * small.height);
  for (let y = 0; y < small.height; y++) {
    const top = Math.floor((y * height) / small.height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / small.height));
    for (let x = 0; x < small.width; x++) {
      const left = Math.floor((x * width) / small.width);
      const right = Math.max(left + 1, Math.floor(((x + 1) * width) / small.width));
      let sum = 0;
      for (let j = top; j < bottom; j++) for (let i = left; i < right; i++) sum += pixels[j * width + i];
      made[y * small.width + x] = Math.round(sum / ((bottom - top) * (right - left)));
    }
  }
  return { pixels: made, ...small };
}

/** Encode a small, stretched picture as PNG of 16 grey levels. @param most its width in pixels, at most */
export function thumbnailPng(pixels: Uint8Array, size: Size, most: number): Uint8Array {
  const small = shrink(pixels, size, most);
  const levels = stretchContrast(small.pixels).map((value) => Math.round((value * (LEVELS - 1)) / 255));
  return encodeGreyPng(levels, small, 4);
}

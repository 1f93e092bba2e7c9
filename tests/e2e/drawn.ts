/** Colours at places of an image that the viewer draws, and masks to draw there. */
import type { Locator } from '@playwright/test';
import { decode } from 'fast-png';
import { countsFromIntervals, encodeCounts } from '#lib/coco/rle.ts';

export interface Size {
  width: number;
  height: number;
}
export type Box = [x: number, y: number, width: number, height: number];
export type Look = (x: number, y: number, right?: number) => number[];

/** Return a rectangle in COCO's compressed encoding. */
export function maskOf([x, y, width, height]: Box, size: Size): string {
  const intervals = new Uint32Array(2 * width);
  for (let k = 0; k < width; k++) intervals.set([(x + k) * size.height + y, (x + k) * size.height + y + height], 2 * k);
  return encodeCounts(countsFromIntervals(intervals, 0, intervals.length, size.width * size.height));
}

/** Photograph a canvas that shows a whole image. @returns the colour at a place of it, `right` pixels of the screen further */
export async function look(canvas: Locator, size: Size): Promise<Look> {
  const { width, height, data, channels } = decode(await canvas.screenshot());
  const scale = Math.min(width / size.width, height / size.height);
  const [left, top] = [(width - size.width * scale) / 2, (height - size.height * scale) / 2];
  return (x, y, right = 0) => {
    const at = channels * (Math.round(y * scale + top) * width + Math.round(x * scale + left + right));
    return [...data.subarray(at, at + 3)];
  };
}

export const isNear = (colour: readonly number[], wanted: readonly number[]) =>
  colour.every((value, k) => Math.abs(value - wanted[k]) <= 14);

/** The colours where the left edge of a box is: between two pixels of the screen either may have its outline. */
export const edgeOf = (at: Look, [x, y, , h]: Box) => [-1, 0, 1, 2].map((right) => at(x, y + h / 2, right));

import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { stretchContrast } from '#lib/datasets/contrast.ts';
import { shrink, thumbnailPng } from '#lib/datasets/thumbnail.ts';

describe('pictures as pages show them', () => {
  it('stretches the values that pictures use to black and white, and keeps their order', () => {
    const dull = Uint8Array.from({ length: 1000 }, (_, i) => 100 + (i % 50));
    const shown = stretchContrast(dull);
    expect([Math.min(...shown), Math.max(...shown)]).toEqual([0, 255]);
    for (let i = 1; i < 50; i++) expect(shown[i]).toBeGreaterThanOrEqual(shown[i - 1]);
  });

  it('lets a few hot pixels not darken all others', () => {
    const pixels = Uint8Array.from({ length: 10_000 }, (_, i) => (i < 20 ? 255 : 100 + (i % 20)));
    expect(stretchContrast(pixels)[9999]).toBe(255);
  });

  it('leaves a picture of one value as it is', () => {
    expect(stretchContrast(new Uint8Array(12).fill(7))).toEqual(new Uint8Array(12).fill(7));
  });

  it('makes pixels the mean of those they cover', () => {
    const pixels = Uint8Array.of(0, 10, 100, 110, 20, 30, 120, 130);
    expect(shrink(pixels, { width: 4, height: 2 }, 2)).toEqual({
      pixels: Uint8Array.of(15, 115),
      width: 2,
      height: 1,
    });
    expect(shrink(pixels, { width: 4, height: 2 }, 4).pixels).toBe(pixels);
  });

  it.each([6, 7])('writes a PNG of four bits that other programs read, %i pixels wide', (width) => {
    const pixels = Uint8Array.from({ length: width * 2 }, (_, i) => (255 * i) / (2 * width - 1));
    const image = decode(thumbnailPng(pixels, { width, height: 2 }, width));
    expect([image.width, image.height, image.depth, image.channels]).toEqual([width, 2, 4, 1]);
    const stride = (width + 1) >> 1;
    const value = (x: number, y: number) => (image.data[y * stride + (x >> 1)] >> (x & 1 ? 0 : 4)) & 15;
    for (let y = 0; y < 2; y++)
      for (let x = 0; x < width; x++) expect(value(x, y)).toBe(Math.round((15 * pixels[y * width + x]) / 255));
  });
});

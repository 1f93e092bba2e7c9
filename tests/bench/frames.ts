/**
 * Frame times of the viewer with 3,000 cells of two layers, drawn either way while the picture is moved, in a Chromium
 * like that of the browser tests. It says which renderer WebGL has: with software alone, numbers speak of the processor.
 */
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'esbuild';
import { findChromium } from '#tests/e2e/chromium.ts';
import type { measure as measureOnPage } from './frames-page.ts';

export interface FrameTimes {
  way: 'webgl' | 'canvas';
  /** as the browser names it */
  renderer: string;
  cells: number;
  /** milliseconds from the call to the pixels read back */
  median: number;
  p95: number;
}

/** Measure both ways; one that the browser lacks is left out. */
export async function measureFrames(root: string): Promise<FrameTimes[]> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'tests', 'bench', 'frames-page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  const found = findChromium(root);
  const browser = await chromium.launch({
    executablePath: found ?? undefined,
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 960 } });
    await page.addScriptTag({ content: outputFiles[0].text });
    const measured: FrameTimes[] = [];
    for (const way of ['webgl', 'canvas'] as const) {
      const result = await page.evaluate(
        (way) => (globalThis as unknown as { measure: typeof measureOnPage }).measure(way),
        way,
      );
      if (!result) continue;
      const times = result.times.slice(2).sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(share * (times.length - 1))];
      measured.push({ way, renderer: result.renderer, cells: result.cells, median: at(0.5), p95: at(0.95) });
    }
    return measured;
  } finally {
    await browser.close();
  }
}

/** Neighbours of reported files: the good pair, changed the way a program would have written it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Annotation, Detection, GroundTruth, Rle } from '#tests/coco/documents.ts';
import { type Found, reportFile, scoreAndCheck } from './score.ts';

/** What pycocotools finds for the good pair, with the paper's settings. */
export const GOOD = { masks: 0.2881826872325207, boxes: 0.29910043958687954 };

export function goodGroundTruth(): GroundTruth {
  return JSON.parse(readFileSync(reportFile('00-gt.json'), 'utf8')) as GroundTruth;
}

export function goodDetections(): Detection[] {
  return JSON.parse(readFileSync(reportFile('00-dt.json'), 'utf8')) as Detection[];
}

/** The good ground truth, each annotation changed. */
export function withAnnotations(change: (annotation: Annotation, k: number) => object): GroundTruth {
  const document = goodGroundTruth();
  return {
    ...document,
    annotations: document.annotations.map((annotation, k) => ({ ...annotation, ...change(annotation, k) })),
  };
}

/** The good detections, each changed. */
export function withDetections(change: (detection: Detection, k: number) => object): Detection[] {
  return goodDetections().map((detection, k) => ({ ...detection, ...change(detection, k) }));
}

/** Pixels of a mask in COCO's string code, [height × width] down the columns. */
export function pixelsOf({ size: [height, width], counts }: Rle): Uint8Array {
  const pixels = new Uint8Array(height * width);
  const runs: number[] = [];
  const text = counts as string;
  for (let p = 0; p < text.length; ) {
    let x = 0;
    let k = 0;
    for (let more = true; more; k++) {
      const c = text.charCodeAt(p++) - 48;
      x |= (c & 0x1f) << (5 * k);
      more = (c & 0x20) !== 0;
      if (!more && c & 0x10) x |= -1 << (5 * (k + 1));
    }
    if (runs.length > 2) x += runs[runs.length - 2];
    runs.push(x);
  }
  let at = 0;
  for (const [k, run] of runs.entries()) {
    if (k % 2 === 1) pixels.fill(1, at, at + run);
    at += run;
  }
  return pixels;
}

/** The mask whose pixel at row y and column x is what `at` says of the given mask, as a list of runs. */
export function redrawn(rle: Rle, at: (pixel: (y: number, x: number) => number, y: number, x: number) => number): Rle {
  const [height, width] = rle.size;
  const pixels = pixelsOf(rle);
  const pixel = (y: number, x: number) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : pixels[x * height + y]);
  const counts: number[] = [];
  let before = 0;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const now = at(pixel, y, x) ? 1 : 0;
      if (now !== before) {
        counts.push(run);
        run = 0;
        before = now;
      }
      run++;
    }
  }
  return { size: [height, width], counts: [...counts, run] };
}

const folder = mkdtempSync(join(tmpdir(), 'livecell-reports-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a document, or text or bytes as they are. @returns its path */
export function write(content: unknown): string {
  const path = join(folder, `${files++}.json`);
  const asIs = typeof content === 'string' || content instanceof Uint8Array;
  writeFileSync(path, asIs ? content : JSON.stringify(content));
  return path;
}

/** Scores and checks documents; absent ones are the good ones. */
export function find({ groundTruth, predictions }: { groundTruth?: unknown; predictions?: unknown }): Promise<Found> {
  const path = (document: unknown, good: string) => (document === undefined ? good : write(document));
  return scoreAndCheck(path(groundTruth, '00-gt.json'), path(predictions, '00-dt.json'));
}

export const codesOf = ({ problems, warnings }: Found): string[] => [...problems, ...warnings].map(({ code }) => code);

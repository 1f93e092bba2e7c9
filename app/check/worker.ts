/** Reads, checks and scores a chosen file beside the page, which stays quick however large the file is. */

import type { PaintedCells } from '#app/datasets/[name]/viewer/worker.ts';
import { type Dataset, openDataset } from '#lib/coco/dataset.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import type { Described } from '#lib/local/describe.ts';
import { checkLocally, type Drawable, scoreLocally } from '#lib/local/local-file.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import type { ReadPredictions, Target } from '#lib/readers/coco/predictions.ts';
import { targetOfList } from '#lib/readers/image-list.ts';
import { lookAtBytes } from '#lib/readers/opened-file.ts';
import { ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import { paintIdMap } from '#lib/viewer/id-map.ts';
import { collectFileCells } from '#lib/viewer/image-cells.ts';
import { fileInBrowser, UNPACKING } from './browser-file.ts';
import { readOwnPicture } from './own-picture.ts';

/** What a file is checked against. */
export interface CheckRequest {
  kind: 'check';
  file: File;
  task: string;
  slot: string;
  /** as the data set's list of images has them */
  images: readonly ListedImage[];
  anyCategory: boolean;
  scoreThreshold?: number;
}

export type WorkerRequest =
  | CheckRequest
  /** paint the cells of one image of the file that was checked last */
  | { kind: 'draw'; image: number }
  /** read a picture for the image of its name, or else for this one */
  | { kind: 'picture'; file: File; image: number }
  /** score the file that was checked last against packed ground truth */
  | { kind: 'score'; truth: ArrayBuffer };

/** An image of the data set, as the list of images has it. */
export interface ListedImage {
  id: number | string;
  file_name: string;
  width?: number;
  height?: number;
  cellType?: string;
  /** address of its picture, where that is public */
  picture?: string;
}

/** The cells of one image, ready to be drawn, and how many they are. */
export interface Drawing {
  image: number;
  cells: PaintedCells & { masks: number };
}

export interface FoundInFile {
  problems: Problem[];
  warnings: Warning[];
  detections: number;
  images: number;
  format: string;
  described?: Described;
  drawable?: Omit<Drawable, 'accepted'>;
}

export type WorkerAnswer =
  | { kind: 'progress'; fraction: number }
  | { kind: 'checked'; found: FoundInFile; seconds: number }
  | ({ kind: 'drawn' } & Drawing)
  | { kind: 'pictured'; image: number; picture: ImageBitmap }
  | { kind: 'not-pictured'; message: string }
  | { kind: 'scored'; report: Report }
  | { kind: 'failed'; message: string };

interface Checked {
  request: CheckRequest;
  target: Target;
  read?: ReadPredictions;
  drawable?: Drawable;
}

let last: Checked | null = null;

const answer = (message: WorkerAnswer, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

self.addEventListener('message', ({ data }: MessageEvent<WorkerRequest>) => {
  work(data).catch((error: unknown) => {
    answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});

async function work(request: WorkerRequest): Promise<void> {
  switch (request.kind) {
    case 'check':
      return check(request);
    case 'draw':
      return draw(request.image);
    case 'picture':
      return picture(request.file, request.image);
    case 'score':
      return score(request.truth);
  }
}

async function check(request: CheckRequest): Promise<void> {
  last = null;
  const started = performance.now();
  const { file, slot, scoreThreshold } = request;
  const task = parseTask(request.task);
  if (!task) throw new Error(`There is no task “${request.task}”.`);
  const target = { ...targetOfList(request.images), anyCategory: request.anyCategory };
  let told = 0;
  const { read, drawable, ...found } = await checkLocally({
    task,
    slot,
    target,
    scoreThreshold,
    async open() {
      const opened = await lookAtBytes(fileInBrowser(file), task.kind.filesAre);
      if (!opened.problem) return opened;
      opened.close();
      throw new FileRejected(opened.problem);
    },
    onProgress(fraction) {
      const now = performance.now();
      if (now - told < 100) return;
      told = now;
      answer({ kind: 'progress', fraction });
    },
  });
  last = { request, target, read, drawable };
  const { accepted: _, ...shown } = drawable ?? { accepted: null };
  answer({
    kind: 'checked',
    found: { ...found, ...('worth' in shown && { drawable: shown }) },
    seconds: (performance.now() - started) / 1000,
  });
}

async function draw(image: number): Promise<void> {
  if (!last?.drawable) return;
  const { masks, ...cells } = collectFileCells(last.drawable.accepted, { image, ...sizeOf(image, last.target) });
  const map = paintIdMap(masks, cells);
  answer({ kind: 'drawn', image, cells: { ...cells, crowd: [], map, masks: masks.length } }, [map.ids.buffer]);
}

async function picture(file: File, shown: number): Promise<void> {
  if (!last) return;
  const { target } = last;
  const named = new ImageResolver(target.images);
  const found = named.ofText(file.name);
  const image = found === UNKNOWN_IMAGE ? shown : named.firstOf(found);
  try {
    const picture = await readOwnPicture(file, sizeOf(image, target), UNPACKING.inflate);
    answer({ kind: 'pictured', image, picture }, [picture]);
  } catch (error) {
    const where = `“${file.name}” cannot be shown under ${target.images.fileNames[image]}`;
    answer({ kind: 'not-pictured', message: `${where}: ${(error as Error).message}` });
  }
}

function sizeOf(image: number, { images }: Target): { width: number; height: number } {
  return { width: images.width[image], height: images.height[image] };
}

async function score(truth: ArrayBuffer): Promise<void> {
  if (!last?.read) throw new Error('Check a file first.');
  const { request, read } = last;
  const dataset: Dataset = openDataset(truth);
  const { file, slot, anyCategory } = request;
  const task = parseTask(request.task)!;
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const target = { images: dataset.images, category: dataset.meta.category, anyCategory };
  const report = await scoreLocally({ task, slot, target }, read, dataset, {
    protocol: PRIMARY_PROTOCOL,
    file: { sha256, bytes: file.size },
  });
  answer({ kind: 'scored', report });
}

/** Reads, checks and scores a chosen file beside the page, which stays quick however large the file is. */
import { type Dataset, openDataset } from '#lib/coco/dataset.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import type { Described } from '#lib/local/describe.ts';
import { checkLocally, scoreLocally } from '#lib/local/local-file.ts';
import { drawOutlines } from '#lib/local/outlines.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import type { ReadPredictions, Target } from '#lib/readers/coco/predictions.ts';
import { targetOfList } from '#lib/readers/image-list.ts';
import { lookAtBytes } from '#lib/readers/opened-file.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import { fileInBrowser } from './browser-file.ts';

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
  /** draw the outlines of one image of the file that was checked last */
  | { kind: 'draw'; image: number }
  /** score the file that was checked last against packed ground truth */
  | { kind: 'score'; truth: ArrayBuffer };

/** An image of the data set, as the list of images has it. */
export interface ListedImage {
  id: number | string;
  file_name: string;
  width?: number;
  height?: number;
  cellType?: string;
}

/** Outlines as RGBA. */
export interface Drawing {
  image: number;
  width: number;
  height: number;
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

export interface FoundInFile {
  problems: Problem[];
  warnings: Warning[];
  detections: number;
  images: number;
  format: string;
  described?: Described;
}

export type WorkerAnswer =
  | { kind: 'progress'; fraction: number }
  | { kind: 'checked'; found: FoundInFile; seconds: number }
  | ({ kind: 'drawn' } & Drawing)
  | { kind: 'scored'; report: Report }
  | { kind: 'failed'; message: string };

interface Checked {
  request: CheckRequest;
  target: Target;
  read?: ReadPredictions;
}

let last: Checked | null = null;

const answer = (message: WorkerAnswer): void => self.postMessage(message);

self.addEventListener('message', ({ data }: MessageEvent<WorkerRequest>) => {
  const work = data.kind === 'check' ? check(data) : data.kind === 'draw' ? draw(data.image) : score(data.truth);
  work.catch((error: unknown) => {
    answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});

async function check(request: CheckRequest): Promise<void> {
  last = null;
  const started = performance.now();
  const { file, slot, scoreThreshold } = request;
  const task = parseTask(request.task);
  if (!task) throw new Error(`There is no task “${request.task}”.`);
  const target = { ...targetOfList(request.images), anyCategory: request.anyCategory };
  let told = 0;
  const { read, ...found } = await checkLocally({
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
  last = { request, target, read };
  answer({ kind: 'checked', found, seconds: (performance.now() - started) / 1000 });
}

async function draw(image: number): Promise<void> {
  if (!last?.read) return;
  const size = { width: last.target.images.width[image], height: last.target.images.height[image] };
  answer({ kind: 'drawn', image, ...size, pixels: drawOutlines(last.read, image, size) });
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

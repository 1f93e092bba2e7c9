/**
 * Reads the files of a job: ground truth, which is kept for the next job, and predictions. Large files are read in
 * parts by all threads; a file that cannot be split is read in one piece.
 */
import { statSync } from 'node:fs';
import { type Dataset, type Objects, roomForAll } from '#lib/coco/dataset.ts';
import { thread } from '#lib/kernels/thread-state.ts';
import type { Warning } from '#lib/problems.ts';
import { CELL_CATEGORY, finishGroundTruth, sortImages } from '#lib/readers/coco/ground-truth.ts';
import { type Plan, planParts } from '#lib/readers/coco/parts.ts';
import { finishPredictions, type ReadPredictions, type Target } from '#lib/readers/coco/predictions.ts';
import type { ReadResult } from '#lib/readers/coco/reading.ts';
import { openFile } from '#lib/readers/files.ts';
import { openGroundTruth, openPacked } from '#lib/readers/ground-truth-file.ts';
import type { OpenedFile } from '#lib/readers/opened-file.ts';
import { joinLabelShares, readOpened } from '#lib/readers/predictions-file.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { newCounter } from '#lib/scoring/steps.ts';
import type { PartsOfFile, ReadOutcome } from './steps.ts';
import type { ThreadTeam } from './threads.ts';

/** The threads that read, and a callback for their progress: a fraction from 0 to 1. */
interface Reading {
  team: ThreadTeam;
  onProgress(fraction: number): void;
}

/**
 * Ground truth whose images are available at once and its objects once `ready` resolves, so that predictions can be
 * read meanwhile.
 */
export interface OpenedGroundTruth {
  dataset: Dataset;
  ready?: Promise<void>;
}

/** The most recent packed ground truth, shared by all threads: most jobs use the same one. */
class LastGroundTruth {
  private key = '';
  private opened: OpenedGroundTruth | null = null;

  find(key: string): OpenedGroundTruth | null {
    return key === this.key ? this.opened : null;
  }

  remember(key: string, opened: OpenedGroundTruth): void {
    this.key = key;
    this.opened = opened;
    opened.ready?.catch(() => {
      if (this.key === key) this.opened = null;
    });
  }
}

const lastGroundTruth = thread.keep(() => new LastGroundTruth());

/** Read ground truth, packed or as COCO JSON. */
export async function readGroundTruth(
  path: string,
  reading: Reading,
  category?: number | string,
): Promise<OpenedGroundTruth> {
  if (category !== undefined) return { dataset: await openGroundTruth(path, { category }) };
  const { size, mtimeMs } = statSync(path);
  const key = `${path} ${size} ${mtimeMs}`;
  const known = lastGroundTruth.get().find(key);
  if (known) return known;
  const packed = await openPacked(path);
  if (!packed) return { dataset: (await readGroundTruthInParts(path, size, reading)) ?? (await openGroundTruth(path)) };
  lastGroundTruth.get().remember(key, packed);
  return packed;
}

/** Read COCO ground truth in parts; null if it must be read in one piece. */
async function readGroundTruthInParts(
  path: string,
  bytes: number,
  { team, onProgress }: Reading,
): Promise<Dataset | null> {
  if (bytes < team.worthBytes || team.size === 1) return null;
  const opened = await openFile(path, 'ground-truth');
  opened.close();
  if (opened.kind !== 'coco-json') return null;
  const plan = await planParts(opened, team.partsOf(bytes), 'ground-truth', {
    images: null,
    category: CELL_CATEGORY,
  });
  if (!plan || plan.images.length === 0) return null;
  const images = sortImages(plan.images);
  if (new Set(images.ids).size < images.ids.length) return null;
  const digest = team.digest(path, bytes);
  const target = { images, category: CELL_CATEGORY };
  const parts = await readParts(team, { path, kind: 'ground-truth', ...target, ...partsOf(plan) }, (kilobytes) =>
    onProgress((kilobytes * 1024) / bytes),
  );
  if (!parts || parts.every(({ objects }) => objects.count === 0)) return null;
  const problems = new ProblemList();
  for (const part of parts) problems.merge([], part.warnings);
  const objects = await joinParts(parts, team);
  return finishGroundTruth(parts, { images, objects, category: CELL_CATEGORY, problems, sha256: await digest });
}

/** Read predictions of any format. @throws FileRejected */
export async function readPredictionFile(
  opened: OpenedFile,
  target: Target,
  { team, onProgress }: Reading,
): Promise<ReadPredictions> {
  const { path } = opened;
  const large = team.size > 1 && opened.bytes >= team.worthBytes;
  if (large && opened.kind === 'coco-json') {
    const plan = await planParts(opened, team.partsOf(opened.bytes), 'predictions', target);
    const parts =
      plan &&
      (await readParts(team, { path, kind: 'predictions', ...target, ...partsOf(plan) }, (kilobytes) =>
        onProgress((kilobytes * 1024) / opened.bytes),
      ));
    if (parts) {
      const problems = new ProblemList();
      for (const part of parts) problems.merge([], part.warnings);
      const objects = await joinParts(parts, team);
      return finishPredictions(parts, { problems, index: new ImageResolver(target.images), target }, objects);
    }
  }
  if (large && opened.format === 'label-images') {
    const counter = newCounter();
    const shares = Array.from({ length: team.size }, (_, part) => ({ path, target, part, parts: team.size, counter }));
    const images = target.images.ids.length;
    const parts = await team.runEach('labels', shares, (read) => onProgress(Math.min(1, read / images)));
    return joinLabelShares(opened, parts, target);
  }
  return readOpened(opened, target, onProgress);
}

function partsOf({ parts, firstHas }: Plan): Pick<PartsOfFile, 'parts' | 'firstHas'> {
  return { parts, firstHas };
}

/** Read all parts of a file; null if anything is wrong with one of them. */
async function readParts(
  team: ThreadTeam,
  file: PartsOfFile,
  onProgress: (kilobytes: number) => void,
): Promise<(ReadResult & { warnings: Warning[] })[] | null> {
  const outputs = await team.run('read', { ...file, counter: newCounter(2) }, { onProgress });
  const parts = file.parts.map((): ReadOutcome => null);
  for (const [part, outcome] of outputs.flat()) parts[part] = outcome;
  if (parts.some((part) => part === null)) return null;
  return parts.map((part) => ({ ...part!, otherCategories: new Map(part!.otherCategories) }));
}

async function joinParts(read: ReadResult[], team: ThreadTeam): Promise<Objects> {
  const parts = read.map(({ objects }) => objects);
  const joined = roomForAll(parts);
  await team.run('join', { parts, joined, counter: newCounter() });
  return joined;
}

/**
 * What the threads of a scoring job do: read a part of a file, match images, summarize slices. The handler is a plain
 * function of its message: the leader of a job (`task.ts`) calls it directly for its own share, and a pool calls
 * it in the other threads. One path, not two.
 *
 * Everything large is shared memory and messages carry views of it, so sending a whole data set costs nothing. Who is
 * free takes the next image or slice from a shared counter.
 */

import { sliceOf } from '#lib/coco/accumulate.ts';
import { type Dataset, type Images, JOINED_COLUMNS, joinColumn, type Objects, share } from '#lib/coco/dataset.ts';
import { type Matches, matchImage } from '#lib/coco/match.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { orderEntries, type Ranking } from '#lib/coco/rank.ts';
import { forgetLarge } from '#lib/kernels/kernel.ts';
import { FileRejected, type Warning } from '#lib/problems.ts';
import { type FirstRecord, type ReadResult, readAnnotations } from '#lib/readers/coco/document.ts';
import type { Part } from '#lib/readers/coco/parts.ts';
import type { Target } from '#lib/readers/coco/predictions.ts';
import { readRange, sha256File } from '#lib/readers/files.ts';
import { readLabelShare } from '#lib/readers/predictions-file.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import {
  countErrors,
  type ErrorSlice,
  type Errors,
  type ErrorsByKind,
  nameErrors,
} from '#lib/scoring/errors-by-kind.ts';
import { type Draws, type Resampled, resample } from '#lib/scoring/intervals.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { summarizeSlice } from '#lib/scoring/score.ts';
import { type SensitivityNumbers, sensitivityNumbers } from '#lib/scoring/sensitivity.ts';

/** Reads parts of a file, each thread the next free one, until none is left. */
export interface ReadStep {
  step: 'read';
  path: string;
  parts: Part[];
  kind: 'predictions' | 'ground-truth';
  images: Images;
  category: number;
  anyCategory?: boolean;
  firstHas: FirstRecord;
  /** [0] kilobytes read by all threads, [1] the next part */
  counter: Int32Array;
}

/** Joins the columns of parts that were read, each thread the next one, until none is left. */
export interface JoinStep {
  step: 'join';
  parts: Objects[];
  joined: Objects;
  /** [0] the next column */
  counter: Int32Array;
}

/** The SHA-256 of a file. */
export interface DigestStep {
  step: 'digest';
  path: string;
}

/** What some of the parts hold, by their number. */
export type ReadOutcomes = [part: number, outcome: ReadOutcome][];

/** What a part holds, or null when something is wrong with it: then the whole file is read in one piece. */
export type ReadOutcome =
  | (Omit<ReadResult, 'otherCategories'> & { warnings: Warning[]; otherCategories: [number, number][] })
  | null;

/** Reads a share of an archive of label images. */
export interface LabelStep {
  step: 'labels';
  path: string;
  target: Target;
  part: number;
  parts: number;
  /** [0] images read by all threads */
  counter: Int32Array;
}

/** Orders the entries of rankings, and matches images, each thread the next free one, until none is left. */
export interface MatchStep {
  step: 'match';
  dataset: Dataset;
  detections: Objects;
  rankings: Ranking[];
  evaluations: { ranking: Ranking; matches: Matches }[];
  /** [0] the next ranking, behind them (evaluation, image) pair */
  counter: Int32Array;
}

/** Summarizes slices, each thread the next free one. */
export interface SummarizeStep {
  step: 'summarize';
  evaluations: { ranking: Ranking; matches: Matches }[];
  /** with `weights`, only the headline of the images whose weight is 1 */
  work: { evaluation: number; images: Uint32Array; weights?: Uint8Array }[];
  protocols: ProtocolId[];
  counter: Int32Array;
}

/** Numbers per protocol of each piece of work that was done. */
export type SummarizeOutcome = { work: number; metrics: (Metrics | SensitivityNumbers)[] }[];

/** Resamples AP and AFNR, each thread the next free piece: some draws of one slice. */
export interface ResampleStep {
  step: 'resample';
  evaluations: { ranking: Ranking; matches: Matches }[];
  draws: Draws;
  work: { evaluation: number; images: Uint32Array; maxDets: number; from: number; to: number }[];
  counter: Int32Array;
}

export type ResampleOutcome = { work: number; resampled: Resampled }[];

/** Names errors by kind, image by image, each thread the next free one. */
export interface ErrorsStep {
  step: 'errors';
  dataset: Dataset;
  detections: Objects;
  evaluations: { ranking: Ranking; matches: Matches; errors: Errors }[];
  /** [0] the next (evaluation, image) pair */
  counter: Int32Array;
}

/** When all are named: counts them slice by slice, and what AP would gain without them. */
export interface RepairStep {
  step: 'repair';
  dataset: Dataset;
  evaluations: { ranking: Ranking; matches: Matches; errors: Errors }[];
  work: { evaluation: number; slice: ErrorSlice; AP: number | null }[];
  counter: Int32Array;
}

export type RepairOutcome = { work: number; errors: ErrorsByKind }[];

export type Step =
  | ReadStep
  | JoinStep
  | DigestStep
  | LabelStep
  | MatchStep
  | SummarizeStep
  | ResampleStep
  | ErrorsStep
  | RepairStep;

/** `onProgress` is called often, with the counter. */
export default async function takeStep(step: Step, onProgress?: (counter: number) => void): Promise<unknown> {
  try {
    return await take(step, onProgress);
  } finally {
    forgetLarge();
  }
}

function take(step: Step, onProgress?: (counter: number) => void): unknown {
  switch (step.step) {
    case 'read':
      return readParts(step, onProgress);
    case 'join':
      return join(step);
    case 'digest':
      return sha256File(step.path);
    case 'labels': {
      const { path, target, part, parts, counter } = step;
      return readLabelShare(path, target, {
        part,
        parts,
        onFile: () => onProgress?.(Atomics.add(counter, 0, 1)),
      });
    }
    case 'match':
      return match(step, onProgress);
    case 'summarize':
      return summarize(step, onProgress);
    case 'resample':
      return resampleSlices(step, onProgress);
    case 'errors':
      return findErrors(step, onProgress);
    case 'repair':
      return repair(step, onProgress);
  }
}

async function readParts(step: ReadStep, onProgress?: (kilobytes: number) => void): Promise<ReadOutcomes> {
  const outcomes: ReadOutcomes = [];
  const index = new ImageResolver(step.images);
  for (;;) {
    const next = Atomics.add(step.counter, 1, 1);
    if (next >= step.parts.length) return outcomes;
    const outcome = await readPart(step, step.parts[next], index, onProgress);
    outcomes.push([next, outcome]);
    // the file is going to be read in one piece: what is left is nobody's
    if (!outcome) Atomics.store(step.counter, 1, step.parts.length);
  }
}

async function readPart(
  step: ReadStep,
  part: Part,
  index: ImageResolver,
  onProgress?: (kilobytes: number) => void,
): Promise<ReadOutcome> {
  const { kind, images, category, anyCategory, firstHas, counter } = step;
  const problems = new ProblemList();
  let before = 0;
  try {
    // a part reads on behind its end until it meets the first record of the next
    const result = await readAnnotations(
      readRange(step.path, part.from, part.to + (part.more ? 64 : 0)),
      {
        kind,
        problems,
        images,
        index,
        category,
        anyCategory,
        firstHas,
        insideArray: part.insideArray,
        from: part.from,
        stopAt: part.more ? part.to : undefined,
        // a record takes 200 bytes and more; memory that is never written to costs nothing
        capacity: Math.ceil((part.to - part.from) / 200) + 16,
      },
      (bytes) => {
        const kilobytes = Math.floor(bytes / 1024);
        onProgress?.(Atomics.add(counter, 0, kilobytes - before));
        before = kilobytes;
      },
    );
    if (problems.count > 0 || (part.more && result.stoppedAt !== part.to)) return null;
    return {
      ...result,
      ids: share(result.ids),
      otherCategories: [...result.otherCategories],
      warnings: problems.warnings(),
    };
  } catch (error) {
    if (error instanceof FileRejected) return null;
    throw error;
  }
}

function join({ parts, joined, counter }: JoinStep): void {
  for (;;) {
    const column = Atomics.add(counter, 0, 1);
    if (column >= JOINED_COLUMNS) return;
    joinColumn(parts, joined, column);
  }
}

function match(
  { dataset, detections, rankings, evaluations, counter }: MatchStep,
  onProgress?: (matched: number) => void,
): void {
  const images = dataset.images.ids.length;
  for (;;) {
    const next = Atomics.add(counter, 0, 1) - rankings.length;
    if (next >= images * evaluations.length) return;
    if (next < 0) orderEntries(rankings[next + rankings.length]);
    else {
      const { ranking, matches } = evaluations[Math.floor(next / images)];
      matchImage(dataset, detections, ranking, next % images, matches);
      onProgress?.(next);
    }
  }
}

function summarize(
  { evaluations, work, protocols, counter }: SummarizeStep,
  onProgress?: (done: number) => void,
): SummarizeOutcome {
  const done: SummarizeOutcome = [];
  for (;;) {
    const next = Atomics.add(counter, 0, 1);
    if (next >= work.length) return done;
    const { evaluation, images, weights } = work[next];
    const evaluating = evaluations[evaluation];
    const metrics = weights
      ? sensitivityNumbers(evaluating, weights, protocols)
      : summarizeSlice(evaluating, images, protocols);
    done.push({ work: next, metrics });
    onProgress?.(next);
  }
}

function resampleSlices(
  { evaluations, draws, work, counter }: ResampleStep,
  onProgress?: (done: number) => void,
): ResampleOutcome {
  const done: ResampleOutcome = [];
  for (;;) {
    const next = Atomics.add(counter, 0, 1);
    if (next >= work.length) return done;
    const { evaluation, images, maxDets, from, to } = work[next];
    const { ranking, matches } = evaluations[evaluation];
    const slice = sliceOf(ranking, images, ranking.start.length - 1);
    done.push({ work: next, resampled: resample(matches, ranking, slice, maxDets, draws, from, to) });
    onProgress?.(next);
  }
}

function findErrors(
  { dataset, detections, evaluations, counter }: ErrorsStep,
  onProgress?: (done: number) => void,
): void {
  const images = dataset.images.ids.length;
  for (;;) {
    const next = Atomics.add(counter, 0, 1);
    if (next >= images * evaluations.length) return;
    const { ranking, matches, errors } = evaluations[Math.floor(next / images)];
    nameErrors(dataset, detections, ranking, matches, next % images, errors);
    onProgress?.(next);
  }
}

function repair(
  { dataset, evaluations, work, counter }: RepairStep,
  onProgress?: (done: number) => void,
): RepairOutcome {
  const done: RepairOutcome = [];
  for (;;) {
    const next = Atomics.add(counter, 0, 1);
    if (next >= work.length) return done;
    const { evaluation, slice, AP } = work[next];
    const { errors } = evaluations[evaluation];
    done.push({ work: next, errors: countErrors(evaluations[evaluation], dataset, slice, AP, errors) });
    onProgress?.(next);
  }
}

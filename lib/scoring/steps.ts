/**
 * The steps of an evaluation whose work threads can share: match images, summarize slices, leave out fields, name
 * errors, repair them. A thread that is free takes the next piece of work from a shared counter.
 *
 * Everything large is shared memory and messages carry views of it, so sending a whole data set costs nothing.
 */
import { sliceOf } from '../coco/accumulate.ts';
import type { Dataset, Objects } from '../coco/dataset.ts';
import { allocate } from '../coco/dataset.ts';
import { type Evaluating, matchImage } from '../coco/match.ts';
import { PROTOCOLS, type ProtocolId } from '../coco/protocol.ts';
import { orderEntries, type Ranking } from '../coco/rank.ts';
import { summarize } from '../coco/summarize.ts';
import { thread } from '../kernels/thread-state.ts';
import { countErrors, type ErrorSlice, type Errors, type ErrorsByKind, nameErrors } from './errors-by-kind.ts';
import { type Counting, countLabels } from './families.ts';
import type { Fields } from './fields.ts';
import { replicateSlice, type SliceReplicates } from './replicates.ts';
import type { Metrics } from './report.ts';
import { type SensitivityNumbers, sensitivityNumbers } from './sensitivity.ts';

/** An evaluation with its named errors. */
interface ErrorsOf extends Evaluating {
  errors: Errors;
}

/** `counter` is shared by all threads of a step: [0] the next piece of work. */
export interface StepInputs {
  /** Order the entries of rankings, then match every (evaluation, image) pair. */
  match: { dataset: Dataset; detections: Objects; rankings: Ranking[]; evaluations: Evaluating[]; counter: Int32Array };
  /** Summarize slices; for a piece with `weights`, only the headline of the images with weight 1. */
  summarize: {
    evaluations: Evaluating[];
    work: { evaluation: number; images: Uint32Array; weights?: Uint8Array }[];
    protocols: readonly ProtocolId[];
    counter: Int32Array;
  };
  /** AP and AFNR of slices without each field of view, and of the fields in `own` by themselves. */
  replicates: {
    evaluations: Evaluating[];
    fields: Fields;
    work: { evaluation: number; images: Uint32Array; maxDets: number; own: number[] }[];
    counter: Int32Array;
  };
  /** Paints the detections of every file as a label image and compares it with each truth. */
  families: {
    dataset: Dataset;
    detections: Objects;
    ranking: Ranking;
    countings: Counting[];
    scoreThreshold: number | null;
    counter: Int32Array;
  };
  /** Name errors by kind in every (evaluation, image) pair. */
  errors: { dataset: Dataset; detections: Objects; evaluations: ErrorsOf[]; counter: Int32Array };
  /** After naming, count errors slice by slice, and compute what AP would gain without them. */
  repair: {
    dataset: Dataset;
    evaluations: ErrorsOf[];
    work: { evaluation: number; slice: ErrorSlice; AP: number | null }[];
    counter: Int32Array;
  };
}

/** Results of the pieces that one thread did, with their index in `work`. */
export type Done<Result> = [piece: number, result: Result][];

export interface StepOutputs {
  match: undefined;
  /** by protocol */
  summarize: Done<{ metrics: Metrics[] } | { sensitivity: SensitivityNumbers[] }>;
  replicates: Done<SliceReplicates>;
  families: undefined;
  errors: undefined;
  repair: Done<ErrorsByKind>;
}

/** Called often, with the index of the completed piece. */
type Progress = (piece: number) => void;

export const STEPS: {
  readonly [Name in keyof StepInputs]: (input: StepInputs[Name], onProgress: Progress) => StepOutputs[Name];
} = {
  match({ dataset, detections, rankings, evaluations, counter }, onProgress) {
    const images = dataset.images.ids.length;
    for (const next of freePieces(counter, rankings.length + images * evaluations.length)) {
      const pair = next - rankings.length;
      if (pair < 0) orderEntries(rankings[next]);
      else {
        const { ranking, matches } = evaluations[Math.floor(pair / images)];
        matchImage({ dataset, detections, ranking, matches }, pair % images);
        onProgress(pair);
      }
    }
  },

  summarize({ evaluations, work, protocols, counter }, onProgress) {
    const settings = protocols.map((id) => PROTOCOLS[id]);
    return shareWork(work, counter, onProgress, ({ evaluation, images, weights }) => {
      const { ranking, matches } = evaluations[evaluation];
      if (weights) return { sensitivity: sensitivityNumbers(evaluations[evaluation], weights, protocols) };
      const slice = sliceOf(ranking, images, ranking.start.length - 1);
      return { metrics: summarize(matches, ranking, slice, settings) };
    });
  },

  replicates({ evaluations, fields, work, counter }, onProgress) {
    return shareWork(work, counter, onProgress, ({ evaluation, images, maxDets, own }) =>
      replicateSlice(evaluations[evaluation], images, fields, { maxDets, own }),
    );
  },

  families({ dataset, detections, ranking, countings, scoreThreshold, counter }, onProgress) {
    for (const file of freePieces(counter, countings[0].truth.images.length)) {
      countLabels({ dataset, detections, ranking }, countings, file, scoreThreshold);
      onProgress(file);
    }
  },

  errors({ dataset, detections, evaluations, counter }, onProgress) {
    const images = dataset.images.ids.length;
    for (const next of freePieces(counter, images * evaluations.length)) {
      nameErrors({ dataset, detections, ...evaluations[Math.floor(next / images)] }, next % images);
      onProgress(next);
    }
  },

  repair({ dataset, evaluations, work, counter }, onProgress) {
    return shareWork(work, counter, onProgress, ({ evaluation, slice, AP }) =>
      countErrors({ dataset, ...evaluations[evaluation] }, slice, AP),
    );
  },
};

/** Allocate counters that threads share, in shared memory if available. */
export function newCounter(numbers = 1): Int32Array {
  return new Int32Array(allocate(4 * numbers));
}

/** Yield the pieces of work, 0 to `length` - 1, that no other thread has taken. */
export function* freePieces(counter: Int32Array, length: number): Generator<number> {
  for (;;) {
    const next = Atomics.add(counter, 0, 1);
    if (next >= length) return;
    yield next;
  }
}

function shareWork<Work, Result>(
  work: readonly Work[],
  counter: Int32Array,
  onProgress: Progress,
  doPiece: (piece: Work) => Result,
): Done<Result> {
  const done: Done<Result> = [];
  for (const next of freePieces(counter, work.length)) {
    done.push([next, doPiece(work[next])]);
    onProgress(next);
  }
  return done;
}

/** Options of a step. */
export interface RunOptions {
  /** run in one thread: too little work for a second */
  alone?: boolean;
  onProgress?: Progress;
}

/** Runs the steps of an evaluation: in one thread, or in several that share the work of each step. */
export interface Runner {
  /** @returns the output of each thread that took part */
  run<Name extends keyof StepInputs>(
    name: Name,
    input: StepInputs[Name],
    options?: RunOptions,
  ): Promise<StepOutputs[Name][]>;
}

/** Runs everything in the current thread: for tests, the browser and small files. */
export const SINGLE_THREAD: Runner = {
  async run(name, input, { onProgress = () => {} } = {}) {
    try {
      return [STEPS[name](input, onProgress)];
    } finally {
      thread.forgetLarge();
    }
  },
};

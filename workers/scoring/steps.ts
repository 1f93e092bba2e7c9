/**
 * The work of a scoring job's threads: reading a file in parts, then the steps of an evaluation
 * (`lib/scoring/steps.ts`). The leading thread calls the steps directly for its own share, and a pool calls them in the
 * other threads: the same code either way.
 */
import { type Dataset, type Images, JOINED_COLUMNS, joinColumn, type Objects, share } from '#lib/coco/dataset.ts';
import { thread } from '#lib/kernels/thread-state.ts';
import { FileRejected, type Warning } from '#lib/problems.ts';
import { readAnnotations } from '#lib/readers/coco/document.ts';
import type { Part } from '#lib/readers/coco/parts.ts';
import type { Target } from '#lib/readers/coco/predictions.ts';
import type { FirstRecord, ReadResult } from '#lib/readers/coco/reading.ts';
import { fileOnDisk, readRange, sha256File } from '#lib/readers/files.ts';
import type { LabelPart } from '#lib/readers/labels/label-masks.ts';
import { readLabelShare } from '#lib/readers/predictions-file.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { type FlatTruth, flattenTruth, type TruthVariant } from '#lib/scoring/flat-truth.ts';
import {
  STEPS as EVALUATION,
  type StepInputs as EvaluationInputs,
  type StepOutputs as EvaluationOutputs,
  freePieces,
} from '#lib/scoring/steps.ts';

/** Input shared by all parts of a file. */
export interface PartsOfFile {
  path: string;
  parts: Part[];
  kind: 'predictions' | 'ground-truth';
  images: Images;
  category: number;
  anyCategory?: boolean;
  firstHas: FirstRecord;
}

export interface StepInputs extends EvaluationInputs {
  /** Read parts of a file. `counter`: [0] the next part, [1] kilobytes read by all threads */
  read: PartsOfFile & { counter: Int32Array };
  /** Join the columns of parts. `counter`: [0] the next column */
  join: { parts: Objects[]; joined: Objects; counter: Int32Array };
  /** Compute the SHA-256 of a file. */
  digest: { path: string };
  /** Flatten ground truth to label images, in one of the ways used by other papers. */
  flatten: { dataset: Dataset; variant: TruthVariant };
  /** Read a share of an archive of label images. `counter`: [0] images read by all threads */
  labels: { path: string; target: Target; part: number; parts: number; counter: Int32Array };
}

/** Content of a part, or null if something is wrong with it: then the whole file is read in one piece. */
export type ReadOutcome =
  | (Omit<ReadResult, 'otherCategories'> & { warnings: Warning[]; otherCategories: [number, number][] })
  | null;

export interface StepOutputs extends EvaluationOutputs {
  /** with the index of each part */
  read: [part: number, outcome: ReadOutcome][];
  join: undefined;
  digest: string;
  flatten: FlatTruth;
  labels: LabelPart;
}

export type StepName = keyof StepInputs;
/** Called often, with the counter. */
type Progress = (counter: number) => void;
type MaybePromise<T> = T | Promise<T>;

const STEPS: {
  readonly [Name in StepName]: (input: StepInputs[Name], onProgress: Progress) => MaybePromise<StepOutputs[Name]>;
} = {
  ...EVALUATION,

  async read(input, onProgress) {
    const outcomes: StepOutputs['read'] = [];
    const { parts, counter } = input;
    const index = new ImageResolver(input.images);
    for (const next of freePieces(counter, parts.length)) {
      const outcome = await readPart(input, parts[next], index, onProgress);
      outcomes.push([next, outcome]);
      // the file will be read in one piece: no thread needs to read further parts
      if (!outcome) Atomics.store(counter, 0, parts.length);
    }
    return outcomes;
  },

  join({ parts, joined, counter }) {
    for (const column of freePieces(counter, JOINED_COLUMNS)) joinColumn(parts, joined, column);
    return undefined;
  },

  digest: ({ path }) => sha256File(path),

  async flatten({ dataset, variant }) {
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    return flattenTruth(dataset, variant, {
      update: (bytes) => void hash.update(bytes),
      digest: () => hash.digest('hex'),
    });
  },

  labels: async ({ path, target, part, parts, counter }, onProgress) =>
    readLabelShare(await fileOnDisk(path), target, {
      part,
      parts,
      onFile: () => onProgress(Atomics.add(counter, 0, 1)),
    }),
};

/** Run one step in this thread. */
export async function runStep<Name extends StepName>(
  name: Name,
  input: StepInputs[Name],
  onProgress: Progress = () => {},
): Promise<StepOutputs[Name]> {
  try {
    return await STEPS[name](input, onProgress);
  } finally {
    thread.forgetLarge();
  }
}

/** A step as a message to another thread. */
export interface StepMessage<Name extends StepName = StepName> {
  name: Name;
  input: StepInputs[Name];
}

/** The handler of the helper threads. */
export default function runMessage<Name extends StepName>({ name, input }: StepMessage<Name>) {
  return runStep(name, input);
}

async function readPart(
  { path, kind, images, category, anyCategory, firstHas, counter }: StepInputs['read'],
  part: Part,
  index: ImageResolver,
  onProgress: Progress,
): Promise<ReadOutcome> {
  const problems = new ProblemList();
  let before = 0;
  try {
    // a part continues past its end until it reaches the first record of the next
    const result = await readAnnotations(
      readRange(path, part.from, part.to + (part.more ? 64 : 0)),
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
        // a record takes at least 200 bytes; memory that is never written to costs nothing
        capacity: Math.ceil((part.to - part.from) / 200) + 16,
      },
      (bytes) => {
        const kilobytes = Math.floor(bytes / 1024);
        onProgress(Atomics.add(counter, 1, kilobytes - before));
        before = kilobytes;
      },
    );
    const { tally } = result;
    const toBeJudged = tally.withNothingCount + tally.annotationsWithoutMask.length;
    if (problems.count > 0 || toBeJudged > 0 || (part.more && result.stoppedAt !== part.to)) return null;
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

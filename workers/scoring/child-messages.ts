/** Messages between the scoring process and the child that computes for it. They are cloned: no handles, no functions. */
import type { Phase, ScoreJob } from './job.ts';

export type ScoreRequest = Omit<ScoreJob, 'port'>;
export type Progress = { phase: Phase; fraction: number };

/** Kinds of work; each is a file whose default export does it (`child.ts`). */
export type JobName = 'score' | 'importGroundTruth' | 'details' | 'families' | 'cells' | 'derive';

export type ToChild =
  | { id: number; name: JobName; job: object }
  | { id: number; cancel: true }
  | { id: number; heap: true };

export type FromChild =
  | { id: number; progress: Progress }
  | { id: number; outcome: unknown }
  | { id: number; error: { message: string; code?: string; stack?: string } }
  /** the last message before the child ends because its memory is used up */
  | { outOfMemory: true };

/** Exit status of a child whose memory is used up. */
export const OUT_OF_MEMORY = 86;

/**
 * What a reader has of a file that it refuses: detections without a problem of their own. They are never scored; a person
 * may look at them to see what is wrong with the others.
 */
import type { Predictions } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';

export type Accepted = Pick<Predictions, 'detections' | 'groups'>;

const kept = new WeakMap<FileRejected, Accepted>();

/** Run the last step of reading; if it refuses the file, keep what was read with the error. @throws FileRejected */
export function keepingAccepted<Result>(accepted: Accepted, finish: () => Result): Result {
  try {
    return finish();
  } catch (error) {
    if (error instanceof FileRejected && accepted.detections.count > 0) kept.set(error, accepted);
    throw error;
  }
}

/** Return what was read of the file, if anything. */
export function acceptedOf(error: unknown): Accepted | undefined {
  return error instanceof FileRejected ? kept.get(error) : undefined;
}

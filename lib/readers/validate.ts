/** Find everything wrong or suspicious in a file of predictions, without scoring it. */
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import type { ReadPredictions, Target } from './coco/predictions.ts';
import type { OpenedFile } from './opened-file.ts';
import { readOpened } from './predictions-file.ts';

export interface Validated {
  problems: Problem[];
  warnings: Warning[];
  detections: number;
  images: number;
  format: string;
}

/**
 * Read a file of predictions and return its problems and warnings.
 *
 * @param check makes further checks on what was read: may throw FileRejected or change the warnings
 */
export async function validateOpened(
  open: () => Promise<OpenedFile>,
  target: Target,
  check?: (read: ReadPredictions) => void,
): Promise<Validated> {
  return validated(async () => {
    const opened = await open();
    try {
      const read = await readOpened(opened, target);
      check?.(read);
      return { ...read, detections: read.detections.count };
    } finally {
      opened.close();
    }
  });
}

/** Return the result of reading, or the problems that prevented it. */
export async function validated(read: () => Promise<Omit<Validated, 'problems'>>): Promise<Validated> {
  try {
    const { warnings, detections, images, format } = await read();
    return { problems: [], warnings, detections, images, format };
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    const { problems, warnings } = error;
    return { problems, warnings, detections: 0, images: 0, format: 'unknown' };
  }
}

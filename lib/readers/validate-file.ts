/** Find everything wrong or suspicious in a file of predictions on disk, without scoring it. */
import type { ReadPredictions, Target } from './coco/predictions.ts';
import { openFile } from './files.ts';
import { openTarget } from './ground-truth-file.ts';
import { type Validated, validateOpened } from './validate.ts';

/**
 * Read a file of predictions and return its problems and warnings.
 *
 * @param options.groundTruth packed, COCO JSON, or a list of images `[{id, file_name, width, height}]`; or already
 * opened
 * @param options.check makes further checks on what was read: may throw FileRejected or change the warnings
 */
export async function validateFile(options: {
  groundTruth: string | Target;
  predictions: string;
  anyCategory?: boolean;
  check?: (read: ReadPredictions) => void;
}): Promise<Validated> {
  const { groundTruth, predictions, anyCategory } = options;
  const target = typeof groundTruth === 'string' ? await openTarget(groundTruth) : groundTruth;
  return validateOpened(() => openFile(predictions), { ...target, anyCategory }, options.check);
}

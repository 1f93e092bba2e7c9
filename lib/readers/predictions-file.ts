/** Predictions from an opened file of either format: COCO results, or an archive of label images. */
import { type ReadPredictions, readPredictions, type Target } from './coco/predictions.ts';
import type { FileBytes } from './file-bytes.ts';
import { finishLabels, type LabelPart, readLabelMasks, readLabelPart } from './labels/label-masks.ts';
import type { OpenedFile } from './opened-file.ts';
import { openZip } from './zip.ts';

/** Read predictions of either format. @throws FileRejected with all problems */
export async function readOpened(
  opened: OpenedFile,
  target: Target,
  onProgress?: (fraction: number) => void,
): Promise<ReadPredictions> {
  if (opened.format === 'coco-json') {
    return readPredictions(
      () => opened.chunks(),
      target,
      (bytes) => onProgress?.(Math.min(1, bytes / opened.bytes)),
    );
  }
  let read = 0;
  return readLabelMasks(opened.members, target, {
    inflate: opened.unpacking.inflate,
    onFile: () => onProgress?.(++read / opened.members.length),
  });
}

/** Read a thread's share of an archive of label images; each thread opens the archive itself. */
export async function readLabelShare(
  file: FileBytes,
  target: Target,
  { part, parts, onFile }: { part: number; parts: number; onFile?: () => void },
): Promise<LabelPart> {
  const { members, close } = await openZip(file);
  try {
    return await readLabelPart(members, target, { inflate: file.unpacking.inflate, part, parts, onFile });
  } finally {
    close();
  }
}

/** Join the shares of all threads. @throws FileRejected with all problems */
export function joinLabelShares(opened: OpenedFile, shares: LabelPart[], target: Target): ReadPredictions {
  return finishLabels(shares, opened.members, target);
}

/** Predictions from an opened file of either format: COCO results, or an archive of label images. */
import { inflateSync } from 'node:zlib';
import { type ReadPredictions, readPredictions, type Target } from './coco/predictions.ts';
import type { OpenedFile } from './files.ts';
import { finishLabels, type LabelPart, readLabelMasks, readLabelPart } from './labels/label-masks.ts';
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
    inflate,
    onFile: () => onProgress?.(++read / opened.members.length),
  });
}

/** Read a thread's share of an archive of label images; each thread opens the archive itself. */
export async function readLabelShare(
  path: string,
  target: Target,
  { part, parts, onFile }: { part: number; parts: number; onFile?: () => void },
): Promise<LabelPart> {
  const { members, close } = await openZip(path);
  try {
    return await readLabelPart(members, target, { inflate, part, parts, onFile });
  } finally {
    close();
  }
}

/** Join the shares of all threads. @throws FileRejected with all problems */
export function joinLabelShares(opened: OpenedFile, shares: LabelPart[], target: Target): ReadPredictions {
  return finishLabels(shares, opened.members, target);
}

/** Unpack into one buffer of at most `most` bytes. */
function inflate(data: Uint8Array, most: number): Uint8Array {
  return inflateSync(data, { maxOutputLength: most, chunkSize: Math.max(64, most) });
}

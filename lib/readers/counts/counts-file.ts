/** Counts from an opened file: a table of counts, or detections to count. */
import { FileRejected } from '#lib/problems.ts';
import type { OpenedFile } from '#lib/readers/opened-file.ts';
import { type ReadCounts, readCounts } from './compare.ts';
import { readCountsFromDetections } from './detections.ts';
import { type Counts, sniffCounts } from './table.ts';

/**
 * Read counts directly, or count detections with the threshold stated for them.
 *
 * @throws FileRejected with all problems
 */
export async function readOpenedCounts(
  opened: OpenedFile,
  reference: Counts,
  { scoreThreshold, anyCategory }: { scoreThreshold?: number; anyCategory?: boolean },
): Promise<ReadCounts> {
  if (opened.format !== 'coco-json') {
    throw new FileRejected({
      code: 'not-counts',
      message: 'this is an archive of images. Send counts per image, or predictions as COCO results.',
    });
  }
  let first: Uint8Array = new Uint8Array();
  for await (const chunk of opened.chunks()) {
    first = chunk.slice(0, 4096);
    break;
  }
  return scoreThreshold !== undefined && beginsLikeDetections(first)
    ? readCountsFromDetections(opened.chunks(), reference, { scoreThreshold, anyCategory })
    : readCounts(opened.chunks(), reference);
}

/**
 * Tell whether a file starts like JSON; other text can only be a table, and the reader of tables explains what is wrong
 * with it.
 */
function beginsLikeDetections(first: Uint8Array): boolean {
  const text = new TextDecoder().decode(first).trimStart();
  return /^[[{]/.test(text) && sniffCounts(first) === null;
}

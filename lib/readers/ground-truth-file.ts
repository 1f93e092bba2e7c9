/** Read ground truth from disk: packed, as COCO JSON, or only the list of its images. */
import { open, readFile } from 'node:fs/promises';
import { allocate, type Dataset, type ImageId, isPacked, openDataset, packedHeadLength } from '#lib/coco/dataset.ts';
import { FileRejected, type Warning } from '#lib/problems.ts';
import { parseExactly } from './coco/exact-json.ts';
import { CELL_CATEGORY, readGroundTruth } from './coco/ground-truth.ts';
import type { Target } from './coco/predictions.ts';
import { openFile, sha256File } from './files.ts';
import { badList, targetOfList } from './image-list.ts';

/** Bytes of packed ground truth read first: names and sizes of thousands of images fit. */
const PACK_HEAD = 1 << 20;

/**
 * Open packed ground truth. Its images are available at once, which is all that reading predictions needs; its objects
 * are available once `ready` resolves.
 *
 * @returns null if it is another kind of file
 */
export async function openPacked(path: string): Promise<{ dataset: Dataset; ready: Promise<void> } | null> {
  const file = await open(path, 'r');
  let closing: Promise<unknown> = Promise.resolve();
  try {
    const { size } = await file.stat();
    const first = new Uint8Array(Math.min(size, PACK_HEAD));
    await file.read(first, 0, first.length, 0);
    if (!isPacked(first)) return null;
    const buffer = allocate(size);
    const into = new Uint8Array(buffer);
    into.set(first);
    let at = first.length;
    const readTo = async (end: number): Promise<void> => {
      while (at < end) {
        const { bytesRead } = await file.read(into, at, Math.min(end - at, 1 << 28), at);
        if (bytesRead === 0) throw new Error('The packed ground truth ends early.');
        at += bytesRead;
      }
    };
    await readTo(packedHeadLength(first));
    const dataset = openDataset(buffer);
    const { height } = dataset.images;
    await readTo(height.byteOffset + height.byteLength);
    const ready = readTo(size);
    closing = ready.catch(() => {}); // callers that wait for `ready` get the error
    return { dataset, ready };
  } finally {
    void closing.then(() => file.close());
  }
}

export interface GroundTruthOptions {
  /** number or name of the category that is a cell; 1, or the only one there is, unless stated */
  category?: number | string;
  onBytes?: (bytes: number) => void;
}

/** Mark a finding as being about the ground truth, because it is listed with those about predictions. */
export function ofGroundTruth<Said extends { message: string }>(said: Said): Said {
  if (/^(The (gzipped )?ground truth|The list of images)/.test(said.message)) return said;
  return { ...said, message: `Ground truth: ${said.message}` };
}

/**
 * Open ground truth: packed, or COCO JSON (plain, gzipped or zipped). @throws FileRejected that mentions the ground
 * truth
 */
export async function openGroundTruth(path: string, options: GroundTruthOptions = {}): Promise<Dataset> {
  return readGroundTruthFile(path, options).catch((error) => {
    if (!(error instanceof FileRejected)) throw error;
    throw new FileRejected(error.problems.map(ofGroundTruth), error.warnings.map(ofGroundTruth));
  });
}

/** Like `openGroundTruth`, for callers with no other file. @throws FileRejected */
export async function readGroundTruthFile(
  path: string,
  { category, onBytes }: GroundTruthOptions = {},
): Promise<Dataset> {
  const packed = await openPacked(path);
  if (packed) {
    await packed.ready;
    requireCategory(packed.dataset, category);
    return packed.dataset;
  }
  const opened = await openFile(path, 'ground-truth');
  try {
    const reading = readGroundTruth(
      () => opened.chunks(),
      () => '',
      { category, onBytes },
    );
    const [dataset, sha256] = await Promise.all([reading, sha256File(path)]);
    dataset.meta.sha256 = category === undefined ? sha256 : await digestOf(sha256, dataset.meta.category);
    return dataset;
  } finally {
    opened.close();
  }
}

/** The same file with another category is another ground truth, and has another digest. */
async function digestOf(sha256: string, category: number): Promise<string> {
  if (category === CELL_CATEGORY) return sha256;
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(`${sha256} category ${category}`).digest('hex');
}

/** Throw if packed ground truth, which holds one category, holds another one. */
function requireCategory({ meta }: Dataset, category: GroundTruthOptions['category']): void {
  if (category === undefined || category === meta.category) return;
  throw new FileRejected({
    code: 'no-annotation-of-category',
    message: `The ground truth is packed and holds category ${meta.category} alone. Choose that number, or give the COCO document.`,
  });
}

/** List ids, names and sizes of the images of a packed ground truth, without annotations. */
export async function readImageList(
  path: string,
): Promise<{ id: ImageId; file_name: string; width: number; height: number }[]> {
  const { images } = await openGroundTruth(path);
  return images.ids.map((id, i) => ({
    id,
    file_name: images.fileNames[i],
    width: images.width[i],
    height: images.height[i],
  }));
}

/** Open what predictions are checked against: ground truth, or a list of its images. @throws FileRejected */
export async function openTarget(
  path: string,
  options: GroundTruthOptions = {},
): Promise<Target & { warnings: Warning[] }> {
  const list = await readList(path);
  // a list of annotations or detections is no list of images, but a wrong ground truth
  if (!list || (list[0] as { image_id?: unknown } | null)?.image_id !== undefined) {
    const { images, meta } = await openGroundTruth(path, options);
    return { images, category: meta.category, warnings: meta.warnings.map((warning) => ofGroundTruth(warning)) };
  }
  return { ...targetOfList(list, options.category), warnings: [] };
}

/** Return the entries of a file that is a JSON list, or null for any other file. */
async function readList(path: string): Promise<unknown[] | null> {
  const { head, close } = await openFile(path, 'ground-truth').catch(() => ({ head: new Uint8Array(), close() {} }));
  close();
  const text = new TextDecoder().decode(head).replace(/^\uFEFF/, '');
  if (!text.trimStart().startsWith('[')) return null;
  try {
    const whole = await readFile(path, 'utf8');
    return parseExactly<unknown[]>(whole.replace(/^\uFEFF/, ''));
  } catch {
    throw badList('it is not JSON');
  }
}

/** Files on disk as streams of bytes, unpacked when they are compressed; the only reader that knows a file system. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open as openFile, readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip, inflateSync } from 'node:zlib';
import {
  allocate,
  type Dataset,
  type ImageId,
  isPacked,
  openDataset,
  packDataset,
  packedHeadLength,
} from '#lib/coco/dataset.ts';
import { type DatasetStatistics, datasetStatistics } from '#lib/datasets/statistics.ts';
import { cellTypeOf } from '#lib/livecell/cell-types.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { CELL_CATEGORY, readGroundTruth, sortImages } from './coco/ground-truth.ts';
import { type ReadPredictions, readPredictions, type Target } from './coco/predictions.ts';
import { imageKind } from './labels/decode.ts';
import { finishLabels, type LabelPart, readLabelMasks, readLabelPart } from './labels/label-masks.ts';
import { LIMITS } from './limits.ts';
import { quoted } from './problem-list.ts';
import { type Sniffed, sniff } from './sniff.ts';
import { checkUnpacked } from './unpack-limit.ts';
import { openZip } from './zip.ts';

/** The first bytes of a file, and how long it is. */
export async function firstBytes(path: string, count = 4096): Promise<{ first: Uint8Array; bytes: number }> {
  const file = await openFile(path, 'r');
  try {
    const buffer = new Uint8Array(count);
    const { bytesRead } = await file.read(buffer, 0, count, 0);
    return { first: buffer.subarray(0, bytesRead), bytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file, as hex. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readRange(path, 0, Number.POSITIVE_INFINITY)) hash.update(chunk);
  return hash.digest('hex');
}

export interface OpenedFile {
  kind: Sniffed['kind'];
  /** what its bytes hold: `chunks` are JSON text, or it is an archive of label images */
  format: 'coco-json' | 'label-images';
  /** as uploaded */
  bytes: number;
  /** starts the stream of unpacked bytes; may be called again */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * Looks at a file and finds out how to read it: a stream of JSON text, unpacked, or an archive of label images.
 *
 * @throws FileRejected when it is of a kind that cannot be read, or exceeds a budget
 */
export async function openChunks(path: string): Promise<OpenedFile> {
  const { first, bytes } = await firstBytes(path);
  if (bytes > LIMITS.bytes) {
    throw new FileRejected({
      code: 'file-too-large',
      message: `The file has ${bytes.toLocaleString('en')} bytes; at most ${LIMITS.bytes.toLocaleString('en')} are read. Gzip it, or raise the score threshold.`,
    });
  }
  const { kind, problem } = sniff(first);
  if (problem) throw new FileRejected(problem);
  const format = kind === 'zip' ? await lookIntoZip(path) : 'coco-json';
  const chunks = (): AsyncIterable<Uint8Array> => {
    if (kind === 'gzip') return gunzip(createReadStream(path, { highWaterMark: 1 << 18 }), bytes);
    if (kind === 'zip') return onlyMember(path, bytes);
    return readRange(path, 0, bytes);
  };
  return { kind, format, bytes, chunks };
}

/** Bytes `from` to `to` of a file, in turns of two buffers so that reading and parsing overlap. */
export async function* readRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  const size = Math.min(1 << 20, Math.max(to - from, 1));
  const file: FileHandle = await openFile(path, 'r');
  try {
    const buffers = [new Uint8Array(size), new Uint8Array(to - from > size ? size : 0)];
    let position = from;
    const read = (buffer: Uint8Array): Promise<{ bytesRead: number }> => {
      const length = Math.min(buffer.length, to - position);
      const at = position;
      position += length;
      return length > 0 ? file.read(buffer, 0, length, at) : Promise.resolve({ bytesRead: 0 });
    };
    let pending = read(buffers[0]);
    for (let turn = 0; ; turn++) {
      const { bytesRead } = await pending;
      if (bytesRead === 0) return;
      const buffer = buffers[turn & 1];
      pending = position < to ? read(buffers[(turn + 1) & 1]) : Promise.resolve({ bytesRead: 0 });
      pending.catch(() => {}); // looked at in the next turn
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>, compressed: number): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source);
  const output = input.pipe(createGunzip({ chunkSize: 1 << 18 }));
  input.on('error', (error) => output.destroy(error));
  let total = 0;
  try {
    for await (const chunk of output) {
      total += (chunk as Uint8Array).length;
      checkUnpacked(total, { packed: compressed });
      yield chunk as Uint8Array;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw new FileRejected({
      code: code === 'Z_BUF_ERROR' ? 'cut-off' : 'bad-gzip',
      message:
        code === 'Z_BUF_ERROR'
          ? `The gzip file ends in the middle, after ${total.toLocaleString('en')} unpacked bytes: it was cut off while it was written or copied. Write it again.`
          : `The gzip file is damaged after ${total.toLocaleString('en')} unpacked bytes (${(error as Error).message}). Write it again.`,
    });
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** What a zip archive holds is seen in its first bytes, whatever its name. */
async function lookIntoZip(path: string): Promise<OpenedFile['format']> {
  const { members, close } = await openZip(path);
  try {
    if (members.length === 0) throw new FileRejected({ code: 'empty-zip', message: 'The zip archive holds no file.' });
    let bytes = 0;
    let packed = 0;
    for (const member of members) {
      bytes += member.bytes;
      packed += member.packed;
    }
    let images = 0;
    let others = 0;
    for (const { name, chunks } of members) {
      // a few are enough to tell what this is; the readers look at every one
      if (images + others === 3) break;
      let first: Uint8Array = new Uint8Array();
      try {
        for await (first of chunks()) break;
      } catch (error) {
        // damaged: its name has to do
        const damaged = error instanceof FileRejected && error.problems[0].code === 'bad-zip';
        if (!damaged || !/\.(tiff?|png|npy)$/i.test(name)) throw error;
        images++;
        continue;
      }
      if (imageKind(first)) images++;
      else others++;
      if (begins(first, 0x50, 0x4b, 0x03, 0x04)) {
        throw new FileRejected({
          code: 'zip-in-zip',
          message: /\.npz$/i.test(name)
            ? `${quoted(name)} is an archive inside the zip archive. Put the .npy files into one archive, or all arrays into one .npz.`
            : `${quoted(name)} is a zip archive inside the zip archive. Send one of them alone.`,
        });
      }
    }
    const json = members.find(({ name }) => /\.(json|geojson|csv)(\.gz)?$/i.test(name));
    if (members.length > 1 && (images === 0 || json)) {
      throw new FileRejected({
        code: 'zip-with-several-files',
        message: `The zip archive has several files (${quoted(members[0].name)}, ${quoted(members[1].name)}). Send one file of predictions, alone in its archive or gzipped, or one label image per test image and nothing else.`,
      });
    }
    checkUnpacked(bytes, { packed, ratio: images > 0 ? LIMITS.labelInflationRatio : LIMITS.inflationRatio });
    return images > 0 ? 'label-images' : 'coco-json';
  } finally {
    close();
  }
}

/** The only member of a zip archive. */
async function* onlyMember(path: string, compressed: number): AsyncGenerator<Uint8Array> {
  const {
    members: [member],
    close,
  } = await openZip(path);
  try {
    const unpacked = member.chunks();
    const first = await unpacked.next();
    if (first.done) throw new FileRejected({ code: 'empty-zip', message: `${quoted(member.name)} is empty.` });
    const all = async function* (): AsyncGenerator<Uint8Array> {
      let total = 0;
      for (let next: IteratorResult<Uint8Array> = first; !next.done; next = await unpacked.next()) {
        total += next.value.length;
        checkUnpacked(total, { packed: compressed });
        yield next.value;
      }
    };
    const gzipped = begins(first.value, 0x1f, 0x8b);
    if (!gzipped) {
      const { problem } = sniff(first.value);
      if (problem) throw new FileRejected(problem);
    }
    yield* gzipped ? gunzip(all(), compressed) : all();
  } finally {
    close();
  }
}

function begins(bytes: Uint8Array, ...signature: number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** Predictions of either format. @throws FileRejected with all problems */
export async function readOpened(
  path: string,
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
  const { members, close } = await openZip(path);
  try {
    let read = 0;
    return await readLabelMasks(members, target, inflate, () => onProgress?.(++read / members.length));
  } finally {
    close();
  }
}

/** A thread's share of an archive of label images. */
export async function readLabelShare(
  path: string,
  target: Target,
  part: number,
  parts: number,
  onFile?: () => void,
): Promise<LabelPart> {
  const { members, close } = await openZip(path);
  try {
    return await readLabelPart(members, target, inflate, part, parts, onFile);
  } finally {
    close();
  }
}

/** The shares of all threads as one. @throws FileRejected with all problems */
export async function joinLabelShares(path: string, shares: LabelPart[], target: Target): Promise<ReadPredictions> {
  const { members, close } = await openZip(path);
  close();
  return finishLabels(shares, members, target);
}

/** In one piece of memory of the right size, and no more of it. */
function inflate(data: Uint8Array, most: number): Uint8Array {
  return inflateSync(data, { maxOutputLength: most, chunkSize: Math.max(64, most) });
}

// --- ground truth on disk ---

/** What is read of packed ground truth before anything else: names and sizes of thousands of images fit. */
const PACK_HEAD = 1 << 20;

/**
 * Opens packed ground truth. Its images are there at once, which is all that reading predictions needs; its objects
 * are when `ready` is.
 *
 * @returns null when it is another kind of file
 */
export async function openPacked(path: string): Promise<{ dataset: Dataset; ready: Promise<void> } | null> {
  const file = await openFile(path, 'r');
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
    closing = ready.catch(() => {}); // whoever waits for `ready` hears of it
    return { dataset, ready };
  } finally {
    void closing.then(() => file.close());
  }
}

/** Ground truth from a file: packed, or COCO JSON (plain or gzipped). @throws FileRejected */
export async function openGroundTruth(path: string, onBytes?: (bytes: number) => void): Promise<Dataset> {
  const packed = await openPacked(path);
  if (packed) {
    await packed.ready;
    return packed.dataset;
  }
  const opened = await openChunks(path);
  if (opened.format !== 'coco-json') {
    const message = 'Ground truth has to be a COCO document; this is an archive of images.';
    throw new FileRejected({ code: 'not-a-list', message });
  }
  const reading = readGroundTruth(
    () => opened.chunks(),
    () => '',
    onBytes,
  );
  const [dataset, sha256] = await Promise.all([reading, sha256File(path)]);
  dataset.meta.sha256 = sha256;
  return dataset;
}

/** Imports COCO ground truth: reads, checks, packs and writes it. @throws FileRejected */
export async function importGroundTruth(
  path: string,
  outPath: string,
): Promise<{
  sha256: string;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  warnings: Warning[];
  /** of single images too: what may be told of ground truth that is not public is up to who keeps it */
  statistics: DatasetStatistics;
}> {
  const dataset = await openGroundTruth(path);
  await writeFile(outPath, packDataset(dataset));
  const cellTypes: Record<string, number> = {};
  for (const name of dataset.images.fileNames) {
    const type = cellTypeOf(name);
    if (type) cellTypes[type] = (cellTypes[type] ?? 0) + 1;
  }
  return {
    sha256: dataset.meta.sha256,
    images: dataset.images.ids.length,
    objects: dataset.objects.count,
    cellTypes,
    warnings: dataset.meta.warnings,
    statistics: datasetStatistics(dataset),
  };
}

/** Ids, names and sizes of the images of a packed ground truth: never annotations. */
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

export interface Validated {
  problems: Problem[];
  warnings: Warning[];
  detections: number;
  images: number;
  format: string;
}

/**
 * Everything that is wrong or suspicious about a file of predictions; scores nothing.
 *
 * @param options.groundTruth packed or COCO JSON, or a list of images `[{id, file_name, width, height}]`; or it, opened
 * @param options.check what else is wanted of the file: may throw FileRejected, or change its warnings
 */
export async function validateFile(options: {
  groundTruth: string | Target;
  predictions: string;
  anyCategory?: boolean;
  check?: (read: ReadPredictions) => void;
}): Promise<Validated> {
  const { groundTruth, predictions, anyCategory } = options;
  const target = typeof groundTruth === 'string' ? await openTarget(groundTruth) : groundTruth;
  return validated(async () => {
    const opened = await openChunks(predictions);
    const read = await readOpened(predictions, opened, { ...target, anyCategory });
    options.check?.(read);
    return { ...read, detections: read.detections.count };
  });
}

/** What reading found, or why it found nothing. */
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

/** What predictions are read against: ground truth, packed or COCO JSON, or a list of its images. @throws FileRejected */
export async function openTarget(path: string): Promise<Target> {
  const { first } = await firstBytes(path);
  const text = new TextDecoder().decode(first).trimStart();
  if (!text.startsWith('[')) {
    const { images, meta } = await openGroundTruth(path);
    return { images, category: meta.category };
  }
  const { z } = await import('zod'); // only here: what is read every day is checked by hand
  const imageListSchema = z.array(
    z.object({
      id: z.union([z.number(), z.string()]),
      file_name: z.string(),
      width: z.int().positive(),
      height: z.int().positive(),
    }),
  );
  const list = imageListSchema.safeParse(parseJson(await readFile(path, 'utf8')));
  if (!list.success) {
    const [issue] = list.error.issues;
    throw new FileRejected(
      [
        {
          code: 'bad-image-list',
          message: `The list of images is not one: ${issue.path.length ? `at ${issue.path.join('.')}: ` : ''}${issue.message}. It has to be [{id, file_name, width, height}, …], as the site's data set page offers it, or give the ground truth itself.`,
        },
      ],
      [],
    );
  }
  return {
    images: sortImages(list.data.map(({ file_name, ...image }) => ({ ...image, fileName: file_name }))),
    category: CELL_CATEGORY,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

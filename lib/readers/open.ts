/** Files on disk as streams of bytes, unpacked when they are compressed; the only reader that knows a file system. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open as openFile, readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Unzip, UnzipInflate } from 'fflate';
import { allocate, type Dataset, type ImageId, isPacked, openDataset, packDataset } from '../coco/dataset.ts';
import { cellTypeOf } from '../scoring/cell-types.ts';
import type { Problem, Warning } from '../scoring/report.ts';
import { CELL_CATEGORY, readGroundTruth, sortImages, WrongFile } from './ground-truth.ts';
import { LIMITS } from './limits.ts';
import { readPredictions, type Target } from './predictions.ts';
import { FatalProblem } from './problems.ts';
import { type Sniffed, sniff } from './sniff.ts';

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
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export interface OpenedFile {
  kind: Sniffed['kind'];
  /** as uploaded */
  bytes: number;
  /** starts the stream of unpacked bytes; may be called again */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * Looks at a file and opens it as a stream of JSON text.
 *
 * @throws FatalProblem when it is of a kind that cannot be read, or exceeds a budget
 */
export async function openChunks(path: string): Promise<OpenedFile> {
  const { first, bytes } = await firstBytes(path);
  if (bytes > LIMITS.bytes) {
    throw new FatalProblem({
      code: 'file-too-large',
      message: `The file has ${bytes.toLocaleString('en')} bytes; at most ${LIMITS.bytes.toLocaleString('en')} are read. Gzip it, or raise the score threshold.`,
    });
  }
  const { kind, problem } = sniff(first);
  if (problem) throw new FatalProblem(problem);
  const chunks = (): AsyncIterable<Uint8Array> => {
    if (kind === 'gzip') return gunzip(createReadStream(path, { highWaterMark: 1 << 18 }), bytes);
    if (kind === 'zip') return onlyMember(path, bytes);
    return readRange(path, 0, bytes);
  };
  return { kind, bytes, chunks };
}

/** Bytes `from` to `to` of a file, in turns of two buffers so that reading and parsing overlap. */
export async function* readRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  const size = Math.min(1 << 22, Math.max(to - from, 1));
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

/** Refuses what unpacks too far, before it is passed on. */
function checkInflated(total: number, compressed: number): void {
  if (total > LIMITS.inflatedBytes || (total > 1 << 26 && total > compressed * LIMITS.inflationRatio)) {
    throw new FatalProblem({
      code: 'inflates-too-far',
      message: `The file unpacks to more than ${total > LIMITS.inflatedBytes ? `${LIMITS.inflatedBytes.toLocaleString('en')} bytes` : `${LIMITS.inflationRatio} times its size`}; it is not read further.`,
    });
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
      checkInflated(total, compressed);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw new FatalProblem({
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

/** The only member of a zip archive; folders and what macOS adds do not count. */
async function* onlyMember(path: string, compressed: number): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let failed: Error | null = null;
  let member: string | null = null;
  let complete = false;
  let total = 0;
  const unzip = new Unzip((file) => {
    if (file.name.endsWith('/') || /(^|\/)(__MACOSX\/|\.DS_Store$)/.test(file.name)) return;
    if (member !== null) {
      failed ??= new FatalProblem({
        code: 'zip-with-several-files',
        message: `The zip archive has several files (“${member}”, “${file.name}”). Send one file of predictions, alone in its archive or gzipped.`,
      });
      return;
    }
    member = file.name;
    file.ondata = (error, chunk, final) => {
      if (error) failed ??= error;
      else if (chunk) ready.push(chunk);
      if (final) complete = true;
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  const damaged = (why: string): FatalProblem =>
    new FatalProblem({ code: 'bad-zip', message: `The zip archive is damaged or cut off (${why}). Write it again.` });
  const input = createReadStream(path, { highWaterMark: 1 << 16 });
  const inner = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of input) {
        try {
          unzip.push(chunk as Uint8Array);
        } catch (error) {
          throw damaged((error as Error).message);
        }
        if (failed) throw failed instanceof FatalProblem ? failed : damaged(failed.message);
        for (let next = ready.shift(); next; next = ready.shift()) {
          total += next.length;
          checkInflated(total, compressed);
          yield next;
        }
      }
      if (member === null) throw new FatalProblem({ code: 'empty-zip', message: 'The zip archive holds no file.' });
      if (!complete) throw damaged('it ends in the middle of a file');
    } finally {
      input.destroy();
    }
  };
  const unpacked = inner();
  const first = await unpacked.next();
  if (first.done) return;
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value;
    yield* unpacked;
  };
  const gzipped = first.value[0] === 0x1f && first.value[1] === 0x8b;
  if (!gzipped) {
    const { problem } = sniff(first.value);
    if (problem) throw new FatalProblem(problem);
  }
  yield* gzipped ? gunzip(all(), compressed) : all();
}

// --- ground truth on disk ---

/** Whether a file is packed ground truth. */
export async function isPackedFile(path: string): Promise<boolean> {
  return isPacked((await firstBytes(path, 8)).first);
}

/** Ground truth from a file: packed, or COCO JSON (plain or gzipped). @throws WrongFile */
export async function openGroundTruth(path: string, onBytes?: (bytes: number) => void): Promise<Dataset> {
  const { first, bytes } = await firstBytes(path);
  if (isPacked(first)) {
    const buffer = allocate(bytes);
    const file = await openFile(path, 'r');
    try {
      const into = new Uint8Array(buffer);
      for (let at = 0; at < bytes; ) {
        const { bytesRead } = await file.read(into, at, Math.min(bytes - at, 1 << 28), at);
        if (bytesRead === 0) throw new Error('The packed ground truth ends early.');
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
    return openDataset(buffer);
  }
  try {
    const opened = await openChunks(path);
    const digest = sha256File(path);
    const dataset = await readGroundTruth(
      () => opened.chunks(),
      () => '',
      onBytes,
    );
    dataset.meta.sha256 = await digest;
    return dataset;
  } catch (error) {
    if (error instanceof FatalProblem) throw new WrongFile([error.problem], []);
    throw error;
  }
}

/** Imports COCO ground truth: reads, checks, packs and writes it. @throws WrongFile */
export async function importGroundTruth(
  path: string,
  outPath: string,
): Promise<{
  sha256: string;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  warnings: Warning[];
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

/**
 * Everything that is wrong or suspicious about a file of predictions; scores nothing.
 *
 * @param options.groundTruth packed or COCO JSON, or a list of images `[{id, file_name, width, height}]`
 */
export async function validateFile(options: { groundTruth: string; predictions: string }): Promise<{
  problems: Problem[];
  warnings: Warning[];
  detections: number;
  images: number;
  format: string;
}> {
  const target = await openTarget(options.groundTruth);
  try {
    const opened = await openChunks(options.predictions);
    const read = await readPredictions(() => opened.chunks(), target);
    return {
      problems: [],
      warnings: read.warnings,
      detections: read.detections.count,
      images: read.images,
      format: 'coco-json',
    };
  } catch (error) {
    const { problems, warnings } =
      error instanceof FatalProblem
        ? { problems: [error.problem], warnings: [] }
        : error instanceof WrongFile
          ? error
          : rethrow(error);
    return { problems, warnings, detections: 0, images: 0, format: 'unknown' };
  }
}

function rethrow(error: unknown): never {
  throw error;
}

async function openTarget(path: string): Promise<Target> {
  const { first } = await firstBytes(path);
  const text = new TextDecoder().decode(first).trimStart();
  if (!text.startsWith('[')) {
    const { images, meta } = await openGroundTruth(path);
    return { images, category: meta.category };
  }
  const list = JSON.parse(await readFile(path, 'utf8')) as {
    id: ImageId;
    file_name: string;
    width: number;
    height: number;
  }[];
  return {
    images: sortImages(list.map(({ id, file_name, width, height }) => ({ id, fileName: file_name, width, height }))),
    category: CELL_CATEGORY,
  };
}

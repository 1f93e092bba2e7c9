/**
 * Files on disk: what kind a file is, and its bytes as a stream, unpacked if they are compressed. `openFile` determines
 * all of that once; the result is passed to the readers, so that no file is examined twice.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { begins, type Purpose, type Sniffed, sniff, wanted } from './kinds.ts';
import { imageKind } from './labels/decode.ts';
import { LIMITS } from './limits.ts';
import { quoted } from './problem-list.ts';
import { checkUnpacked } from './unpack-limit.ts';
import { type OpenZip, openZip, type ZipMember } from './zip.ts';

/** Bytes examined: they nearly always include the first record of a document. */
const HEAD = 1 << 18;

const ZIP = [0x50, 0x4b, 0x03, 0x04];
const GZIP = [0x1f, 0x8b];

export interface OpenedFile {
  readonly path: string;
  readonly kind: Sniffed['kind'];
  /** `coco-json`: `chunks` are text; `label-images`: an archive of label images */
  readonly format: 'coco-json' | 'label-images';
  /** size as uploaded */
  readonly bytes: number;
  /** the first bytes, as they are on disk */
  readonly head: Uint8Array;
  /** for an archive: its directory, read once */
  readonly members: readonly ZipMember[];
  /** why it cannot be read as one file; an archive with one file per slot can still be read */
  readonly problem?: Problem;
  /** Start the stream of unpacked bytes; may be called again. */
  chunks(): AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * Open a file and determine how to read it: a stream of text, unpacked, or an archive of label images.
 *
 * @throws FileRejected if its kind cannot be read for this purpose, or if it exceeds a budget
 */
export async function openFile(path: string, purpose: Purpose = 'predictions'): Promise<OpenedFile> {
  const opened = await lookAtFile(path, purpose);
  if (!opened.problem) return opened;
  opened.close();
  throw new FileRejected(opened.problem);
}

/** Like `openFile`, but returns the problem of a file instead of throwing it. */
export async function lookAtFile(path: string, purpose: Purpose = 'predictions'): Promise<OpenedFile> {
  const { head, bytes } = await readHead(path);
  const { kind, problem } =
    bytes > LIMITS.bytes ? { kind: 'unknown' as const, problem: tooLarge(bytes) } : sniff(head, purpose);
  let zip: OpenZip | null = null;
  let inside: { format: OpenedFile['format']; problem?: Problem } = { format: 'coco-json', problem };
  if (kind === 'zip' && !problem) {
    try {
      zip = await openZip(path);
      inside = await lookIntoZip(zip.members, purpose);
    } catch (error) {
      if (!(error instanceof FileRejected)) {
        zip?.close();
        throw error;
      }
      inside.problem = error.problems[0];
    }
  }
  const members = zip?.members ?? [];
  return {
    path,
    kind,
    bytes,
    head,
    members,
    ...inside,
    chunks() {
      if (kind === 'gzip') return gunzip(createReadStream(path, { highWaterMark: HEAD }), bytes);
      if (kind === 'zip') return unpackOnlyMember(members, bytes, purpose);
      return readRange(path, 0, bytes);
    },
    close: () => zip?.close(),
  };
}

async function readHead(path: string): Promise<{ head: Uint8Array; bytes: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = new Uint8Array(Math.min(HEAD, size));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return { head: buffer.subarray(0, bytesRead), bytes: size };
  } finally {
    await file.close();
  }
}

function tooLarge(bytes: number): Problem {
  return {
    code: 'file-too-large',
    message: `The file has ${bytes.toLocaleString('en')} bytes; at most ${LIMITS.bytes.toLocaleString('en')} are read. Gzip it, or raise the score threshold.`,
  };
}

/** Return the SHA-256 of a file, as hex. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readRange(path, 0, Number.POSITIVE_INFINITY)) hash.update(chunk);
  return hash.digest('hex');
}

/** Read bytes `from` to `to` of a file, alternating between two buffers so that reading and parsing overlap. */
export async function* readRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  const size = Math.min(1 << 20, Math.max(to - from, 1));
  const file: FileHandle = await open(path, 'r');
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
      pending.catch(() => {}); // handled in the next round
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>, compressed: number): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source);
  const output = input.pipe(createGunzip({ chunkSize: HEAD }));
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
          : `The gzip file is damaged after ${total.toLocaleString('en')} unpacked bytes. Write it again.`,
    });
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** Determine what an archive contains from the first bytes of its members, whatever their names. */
async function lookIntoZip(
  members: readonly ZipMember[],
  purpose: Purpose,
): Promise<{ format: OpenedFile['format']; problem?: Problem }> {
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
    // a few members are enough to tell the kind; the readers examine every one
    if (images + others === 3) break;
    let first: Uint8Array = new Uint8Array();
    try {
      for await (first of chunks()) break;
    } catch (error) {
      // damaged: go by its name
      const damaged = error instanceof FileRejected && error.problems[0].code === 'bad-zip';
      if (!damaged || !/\.(tiff?|png|npy)$/i.test(name)) throw error;
      images++;
      continue;
    }
    if (imageKind(first)) images++;
    else others++;
    if (begins(first, ZIP)) {
      throw new FileRejected({
        code: 'zip-in-zip',
        message: /\.npz$/i.test(name)
          ? `${quoted(name)} is an archive inside the zip archive. Put the .npy files into one archive, or all arrays into one .npz.`
          : `${quoted(name)} is a zip archive inside the zip archive. Send one of them alone.`,
      });
    }
  }
  const format = images > 0 ? 'label-images' : 'coco-json';
  const text = members.find(({ name }) => /\.(json|jsonl|geojson|csv)(\.gz)?$/i.test(name));
  if (members.length > 1 && (images === 0 || text || purpose === 'ground-truth')) {
    const names = `(${quoted(members[0].name)}, ${quoted(members[1].name)})`;
    const message =
      purpose === 'ground-truth'
        ? `The ground truth is a zip archive with several files ${names}. ${wanted(purpose)}`
        : `The zip archive has several files ${names}. Send one file of predictions, alone in its archive or gzipped, or one label image per test image and nothing else.`;
    return { format, problem: { code: 'zip-with-several-files', message } };
  }
  if (purpose === 'ground-truth' && images > 0) {
    const message = `The ground truth is an archive of images. ${wanted(purpose)}`;
    return { format, problem: { code: 'wrong-kind', message } };
  }
  checkUnpacked(bytes, { packed, ratio: images > 0 ? LIMITS.labelInflationRatio : LIMITS.inflationRatio });
  return { format };
}

/** Unpack the only member of a zip archive. */
async function* unpackOnlyMember(
  [member]: readonly ZipMember[],
  compressed: number,
  purpose: Purpose,
): AsyncGenerator<Uint8Array> {
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
  if (begins(first.value, GZIP)) {
    yield* gunzip(all(), compressed);
    return;
  }
  const { problem } = sniff(first.value, purpose);
  if (problem) throw new FileRejected(problem);
  yield* all();
}

/** Files on disk, for the readers: their bytes, how Node unpacks them, and their digests. */

import { type FileHandle, open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createGunzip, inflateRawSync, inflateSync } from 'node:zlib';
import { FileRejected } from '#lib/problems.ts';
import type { FileBytes, Unpacking } from './file-bytes.ts';
import type { Purpose } from './kinds.ts';
import { lookAtBytes, type OpenedFile } from './opened-file.ts';
import { ZIP_OPTIONS } from './zip.ts';

/** Bytes that a gzip stream yields at once. */
const UNPACKED_CHUNK = 1 << 18;

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
  return lookAtBytes(await fileOnDisk(path), purpose);
}

/** Return a file on disk. */
export async function fileOnDisk(path: string): Promise<FileBytes> {
  const { size } = await stat(path);
  return {
    path,
    size,
    range: (from, to) => readRange(path, from, to),
    zip: async () => (await import('./yauzl.ts')).openPromise(path, ZIP_OPTIONS), // loaded for archives alone
    unpacking: NODE_UNPACKING,
  };
}

const NODE_UNPACKING: Unpacking = {
  gunzip,
  inflate: (packed, most) => inflateSync(packed, { maxOutputLength: most, chunkSize: Math.max(64, most) }),
  inflateRaw: (packed, most) =>
    inflateRawSync(packed, { maxOutputLength: Math.max(1, most), chunkSize: Math.max(64, most) }),
  crc32: (bytes, sum = 0) => crc32(bytes, sum),
};

async function* gunzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // copied, because a chunk is valid only until the next one is asked for
  const copies = async function* () {
    for await (const chunk of packed) yield Uint8Array.from(chunk);
  };
  const input = Readable.from(copies());
  const output = input.pipe(createGunzip({ chunkSize: UNPACKED_CHUNK }));
  input.on('error', (error) => output.destroy(error));
  try {
    for await (const chunk of output) yield chunk as Uint8Array;
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** Return the SHA-256 of a file, as hex. */
export async function sha256File(path: string): Promise<string> {
  const { createHash } = await import('node:crypto'); // slow to load, and not every thread computes digests
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

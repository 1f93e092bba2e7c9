/**
 * A file that a person chose in the browser, for the readers: its bytes, and decompression. Next replaces Node's streams
 * and zlib by implementations for browsers, so that archives are read, and refused, as on the server.
 */
import { Readable } from 'node:stream';
import { createGunzip, inflateRawSync, inflateSync } from 'node:zlib';
import { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import type { FileBytes, Unpacking } from '#lib/readers/file-bytes.ts';
import { ZIP_OPTIONS } from '#lib/readers/zip.ts';

// yauzl's streams end with it, and browsers have none
globalThis.setImmediate ??= ((run: () => void) => setTimeout(run, 0)) as unknown as typeof setImmediate;

/** Bytes read at once. */
const CHUNK = 1 << 20;

/** Return a chosen file as the readers take it. */
export function fileInBrowser(file: File): FileBytes {
  return {
    path: file.name,
    size: file.size,
    range: (from, to) => readRange(file, from, to),
    zip: () => fromRandomAccessReaderPromise(new BlobReader(file), file.size, ZIP_OPTIONS),
    unpacking: UNPACKING,
  };
}

async function* readRange(file: Blob, from: number, to: number): AsyncGenerator<Uint8Array> {
  const end = Math.min(to, file.size);
  for (let at = from; at < end; at += CHUNK) {
    yield new Uint8Array(await file.slice(at, Math.min(at + CHUNK, end)).arrayBuffer());
  }
}

/** Gives yauzl ranges of a file as streams. */
class BlobReader extends RandomAccessReader {
  private readonly file: Blob;

  constructor(file: Blob) {
    super();
    this.file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return toStream(readRange(this.file, start, end));
  }
}

/** `Readable.from` is missing in browsers. */
function toStream(chunks: AsyncGenerator<Uint8Array>): Readable {
  return new Readable({
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done ? null : Buffer.from(value)),
        (error: Error) => this.destroy(error),
      );
    },
  });
}

/** Decompression by what Next puts in the place of Node's zlib. */
export const UNPACKING: Unpacking = {
  async *gunzip(packed) {
    const output = toStream(packed as AsyncGenerator<Uint8Array>).pipe(createGunzip({ chunkSize: CHUNK }));
    try {
      for await (const chunk of output) yield chunk as Uint8Array;
    } finally {
      output.destroy();
    }
  },
  inflate: (packed, most) => inflateSync(Buffer.from(packed), { maxOutputLength: most }),
  inflateRaw: (packed, most) => inflateRawSync(Buffer.from(packed), { maxOutputLength: Math.max(1, most) }),
  crc32,
};

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Continue a CRC-32 (ISO 3309), which browsers' zlib does not offer. */
function crc32(bytes: Uint8Array, sum = 0): number {
  let crc = ~sum;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

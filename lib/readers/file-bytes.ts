/** What the readers need of a platform: the bytes of a file, and decompression. Node and browsers each provide it. */
import type { ZipFile } from 'yauzl';
import type { Inflate } from './labels/label-image.ts';

/** A file, and how to unpack it on this platform. */
export interface FileBytes {
  /** on disk, where threads open it again; elsewhere its name */
  readonly path: string;
  readonly size: number;
  /** Stream the bytes from `from` to `to`. A chunk is valid until the next one is asked for. */
  range(from: number, to: number): AsyncIterable<Uint8Array>;
  /** Open it as a zip archive. @throws Error of yauzl */
  zip(): Promise<ZipFile>;
  readonly unpacking: Unpacking;
}

/** Decompression on this platform. */
export interface Unpacking {
  /** Unpack a gzip stream. @throws Error with zlib's code `Z_…` */
  gunzip(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Unpack a zlib stream into at most `most` bytes. */
  inflate: Inflate;
  /** Unpack a deflate stream into at most `most` bytes. */
  inflateRaw: Inflate;
  /** Continue a CRC-32; begins with 0. */
  crc32(bytes: Uint8Array, sum?: number): number;
}

/**
 * Zip archives, read through their central directory, one member at a time. Names never become paths: nothing is
 * written to disk, so a member named `../x` is harmless.
 */

import type { Entry, getFileNameLowLevel, Options, ZipFile } from 'yauzl';
import { FileRejected } from '#lib/problems.ts';
import { inflateDeflate64 } from './deflate64.ts';
import type { FileBytes, Unpacking } from './file-bytes.ts';
import { LIMITS } from './limits.ts';
import { quoted } from './problem-list.ts';

export interface ZipMember {
  name: string;
  /** unpacked size according to the archive's directory; a member that unpacks to another size is refused */
  bytes: number;
  packed: number;
  /** read the whole member and verify its checksum */
  read(): Promise<Uint8Array>;
  /** stream the member, for members of any size */
  chunks(): AsyncGenerator<Uint8Array>;
}

export interface OpenZip {
  /** without folders, notes, and files added by operating systems */
  members: ZipMember[];
  close(): void;
}

/** Folders, resource forks, hidden files (but not files in `./` or `../`) and thumbnails. */
const NOT_CONTENT = /\/$|(^|\/)(__MACOSX\/|\.(?!\.?\/)|Thumbs\.db$|desktop\.ini$)/i;

/** Notes that accompany the data. */
const NOTE = /\.(txt|md|pdf|log|ya?ml)$|(^|\/)(readme|licen[cs]e)[^/]*$/i;

const STORED = 0;
const DEFLATED = 8;
const DEFLATE64 = 9;
/** Methods that are not supported, by their numbers in PKWARE's APPNOTE.TXT, section 4.4.5. */
const METHODS: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  10: 'PKWARE Implode',
  12: 'bzip2',
  14: 'LZMA',
  16: 'CMPSC',
  18: 'IBM TERSE',
  20: 'Zstandard',
  93: 'Zstandard',
  94: 'MP3',
  95: 'xz',
  96: 'JPEG',
  97: 'WavPack',
  98: 'PPMd',
  99: 'AES',
};

/** How yauzl opens an archive. Names are checked here: yauzl would refuse the whole archive for a `../`. */
export const ZIP_OPTIONS = { lazyEntries: true, autoClose: false, decodeStrings: false } satisfies Options;

/** Open a zip archive. @throws FileRejected if it is damaged or has too many members */
export async function openZip(file: Pick<FileBytes, 'zip' | 'unpacking'>): Promise<OpenZip> {
  const { getFileNameLowLevel } = await import('./yauzl.ts'); // loaded for archives alone
  let zip: ZipFile | null = null;
  try {
    zip = await file.zip();
    const members: ZipMember[] = [];
    // yauzl lists no more members than the archive claims to have
    if (zip.entryCount > LIMITS.zipMembers) {
      throw new FileRejected({
        code: 'zip-with-too-many-files',
        message: `The zip archive has ${zip.entryCount.toLocaleString('en')} files; at most ${LIMITS.zipMembers.toLocaleString('en')} are read.`,
      });
    }
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry, getFileNameLowLevel);
      if (!NOT_CONTENT.test(name)) members.push(memberOf(zip, entry, name, file.unpacking));
    }
    const opened = zip;
    const content = members.filter(({ name }) => !NOTE.test(name));
    return { members: content.length > 0 ? content : members, close: () => opened.close() };
  } catch (error) {
    zip?.close();
    throw damaged(error);
  }
}

/**
 * Decode a member's name as UTF-8 whatever the archive declares, as macOS and old Python write it; if that fails, as
 * code page 437.
 */
function nameOf(entry: Entry, decode: typeof getFileNameLowLevel): string {
  const bytes = entry.fileName as unknown as Buffer; // `decodeStrings: false`
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\\', '/');
  } catch {
    return decode(0, bytes, entry.extraFields, false);
  }
}

function memberOf(zip: ZipFile, entry: Entry, name: string, { crc32, inflateRaw }: Unpacking): ZipMember {
  const { compressedSize, uncompressedSize, compressionMethod, crc32: checksum } = entry;
  const raw = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of await zip.openReadStreamPromise(entry, { decodeFileData: false }))
      yield chunk as Uint8Array;
  };
  const unpacked = async function* (): AsyncGenerator<Uint8Array> {
    if (compressionMethod === DEFLATE64) yield* inflateDeflate64(raw());
    else for await (const chunk of await zip.openReadStreamPromise(entry)) yield chunk as Uint8Array;
  };
  return {
    name,
    bytes: uncompressedSize,
    packed: compressedSize,
    async read() {
      refuseUnreadable(entry, name);
      try {
        // both numbers are the archive's own claims: never allocate more than can be there
        if (compressedSize > zip.fileSize || compressedSize > 2 * uncompressedSize + 65_536)
          throw new Error('a file in it is larger than the archive');
        const source = compressionMethod === DEFLATE64 ? unpacked() : raw();
        const size = compressionMethod === DEFLATE64 ? uncompressedSize : compressedSize;
        const stored = await collect(source, size);
        const bytes = compressionMethod === DEFLATED ? inflateRaw(stored, uncompressedSize) : stored;
        if (bytes.length !== uncompressedSize) throw new Error('its size is not the one the archive says');
        if (crc32(bytes) !== checksum) throw new Error('its checksum is wrong');
        return bytes;
      } catch (error) {
        throw damaged(error);
      }
    },
    async *chunks() {
      refuseUnreadable(entry, name);
      let total = 0;
      let sum = 0;
      try {
        for await (const chunk of unpacked()) {
          total += chunk.length;
          if (total > uncompressedSize) throw new Error('a file in it is larger than the archive says');
          sum = crc32(chunk, sum);
          yield chunk;
        }
        if (total !== uncompressedSize) throw new Error('its size is not the one the archive says');
        if (sum !== checksum) throw new Error('its checksum is wrong');
      } catch (error) {
        throw damaged(error);
      }
    },
  };
}

/** Throw if the archive is intact but this member cannot be read here. @throws FileRejected */
function refuseUnreadable(entry: Entry, name: string): void {
  const { compressionMethod: method } = entry;
  if (entry.isEncrypted()) {
    throw new FileRejected({
      code: 'zip-encrypted',
      message: `${quoted(name)} in the zip archive is encrypted with a password. Write the archive without one.`,
    });
  }
  if (method === STORED || method === DEFLATED || method === DEFLATE64) return;
  throw new FileRejected({
    code: 'zip-method',
    message: `The zip archive is whole, but ${quoted(name)} in it is compressed with ${METHODS[method] ?? `method ${method}`}, which is not read here. Write the archive with Deflate, the usual method, or gzip the JSON file.`,
  });
}

/** Collect a stream of known length. @throws Error if it is longer */
async function collect(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    if (at + chunk.length > size) throw new Error('a file in it is larger than the archive says');
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.subarray(0, at);
}

/** Convert errors of yauzl and zlib into a problem; errors of the file system are not the submitter's fault. */
function damaged(error: unknown): unknown {
  if (error instanceof FileRejected) return error;
  if (/multi-disk/i.test((error as Error).message)) {
    return new FileRejected({
      code: 'zip-split',
      message: 'The zip archive is one part of several. Write it as one file, without splitting.',
    });
  }
  const { code = '', message } = error as Error & { code?: string };
  if (code && !code.startsWith('Z_') && !code.startsWith('ERR_')) return error;
  const why = /End of central directory|truncated/i.test(message)
    ? 'its end is missing; one part of several is not enough'
    : code === 'ERR_BUFFER_TOO_LARGE'
      ? 'a file in it is larger than the archive says'
      : message.replace(/\.$/, '').split('. ')[0];
  return new FileRejected({
    code: 'bad-zip',
    message: `The zip archive is damaged or cut off (${why}). Write it again.`,
  });
}

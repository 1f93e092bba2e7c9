/**
 * Zip archives, read through their central directory, one member at a time. Names never become paths: nothing is
 * written anywhere, so a member called `../x` is a member called `x`.
 */

import { crc32, inflateRawSync } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { FileRejected } from '#lib/problems.ts';
import { LIMITS } from './limits.ts';
import { quoted } from './problem-list.ts';

export interface ZipMember {
  name: string;
  /** unpacked, as the archive's directory says; whatever unpacks to another size is refused */
  bytes: number;
  packed: number;
  /** the whole member, checked against its checksum */
  read(): Promise<Uint8Array>;
  /** the same as a stream, for members of any size */
  chunks(): AsyncGenerator<Uint8Array>;
}

export interface OpenZip {
  /** without folders, notes, and what operating systems add */
  members: ZipMember[];
  close(): void;
}

/** Folders, resource forks, hidden files (but not what lies in `./` or `../`) and thumbnails. */
const NOT_CONTENT = /\/$|(^|\/)(__MACOSX\/|\.(?!\.?\/)|Thumbs\.db$|desktop\.ini$)/i;

/** A note beside what matters. */
const NOTE = /\.(txt|md|pdf|log|ya?ml)$|(^|\/)(readme|licen[cs]e)[^/]*$/i;

const STORED = 0;
const DEFLATED = 8;

/** @throws FileRejected when it is damaged, or has too many members */
export async function openZip(path: string): Promise<OpenZip> {
  let zip: ZipFile | null = null;
  try {
    // names are looked at below: yauzl would refuse the whole archive for a `../`
    zip = await openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false });
    const members: ZipMember[] = [];
    // yauzl lists no more than the archive says it has
    if (zip.entryCount > LIMITS.zipMembers) {
      throw new FileRejected({
        code: 'zip-with-too-many-files',
        message: `The zip archive has ${zip.entryCount.toLocaleString('en')} files; at most ${LIMITS.zipMembers.toLocaleString('en')} are read.`,
      });
    }
    for await (const entry of zip.eachEntry()) {
      const name = new TextDecoder().decode(entry.fileName as unknown as Uint8Array).replaceAll('\\', '/');
      if (!NOT_CONTENT.test(name)) members.push(memberOf(zip, entry, name));
    }
    const opened = zip;
    const content = members.filter(({ name }) => !NOTE.test(name));
    return { members: content.length > 0 ? content : members, close: () => opened.close() };
  } catch (error) {
    zip?.close();
    throw damaged(error);
  }
}

function memberOf(zip: ZipFile, entry: Entry, name: string): ZipMember {
  const { compressedSize, uncompressedSize, compressionMethod, crc32: checksum } = entry;
  return {
    name,
    bytes: uncompressedSize,
    packed: compressedSize,
    async read() {
      if (entry.isEncrypted()) throw damaged(new Error(`${quoted(name)} is encrypted`));
      if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
        throw damaged(new Error(`${quoted(name)} is compressed by method ${compressionMethod}; use deflate`));
      try {
        const packed = new Uint8Array(compressedSize);
        let at = 0;
        for await (const chunk of await zip.openReadStreamPromise(entry, { decodeFileData: false } as never)) {
          packed.set(chunk as Uint8Array, at);
          at += (chunk as Uint8Array).length;
        }
        const bytes = compressionMethod === STORED ? packed : unpack(packed, uncompressedSize);
        if (bytes.length !== uncompressedSize) throw new Error('its size is not the one the archive says');
        if (crc32(bytes) !== checksum) throw new Error('its checksum is wrong');
        return bytes;
      } catch (error) {
        throw damaged(error);
      }
    },
    async *chunks() {
      try {
        for await (const chunk of await zip.openReadStreamPromise(entry)) yield chunk as Uint8Array;
      } catch (error) {
        throw damaged(error);
      }
    },
  };
}

function unpack(packed: Uint8Array, bytes: number): Uint8Array {
  return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes), chunkSize: Math.max(64, bytes) });
}

/** Anything yauzl or zlib say about the bytes; what the file system says is not the submitter's mistake. */
function damaged(error: unknown): unknown {
  if (error instanceof FileRejected) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code && !code.startsWith('Z_') && !code.startsWith('ERR_')) return error;
  const why = /End of central directory|truncated/i.test(message)
    ? 'its end is missing'
    : code === 'ERR_BUFFER_TOO_LARGE'
      ? 'a file in it is larger than the archive says'
      : message.replace(/\.$/, '').split('. ')[0];
  return new FileRejected({
    code: 'bad-zip',
    message: `The zip archive is damaged or cut off (${why}). Write it again.`,
  });
}

/**
 * Stores files: uploads, submitted predictions, packed ground truth. Keys look like `submissions/<id>/all.json.gz`. The
 * file system is the only store so far; an object store need only implement this interface.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type Dirent } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { env } from './env.ts';
import { AppError } from './errors.ts';

export interface StoredFile {
  key: string;
  bytes: number;
  sha256: string;
}

export interface Storage {
  /** Store a stream under a key, replacing an existing file once the stream is complete. */
  put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFile>;
  /** Take over a local file: move it if possible, otherwise copy and remove it. */
  adopt(key: string, path: string): Promise<void>;
  /** Return a local path to read the file from (an object store fetches it first). */
  localPath(key: string): Promise<string>;
  createReadStream(key: string, range?: { start?: number; end?: number }): Readable;
  /** Return the size in bytes, or null if there is no such file. */
  size(key: string): Promise<number | null>;
  exists(key: string): Promise<boolean>;
  /** Delete a file. Deleting a missing file is no error. */
  delete(key: string): Promise<void>;
  /** List all keys, in no particular order, without files still being written. */
  list(): AsyncIterable<string>;
}

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/**
 * Throw for a malformed key. The site makes keys from ids; anything that could leave the folder is a bug or an attack.
 */
export function checkKey(key: string): string {
  // no segment starts with a dot, so neither `.` nor `..` is possible
  if (key.length > 500 || !KEY.test(key)) throw new AppError('invalid', `Not a storage key: ${JSON.stringify(key)}`);
  return key;
}

export class FileStorage implements Storage {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  #path(key: string): string {
    return join(this.folder, ...checkKey(key).split('/'));
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const part = `${path}.${crypto.randomUUID()}.part`;
    const hash = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    try {
      await pipeline(body, measure, createWriteStream(part, { mode: 0o600 }));
      await flush(part);
      await rename(part, path);
    } catch (cause) {
      await rm(part, { force: true });
      throw cause;
    }
    return { key, bytes, sha256: hash.digest('hex') };
  }

  async adopt(key: string, from: string): Promise<void> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    try {
      await rename(from, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await this.put(key, createReadStream(from));
      await rm(from, { force: true });
    }
  }

  async localPath(key: string): Promise<string> {
    return this.#path(key);
  }

  createReadStream(key: string, range: { start?: number; end?: number } = {}): Readable {
    return createReadStream(this.#path(key), range);
  }

  async size(key: string): Promise<number | null> {
    try {
      const found = await stat(this.#path(key));
      return found.isFile() ? found.size : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    return (await this.size(key)) !== null;
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async *list(): AsyncGenerator<string> {
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true }).catch(emptyIfMissing)) {
      if (!entry.isFile() || entry.name.endsWith('.part')) continue;
      const key = relative(this.folder, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (KEY.test(key)) yield key;
    }
  }
}

function emptyIfMissing(error: unknown): Dirent[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}

/** Flush a file to disk before it is renamed: it must not turn out empty after a power cut. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Return the SHA-256 of a stream, as hex. */
export async function sha256Of(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

/** Return the site's own storage. */
export function storage(): Storage {
  return new FileStorage(join(env().LIVECELL_DATA, 'storage'));
}

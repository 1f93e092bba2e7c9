/** A folder as file store. Several machines may share it, if it is the same folder for all. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type Dirent, type Stats } from 'node:fs';
import {
  access,
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  truncate,
} from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileStore } from '@tus/file-store';
import {
  checkKey,
  KEY,
  type KeptUpload,
  missingFile,
  type Storage,
  type StoredFile,
  type UploadStore,
  uploadKey,
} from './interface.ts';

/** The file with the store's id. Its name is no key, so it is neither listed nor backed up. */
const ID_FILE = '.id';

export class FileStorage implements Storage {
  readonly folder: string;
  readonly uploads: UploadStore;

  constructor(folder: string) {
    this.folder = resolve(folder);
    this.uploads = new FolderUploads(this);
  }

  get localFolder(): string {
    return this.folder;
  }

  get place(): string {
    return `the folder ${this.folder}`;
  }

  path(key: string): string {
    return join(this.folder, ...checkKey(key).split('/'));
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    const path = this.path(key);
    await makeFolder(dirname(path));
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
      await syncFile(part);
      await rename(part, path);
      await syncDirectory(dirname(path));
    } catch (cause) {
      await rm(part, { force: true });
      throw cause;
    }
    return { key, bytes, sha256: hash.digest('hex') };
  }

  async adopt(key: string, from: string): Promise<void> {
    const path = this.path(key);
    await makeFolder(dirname(path));
    await syncFile(from);
    try {
      await rename(from, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await this.put(key, createReadStream(from));
      await rm(from, { force: true });
    }
  }

  async localPath(key: string): Promise<string> {
    if ((await this.size(key)) === null) throw missingFile(key);
    return this.path(key);
  }

  createReadStream(key: string, range: { start?: number; end?: number } = {}): Readable {
    return createReadStream(this.path(key), { highWaterMark: 1 << 20, ...range });
  }

  async size(key: string): Promise<number | null> {
    return (await this.#stat(key))?.size ?? null;
  }

  async changedAt(key: string): Promise<number | null> {
    return (await this.#stat(key))?.mtimeMs ?? null;
  }

  async #stat(key: string): Promise<Stats | null> {
    try {
      const found = await stat(this.path(key));
      return found.isFile() ? found : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    return (await this.size(key)) !== null;
  }

  async delete(key: string): Promise<void> {
    await rm(this.path(key), { force: true });
  }

  async *list(): AsyncGenerator<string> {
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true }).catch(emptyIfMissing)) {
      if (!entry.isFile() || entry.name.endsWith('.part')) continue;
      const key = relative(this.folder, join(entry.parentPath, entry.name)).split(sep).join('/');
      if (KEY.test(key)) yield key;
    }
  }

  async freeBytes(): Promise<number> {
    await makeFolder(this.folder);
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  async check(): Promise<void> {
    await access(this.folder, constants.R_OK | constants.W_OK).catch(async (error) => {
      if (!isMissing(error)) throw error;
      // a new site has stored nothing yet
      await access(dirname(this.folder), constants.R_OK | constants.W_OK);
    });
  }

  async readId(): Promise<string | null> {
    try {
      return (await readFile(join(this.folder, ID_FILE), 'utf8')).trim() || null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async writeId(id: string): Promise<void> {
    await makeFolder(this.folder);
    const part = join(this.folder, `${ID_FILE}.part`);
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(`${id}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, join(this.folder, ID_FILE));
    await syncDirectory(this.folder);
  }
}

/** tus keeps a file `<id>` with the bytes, and `<id>.json` with what was said of it. */
class FolderUploads implements UploadStore {
  readonly canTakeBack = true;
  readonly #storage: FileStorage;
  #dataStore: FileStore | undefined;

  constructor(storage: FileStorage) {
    this.#storage = storage;
  }

  get #directory(): string {
    return dirname(this.#storage.path(uploadKey('x')));
  }

  get dataStore(): FileStore {
    // it creates its folder at once, so not before the first upload
    this.#dataStore ??= new FileStore({ directory: this.#directory });
    return this.#dataStore;
  }

  async received(id: string): Promise<number | null> {
    return this.#storage.size(uploadKey(id));
  }

  async head(id: string, bytes: number): Promise<Uint8Array> {
    const file = await open(this.#storage.path(uploadKey(id)), 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async takeBack(id: string, offset: number): Promise<void> {
    await truncate(this.#storage.path(uploadKey(id)), offset);
  }

  async flush(id: string): Promise<void> {
    await syncFile(this.#storage.path(uploadKey(id)));
    await syncDirectory(this.#directory);
    await syncDirectory(dirname(this.#directory));
  }

  async release(id: string): Promise<void> {
    await this.dataStore.configstore.delete(id).catch(ignoreMissing);
  }

  async remove(id: string): Promise<void> {
    await this.release(id);
    await this.#storage.delete(uploadKey(id));
  }

  async *list(): AsyncGenerator<KeptUpload> {
    for (const name of await readdir(this.#directory).catch(emptyIfMissing<string>)) {
      const found = await stat(join(this.#directory, name)).catch(() => null);
      const isNote = name.endsWith('.json');
      if (found) yield { id: name.replace(/\.json$/, ''), isNote, changedAt: found.mtimeMs };
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function emptyIfMissing<T = Dirent>(error: unknown): T[] {
  if (isMissing(error)) return [];
  throw error;
}

/** Create a folder that survives a power cut: each new folder is flushed as a name in the one above it. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (!first) return;
  for (let created = path; ; created = dirname(created)) {
    await syncDirectory(dirname(created));
    if (created === first) return;
  }
}

/** Flush a file's bytes to the disk. */
async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Flush a folder's names to the disk, so that a new file in it is found after a power cut. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

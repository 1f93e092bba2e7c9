/**
 * What the site asks of its file store: uploads, submitted predictions, packed ground truth, outcomes, pictures. Keys
 * look like `submissions/<id>/all.json.gz`. Files are written once and never changed. `folder.ts` and `s3.ts` implement
 * this; no other code knows which one it has.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { DataStore } from '@tus/server';
import { AppError } from '../errors.ts';

export interface StoredFile {
  key: string;
  bytes: number;
  sha256: string;
}

export interface Storage {
  /** where it is, in words for operators */
  readonly place: string;
  /** the folder that holds whatever `localPath` returns */
  readonly localFolder: string;
  /** files on their way over tus, which become ordinary files under `uploads/<id>` */
  readonly uploads: UploadStore;
  /** Store a stream under a key, replacing an existing file once the stream is complete. Durable when it returns. */
  put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFile>;
  /** Take over a local file: move it if possible, otherwise copy and remove it. Durable when it returns. */
  adopt(key: string, path: string): Promise<void>;
  /**
   * Return a local path to read the file from. An object store fetches it first, and keeps it for further readers.
   *
   * @throws AppError `unavailable` if the store has no such file, or does not answer
   */
  localPath(key: string): Promise<string>;
  createReadStream(key: string, range?: { start?: number; end?: number }): Readable;
  /** Return the size in bytes, or null if there is no such file. */
  size(key: string): Promise<number | null>;
  exists(key: string): Promise<boolean>;
  /** When the file was written, in milliseconds since 1970; null if there is no such file. */
  changedAt(key: string): Promise<number | null>;
  /** Delete a file. Deleting a missing file is no error. */
  delete(key: string): Promise<void>;
  /** List all keys, in no particular order, without files still being written. */
  list(): AsyncIterable<string>;
  /** Bytes that are free; null if nobody knows, as in an object store. */
  freeBytes(): Promise<number | null>;
  /** Throw unless the store can be reached and written to. Cheap: strangers' requests may call it. */
  check(): Promise<void>;
  /** The id that ties the store to its database (`db/storage-id.ts`); null: it has none yet. */
  readId(): Promise<string | null>;
  writeId(id: string): Promise<void>;
}

export interface KeptUpload {
  id: string;
  /** tus' notes and pieces, which `release` deletes */
  isNote: boolean;
  /** in milliseconds since 1970 */
  changedAt: number;
}

/** Files being uploaded. Any process may continue what another one began. */
export interface UploadStore {
  /** what the tus server writes to */
  readonly dataStore: DataStore;
  /** whether the last piece of an upload can be removed again */
  readonly canTakeBack: boolean;
  /** Bytes that have arrived and are kept; null if there is no such upload. */
  received(id: string): Promise<number | null>;
  /** Return the first bytes of what has arrived, at most this many. */
  head(id: string, bytes: number): Promise<Uint8Array>;
  /** Remove everything after an offset; only if `canTakeBack`. */
  takeBack(id: string, offset: number): Promise<void>;
  /** Make a complete upload survive a power cut. */
  flush(id: string): Promise<void>;
  /** Forget what tus noted of an upload, and keep the file. */
  release(id: string): Promise<void>;
  /** Delete an upload, complete or not. Deleting a missing one is no error. */
  remove(id: string): Promise<void>;
  /** All that is kept of uploads: whose it is, whether it is the file or a note on it, and when it last changed. */
  list(): AsyncIterable<KeptUpload>;
}

export const uploadKey = (id: string): string => `uploads/${id}`;

export const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/**
 * Throw for a malformed key. The site makes keys from ids; anything that could leave the folder is a bug or an attack.
 */
export function checkKey(key: string): string {
  // no segment starts with a dot, so neither `.` nor `..` is possible
  if (key.length > 500 || !KEY.test(key)) throw new AppError('invalid', `Not a storage key: ${JSON.stringify(key)}`);
  return key;
}

/** Return the SHA-256 of a stream, as hex. */
export async function sha256Of(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

const NO_ROOM = ['ENOSPC', 'EDQUOT'];
const TROUBLE = ['EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE', 'ESTALE', 'ETIMEDOUT'];

/**
 * Return what people may be told of an error of the file store, without paths; null if it is another kind of error.
 */
export function storageProblem(error: unknown): AppError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AppError) return cause === error ? null : cause;
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (!code || !syscall || syscall === 'connect') continue;
    if (NO_ROOM.includes(code))
      return new AppError(
        'storage-full',
        'The disk of this site is full. Nothing that was accepted is lost, and its operator can see this; please try again later.',
        { cause: error },
      );
    if (TROUBLE.includes(code)) return storeUnavailable(error);
  }
  return null;
}

export function storeUnavailable(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'The file store of this site does not work at the moment. Nothing that was accepted is lost; please try again in a minute.',
    { cause },
  );
}

export function missingFile(key: string): AppError {
  return new AppError('unavailable', 'A file of this site is not where it should be. Its operator can see which.', {
    cause: new Error(`the store has no file ${key}`),
  });
}

/**
 * An S3-compatible object store as file store: for several machines without a shared folder. What is read goes through
 * a local cache, since readers need files with random access.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { S3, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import { DataStore, ERRORS, Upload } from '@tus/server';
import { AppError } from '../errors.ts';
import {
  checkKey,
  KEY,
  type KeptUpload,
  missingFile,
  type Storage,
  type StoredFile,
  storeUnavailable,
  type UploadStore,
  uploadKey,
} from './interface.ts';

export interface S3Settings {
  bucket: string;
  /** absent: Amazon's own */
  endpoint?: string;
  region?: string;
  /** absent: as Amazon's SDK finds them, such as the role of a machine */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** folder for copies of what is read */
  cache: string;
  /** bytes that the copies may take */
  cacheBytes: number;
}

/** Larger files are sent in parts of this size. */
const PART_BYTES = 64 * 1024 * 1024;
/** A copy that was used lately may be about to be opened again: it is kept even above the limit. */
const KEPT_FOR = 3600_000;
/** No request takes longer without any progress, in milliseconds. */
const PATIENCE = { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true };
const ID_KEY = 'storage.id';

export class S3Storage implements Storage {
  readonly place: string;
  readonly localFolder: string;
  readonly uploads: UploadStore;
  readonly #client: S3;
  readonly #bucket: string;
  readonly #settings: S3Settings;
  /** copies being fetched, so that two readers fetch once */
  readonly #fetching = new Map<string, Promise<string>>();

  constructor(settings: S3Settings) {
    const { bucket, endpoint, region, credentials } = settings;
    const config: S3ClientConfig = {
      region: region ?? 'us-east-1',
      ...(endpoint && { endpoint, forcePathStyle: true }),
      ...(credentials && { credentials }),
      // other makers' stores do not know the checksums that Amazon added lately
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: PATIENCE,
      maxAttempts: 3,
    };
    this.#settings = settings;
    this.localFolder = settings.cache;
    this.#bucket = bucket;
    this.#client = new S3(config);
    this.place = `the bucket ${bucket}${endpoint ? ` at ${endpoint}` : ''}`;
    this.uploads = new S3Uploads(this);
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<StoredFile> {
    checkKey(key);
    const hash = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    // the store wants to know the size before the first byte
    return await this.withFolder(async (folder) => {
      const path = join(folder, 'file');
      await pipeline(body, measure, createWriteStream(path, { mode: 0o600 }));
      await this.#send(key, path, bytes);
      return { key, bytes, sha256: hash.digest('hex') };
    });
  }

  async adopt(key: string, from: string): Promise<void> {
    await this.#send(checkKey(key), from, (await stat(from)).size);
    await rm(from, { force: true });
  }

  async #send(key: string, path: string, bytes: number): Promise<void> {
    const target = { Bucket: this.#bucket, Key: key };
    await this.#forget(key);
    await answered(async () => {
      if (bytes <= PART_BYTES) {
        await this.#client.putObject({ ...target, Body: createReadStream(path), ContentLength: bytes });
        return;
      }
      const { UploadId } = await this.#client.createMultipartUpload(target);
      try {
        const Parts = [];
        for (let start = 0, PartNumber = 1; start < bytes; start += PART_BYTES, PartNumber++) {
          const end = Math.min(bytes, start + PART_BYTES) - 1;
          const Body = createReadStream(path, { start, end });
          const part = { ...target, UploadId, PartNumber, Body, ContentLength: end - start + 1 };
          Parts.push({ PartNumber, ETag: (await this.#client.uploadPart(part)).ETag });
        }
        await this.#client.completeMultipartUpload({ ...target, UploadId, MultipartUpload: { Parts } });
      } catch (error) {
        await this.#client.abortMultipartUpload({ ...target, UploadId }).catch(() => undefined);
        throw error;
      }
    });
  }

  async localPath(key: string): Promise<string> {
    const path = this.#copyOf(key);
    const found = await stat(path).catch(() => null);
    if (found) {
      await utimes(path, new Date(), found.mtime);
      return path;
    }
    let fetching = this.#fetching.get(key);
    if (!fetching) {
      fetching = this.#fetch(key, path).finally(() => this.#fetching.delete(key));
      this.#fetching.set(key, fetching);
    }
    return await fetching;
  }

  async #fetch(key: string, path: string): Promise<string> {
    return await this.withFolder(async (folder) => {
      const part = join(folder, 'file');
      const { Body, ContentLength } = await answered(() =>
        this.#client.getObject({ Bucket: this.#bucket, Key: key }),
      ).catch((error) => {
        throw isMissing(error) ? missingFile(key) : error;
      });
      await answered(() => pipeline(Body as Readable, createWriteStream(part, { mode: 0o600 })));
      const { size } = await stat(part);
      if (size !== ContentLength)
        throw storeUnavailable(new Error(`${key}: ${size} of ${ContentLength} bytes arrived`));
      await rename(part, path);
      await this.#bound();
      return path;
    });
  }

  createReadStream(key: string, { start = 0, end }: { start?: number; end?: number } = {}): Readable {
    const request = {
      Bucket: this.#bucket,
      Key: checkKey(key),
      ...((start > 0 || end !== undefined) && { Range: `bytes=${start}-${end ?? ''}` }),
    };
    const client = this.#client;
    return Readable.from(
      (async function* () {
        const { Body, ContentLength } = await answered(() => client.getObject(request));
        let bytes = 0;
        for await (const chunk of Body as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          yield chunk;
        }
        // a connection that breaks off can look like the end
        if (bytes !== ContentLength)
          throw storeUnavailable(new Error(`${key}: ${bytes} of ${ContentLength} bytes arrived`));
      })(),
      { objectMode: false },
    );
  }

  async size(key: string): Promise<number | null> {
    const found = await this.#head(key);
    return found && (found.ContentLength ?? 0);
  }

  async changedAt(key: string): Promise<number | null> {
    return (await this.#head(key))?.LastModified?.getTime() ?? null;
  }

  async #head(key: string) {
    try {
      return await answered(() => this.#client.headObject({ Bucket: this.#bucket, Key: checkKey(key) }));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    return (await this.size(key)) !== null;
  }

  async delete(key: string): Promise<void> {
    await this.#forget(key);
    await answered(() => this.#client.deleteObject({ Bucket: this.#bucket, Key: key })).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }

  async *list(): AsyncGenerator<string> {
    for await (const { key } of this.objects()) if (KEY.test(key) && key !== ID_KEY) yield key;
  }

  /** List objects below a prefix with their sizes and the time of their last change. */
  async *objects(Prefix?: string): AsyncGenerator<{ key: string; bytes: number; changedAt: number }> {
    let ContinuationToken: string | undefined;
    do {
      const page = await answered(() =>
        this.#client.listObjectsV2({ Bucket: this.#bucket, Prefix, ContinuationToken }),
      );
      for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
        if (Key) yield { key: Key, bytes: Size, changedAt: LastModified?.getTime() ?? Date.now() };
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken);
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  async check(): Promise<void> {
    await answered(() => this.#client.headBucket({ Bucket: this.#bucket }));
  }

  async readId(): Promise<string | null> {
    try {
      const { Body } = await answered(() => this.#client.getObject({ Bucket: this.#bucket, Key: ID_KEY }));
      return (await Body!.transformToString()).trim() || null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async writeId(id: string): Promise<void> {
    await answered(() => this.#client.putObject({ Bucket: this.#bucket, Key: ID_KEY, Body: `${id}\n` }));
  }

  // --- local copies ---

  #copyOf(key: string): string {
    return join(this.#settings.cache, createHash('sha256').update(checkKey(key)).digest('hex'));
  }

  async #forget(key: string): Promise<void> {
    await rm(this.#copyOf(key), { force: true });
  }

  /** Call `work` with a folder beside the copies, so that a finished file only changes its name. */
  async withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    await mkdir(this.#settings.cache, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(this.#settings.cache, 'part-'));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Delete the copies that were not used for longest, until the others fit. */
  async #bound(): Promise<void> {
    const copies: { path: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(this.#settings.cache)) {
      const path = join(this.#settings.cache, name);
      const found = await stat(path).catch(() => null);
      if (found?.isFile()) copies.push({ path, size: found.size, usedAt: found.atimeMs });
    }
    let bytes = copies.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size, usedAt } of copies.sort((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= this.#settings.cacheBytes || Date.now() - usedAt < KEPT_FOR) return;
      await rm(path, { force: true });
      bytes -= size;
    }
  }
}

/**
 * Every piece of an upload is an object of its own, `uploads/<id>.pieces/<offset>-<length>`, and `uploads/<id>.info` says
 * what was announced. When the last piece is there, they are joined to the file `uploads/<id>`.
 *
 * `@tus/s3-store` keeps the end of an upload in one object that each piece reads and replaces. A writer that hangs in
 * the store and goes on after another process has taken over then mixes their bytes; the tests of faults found files
 * with holes. Pieces are never replaced, and each has the bytes of its own place, whoever writes it and when.
 */
class S3Uploads extends DataStore implements UploadStore {
  readonly canTakeBack = false;
  readonly #storage: S3Storage;

  constructor(storage: S3Storage) {
    super();
    this.#storage = storage;
  }

  get dataStore(): DataStore {
    return this;
  }

  // --- what the tus server asks ---

  override async create(upload: Upload): Promise<Upload> {
    upload.creation_date = new Date().toISOString();
    const { size, metadata, creation_date } = upload;
    const note = Buffer.from(JSON.stringify({ size, metadata, creation_date }));
    await this.#storage.put(infoKey(upload.id), Readable.from([note]));
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const note = await this.#readNote(id);
    if (!note) throw ERRORS.FILE_NOT_FOUND;
    return new Upload({ id, ...note, offset: (await this.received(id)) ?? 0 });
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    return await this.#storage.withFolder(async (folder) => {
      const path = join(folder, 'piece');
      // what has arrived when a connection breaks off is kept, and the next piece goes on from there
      const file = await open(path, 'w', 0o600);
      let broken: unknown = null;
      try {
        for await (const chunk of stream) await file.writeFile(chunk);
      } catch (error) {
        broken = error;
      } finally {
        await file.close();
      }
      const { size } = await stat(path);
      if (size > 0) await this.#storage.adopt(`${piecesKey(id)}${String(offset).padStart(14, '0')}-${size}`, path);
      if (broken) throw broken;
      return offset + size;
    });
  }

  // --- what the site asks ---

  async received(id: string): Promise<number | null> {
    const [whole, note] = await Promise.all([this.#storage.size(uploadKey(id)), this.#readNote(id)]);
    if (!note || whole === note.size) return whole;
    return (await this.#chain(id)).reduce((sum, { take }) => sum + take, 0);
  }

  async head(id: string, bytes: number): Promise<Uint8Array> {
    return await buffer(Readable.from(this.#join(await this.#chain(id), bytes), { objectMode: false }));
  }

  async takeBack(): Promise<void> {
    throw new Error('an object store cannot take back a piece');
  }

  /** Join the pieces of a complete upload to its file. What the store has acknowledged is durable. */
  async flush(id: string): Promise<void> {
    const key = uploadKey(id);
    const size = (await this.#readNote(id))?.size;
    if (size === undefined) return; // a submission has it
    if ((await this.#storage.size(key)) !== size) {
      const pieces = await this.#chain(id);
      if (pieces.reduce((sum, { take }) => sum + take, 0) !== size) throw missingFile(key);
      await this.#storage.put(key, Readable.from(this.#join(pieces, size), { objectMode: false }));
      if ((await this.#storage.size(key)) !== size) throw storeUnavailable(new Error(`${key} was not stored whole`));
    }
    for await (const piece of this.#storage.objects(piecesKey(id))) await this.#storage.delete(piece.key);
  }

  async release(id: string): Promise<void> {
    for await (const piece of this.#storage.objects(piecesKey(id))) await this.#storage.delete(piece.key);
    await this.#storage.delete(infoKey(id));
  }

  override async remove(id: string): Promise<void> {
    for await (const { key } of this.#storage.objects(uploadKey(id))) await this.#storage.delete(key);
  }

  async *list(): AsyncGenerator<KeptUpload> {
    const prefix = uploadKey('');
    for await (const { key, changedAt } of this.#storage.objects(prefix)) {
      const [id, more] = key.slice(prefix.length).split('.');
      yield { id, isNote: more !== undefined, changedAt };
    }
  }

  async #readNote(id: string): Promise<{ size: number; metadata?: Upload['metadata']; creation_date?: string } | null> {
    try {
      return JSON.parse((await buffer(this.#storage.createReadStream(infoKey(id)))).toString());
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** The pieces that continue one another from the beginning, and how many bytes to take from the end of each. */
  async #chain(id: string): Promise<{ key: string; skip: number; take: number }[]> {
    const found: { key: string; start: number; end: number }[] = [];
    for await (const { key, bytes } of this.#storage.objects(piecesKey(id))) {
      const [start, length] = key.slice(piecesKey(id).length).split('-').map(Number);
      // some stores keep what arrived of a request whose sender died
      if (bytes === length) found.push({ key, start, end: start + length });
    }
    found.sort((a, b) => a.start - b.start || b.end - a.end);
    const chain: { key: string; skip: number; take: number }[] = [];
    let reached = 0;
    for (const { key, start, end } of found) {
      if (start > reached) break;
      if (end <= reached) continue;
      chain.push({ key, skip: reached - start, take: end - reached });
      reached = end;
    }
    return chain;
  }

  async *#join(pieces: readonly { key: string; skip: number; take: number }[], bytes: number): AsyncGenerator<Buffer> {
    let left = bytes;
    for (const { key, skip, take } of pieces) {
      if (left <= 0) return;
      const end = skip + Math.min(take, left) - 1;
      yield* this.#storage.createReadStream(key, { start: skip, end });
      left -= take;
    }
  }
}

const infoKey = (id: string) => `${uploadKey(id)}.info`;
const piecesKey = (id: string) => `${uploadKey(id)}.pieces/`;

const MISSING = ['NoSuchKey', 'NotFound', 'NoSuchUpload'];

function isMissing(error: unknown): boolean {
  for (let cause: unknown = error; cause; cause = (cause as Error).cause) {
    if (MISSING.includes((cause as Error).name)) return true;
    if ((cause as { status_code?: number }).status_code === 404) return true;
  }
  return false;
}

/** Run a request; turn silence and failure of the store into words for people. A missing file stays what it is. */
async function answered<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof AppError || isMissing(error)) throw error;
    const { $metadata, code, name } = error as S3ServiceException & { code?: string };
    const status = $metadata?.httpStatusCode;
    if (error instanceof S3ServiceException || status !== undefined || code || name === 'TimeoutError')
      throw storeUnavailable(error);
    throw error;
  }
}

/**
 * Receives files over tus 1.0 (https://tus.io): created with their size, sent in pieces, resumed at the offset that the
 * server knows. `@tus/server` speaks the protocol; this file adds the checks of this site:
 *
 *   who      an upload belongs to its creator; for everybody else it does not exist
 *   size     refused before the first byte
 *   kind     the first bytes are examined as soon as they arrive, not after an hour of uploading
 *   digest   per piece (`Upload-Checksum`, of the tus checksum extension) and of the whole (`sha256` in the metadata)
 *
 * Bytes go from the socket to the disk in pieces of 64 KB; no memory use here grows with the file.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, statfs, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { MemoryLocker, Server } from '@tus/server';
import { getTaskRules, requireOpen, requireSize } from '#db/quota/task-settings.ts';
import type { Upload } from '#db/schema.ts';
import {
  completeUpload,
  deleteUpload,
  expiredUploads,
  getUpload,
  listKnownUploadKeys,
  reserveUpload,
} from '#db/submissions/uploads.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { canUseUpload, type Viewer } from '#lib/permissions.ts';
import { PURPOSES, type Purpose, sniff } from '#lib/readers/kinds.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { sha256Of, storage } from '#lib/storage.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { problem, whoMayEnter } from './http.ts';

const UPLOADS_PATH = '/api/uploads';
/** Age at which an upload that nobody submitted is deleted. */
const KEPT_FOR = 48 * 3600_000;
const SWEEP_EVERY = 15 * 60_000;
/** Files that a person may keep here without submitting them. */
const MAX_UPLOADS = 32;
/** Header that passes the row's id to the tus server; requests from outside cannot set it. */
const ID_HEADER = 'x-livecell-upload-id';
/** How long a file without a row, or a row without a file, is left alone: the other may be about to be written. */
const ORPHAN_AFTER = 3600_000;
/** How many of the first bytes are examined. */
const HEAD_BYTES = 64 * 1024;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/i;

const keyOf = (id: string) => `uploads/${id}`;

interface Tus {
  server: Server;
  /** one piece of an upload at a time */
  locker: MemoryLocker;
  store: FileStore;
}
// survives Next's reloading of modules in development; created at the first upload, not at build time
const shared = globalThis as typeof globalThis & { livecellTus?: Promise<Tus> };

function tus(): Promise<Tus> {
  shared.livecellTus ??= open_();
  return shared.livecellTus;
}

async function open_(): Promise<Tus> {
  const directory = dirname(await storage().localPath(keyOf('x')));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const store = new FileStore({ directory, expirationPeriodInMilliseconds: KEPT_FOR });
  // require a declared size, so that a file can be refused before the first byte
  store.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum'];
  const locker = new MemoryLocker();
  const server = new Server({
    path: UPLOADS_PATH,
    datastore: store,
    relativeLocation: true, // whatever the proxy in front calls us
    maxSize: LIMITS.bytes,
    namingFunction: (incoming) => incoming.headers.get(ID_HEADER) ?? crypto.randomUUID(),
    allowedHeaders: ['Upload-Checksum'],
    // serve the id that was authorised: take it from the path, never from the query
    getFileIdFromRequest: (incoming) => idOf(incoming.url) ?? undefined,
    // browsers may send only from this site's own pages
    allowedOrigins: () => false,
    locker,
  });
  // Not the store's own cleanUpExpiredUploads(): it never learns that a file is complete, and would delete those too.
  setInterval(() => sweep().catch(console.error), SWEEP_EVERY).unref();
  sweep().catch(console.error);
  return { server, locker, store };
}

/** Delete abandoned uploads. Submitted files are no longer uploads, so they are safe. */
export async function sweep(now = Date.now()): Promise<number> {
  const old = await expiredUploads(new Date(now - KEPT_FOR));
  for (const { id } of old) await discard(id);
  await sweepOrphans(now);
  return old.length;
}

/** Delete files without a row, and rows whose file is missing. */
async function sweepOrphans(now: number): Promise<void> {
  const known = await listKnownUploadKeys();
  const folder = dirname(await storage().localPath(keyOf('x')));
  for (const name of await readdir(folder).catch(() => [])) {
    const id = name.replace(/\.json$/, '');
    if (!UUID.test(id) || known.has(keyOf(id))) continue;
    const found = await stat(join(folder, name)).catch(() => null);
    if (found && now - found.mtimeMs > ORPHAN_AFTER) await rm(join(folder, name), { force: true });
  }
  for (const { id, storageKey } of await expiredUploads(new Date(now - ORPHAN_AFTER)))
    if (!(await storage().exists(storageKey))) await discard(id);
}

/** Keep part of the disk free for the database and for scoring. @throws AppError `storage-full` */
async function requireFreeSpace(bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(env().LIVECELL_DATA);
  if (bavail * bsize - bytes < env().LIVECELL_FREE_BYTES)
    throw new AppError(
      'storage-full',
      'The disk of this site has no room for this file right now. Its operator can see that; please try again later.',
    );
}

/** Handle all methods of the upload endpoint. */
export async function handleUpload(request: Request): Promise<Response> {
  try {
    const { server } = await tus();
    if (request.method === 'OPTIONS') {
      const response = await server.handleWeb(request);
      response.headers.set('Tus-Checksum-Algorithm', 'sha256');
      return response;
    }
    // required also for asking the offset, since that is part of uploading
    const viewer = await whoMayEnter(request, 'Sign in, or send an API token, to upload a file.', 'submit');
    if (request.method === 'POST') return await create(request, viewer);

    const id = idOf(request.url);
    const upload = id ? await getUpload(id) : null;
    // answer for somebody else's upload exactly as for one that never existed
    if (!upload || !canUseUpload(viewer, upload)) throw new AppError('not-found', 'There is no such upload.');
    if (request.method === 'PATCH') return await receive(request, upload);
    if (request.method === 'HEAD') return await tell(request, upload.id);
    if (request.method === 'DELETE') {
      await discard(upload.id);
      return new Response(null, { status: 204, headers: { 'Tus-Resumable': '1.0.0' } });
    }
    throw new AppError('invalid', 'Uploads are sent, not fetched.', { status: 405 });
  } catch (error) {
    return problem(error, { 'Tus-Resumable': '1.0.0' });
  }
}

async function create(request: Request, viewer: Viewer): Promise<Response> {
  const { server } = await tus();
  const userId = viewer!.id;
  const bytes = Number(request.headers.get('upload-length') ?? Number.NaN);
  const metadata = readMetadata(request.headers.get('upload-metadata'));
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new AppError('invalid', 'Upload-Length must give the size of the file in bytes.');
  if (bytes === 0) throw new AppError('wrong-file', 'The file is empty.');
  if (bytes > LIMITS.bytes)
    throw new AppError(
      'too-large',
      `The file has ${bytes.toLocaleString('en')} bytes; at most ${LIMITS.bytes.toLocaleString('en')} are accepted. Gzip it, or leave out detections with very low scores.`,
    );
  await requireWelcome(metadata.task, bytes);
  if (metadata.sha256 && !SHA256.test(metadata.sha256))
    throw new AppError('invalid', 'sha256 in Upload-Metadata must be 64 hexadecimal digits.');
  await requireFreeSpace(bytes);
  const id = crypto.randomUUID();
  const { LIVECELL_BYTES_PER_PERSON: bytesPerPerson, LIVECELL_BYTES_IN_ALL: bytesInAll } = env();
  const fileName = metadata.filename || 'predictions';
  // insert the row first: a file without a row would count for nobody
  await reserveUpload(
    { id, userId, fileName, bytes, storageKey: keyOf(id) },
    { uploads: MAX_UPLOADS, bytesPerPerson, bytesInAll },
  );

  // Next passes an empty stream if there is no body
  const withBytes = request.headers.get('content-type') === 'application/offset+octet-stream';
  const body = await inspect(withBytes ? request.body : null, new Uint8Array(), {
    expected: checksumOf(request),
    purpose: purposeOf(metadata),
  }).catch(async (error) => {
    await discard(id);
    throw error;
  });
  // keep the row of an interrupted upload: its bytes may still be on their way to the disk, and the sweep deletes it
  const response = await server.handleWeb(withBody(request, body, id));
  if (response.status !== 201) {
    if (!body.stream) await discard(id);
    return asProblem(response);
  }
  // the creating request may already contain bytes
  return await settle(response, id, 0, body);
}

/**
 * If the upload names its task, refuse it now if the task is closed or the file too large, not after the last byte. The
 * quota is not checked, because the owner and the data set of the submission are not known yet.
 */
async function requireWelcome(name: string | undefined, bytes: number): Promise<void> {
  const task = name === undefined ? null : parseTask(name);
  if (!task) return;
  const rules = await getTaskRules(task.id);
  requireOpen(task.id, rules);
  requireSize(task.id, rules, bytes);
}

async function receive(request: Request, upload: Upload): Promise<Response> {
  const { server } = await tus();
  const { id } = upload;
  const offset = await requireNextOffset(request, upload);
  await requireFreeSpace(Number(request.headers.get('content-length') ?? 0));
  let body: Body;
  try {
    const before = offset > 0 && offset < HEAD_BYTES ? await readHead(id, offset) : new Uint8Array();
    const inspecting = async () => ({ expected: checksumOf(request), purpose: purposeOf(await metadataOf(id)) });
    body = offset < HEAD_BYTES ? await inspect(request.body, before, await inspecting()) : pass(request);
  } catch (error) {
    if (error instanceof AppError && error.code === 'wrong-file') await discard(id);
    throw error;
  }
  const response = await server.handleWeb(withBody(request, body));
  if (response.status !== 204) return asProblem(response);
  return await settle(response, id, offset, body);
}

/** Check a piece's offset before reading any of it: it must continue an incomplete upload at the next byte. */
async function requireNextOffset(request: Request, { id, completedAt, bytes }: Upload): Promise<number> {
  const offset = Number(request.headers.get('upload-offset') ?? Number.NaN);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new AppError('invalid', 'Upload-Offset must say where this piece begins, in bytes.');
  const here = (await storage().size(keyOf(id))) ?? 0;
  if (completedAt || here >= bytes) {
    // finish here if the server was stopped between the last byte and the digest
    if (!completedAt) await finish(id);
    throw new AppError('conflict', 'This upload is complete.');
  }
  if (offset !== here)
    throw new AppError('conflict', `This upload has ${here} bytes so far, and the piece begins at ${offset}.`);
  return offset;
}

async function tell(request: Request, id: string): Promise<Response> {
  const { server } = await tus();
  const response = await server.handleWeb(request);
  if (response.status !== 200) return asProblem(response);
  // finish here if the server was stopped between the last byte and the digest
  if (response.headers.get('upload-offset') === response.headers.get('upload-length')) await finish(id);
  return response;
}

/** After bytes were written, check the piece's digest and, after the last piece, the whole file's. */
async function settle(response: Response, id: string, offset: number, body: Body): Promise<Response> {
  if (body.expected && body.digest() !== body.expected) {
    await takeBack(id, offset, Number(response.headers.get('upload-offset')));
    throw new AppError('invalid', 'This piece was damaged on the way; send it again.', { status: 460 });
  }
  const upload = await getUpload(id);
  const length = response.headers.get('upload-offset');
  if (upload && length !== null && Number(length) === upload.bytes) await finish(id);
  return response;
}

/** Remove a damaged piece, unless another piece was written after it. */
async function takeBack(id: string, from: number, to: number): Promise<void> {
  const { locker } = await tus();
  const lock = locker.newLock(id);
  await lock.lock(AbortSignal.timeout(30_000), () => undefined);
  try {
    if ((await storage().size(keyOf(id))) === to) await truncate(await storage().localPath(keyOf(id)), from);
  } finally {
    await lock.unlock();
  }
}

/** Digest the file, compare the digest with the announced one, and mark the upload as complete. */
async function finish(id: string): Promise<void> {
  const upload = await getUpload(id);
  if (!upload || upload.completedAt) return;
  const path = await storage().localPath(upload.storageKey);
  const sha256 = await sha256Of(createReadStream(path, { highWaterMark: 1 << 20 }));
  const announced = (await metadataOf(id)).sha256?.toLowerCase();
  if (announced && announced !== sha256) {
    await discard(id);
    throw new AppError(
      'wrong-file',
      `What arrived is not what was sent: its SHA-256 is ${sha256}, announced was ${announced}. The upload was discarded; please send the file again.`,
    );
  }
  await completeUpload(id, sha256);
}

async function discard(id: string): Promise<void> {
  const { store } = await tus();
  await store.remove(id).catch(() => undefined); // already gone is fine
  await deleteUpload(id);
}

/** Delete tus's notes on a file that a submission has taken over; keep the file. */
export async function release(id: string): Promise<void> {
  const { store } = await tus();
  await store.configstore.delete(id).catch(() => undefined);
}

// --- the body as a stream ---

interface Body {
  stream: ReadableStream<Uint8Array> | null;
  /** the digest announced in `Upload-Checksum`, base64 */
  expected: string | null;
  digest(): string;
}

/** Examine the first bytes and throw if no reader could read such a file; then pass everything on. */
async function inspect(
  body: ReadableStream<Uint8Array> | null,
  before: Uint8Array,
  { expected, purpose }: { expected: string | null; purpose: Purpose },
): Promise<Body> {
  if (!body) return { stream: null, expected: null, digest: () => '' };
  const reader = body.getReader();
  const held: Uint8Array[] = [];
  let size = before.length;
  while (size < HEAD_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    held.push(value);
    size += value.length;
  }
  if (size === 0) return { stream: null, expected: null, digest: () => '' };
  const { problem: found } = sniff(Buffer.concat([before, ...held]).subarray(0, HEAD_BYTES), purpose);
  if (found) {
    reader.cancel().catch(() => undefined);
    throw new AppError('wrong-file', found.message, { status: 415, problems: [found] });
  }
  return follow(
    new ReadableStream({
      async pull(controller) {
        const chunk = held.shift();
        if (chunk) return controller.enqueue(chunk);
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }),
    expected,
  );
}

function pass(request: Request): Body {
  return follow(request.body, checksumOf(request));
}

/** Digest the bytes as they pass, if a digest was announced. */
function follow(stream: ReadableStream<Uint8Array> | null, expected: string | null): Body {
  if (!stream || !expected) return { stream, expected: null, digest: () => '' };
  const hash = createHash('sha256');
  const counted = stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        hash.update(chunk);
        controller.enqueue(chunk);
      },
    }),
  );
  return { stream: counted, expected, digest: () => hash.digest('base64') };
}

function checksumOf(request: Request): string | null {
  const header = request.headers.get('upload-checksum');
  if (!header) return null;
  const [algorithm, digest] = header.split(' ');
  if (algorithm !== 'sha256' || !digest)
    throw new AppError('invalid', 'Upload-Checksum must be “sha256 <base64>”: no other algorithm is known here.');
  return digest;
}

function withBody(request: Request, body: Body, id?: string): Request {
  const headers = new Headers(request.headers);
  headers.delete(ID_HEADER);
  if (id) headers.set(ID_HEADER, id);
  return new Request(request.url, {
    method: request.method,
    headers,
    body: body.stream,
    signal: request.signal,
    duplex: 'half',
  } as RequestInit);
}

/** Convert the tus server's refusals from plain text to the form of all errors. */
async function asProblem(response: Response): Promise<Response> {
  if (response.status < 400) return response;
  const detail = (await response.text()).trim() || 'The upload was refused.';
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  headers.set('content-type', 'application/problem+json');
  return new Response(
    JSON.stringify({ title: 'The upload was refused', status: response.status, detail, code: 'invalid' }),
    { status: response.status, headers },
  );
}

function idOf(url: string): string | null {
  const last = url.split('?')[0].split('/').at(-1) ?? '';
  return UUID.test(last) ? last : null;
}

/** Return the purpose of a file: the stated one, else that of the stated task. It decides how the file is read. */
function purposeOf({ purpose, task }: Record<string, string | undefined>): Purpose {
  return PURPOSES.find((known) => known === purpose) ?? parseTask(task ?? '')?.kind.filesAre ?? 'any';
}

/** Return the metadata sent when the upload was created. */
async function metadataOf(id: string): Promise<Record<string, string | undefined>> {
  const { store } = await tus();
  const { metadata } = await store.getUpload(id);
  return Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, value ?? undefined]));
}

/** Parse `filename d29ybGQ=,sha256 …`. */
function readMetadata(header: string | null): Record<string, string> {
  const pairs = (header ?? '').split(',').map((pair) => pair.trim().split(/\s+/));
  return Object.fromEntries(
    pairs.filter(([key]) => key).map(([key, value]) => [key, Buffer.from(value ?? '', 'base64').toString('utf8')]),
  );
}

async function readHead(id: string, bytes: number): Promise<Uint8Array> {
  const file = await open(await storage().localPath(keyOf(id)), 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

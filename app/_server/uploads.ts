/**
 * Receives files over tus 1.0 (https://tus.io): created with their size, sent in pieces, resumed at the offset that the
 * server knows. `@tus/server` speaks the protocol; this file adds the checks of this site:
 *
 *   who      an upload belongs to its creator; for everybody else it does not exist
 *   size     refused before the first byte
 *   kind     the first bytes are examined as soon as they arrive, not after an hour of uploading
 *   digest   per piece (`Upload-Checksum`, of the tus checksum extension) and of the whole (`sha256` in the metadata)
 *
 * Bytes go from the socket to the store in pieces of 64 KB; no memory use here grows with the file. Any process may
 * continue what another one began: the store is common, and so are the locks (`db/submissions/upload-locks.ts`).
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { Server } from '@tus/server';
import { getTaskRules, requireOpen, requireSize } from '#db/quota/task-settings.ts';
import type { Upload } from '#db/schema.ts';
import { lockUpload } from '#db/submissions/upload-locks.ts';
import { completeUpload, deleteUpload, getUpload, reserveUpload } from '#db/submissions/uploads.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { log } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { canUseUpload, type Viewer } from '#lib/permissions.ts';
import { PURPOSES, type Purpose, sniff } from '#lib/readers/kinds.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { type Storage, sha256Of, storage, uploadKey } from '#lib/storage.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { withSpan } from '#lib/tracing.ts';
import { describeOutage, problem, whoMayEnter } from './http.ts';
import { countUse } from './limits.ts';

const UPLOADS_PATH = '/api/uploads';
/** Files that a person may keep here without submitting them. */
const MAX_UPLOADS = 32;
/** Header that passes the row's id to the tus server; requests from outside cannot set it. */
const ID_HEADER = 'x-livecell-upload-id';
/** How many of the first bytes are examined. */
const HEAD_BYTES = 64 * 1024;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/i;

// survives Next's reloading of modules in development; created at the first upload, not at build time
const shared = globalThis as typeof globalThis & { livecellTus?: { store: Storage; server: Server } };

function tusServer(): Server {
  const store = storage();
  if (shared.livecellTus?.store !== store) shared.livecellTus = { store, server: createServer(store) };
  return shared.livecellTus.server;
}

function createServer({ uploads: { dataStore } }: Storage): Server {
  // require a declared size, so that a file can be refused before the first byte
  dataStore.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum'];
  const server = new Server({
    path: UPLOADS_PATH,
    datastore: dataStore,
    relativeLocation: true, // whatever the proxy in front calls us
    maxSize: LIMITS.bytes,
    namingFunction: (incoming) => incoming.headers.get(ID_HEADER) ?? crypto.randomUUID(),
    allowedHeaders: ['Upload-Checksum'],
    // serve the id that was authorised: take it from the path, never from the query
    getFileIdFromRequest: (incoming) => idOf(incoming.url) ?? undefined,
    // browsers may send only from this site's own pages
    allowedOrigins: () => false,
    locker: { newLock: (id) => lockUpload(id) },
    // its own answers to our errors have no words for people
    onResponseError: (_request, error) => {
      const described = describeOutage(error);
      if (!(described instanceof AppError)) return undefined;
      if (described.status >= 500) log.error('upload-failed', described);
      return { status_code: described.status, body: described.message };
    },
  });
  return server;
}

/** Keep part of the disk free for the database and for scoring. @throws AppError `storage-full` */
async function requireFreeSpace(bytes: number): Promise<void> {
  const free = await storage().freeBytes();
  if (free !== null && free - bytes < env().LIVECELL_FREE_BYTES)
    throw new AppError(
      'storage-full',
      'The disk of this site has no room for this file right now. Its operator can see that; please try again later.',
    );
}

/** Handle all methods of the upload endpoint. */
export async function handleUpload(request: Request): Promise<Response> {
  try {
    if (request.method === 'OPTIONS') {
      const response = await tusServer().handleWeb(request);
      response.headers.set('Tus-Checksum-Algorithm', 'sha256');
      return response;
    }
    // required also for asking the offset, since that is part of uploading
    const viewer = await whoMayEnter(request, 'Sign in, or send an API token, to upload a file.', 'submit');
    await countUse(request.method === 'POST' ? 'uploads' : 'upload-pieces', request.headers, viewer);
    if (request.method === 'POST') return await create(request, viewer);

    const id = idOf(request.url);
    const upload = id ? await getUpload(id) : null;
    // answer for somebody else's upload exactly as for one that never existed
    if (!upload || !canUseUpload(viewer, upload)) throw new AppError('not-found', 'There is no such upload.');
    if (request.method === 'PATCH') return await receive(request, upload);
    if (request.method === 'HEAD') return await answerOffset(request, upload.id);
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
    { id, userId, fileName, bytes, storageKey: uploadKey(id) },
    { uploads: MAX_UPLOADS, bytesPerPerson, bytesInAll },
  );
  metrics().uploads.inc({ result: 'begun' });

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
  return await withChecked(body, async (body) => {
    const response = await withSpan('upload', { rootOfUpload: id, attributes: { 'livecell.bytes': bytes } }, () =>
      tusServer().handleWeb(withBody(request, body, id)),
    );
    if (response.status !== 201) {
      if (!body.stream) await discard(id);
      return asProblem(response);
    }
    // the creating request may already contain bytes
    return await checkPiece(response, id, 0, body);
  });
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
  const { id } = upload;
  const offset = await requireNextOffset(request, upload);
  await requireFreeSpace(Number(request.headers.get('content-length') ?? 0));
  let body: Body;
  try {
    const begun = offset > 0 && offset < HEAD_BYTES;
    const before = begun ? await storage().uploads.head(id, offset) : new Uint8Array();
    const inspecting = async () => ({ expected: checksumOf(request), purpose: purposeOf(await metadataOf(id)) });
    body = offset < HEAD_BYTES ? await inspect(request.body, before, await inspecting()) : pass(request);
  } catch (error) {
    if (error instanceof AppError && error.code === 'wrong-file') await discard(id);
    throw error;
  }
  return await withChecked(body, async (body) => {
    const response = await tusServer().handleWeb(withBody(request, body));
    if (response.status !== 204) return asProblem(response);
    return await checkPiece(response, id, offset, body);
  });
}

/** Check a piece's offset before reading any of it: it must continue an incomplete upload at the next byte. */
async function requireNextOffset(request: Request, { id, completedAt, bytes }: Upload): Promise<number> {
  const offset = Number(request.headers.get('upload-offset') ?? Number.NaN);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new AppError('invalid', 'Upload-Offset must say where this piece begins, in bytes.');
  const here = (await storage().uploads.received(id)) ?? 0;
  if (completedAt || here >= bytes) {
    // finish here if the server was stopped between the last byte and the digest
    if (!completedAt) await finishUpload(id);
    throw new AppError('conflict', 'This upload is complete.');
  }
  if (offset !== here)
    throw new AppError('conflict', `This upload has ${here} bytes so far, and the piece begins at ${offset}.`);
  return offset;
}

async function answerOffset(request: Request, id: string): Promise<Response> {
  const response = await tusServer().handleWeb(request);
  if (response.status !== 200) return asProblem(response);
  // finish here if the server was stopped between the last byte and the digest
  if (response.headers.get('upload-offset') === response.headers.get('upload-length')) await finishUpload(id);
  return response;
}

/**
 * Where the store cannot take back a piece, receive it here and compare it with its digest before the store gets it.
 *
 * @throws AppError of status 460 if it is damaged
 */
async function withChecked<T>(body: Body, store: (body: Body) => Promise<T>): Promise<T> {
  if (!body.stream || !body.expected || storage().uploads.canTakeBack) return await store(body);
  const folder = await mkdtemp(join(tmpdir(), 'livecell-piece-'));
  try {
    const path = join(folder, 'piece');
    await pipeline(Readable.fromWeb(body.stream as NodeReadableStream), createWriteStream(path, { mode: 0o600 }));
    if (body.digest() !== body.expected) throw new AppError('invalid', DAMAGED, { status: 460 });
    const stream = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    return await store({ stream, expected: null, digest: () => '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const DAMAGED = 'This piece was damaged on the way; send it again.';

/** After bytes were written, check the piece's digest and, after the last piece, the whole file's. */
async function checkPiece(response: Response, id: string, offset: number, body: Body): Promise<Response> {
  if (body.expected && body.digest() !== body.expected) {
    await takeBack(id, offset, Number(response.headers.get('upload-offset')));
    throw new AppError('invalid', DAMAGED, { status: 460 });
  }
  const upload = await getUpload(id);
  const length = response.headers.get('upload-offset');
  if (upload && length !== null && Number(length) === upload.bytes) await finishUpload(id);
  return response;
}

/** Remove a damaged piece, unless another piece was written after it. */
async function takeBack(id: string, from: number, to: number): Promise<void> {
  const lock = lockUpload(id);
  await lock.lock(AbortSignal.timeout(30_000), () => undefined);
  try {
    const { uploads } = storage();
    if ((await uploads.received(id)) === to) await uploads.takeBack(id, from);
  } finally {
    await lock.unlock();
  }
}

/** Digest the file, compare the digest with the announced one, and mark the upload as complete. */
async function finishUpload(id: string): Promise<void> {
  const upload = await getUpload(id);
  if (!upload || upload.completedAt) return;
  const { uploads } = storage();
  // the row will say that the file is here, also after a power cut
  await uploads.flush(id);
  const sha256 = await sha256Of(storage().createReadStream(upload.storageKey));
  const announced = (await metadataOf(id)).sha256?.toLowerCase();
  if (announced && announced !== sha256) {
    await discard(id);
    throw new AppError(
      'wrong-file',
      `What arrived is not what was sent: its SHA-256 is ${sha256}, announced was ${announced}. The upload was discarded; please send the file again.`,
    );
  }
  await completeUpload(id, sha256);
  metrics().uploads.inc({ result: 'complete' });
  metrics().uploadBytes.inc(upload.bytes);
}

async function discard(id: string): Promise<void> {
  metrics().uploads.inc({ result: 'discarded' });
  // should this fail, the sweep deletes the file without a row later
  await storage()
    .uploads.remove(id)
    .catch((error) => log.error('upload-not-removed', error, { upload: id }));
  await deleteUpload(id);
}

/** Delete tus's notes on a file that a submission has taken over; keep the file. */
export async function release(id: string): Promise<void> {
  await storage()
    .uploads.release(id)
    .catch((error) => log.error('upload-not-released', error, { upload: id }));
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
  const { problem: found } = await sniff(Buffer.concat([before, ...held]).subarray(0, HEAD_BYTES), purpose);
  if (found) {
    reader.cancel().catch(() => undefined);
    throw new AppError('wrong-file', found.message, { status: 415, problems: [found] });
  }
  return digestPassing(
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
  return digestPassing(request.body, checksumOf(request));
}

/** Digest the bytes as they pass, if a digest was announced. */
function digestPassing(stream: ReadableStream<Uint8Array> | null, expected: string | null): Body {
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

/** Outages that `onResponseError` has put into words. */
const OUR_STATUS: Readonly<Record<number, 'unavailable' | 'storage-full' | undefined>> = {
  503: 'unavailable',
  507: 'storage-full',
};

/** Convert the tus server's refusals from plain text to the form of all errors. */
async function asProblem(response: Response): Promise<Response> {
  if (response.status < 400) return response;
  const detail = (await response.text()).trim() || 'The upload was refused.';
  const code = OUR_STATUS[response.status];
  if (code) return problem(new AppError(code, detail), { 'Tus-Resumable': '1.0.0' });
  if (response.status >= 500) return problem(new Error(detail), { 'Tus-Resumable': '1.0.0' });
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
  const { metadata } = await storage().uploads.dataStore.getUpload(id);
  return Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, value ?? undefined]));
}

/** Parse `filename d29ybGQ=,sha256 …`. */
function readMetadata(header: string | null): Record<string, string> {
  const pairs = (header ?? '').split(',').map((pair) => pair.trim().split(/\s+/));
  return Object.fromEntries(
    pairs.filter(([key]) => key).map(([key, value]) => [key, Buffer.from(value ?? '', 'base64').toString('utf8')]),
  );
}

/**
 * Uploads from the browser that resume after a broken connection or a reload: what is sent and what is remembered.
 * `upload.tsx` shows the state that this file reports.
 *
 * The browser digests every piece with Web Crypto (which cannot digest a stream), and the server checks each piece as
 * it arrives. The server computes the whole file's digest itself.
 */
import { type DetailedError, Upload } from 'tus-js-client';

const ENDPOINT = '/api/uploads';
/** Node ends requests after 300 s, so a piece must fit into that on a slow line: 50 MB at 1.5 Mbit/s. */
const PIECE = 50_000_000;
const RETRY_AFTER = [0, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 60_000, 60_000];
const MEMORY = 'livecell:upload';
const EDGE = 64 * 1024;

/** The browser keeps this to find an upload again after a reload. */
export interface Remembered {
  url: string;
  name: string;
  size: number;
  /** recognises a file chosen later as the same one, without reading all of it */
  fingerprint: string;
}

interface Events {
  progress(sent: number): void;
  /** the connection broke and the uploader is trying again */
  waiting(): void;
  done(upload: Remembered): void;
  failed(message: string, final: boolean): void;
}

export interface Running {
  pause(): Promise<void>;
  resume(): void;
  /** Stop, and delete the bytes that have arrived. */
  discard(): Promise<void>;
}

/** A form may have several uploads, each remembered under its own `slot`. */
const memoryOf = (slot: string) => (slot ? `${MEMORY}:${slot}` : MEMORY);

export function recall(slot = ''): Remembered | null {
  try {
    return JSON.parse(localStorage.getItem(memoryOf(slot)) ?? 'null');
  } catch {
    return null;
  }
}

function remember(upload: Remembered, slot: string): void {
  try {
    localStorage.setItem(memoryOf(slot), JSON.stringify(upload));
  } catch {
    // without storage the browser can still upload, but not resume after a reload
  }
}

export function forget(slot = ''): void {
  try {
    localStorage.removeItem(memoryOf(slot));
  } catch {
    // as above
  }
}

export function uploadId(upload: Remembered): string {
  return upload.url.split('/').at(-1) ?? '';
}

/** Return how many bytes of a remembered upload the server has; null if it has none any more. */
export async function arrived(upload: Remembered): Promise<number | null> {
  const response = await fetch(upload.url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } });
  if ([403, 404, 410, 401].includes(response.status)) return null;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return Number(response.headers.get('upload-offset'));
}

export async function discard(upload: Remembered, slot = ''): Promise<void> {
  forget(slot);
  await fetch(upload.url, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } }).catch(() => undefined);
}

/** Start sending a file, or continue after the bytes that the server has. */
export function send(
  file: File,
  {
    fingerprint,
    known,
    slot = '',
    task,
    purpose,
  }: { fingerprint: string; known: Remembered | null; slot?: string; task?: string; purpose?: string },
  events: Events,
): Running {
  let current: Remembered | null = known;
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    uploadUrl: known?.url,
    chunkSize: PIECE,
    retryDelays: RETRY_AFTER,
    storeFingerprintForResuming: false, // `remember` does it, and keeps what the page shows after a reload
    metadata: { filename: file.name, filetype: file.type, ...(task && { task }), ...(purpose && { purpose }) },
    onBeforeRequest: async (request) => {
      if (request.getMethod() !== 'PATCH' || !globalThis.crypto?.subtle) return;
      const offset = Number(request.getHeader('Upload-Offset'));
      const digest = await crypto.subtle.digest('SHA-256', await file.slice(offset, offset + PIECE).arrayBuffer());
      request.setHeader('Upload-Checksum', `sha256 ${btoa(String.fromCharCode(...new Uint8Array(digest)))}`);
    },
    onUploadUrlAvailable: () => {
      if (!upload.url) return;
      current = { url: upload.url, name: file.name, size: file.size, fingerprint };
      remember(current, slot);
    },
    onProgress: (sent) => events.progress(sent),
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again = status === 0 || status >= 500 || [409, 423, 460].includes(status);
      if (again) events.waiting();
      return again;
    },
    onError: (error) => {
      const status = (error as Partial<DetailedError>).originalResponse?.getStatus() ?? 0;
      // forget an upload that the server refuses for good: a reload would not help
      const final = [400, 403, 404, 410, 413, 415, 422, 429].includes(status);
      if (final) forget(slot);
      events.failed(inWords(error, status), final);
    },
    onSuccess: () => current && events.done(current),
  });
  upload.start();
  return {
    pause: () => upload.abort(),
    resume: () => upload.start(),
    discard: async () => {
      await upload.abort();
      if (current) await discard(current, slot);
      else forget(slot);
    },
  };
}

function inWords(error: Error, status: number): string {
  if (status === 0) return 'The connection is lost. What has arrived is kept; go on when you are online again.';
  try {
    const body = (error as Partial<DetailedError>).originalResponse?.getBody() ?? '';
    return (JSON.parse(body) as { detail: string }).detail;
  } catch {
    return `The server answered with status ${status}. What has arrived is kept; you can try to go on.`;
  }
}

/** A fingerprint from the size and both ends of a file, to tell the same file from another of the same name. */
export async function fingerprintOf(file: File): Promise<string> {
  if (!globalThis.crypto?.subtle) return `${file.size}-${file.lastModified}`;
  const ends = new Blob([file.slice(0, EDGE), file.slice(-EDGE)]);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await ends.arrayBuffer()));
  return `${file.size}-${Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * Reads request bodies up to a limit. A request that announces or sends more is refused at that point, so that none
 * costs more memory than its route allows. Only uploads are larger, and those go to the disk.
 */

import { AppError } from '#lib/errors.ts';
import { bytes } from '#lib/format.ts';

/** Bytes of a form with a few fields, such as signing in. */
export const FORM_BYTES = 16 * 1024;
/** Bytes of a JSON request written by hand. */
export const JSON_BYTES = 256 * 1024;

/** Read the whole body, at most `limit` bytes. @throws AppError `too-large` without reading further */
export async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = new AppError('too-large', `The body of this request is larger than ${bytes(limit)}.`);
  if (Number(request.headers.get('content-length') ?? 0) > limit) {
    request.body?.cancel().catch(() => undefined);
    throw tooLarge;
  }
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > limit) {
      reader.cancel().catch(() => undefined);
      throw tooLarge;
    }
    chunks.push(next.value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** Return the fields of a form. @throws AppError `invalid` if the body is no form */
export async function readForm(request: Request, limit = FORM_BYTES): Promise<Record<string, FormDataEntryValue>> {
  const body = await readBody(request, limit);
  const type = request.headers.get('content-type') ?? '';
  try {
    return Object.fromEntries(await new Response(body, { headers: { 'content-type': type } }).formData());
  } catch (cause) {
    throw new AppError('invalid', 'The body of this request is not a form.', { cause });
  }
}

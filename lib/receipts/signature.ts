/**
 * The signature of a receipt, and how anyone checks it: in the browser, on the command line, in a test. Ed25519 over
 * the canonical JSON of the receipt without its member `signature` (RFC 8032, RFC 8785).
 */
import { canonicalJson, hexOf } from './canonical.ts';

/** A public key as the site publishes it. */
export interface PublishedKey {
  /** the first 16 hex digits of the SHA-256 of the key */
  id: string;
  algorithm: 'Ed25519';
  /** 32 bytes in base64 */
  publicKey: string;
  createdAt: string;
  /** when another key took over; null: receipts are signed with it now */
  retiredAt: string | null;
}

export interface Signature {
  algorithm: 'Ed25519';
  /** id of the key */
  key: string;
  /** 64 bytes in base64 */
  value: string;
}

export type SignatureState =
  | { state: 'valid'; key: PublishedKey }
  /** the receipt, the signature or the key was changed */
  | { state: 'invalid' }
  /** the site has no key with this id */
  | { state: 'unknown-key'; id: string }
  | { state: 'unsigned' }
  /** this program cannot check such signatures */
  | { state: 'unsupported' };

/** Return the bytes that are signed. */
export function signedBytes(receipt: object): Uint8Array<ArrayBuffer> {
  const { signature: _, ...signed } = receipt as { signature?: unknown };
  return new TextEncoder().encode(canonicalJson(signed));
}

/** Return the id of a public key of 32 bytes. */
export async function keyIdOf(publicKey: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', publicKey))).slice(0, 16);
}

/** Check a receipt against the keys that a site publishes. A key whose id is not its digest counts as changed. */
export async function checkSignature(receipt: object, keys: readonly PublishedKey[]): Promise<SignatureState> {
  const { signature } = receipt as { signature?: Partial<Signature> };
  if (signature === undefined) return { state: 'unsigned' };
  const { algorithm, key: id, value } = signature;
  if (algorithm !== 'Ed25519' || typeof id !== 'string' || typeof value !== 'string') return { state: 'invalid' };
  const key = keys.find((known) => known.id === id);
  if (!key) return { state: 'unknown-key', id };
  const bytes = { key: fromBase64(key.publicKey), value: fromBase64(value) };
  if (bytes.key?.length !== 32 || bytes.value?.length !== 64) return { state: 'invalid' };
  if ((await keyIdOf(bytes.key)) !== id) return { state: 'invalid' };
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey('raw', bytes.key, { name: 'Ed25519' }, false, ['verify']);
  } catch {
    return { state: 'unsupported' };
  }
  const good = await crypto.subtle.verify({ name: 'Ed25519' }, imported, bytes.value, signedBytes(receipt));
  return good ? { state: 'valid', key } : { state: 'invalid' };
}

/** Return the bytes; null if it is no base64, or not the only way to write them. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return btoa(String.fromCharCode(...bytes)) === text ? bytes : null;
  } catch {
    return null;
  }
}

/**
 * The keys that sign receipts. The current one is RECEIPT_KEY, or else is made at the first start and kept in
 * `receipt-keys.json` in the data folder, which only the site's user can read. Public keys of the past stay in that
 * file for ever: receipts outlive keys.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from './env.ts';
import { AppError } from './errors.ts';
import { keyIdOf, type PublishedKey, type Signature, signedBytes } from './receipts/signature.ts';

interface KeyFile {
  /** PKCS #8 in base64; null: the site signs with RECEIPT_KEY */
  privateKey: string | null;
  /** every key there has been, the current one last */
  keys: PublishedKey[];
}

/** DER of an Ed25519 private key before its 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function receiptKeysFile(): string {
  return join(env().LIVECELL_DATA, 'receipt-keys.json');
}

/** Return the public keys, the oldest first. Makes the first key if there is none. */
export async function publishedKeys(): Promise<PublishedKey[]> {
  return (await currentKeys()).file.keys;
}

/** Return the receipt with its signature. */
export async function signReceipt<T extends object>(receipt: T): Promise<T & { signature: Signature }> {
  const { key, file } = await currentKeys();
  const value = sign(null, signedBytes(receipt), key).toString('base64');
  return { ...receipt, signature: { algorithm: 'Ed25519', key: file.keys[file.keys.length - 1].id, value } };
}

/**
 * Make a new key and retire the current one, whose public half stays published.
 *
 * @throws AppError `conflict` if the key comes from RECEIPT_KEY
 */
export async function rotateReceiptKey(now = new Date()): Promise<PublishedKey> {
  if (env().RECEIPT_KEY)
    throw new AppError(
      'conflict',
      'Receipts are signed with RECEIPT_KEY. Set it to a new key and restart: the old public key stays published.',
    );
  const { file } = await currentKeys();
  const next = await withNewKey(file, now);
  replaceFile(next);
  return next.keys[next.keys.length - 1];
}

/** Read the keys, and record the one of RECEIPT_KEY where it is new. */
async function currentKeys(): Promise<{ key: KeyObject; file: KeyFile }> {
  const given = env().RECEIPT_KEY;
  let file = readFile();
  if (given) {
    const key = privateKeyOf(given);
    const published = await publishedOf(key, new Date());
    const last = file?.keys[file.keys.length - 1];
    if (file && last?.id === published.id && file.privateKey === null) return { key, file };
    const earlier = (file?.keys ?? []).filter(({ id }) => id !== published.id);
    file = { privateKey: null, keys: [...earlier.map((old) => retired(old, published.createdAt)), published] };
    replaceFile(file);
    return { key, file };
  }
  // no key yet, or the one of RECEIPT_KEY, which is no longer there
  if (!file) file = createFile(await withNewKey(null, new Date()));
  else if (file.privateKey === null) {
    file = await withNewKey(file, new Date());
    replaceFile(file);
  }
  return {
    key: createPrivateKey({ key: Buffer.from(file.privateKey!, 'base64'), format: 'der', type: 'pkcs8' }),
    file,
  };
}

async function withNewKey(file: KeyFile | null, now: Date): Promise<KeyFile> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const published = await publishedOf(privateKey, now);
  return {
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    keys: [...(file?.keys ?? []).map((old) => retired(old, published.createdAt)), published],
  };
}

const retired = (key: PublishedKey, at: string): PublishedKey => ({ ...key, retiredAt: key.retiredAt ?? at });

async function publishedOf(key: KeyObject, now: Date): Promise<PublishedKey> {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  const raw = Uint8Array.from(Buffer.from(x!, 'base64url'));
  return {
    id: await keyIdOf(raw),
    algorithm: 'Ed25519',
    publicKey: Buffer.from(raw).toString('base64'),
    createdAt: now.toISOString(),
    retiredAt: null,
  };
}

/** 32 bytes in base64, or PKCS #8 as PEM or as base64. */
function privateKeyOf(text: string): KeyObject {
  try {
    if (text.includes('-----BEGIN')) return ed25519(createPrivateKey(text.replaceAll('\\n', '\n')));
    const bytes = Buffer.from(text, 'base64');
    const key = bytes.length === 32 ? Buffer.concat([PKCS8, bytes]) : bytes;
    return ed25519(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  } catch (cause) {
    throw new AppError(
      'invalid',
      'RECEIPT_KEY is no Ed25519 private key: expected 32 bytes in base64 (openssl rand -base64 32), or PKCS #8.',
      { cause },
    );
  }
}

function ed25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`a key of type ${key.asymmetricKeyType}`);
  return key;
}

function readFile(): KeyFile | null {
  const path = receiptKeysFile();
  if (!existsSync(path)) return null;
  return JSON.parse(readFileSync(path, 'utf8')) as KeyFile;
}

/** Write the first file. Of two processes that start at once, one wins and both use its key. */
function createFile(file: KeyFile): KeyFile {
  const part = writePart(file);
  try {
    linkSync(part, receiptKeysFile());
    return file;
  } catch (error) {
    const winner = readFile();
    if (winner) return winner;
    throw error;
  } finally {
    rmSync(part, { force: true });
  }
}

function replaceFile(file: KeyFile): void {
  renameSync(writePart(file), receiptKeysFile());
}

function writePart(file: KeyFile): string {
  mkdirSync(env().LIVECELL_DATA, { recursive: true, mode: 0o700 });
  const part = `${receiptKeysFile()}.${crypto.randomUUID()}.part`;
  writeFileSync(part, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return part;
}

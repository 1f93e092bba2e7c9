/** Receipts: canonical JSON, keys and their rotation, and that one changed byte is enough. */
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, test } from 'vitest';
import { publishedKeys, receiptKeysFile, rotateReceiptKey, signReceipt } from '#lib/receipt-keys.ts';
import { canonicalJson } from '#lib/receipts/canonical.ts';
import { checkSignature, type Signature } from '#lib/receipts/signature.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-receipts-'));
let count = 0;
beforeEach(() => {
  process.env.LIVECELL_DATA = join(dir, String(++count));
  delete process.env.RECEIPT_KEY;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const RECEIPT = { schema: 1, report: { AP: 0.4571, AFNR: null, name: 'Zoë “x”' }, predictions: [{ sha256: 'ab' }] };

describe('canonical JSON', () => {
  test('is that of RFC 8785', () => {
    // the example of section 3.2.3, and the numbers of 3.2.2
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew',
      '1': 'One',
      '😀': 'Emoji',
      '\u0080': 'Control',
      ö: 'O',
    };
    expect(Object.values(JSON.parse(canonicalJson(value)))).toHaveLength(7);
    expect([...canonicalJson(value).matchAll(/:"(.)/g)].map(([, first]) => first).join('')).toBe('COCOEEH');
    expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27]',
    );
  });

  test('does not depend on order or on members that are left out', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe('{"a":null,"b":[{"d":1}]}');
  });
});

describe('the key', () => {
  it('is made at first use, for its owner alone, and stays', async () => {
    const signed = await signReceipt(RECEIPT);
    const [key] = await publishedKeys();
    expect(signed.signature.key).toBe(key.id);
    if (process.platform !== 'win32') expect(statSync(receiptKeysFile()).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(await publishedKeys())).not.toContain(
      JSON.parse(readFileSync(receiptKeysFile(), 'utf8')).privateKey,
    );
    expect(await signReceipt(RECEIPT)).toEqual(signed);
  });

  it('is one, even when two processes make it at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => signReceipt(RECEIPT)));
    expect(new Set(all.map(({ signature }) => signature.value)).size).toBe(1);
  });

  it('is rotated, and receipts of the old one stay valid', async () => {
    const old = await signReceipt(RECEIPT);
    await rotateReceiptKey();
    const next = await signReceipt(RECEIPT);
    expect(next.signature.key).not.toBe(old.signature.key);
    const keys = await publishedKeys();
    expect(keys.map(({ retiredAt }) => retiredAt === null)).toEqual([false, true]);
    for (const receipt of [old, next]) expect(await checkSignature(receipt, keys)).toMatchObject({ state: 'valid' });
  });

  it('may come from RECEIPT_KEY; keys from before stay published', async () => {
    const old = await signReceipt(RECEIPT);
    const seed = randomBytes(32);
    process.env.RECEIPT_KEY = seed.toString('base64');
    const next = await signReceipt(RECEIPT);
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    expect(next.signature.value).toBe(sign(null, Buffer.from(canonicalJson(RECEIPT)), key).toString('base64'));
    expect(readFileSync(receiptKeysFile(), 'utf8')).not.toContain(pkcs8.toString('base64'));
    for (const receipt of [old, next])
      expect(await checkSignature(receipt, await publishedKeys())).toMatchObject({ state: 'valid' });
    await expect(rotateReceiptKey()).rejects.toThrow('RECEIPT_KEY');
    process.env.RECEIPT_KEY = 'c2hvcnQ=';
    await expect(publishedKeys()).rejects.toThrow('no Ed25519 private key');
  });
});

describe('a signature', () => {
  it('fails after any one character of the receipt, the signature or the key has changed', async () => {
    const signed = await signReceipt(RECEIPT);
    const keys = await publishedKeys();
    expect(await checkSignature(signed, keys)).toMatchObject({ state: 'valid' });
    const text = JSON.stringify(signed);
    let tried = 0;
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === '1' ? '2' : '1';
      let changed: object;
      try {
        changed = JSON.parse(text.slice(0, at) + other + text.slice(at + 1));
      } catch {
        continue; // no longer JSON
      }
      tried++;
      expect({ at, ...(await checkSignature(changed, keys)) }).not.toMatchObject({ state: 'valid' });
    }
    expect(tried).toBeGreaterThan(100);
    const [key] = keys;
    const first = key.publicKey[0] === 'A' ? 'B' : 'A';
    expect(await checkSignature(signed, [{ ...key, publicKey: first + key.publicKey.slice(1) }])).toEqual({
      state: 'invalid',
    });
    expect(await checkSignature(signed, [])).toEqual({ state: 'unknown-key', id: key.id });
    expect(await checkSignature(RECEIPT, keys)).toEqual({ state: 'unsigned' });
  });

  it('of another key does not pass under the name of this one', async () => {
    const signed = await signReceipt(RECEIPT);
    const [honest] = await publishedKeys();
    process.env.LIVECELL_DATA = join(dir, 'other');
    const forged = await signReceipt(RECEIPT);
    const [theirs] = await publishedKeys();
    const signature: Signature = { ...forged.signature, key: honest.id };
    expect(await checkSignature({ ...signed, signature }, [honest])).toEqual({ state: 'invalid' });
    // nor when the key itself is passed off under the honest id
    expect(await checkSignature({ ...signed, signature }, [{ ...theirs, id: honest.id }])).toEqual({
      state: 'invalid',
    });
  });
});

test('the files on disk are all there is to check one without a network', async () => {
  const signed = await signReceipt(RECEIPT);
  writeFileSync(join(dir, 'receipt.json'), JSON.stringify(signed, null, 2));
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ keys: await publishedKeys() }));
  const [receipt, { keys }] = ['receipt.json', 'keys.json'].map((name) =>
    JSON.parse(readFileSync(join(dir, name), 'utf8')),
  );
  expect(await checkSignature(receipt, keys)).toMatchObject({ state: 'valid' });
});

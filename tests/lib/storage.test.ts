import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { checkKey, FileStorage } from '#lib/storage.ts';

const folder = mkdtempSync(join(tmpdir(), 'livecell-test-'));
const storage = new FileStorage(folder);
afterAll(() => rmSync(folder, { recursive: true }));

test('gives back what was put, with its size and digest', async () => {
  const stored = await storage.put('a/b.json', Readable.from([Buffer.from('hel'), Buffer.from('lo')]));
  expect(stored).toEqual({
    key: 'a/b.json',
    bytes: 5,
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  });
  expect(await text(storage.createReadStream('a/b.json'))).toBe('hello');
  expect(await text(storage.createReadStream('a/b.json', { start: 1, end: 2 }))).toBe('el');
  expect(await storage.size('a/b.json')).toBe(5);
  await storage.delete('a/b.json');
  await storage.delete('a/b.json');
  expect(await storage.exists('a/b.json')).toBe(false);
});

test('keeps the old content, and no half of the new, when a stream breaks off', async () => {
  await storage.put('kept', Readable.from([Buffer.from('old')]));
  const breaking = (async function* () {
    yield Buffer.from('new');
    throw new Error('gone');
  })();
  await expect(storage.put('kept', breaking)).rejects.toThrow('gone');
  expect(await text(storage.createReadStream('kept'))).toBe('old');
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('takes over a file', async () => {
  const from = join(folder, 'incoming');
  writeFileSync(from, 'bytes');
  await storage.adopt('taken/over', from);
  expect(await text(storage.createReadStream('taken/over'))).toBe('bytes');
});

test.each([
  '',
  '/',
  '/etc/passwd',
  '../up',
  'a/../b',
  'a/./b',
  'a//b',
  'a/',
  '.hidden',
  'a\\b',
  'a\0b',
  'x'.repeat(501),
])('refuses the key %j', (key) => {
  expect(() => checkKey(key)).toThrow('Not a storage key');
});

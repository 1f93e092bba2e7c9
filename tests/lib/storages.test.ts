/** Both file stores keep the same promises: a folder, and a bucket of a real S3 server. */
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { Upload } from '@tus/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors.ts';
import { S3Storage } from '#lib/storage/s3.ts';
import { FileStorage, type Storage } from '#lib/storage.ts';
import { FaultyProxy } from '#tests/faults/proxy.ts';
import { S3_MISSING, type S3Server, startS3Server } from '#tests/faults/s3-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'livecell-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let server: S3Server | null = null;
beforeAll(async () => {
  server = S3_MISSING ? null : await startS3Server();
});
afterAll(() => server?.stop());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const STORES: [string, string | null, () => Storage][] = [
  ['a folder', null, () => new FileStorage(join(folder, 'store'))],
  ['a bucket', S3_MISSING, () => new S3Storage(server!.settings())],
];

describe.each(STORES)('%s', (_name, missing, open) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});
  let store: Storage;
  beforeAll(() => {
    store = open();
  });
  const put = (key: string, content: string) => store.put(key, Readable.from([Buffer.from(content)]));
  const keys = async () => (await all(store.list())).sort();

  test('gives back what was put, whole, in part and as a local file, and forgets what is deleted', async () => {
    expect(await put('a/b.json', 'hello')).toMatchObject({ key: 'a/b.json', bytes: 5 });
    expect(await text(store.createReadStream('a/b.json'))).toBe('hello');
    expect(await text(store.createReadStream('a/b.json', { start: 1, end: 2 }))).toBe('el');
    expect(await text(store.createReadStream('a/b.json', { start: 3 }))).toBe('lo');
    expect(await readFile(await store.localPath('a/b.json'), 'utf8')).toBe('hello');
    expect([await store.size('a/b.json'), await store.exists('a/b.json')]).toEqual([5, true]);
    expect(await keys()).toEqual(['a/b.json']);
    await store.delete('a/b.json');
    await store.delete('a/b.json');
    expect([await store.size('a/b.json'), await store.exists('a/b.json')]).toEqual([null, false]);
    await expect(store.localPath('a/b.json')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(text(store.createReadStream('a/b.json'))).rejects.toThrow();
  });

  test('replaces a file only by a whole one, also in its local copy', async () => {
    await put('kept', 'old');
    expect(await readFile(await store.localPath('kept'), 'utf8')).toBe('old');
    const breaking = (async function* () {
      yield Buffer.from('new');
      throw new Error('gone');
    })();
    await expect(store.put('kept', breaking)).rejects.toThrow('gone');
    expect(await text(store.createReadStream('kept'))).toBe('old');
    await put('kept', 'newer');
    expect(await readFile(await store.localPath('kept'), 'utf8')).toBe('newer');
    await store.delete('kept');
  });

  test('takes over a file', async () => {
    const from = join(folder, 'incoming');
    writeFileSync(from, 'bytes');
    await store.adopt('taken/over', from);
    expect(await text(store.createReadStream('taken/over'))).toBe('bytes');
    expect(() => statSync(from)).toThrow();
    await store.delete('taken/over');
  });

  test('has an id that is not among its files', async () => {
    expect(await store.readId()).toBeNull();
    await store.writeId('one');
    await store.writeId('two');
    expect(await store.readId()).toBe('two');
    expect(await keys()).toEqual([]);
    await store.check();
  });

  test('knows of no upload that there is not, and removing one is no error', async () => {
    const id = crypto.randomUUID();
    expect(await store.uploads.received(id)).toBeNull();
    await store.uploads.remove(id);
    await store.uploads.release(id);
    expect(await all(store.uploads.list())).toEqual([]);
  });
});

describe('a bucket', () => {
  if (S3_MISSING) return test.skip(`skipped: ${S3_MISSING}`, () => {});

  test('keeps a bounded number of copies here, those used last', async () => {
    const settings = { ...server!.settings(), cacheBytes: 25 };
    const store = new S3Storage(settings);
    const long = new Date(Date.now() - 2 * 3600_000);
    for (const name of ['one', 'two', 'three']) {
      await store.put(name, Readable.from([Buffer.from('0123456789')]));
      utimesSync(await store.localPath(name), long, long);
    }
    await store.localPath('two');
    await store.put('four', Readable.from([Buffer.from('0123456789')]));
    await store.localPath('four');
    const copies = readdirSync(settings.cache);
    expect(copies).toHaveLength(2);
    expect(copies.map((name) => join(settings.cache, name))).toContain(await store.localPath('two'));
    for (const name of ['one', 'two', 'three', 'four']) await store.delete(name);
  });

  test('joins pieces by their places, whoever wrote them and in whatever order', async () => {
    const store = new S3Storage(server!.settings());
    const id = crypto.randomUUID();
    const { dataStore } = store.uploads;
    const received = (id: string) => store.uploads.received(id);
    const flush = (id: string) => store.uploads.flush(id);
    const head = (id: string, bytes: number) => store.uploads.head(id, bytes);
    await dataStore.create(new Upload({ id, size: 8, offset: 0 }));
    const write = (text: string, offset: number) => dataStore.write(Readable.from([Buffer.from(text)]), id, offset);
    expect(await write('123', 0)).toBe(3);
    // a writer that was thought dead goes on, behind another's back
    expect(await write('45678', 3)).toBe(8);
    expect(await write('34', 2)).toBe(4);
    expect(await write('78', 6)).toBe(8);
    expect([await received(id), (await dataStore.getUpload(id)).offset]).toEqual([8, 8]);
    expect(Buffer.from(await head(id, 5)).toString()).toBe('12345');
    await flush(id);
    await flush(id);
    expect(await text(store.createReadStream(`uploads/${id}`))).toBe('12345678');
    expect((await all(store.uploads.list())).map((one) => one.id)).toEqual([id, id]);
    await store.uploads.release(id);
    expect(await all(store.list())).toEqual([`uploads/${id}`]);
    await store.uploads.remove(id);
    expect(await all(store.list())).toEqual([]);
  });

  test('believes neither a file nor a piece that was not stored whole, as when its sender died', async () => {
    const store = new S3Storage(server!.settings());
    const id = crypto.randomUUID();
    const { uploads } = store;
    await uploads.dataStore.create(new Upload({ id, size: 8, offset: 0 }));
    const write = (text: string, offset: number) =>
      uploads.dataStore.write(Readable.from([Buffer.from(text)]), id, offset);
    await write('123', 0);
    await store.put(`uploads/${id}.pieces/00000000000003-5`, Readable.from([Buffer.from('45')]));
    expect(await uploads.received(id)).toBe(3);
    await store.delete(`uploads/${id}.pieces/00000000000003-5`);
    await write('45678', 3);
    await store.put(`uploads/${id}`, Readable.from([Buffer.from('1234')]));
    expect(await uploads.received(id)).toBe(8);
    await uploads.flush(id);
    expect(await text(store.createReadStream(`uploads/${id}`))).toBe('12345678');
    expect(await uploads.received(id)).toBe(8);
    await uploads.remove(id);
  });

  test('keeps what arrived of a piece that breaks off, and counts nothing behind a hole', async () => {
    const { uploads } = new S3Storage(server!.settings());
    const id = crypto.randomUUID();
    await uploads.dataStore.create(new Upload({ id, size: 8, offset: 0 }));
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.from('123');
        throw new Error('gone');
      })(),
    );
    await expect(uploads.dataStore.write(breaking, id, 0)).rejects.toThrow('gone');
    await uploads.dataStore.write(Readable.from([Buffer.from('78')]), id, 6);
    expect(await uploads.received(id)).toBe(3);
    await expect(uploads.flush(id)).rejects.toMatchObject({ code: 'unavailable' });
    await uploads.remove(id);
  });

  test('never takes the end of a broken connection for the end of a file', { timeout: 240_000 }, async () => {
    const proxy = new FaultyProxy([server!.port]);
    const store = new S3Storage(server!.settings({ port: await proxy.listen() }));
    await store.put('long', Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(1 << 20, 'x'))));
    const reading = (async () => {
      for await (const _ of store.createReadStream('long')) proxy.become('refuse');
    })();
    await expect(reading).rejects.toThrow();
    proxy.become('pass');
    await store.delete('long');
    await proxy.close();
  });

  test('sends large files in parts', { timeout: 240_000 }, async () => {
    const store = new S3Storage(server!.settings());
    const block = Buffer.alloc(1 << 20, 'x');
    const large = Readable.from(Array.from({ length: 70 }, () => block));
    expect((await store.put('large', large)).bytes).toBe(70 << 20);
    expect(await store.size('large')).toBe(70 << 20);
    expect((await buffer(store.createReadStream('large', { start: (70 << 20) - 3 }))).toString()).toBe('xxx');
    await store.delete('large');
  });

  test('that answers 500, hangs up or refuses is an outage with words, and no missing file', async () => {
    const proxy = new FaultyProxy([server!.port]);
    const store = new S3Storage(server!.settings({ port: await proxy.listen() }));
    await store.put('file', Readable.from([Buffer.from('content')]));
    for (const mood of ['error', 'refuse'] as const) {
      proxy.become(mood);
      for (const ask of [
        () => store.size('file'),
        () => store.localPath('file'),
        () => store.put('other', Readable.from([Buffer.from('x')])),
        () => store.uploads.received(crypto.randomUUID()),
        () => text(store.createReadStream('file')),
      ]) {
        const error = await ask().then(
          () => null,
          (error) => error,
        );
        expect(error).toBeInstanceOf(AppError);
        expect(error).toMatchObject({ status: 503, message: expect.stringContaining('file store') });
      }
    }
    proxy.become('pass');
    expect(await text(store.createReadStream('file'))).toBe('content');
    await store.delete('file');
    await proxy.close();
  });
});

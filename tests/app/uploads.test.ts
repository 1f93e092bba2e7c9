import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { db } from '#db/engine/client.ts';
import { uploads } from '#db/schema.ts';
import { getUpload } from '#db/submissions/uploads.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { type FileStorage, storage } from '#lib/storage.ts';
import { sweepFiles } from '#workers/scoring/jobs/retention.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

let ada: Person;
let eve: Person;
beforeAll(async () => {
  ada = await person('ada');
  eve = await person('eve');
});

const DETECTIONS = Buffer.from(`[${'{"image_id":1,"score":0.5,"bbox":[0,0,2,2]},'.repeat(5000)}{"image_id":1}]`);
const hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const base64 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

function send(method: string, path: string, headers: Record<string, string>, body?: Uint8Array): Promise<Response> {
  const all = { 'tus-resumable': '1.0.0', ...headers };
  return handleUpload(new Request(`http://localhost${path}`, { method, headers: all, body: body as BodyInit }));
}

async function begin(who: Person, bytes: number, metadata: Record<string, string> = {}): Promise<string> {
  const pairs = Object.entries({ filename: 'p.json', ...metadata });
  const encoded = pairs.map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',');
  const headers = { ...who.bearer, 'upload-length': String(bytes), 'upload-metadata': encoded };
  const response = await send('POST', '/api/uploads', headers);
  expect(response.status).toBe(201);
  return response.headers.get('location')!;
}

function piece(who: Person, url: string, offset: number, bytes: Uint8Array, headers: Record<string, string> = {}) {
  const own = { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
  return send('PATCH', url, { ...who.bearer, ...own, ...headers }, bytes);
}

const idOf = (url: string) => url.split('/').at(-1)!;
const rowOf = (url: string) => getUpload(idOf(url));
const fileOf = async (url: string) => join((storage() as FileStorage).folder, 'uploads', idOf(url));

describe('a file', () => {
  it('arrives in pieces and is digested', async () => {
    const url = await begin(ada, DETECTIONS.length, { sha256: hex(DETECTIONS) });
    expect((await piece(ada, url, 0, DETECTIONS.subarray(0, 1000))).headers.get('upload-offset')).toBe('1000');
    const head = await send('HEAD', url, ada.bearer);
    expect(head.headers.get('upload-offset')).toBe('1000');
    expect(await rowOf(url)).toMatchObject({ completedAt: null, sha256: null, fileName: 'p.json' });
    expect((await piece(ada, url, 1000, DETECTIONS.subarray(1000))).status).toBe(204);
    expect(await rowOf(url)).toMatchObject({ sha256: hex(DETECTIONS), bytes: DETECTIONS.length, userId: ada.id });
    expect(await readFile(await fileOf(url))).toEqual(DETECTIONS);
  });

  it('is taken whole with its creation', async () => {
    const headers = { 'upload-length': String(DETECTIONS.length), 'content-type': 'application/offset+octet-stream' };
    const response = await send('POST', '/api/uploads', { ...ada.bearer, ...headers }, DETECTIONS);
    expect(response.status).toBe(201);
    expect((await rowOf(response.headers.get('location')!))?.sha256).toBe(hex(DETECTIONS));
  });

  it('that is not what was announced is discarded', async () => {
    const url = await begin(ada, DETECTIONS.length, { sha256: hex(Buffer.from('something else')) });
    const response = await piece(ada, url, 0, DETECTIONS);
    expect(response.status).toBe(422);
    expect((await response.json()).detail).toMatch(/SHA-256 is .* announced was .*discarded/);
    expect(await rowOf(url)).toBeNull();
    expect(existsSync(await fileOf(url))).toBe(false);
  });

  it('is completed by the next question when the server stopped before its digest', async () => {
    const url = await begin(ada, DETECTIONS.length);
    await piece(ada, url, 0, DETECTIONS);
    await db()
      .update(uploads)
      .set({ completedAt: null, sha256: null })
      .where(eq(uploads.id, idOf(url)));
    await send('HEAD', url, ada.bearer);
    expect((await rowOf(url))?.sha256).toBe(hex(DETECTIONS));
  });
});

describe('a piece', () => {
  it('with its digest is taken', async () => {
    const url = await begin(ada, DETECTIONS.length);
    const headers = { 'upload-checksum': `sha256 ${base64(DETECTIONS)}` };
    expect((await piece(ada, url, 0, DETECTIONS, headers)).status).toBe(204);
    expect((await rowOf(url))?.completedAt).not.toBeNull();
  });

  it('that was damaged on the way is sent again, and nothing before it is lost', async () => {
    const url = await begin(ada, DETECTIONS.length);
    await piece(ada, url, 0, DETECTIONS.subarray(0, 100_000));
    const rest = DETECTIONS.subarray(100_000);
    const headers = { 'upload-checksum': `sha256 ${base64(rest)}` };
    const damaged = Buffer.from(rest);
    damaged[7] ^= 1;
    expect((await piece(ada, url, 100_000, damaged, headers)).status).toBe(460);
    expect((await send('HEAD', url, ada.bearer)).headers.get('upload-offset')).toBe('100000');
    expect((await piece(ada, url, 100_000, rest, headers)).status).toBe(204);
    expect((await rowOf(url))?.sha256).toBe(hex(DETECTIONS));
  });

  it('at the wrong place is refused', async () => {
    const url = await begin(ada, DETECTIONS.length);
    const response = await piece(ada, url, 500, DETECTIONS);
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('a file of the wrong kind', () => {
  const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.alloc(200_000)]);

  it('is refused at its first bytes and discarded', async () => {
    const url = await begin(ada, 500_000_000);
    const response = await piece(ada, url, 0, PNG);
    expect(response.status).toBe(415);
    expect((await response.json()).problems).toMatchObject([{ code: 'wrong-kind' }]);
    expect(await rowOf(url)).toBeNull();
    expect(existsSync(await fileOf(url))).toBe(false);
  });

  it('is refused before the rest of its first piece has been sent', async () => {
    const url = await begin(ada, 500_000_000);
    // never ends: an answer can only come from the first bytes
    const endless = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(PNG.subarray(0, 70_000))),
    });
    const headers = {
      ...ada.bearer,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    };
    const request = new Request(`http://localhost${url}`, {
      method: 'PATCH',
      headers,
      body: endless,
      duplex: 'half',
    } as RequestInit);
    expect((await handleUpload(request)).status).toBe(415);
  });

  it('is refused when its first piece was too small to tell', async () => {
    const url = await begin(ada, 1000);
    expect((await piece(ada, url, 0, Buffer.from('  '.repeat(5)))).status).toBe(415);
    const other = await begin(ada, 1000);
    expect((await piece(ada, other, 0, Buffer.from('[ '))).status).toBe(204);
    expect((await piece(ada, other, 2, Buffer.from('1, 2, 3'))).status).toBe(415);
    expect(await rowOf(other)).toBeNull();
  });
});

describe('limits', () => {
  it('are told', async () => {
    const response = await send('OPTIONS', '/api/uploads', {});
    expect(response.headers.get('tus-max-size')).toBe(String(LIMITS.bytes));
    expect(response.headers.get('tus-extension')).toBe('creation,creation-with-upload,termination,expiration,checksum');
  });

  test.each([
    [String(LIMITS.bytes + 1), 413],
    ['0', 422],
    ['-5', 400],
    ['many', 400],
  ])('a file of %s bytes is refused before the first byte (%i)', async (length, status) => {
    const response = await send('POST', '/api/uploads', { ...ada.bearer, 'upload-length': length });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('a size has to be declared', async () => {
    expect((await send('POST', '/api/uploads', { ...ada.bearer, 'upload-defer-length': '1' })).status).toBe(400);
  });

  it('more bytes than declared are refused', async () => {
    const url = await begin(ada, 10);
    expect((await piece(ada, url, 0, DETECTIONS)).status).toBeGreaterThanOrEqual(400);
    expect((await rowOf(url))?.completedAt).toBeNull();
  });

  it('a person cannot fill the disk with what is never submitted', async () => {
    const hoarder = await person('hoarder');
    for (let i = 0; i < 32; i++) await begin(hoarder, 10);
    const response = await send('POST', '/api/uploads', { ...hoarder.bearer, 'upload-length': '10' });
    expect(response.status).toBe(429);
  });
});

describe('somebody else', () => {
  test.each(['HEAD', 'PATCH', 'DELETE'])('cannot %s an upload: to them it does not exist', async (method) => {
    const url = await begin(ada, DETECTIONS.length);
    const headers = { ...eve.bearer, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    const body = method === 'PATCH' ? DETECTIONS : undefined;
    const theirs = await send(method, url, headers, body);
    const none = await send(method, '/api/uploads/00000000-0000-4000-8000-000000000000', headers, body);
    expect([theirs.status, none.status]).toEqual([404, 404]);
    expect(await theirs.text()).toBe(await none.text());
    expect(await rowOf(url)).toMatchObject({ completedAt: null });
  });

  it('without a name is asked for one', async () => {
    expect((await send('POST', '/api/uploads', { 'upload-length': '5' })).status).toBe(401);
  });

  test.each(['/api/uploads/../../etc/passwd', '/api/uploads/%2e%2e%2f', '/api/uploads/x.json'])(
    'finds nothing at %s',
    async (path) => {
      expect((await send('HEAD', path, eve.bearer)).status).toBe(404);
    },
  );
});

test('an upload is deleted by its owner, and by the sweep when nobody came back', async () => {
  const url = await begin(ada, DETECTIONS.length);
  expect((await send('DELETE', url, ada.bearer)).status).toBe(204);
  expect((await send('HEAD', url, ada.bearer)).status).toBe(404);

  const old = await begin(ada, DETECTIONS.length);
  expect((await sweepFiles()).uploads).toBe(0);
  expect((await sweepFiles(Date.now() + 49 * 3600_000)).uploads).toBeGreaterThan(0);
  expect(await rowOf(old)).toBeNull();
  expect(existsSync(await fileOf(old))).toBe(false);
});

// A proxy.ts or middleware.ts that matches an upload has Next cut the body at 10 MB and answer as if all were well.
test.each(['proxy.ts', 'middleware.ts', 'src/proxy.ts', 'app/proxy.ts'])('there is no %s', (file) => {
  expect(existsSync(file)).toBe(false);
});

describe('what a file is depends on what it is for', () => {
  const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]);

  test.each<[string, Record<string, string>, RegExp]>([
    ['predictions', { task: 'livecell-wide' }, /a PNG image\. Label images go into one \.zip/],
    ['counts', { task: 'fluorescence-counts' }, /a PNG image.* Send counts per image/],
    ['ground truth', { purpose: 'ground-truth' }, /^The ground truth is a PNG image\. Ground truth has to be one COCO/],
    ['reference counts', { purpose: 'counts' }, /a PNG image.* Send counts per image/],
    ['nothing that is known', { purpose: 'holidays' }, /a PNG image\. Label images go into one \.zip/],
  ])('a picture as %s', async (_what, metadata, words) => {
    const response = await piece(ada, await begin(ada, PNG.length, metadata), 0, PNG);
    expect(response.status).toBe(415);
    expect((await response.json()).detail).toMatch(words);
  });

  it('a table whose header nobody can foresee goes to the reader of tables, even in small pieces', async () => {
    const table = Buffer.from('Zelllinie Größe\tZahl\nA172_1.tif\t3\n');
    const url = await begin(ada, table.length, { task: 'fluorescence-counts' });
    for (const [from, to] of [
      [0, 13],
      [13, table.length],
    ])
      expect((await piece(ada, url, from, table.subarray(from, to))).status).toBe(204);
    const refused = await piece(ada, await begin(ada, table.length, { task: 'livecell-wide' }), 0, table);
    expect((await refused.json()).detail).toMatch(/text, but not JSON/);
  });
});

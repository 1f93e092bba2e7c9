/** The attack: the disk is filled with uploads that are declared at once, broken off, or never submitted. */
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { db } from '#db/engine/client.ts';
import { uploads } from '#db/schema.ts';
import { listUploads } from '#db/submissions/uploads.ts';
import { type FileStorage, storage } from '#lib/storage.ts';
import { openSite, type Person, person } from '#tests/app/site.ts';
import { sweepFiles } from '#workers/scoring/jobs/retention.ts';

openSite();

const NAMES = ['LIVECELL_BYTES_PER_PERSON', 'LIVECELL_BYTES_IN_ALL', 'LIVECELL_FREE_BYTES'];
let mallory: Person;
let count = 0;

beforeEach(async () => {
  await db().delete(uploads);
  rmSync(await folder(), { recursive: true, force: true });
  mkdirSync(await folder(), { recursive: true });
  mallory = await person(`mallory${++count}`);
});
afterEach(() => {
  for (const name of NAMES) delete process.env[name];
});

function begin(bytes: number, headers: Record<string, string> = {}, body?: BodyInit): Promise<Response> {
  const all = { 'tus-resumable': '1.0.0', ...mallory.bearer, 'upload-length': String(bytes), ...headers };
  const init = { method: 'POST', headers: all, body, duplex: 'half' } as RequestInit;
  return handleUpload(new Request('http://site/api/uploads', init));
}

const folder = async () => join((storage() as FileStorage).folder, 'uploads');

describe('uploads', () => {
  test('that are begun at once are no more than those begun one after the other', async () => {
    process.env.LIVECELL_BYTES_PER_PERSON = '0';
    const answers = await Promise.all(Array.from({ length: 120 }, () => begin(10)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(32);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(88);
    expect(await listUploads(mallory.id)).toHaveLength(32);
  });

  test('are no more bytes than a person may have, declared ones included', async () => {
    process.env.LIVECELL_BYTES_PER_PERSON = '1000';
    const answers = await Promise.all(Array.from({ length: 10 }, () => begin(300)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  });

  test('are no more bytes than the site may keep', async () => {
    process.env.LIVECELL_BYTES_IN_ALL = '1000';
    expect((await begin(900)).status).toBe(201);
    mallory = await person(`another${++count}`);
    expect((await begin(900)).status).toBe(507);
  });

  test('leave some of the disk free, and say so', async () => {
    process.env.LIVECELL_FREE_BYTES = String(Number.MAX_SAFE_INTEGER);
    const response = await begin(10);
    expect(response.status).toBe(507);
    expect((await response.json()).detail).toMatch(/no room for this file/);
    expect(await listUploads(mallory.id)).toEqual([]);
  });

  test('that break off have a row, are counted, and are swept', async () => {
    const broken = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`[${' '.repeat(100_000)}`)),
      pull: (controller) => controller.error(new Error('gone')),
    });
    await begin(50_000_000, { 'content-type': 'application/offset+octet-stream' }, broken).catch(() => undefined);
    const rows = await listUploads(mallory.id);
    const known = new Set(rows.map(({ id }) => id));
    for (const name of readdirSync(await folder())) expect(known.has(name.replace('.json', ''))).toBe(true);
    await sweepFiles(Date.now() + 49 * 3600_000);
    expect(readdirSync(await folder())).toEqual([]);
  });

  test('of the wrong kind leave neither a row nor a file', async () => {
    const response = await begin(100, { 'content-type': 'application/offset+octet-stream' }, '%PDF-1.7 and so on');
    expect(response.status).toBe(415);
    expect(await listUploads(mallory.id)).toEqual([]);
  });

  test('cannot choose the id they are kept under', async () => {
    const id = crypto.randomUUID();
    const response = await begin(10, { 'x-livecell-upload-id': id });
    expect(response.headers.get('location')).not.toContain(id);
  });
});

describe('the sweep', () => {
  test('removes files of which no row speaks, once they are old, and no others', async () => {
    await begin(10);
    const old = join(await folder(), crypto.randomUUID());
    const young = join(await folder(), crypto.randomUUID());
    const foreign = join(await folder(), 'notes.txt');
    for (const path of [old, `${old}.json`, young, foreign]) writeFileSync(path, 'x');
    const before = new Date(Date.now() - 2 * 3600_000);
    for (const path of [old, `${old}.json`, foreign]) utimesSync(path, before, before);
    await sweepFiles();
    expect([old, `${old}.json`, young, foreign].map((path) => existsSync(path))).toEqual([false, false, true, true]);
    expect(await listUploads(mallory.id)).toHaveLength(1);
  });

  test('goes by the database’s clock, not by that of a machine whose clock is days ahead', async () => {
    await begin(10);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * 24 * 3600_000 });
    try {
      expect(await sweepFiles()).toMatchObject({ uploads: 0, orphans: 0 });
      expect(await listUploads(mallory.id)).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('removes rows whose file is gone', async () => {
    const id = (await begin(10)).headers.get('location')!.split('/').at(-1)!;
    await storage().delete(`uploads/${id}`);
    await sweepFiles();
    expect(await listUploads(mallory.id)).toHaveLength(1); // it may be on its way
    await sweepFiles(Date.now() + 2 * 3600_000);
    expect(await listUploads(mallory.id)).toEqual([]);
  });
});

/** The quota and what maintainers set for a task, over HTTP and on both databases. */
import { describe, expect, test } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { POST as create } from '#app/api/v1/submissions/route.ts';
import { GET as tasks } from '#app/api/v1/tasks/route.ts';
import { db } from '#db/engine/client.ts';
import { type NewTaskSettings, saveTaskSettings } from '#db/quota/task-settings.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { completeUpload, createUpload, listUploads } from '#db/submissions/uploads.ts';
import { problemDetailsSchema, taskListSchema } from '#lib/http/api.ts';
import { storage } from '#lib/storage.ts';
import { ONE_ENGINE } from '#tests/db/databases.ts';
import { someDataset, someReports } from '#tests/db/fixtures.ts';
import { openSite, type Person, person } from './site.ts';

const FILE = Buffer.from('[{"image_id":1,"score":0.5,"bbox":[0,0,2,2]}]');
const LIMIT = 5;
const TASK = 'livecell-wide';

describe.each(ONE_ENGINE)('the quota over HTTP on $name', (engine) => {
  if (engine.missing) return test.skip(`skipped: ${engine.missing}`, () => {});
  openSite({ engine, quota: LIMIT });

  function beginUpload(who: Person, metadata: Record<string, string>): Promise<Response> {
    const headers = {
      ...who.bearer,
      'tus-resumable': '1.0.0',
      'upload-length': String(FILE.length),
      'upload-metadata': Object.entries(metadata)
        .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
        .join(','),
    };
    return handleUpload(new Request('http://localhost/api/uploads', { method: 'POST', headers }));
  }
  const upload = async (who: Person) => (await uploads(who, 1))[0];

  /** As they are when the last byte has come; an account may not have 50 of them lying here by itself. */
  function uploads(who: Person, count: number): Promise<string[]> {
    const one = async () => {
      const id = crypto.randomUUID();
      const storageKey = `uploads/${id}`;
      const { sha256, bytes } = await storage().put(storageKey, new Blob([FILE]).stream());
      await createUpload({ id, userId: who.id, fileName: 'x.json', bytes, storageKey });
      await completeUpload(id, sha256);
      return id;
    };
    return Promise.all(Array.from({ length: count }, one));
  }

  function post(who: Person, location: string, more: object = {}): Promise<Response> {
    const body = JSON.stringify({ task: TASK, method: 'm', files: [{ slot: 'all', upload: location }], ...more });
    const request = new Request('http://localhost/api/v1/submissions', { method: 'POST', headers: who.bearer, body });
    return create(request, { params: Promise.resolve({}) });
  }

  async function taskNamed(who?: Person, id: string = TASK) {
    const request = new Request('http://localhost/api/v1/tasks', { headers: who?.bearer });
    const body = taskListSchema.parse(await (await tasks(request, { params: Promise.resolve({}) })).json());
    return body.tasks.find((task) => task.id === id)!;
  }

  const set = (changes: Partial<NewTaskSettings> = {}) =>
    saveTaskSettings(
      TASK,
      { open: true, closedReason: null, quota: null, quotaDays: null, maxBytes: null, ...changes },
      null,
    );

  test('of 50 submissions sent at once exactly the limit get in; the others learn when there is a place', {
    timeout: 120_000,
  }, async () => {
    await someDataset(db());
    const who = await person('racer');
    const answers = await Promise.all((await uploads(who, 50)).map((id) => post(who, id)));
    const accepted = answers.filter(({ status }) => status === 201);
    expect(accepted).toHaveLength(LIMIT);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer.status).toBe(429);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      const problem = problemDetailsSchema.parse(await answer.json());
      expect(problem).toMatchObject({ code: 'quota', used: LIMIT, limit: LIMIT });
      expect(problem.nextSlotAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(problem.detail).toContain(problem.nextSlotAt!);
    }
    // what was refused is still there to be submitted later
    expect(await listUploads(who.id)).toHaveLength(50 - LIMIT);
    expect((await taskNamed(who)).places).toEqual([
      expect.objectContaining({ team: null, limit: LIMIT, charged: 0, reserved: LIMIT, left: 0 }),
    ]);
    const { id } = await accepted[0].json();
    await startScoring(id, 1);
    await saveReports(id, someReports());
    expect((await taskNamed(who)).places![0]).toMatchObject({ charged: 1, reserved: LIMIT - 1, left: 0 });
  });

  test('demo data sets are never refused', async () => {
    await someDataset(db(), { name: 'demo set', demo: true });
    const who = await person('visitor');
    for (let n = 0; n <= LIMIT; n++)
      expect((await post(who, await upload(who), { dataset: 'demo set' })).status).toBe(201);
    expect((await taskNamed(who)).places![0]).toMatchObject({ charged: 0, reserved: 0, left: LIMIT });
  });

  test('what can be submitted says the quota to everybody, and where one stands only to oneself', async () => {
    expect(await taskNamed()).toMatchObject({ open: true, closedReason: null, quota: { limit: LIMIT, days: 7 } });
    expect((await taskNamed()).places).toBeUndefined();
    expect((await taskNamed(await person('newcomer'))).places).toEqual([
      { team: null, limit: LIMIT, charged: 0, reserved: 0, left: LIMIT, nextSlotAt: null },
    ]);
  });

  test('a closed task says why: in the list, before the first byte, and at the end', async () => {
    const who = await person('late');
    const early = await upload(who);
    await set({ open: false, closedReason: 'The test set is being corrected.' });
    expect(await taskNamed()).toMatchObject({ open: false, closedReason: 'The test set is being corrected.' });
    for (const answer of [await beginUpload(who, { task: TASK }), await post(who, early)]) {
      expect(answer.status).toBe(403);
      const problem = await answer.json();
      expect(problem).toMatchObject({ code: 'closed', open: false });
      expect(problem.detail).toContain('The test set is being corrected.');
    }
    await set();
    expect((await post(who, early)).status).toBe(201);
  });

  test('a task’s own size holds before the first byte, and at the end', async () => {
    const who = await person('large');
    const early = await upload(who);
    await set({ maxBytes: FILE.length - 1 });
    expect((await taskNamed()).limits.bytes).toBe(FILE.length - 1);
    for (const answer of [await beginUpload(who, { task: TASK }), await post(who, early)]) {
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({ maxBytes: FILE.length - 1 });
    }
    await set({ maxBytes: FILE.length });
    expect((await post(who, early)).status).toBe(201);
    await set();
  });
});

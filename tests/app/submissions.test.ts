import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { findSubmission, giveUp, submissionBody, submit } from '#app/_server/submissions.ts';
import { handleUpload } from '#app/_server/uploads.ts';
import { GET as board } from '#app/api/v1/leaderboards/[task]/route.ts';
import { GET as events } from '#app/api/v1/submissions/[id]/events/route.ts';
import { GET as receipt } from '#app/api/v1/submissions/[id]/receipt/route.ts';
import { GET as read } from '#app/api/v1/submissions/[id]/route.ts';
import { POST as create } from '#app/api/v1/submissions/route.ts';
import { GET as tasks } from '#app/api/v1/tasks/route.ts';
import { db } from '#db/engine/client.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { approve } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { pruneSubmitCalls } from '#db/submissions/submit-calls.ts';
import { getUpload } from '#db/submissions/uploads.ts';
import { leaderboardSchema, receiptSchema, submissionSchema, taskListSchema } from '#lib/http/api.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { storage } from '#lib/storage.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { someDataset, someReports } from '#tests/db/fixtures.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

const FILE = Buffer.from('[{"image_id":1,"score":0.5,"bbox":[0,0,2,2]}]');
let ada: Person;
let eve: Person;
let maintainer: Person;
beforeAll(async () => {
  ada = await person('ada');
  eve = await person('eve');
  maintainer = await person('mo', 'maintainer');
  await someDataset(db());
});

async function upload(who: Person): Promise<string> {
  const headers = {
    ...who.bearer,
    'tus-resumable': '1.0.0',
    'upload-length': String(FILE.length),
    'upload-metadata': `filename ${Buffer.from('ada-lovelace-model.json').toString('base64')}`,
    'content-type': 'application/offset+octet-stream',
  };
  const request = new Request('http://localhost/api/uploads', { method: 'POST', headers, body: FILE });
  return (await handleUpload(request)).headers.get('location')!;
}

function post(who: Person | null, body: object): Promise<Response> {
  const request = new Request('http://localhost/api/v1/submissions', {
    method: 'POST',
    headers: who?.bearer,
    body: JSON.stringify(body),
  });
  return create(request, { params: Promise.resolve({}) });
}

type Handler = typeof read;
function get(handler: Handler, who: Person | null, params: Record<string, string>, search = ''): Promise<Response> {
  return handler(new Request(`http://localhost/x${search}`, { headers: who?.bearer }), {
    params: Promise.resolve(params),
  });
}

async function submitted(who: Person, more: object = {}): Promise<string> {
  const files = [{ slot: 'all', upload: await upload(who) }];
  const response = await post(who, { task: 'livecell-wide', method: 'A method', files, ...more });
  expect(response.status).toBe(201);
  return (await response.json()).id;
}

async function score(id: string): Promise<void> {
  await startScoring(id, 1);
  expect(await saveReports(id, someReports())).toBe(true);
}

describe('submitting', () => {
  it('takes the upload, keeps its digest, and puts a job into the queue', async () => {
    const url = await upload(ada);
    const before = (await queueSnapshot()).waiting;
    const response = await post(ada, {
      task: 'livecell-wide',
      method: ' Mask R-CNN ',
      files: [{ slot: 'all', upload: url }],
      paperUrl: 'https://doi.org/10.1038/s41592-021-01249-6',
      testImagesSeen: true,
    });
    expect(response.status).toBe(201);
    const { id, state } = await response.json();
    expect(state).toBe('queued');
    expect((await queueSnapshot()).waiting).toBe(before + 1);
    expect(await getUpload(url.split('/').at(-1)!)).toBeNull();
    const submission = (await getSubmission(id))!;
    expect(submission).toMatchObject({
      method: 'Mask R-CNN',
      userId: ada.id,
      visibility: 'private',
      testImagesSeen: true,
    });
    expect(submission.files).toMatchObject([{ slot: 'all', sha256: createHash('sha256').update(FILE).digest('hex') }]);
    expect(await storage().exists(submission.files[0].storageKey)).toBe(true);
  });

  it('uses an upload once, also when two ask at the same time', async () => {
    const body = { task: 'livecell-wide', method: 'm', files: [{ slot: 'all', upload: await upload(ada) }] };
    const statuses = (await Promise.all([post(ada, body), post(ada, body)])).map(({ status }) => status);
    expect(statuses).toEqual([201, 201]);
    expect((await db().execute(sql`select id from submissions where method = 'm'`)).length).toBe(1);
  });

  test.each<[string, object, string]>([
    ['a task that does not exist', { task: 'nope' }, 'task'],
    ['a task that there is not', { task: 'seventh' }, 'task'],
    ['a data set that does not exist', { dataset: 'nope' }, 'dataset'],
    ['no method', { method: ' ' }, 'method'],
    ['no file', { files: [] }, 'files'],
    ['a slot that does not exist', { files: [{ slot: 'A172', upload: 'x' }] }, 'files.0.slot'],
    ['an upload that does not exist', { files: [{ slot: 'all', upload: 'x' }] }, 'files.0.upload'],
    ['a link that is none', { codeUrl: 'javascript:alert(1)' }, 'codeUrl'],
  ])('is refused with %s, by field', async (_what, wrong, field) => {
    const files = [{ slot: 'all', upload: await upload(ada) }];
    const response = await post(ada, { task: 'livecell-wide', method: 'm', files, ...wrong });
    expect(response.status).toBe(400);
    expect(Object.keys((await response.json()).fields)).toContain(field);
  });

  it('is refused with somebody else’s upload, exactly as with none', async () => {
    const body = { task: 'livecell-wide', method: 'm', files: [{ slot: 'all', upload: await upload(ada) }] };
    const none = { ...body, files: [{ slot: 'all', upload: crypto.randomUUID() }] };
    expect(await (await post(eve, body)).text()).toBe(await (await post(eve, none)).text());
  });

  it('needs an account', async () => {
    const files = [{ slot: 'all', upload: 'x' }];
    expect((await post(null, { task: 'livecell-wide', method: 'm', files })).status).toBe(401);
    await expect(
      submit(null, {
        task: 'livecell-wide',
        method: 'm',
        files,
        description: '',
        trainingData: '',
        testImagesSeen: false,
        visibility: 'private',
      }),
    ).rejects.toMatchObject({ status: 401 });
  });
});

describe('a submission', () => {
  const statuses = async (id: string, handler: Handler = read) =>
    Promise.all([null, eve, ada, maintainer].map(async (who) => (await get(handler, who, { id })).status));

  it('is private until its owner asks and a maintainer agrees; asking for “published” is asking', async () => {
    const id = await submitted(ada, { visibility: 'published' });
    expect((await getSubmission(id))?.visibility).toBe('pending');
    await expect(approve(id, maintainer.id)).rejects.toMatchObject({ code: 'conflict' }); // not scored yet
    expect(await statuses(id)).toEqual([404, 404, 200, 200]);
    await score(id);
    expect(await statuses(id)).toEqual([404, 404, 200, 200]);
    expect(await statuses(id, receipt)).toEqual([404, 404, 200, 200]);
    expect(await statuses(id, events)).toEqual([404, 404, 200, 200]);
    await approve(id, maintainer.id);
    expect(await statuses(id)).toEqual([200, 200, 200, 200]);
  });

  it('looks like one that does not exist to those who may not see it', async () => {
    const id = await submitted(ada);
    const [hidden, none] = await Promise.all([get(read, eve, { id }), get(read, eve, { id: 'none' })]);
    expect(await hidden.text()).toBe(await none.text());
  });

  it('says in the API what its schema promises, and neither e-mail nor file names', async () => {
    const id = await submitted(ada, { method: 'Schema' });
    expect(await (await get(read, ada, { id })).json()).toMatchObject({
      state: 'queued',
      queuePosition: expect.any(Number),
    });
    await score(id);
    const text = await (await get(read, ada, { id })).text();
    const body = submissionSchema.strict().parse(JSON.parse(text));
    expect(body.report?.protocol).toBe('livecell-paper');
    expect(Object.keys(body.reports)).toEqual(expect.arrayContaining(['livecell-paper', 'livecell-code', 'coco']));
    expect(text).not.toMatch(/@example\.org|lovelace|storageKey|user_?id/i);
    const sealed = await (await get(receipt, ada, { id })).json();
    expect(receiptSchema.strict().parse(sealed).report).toEqual(body.report);
  });

  it('is followed by events until it is over', async () => {
    const id = await submitted(ada);
    const response = await get(events, ada, { id });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    setTimeout(() => score(id), 300);
    const text = await response.text();
    const states = [...text.matchAll(/^data: (\{.+\})$/gm)].map(([, data]) => JSON.parse(data).state);
    expect([states[0], states.at(-1)]).toEqual(['queued', 'scored']);
    expect(text).toMatch(/event: end\ndata: \{\}\n\n$/);
  });

  it('is given up by its owner alone, and its file with it', async () => {
    const id = await submitted(ada);
    await expect(giveUp(await viewerNamed(eve), id)).rejects.toMatchObject({ status: 404 });
    await expect(giveUp(await viewerNamed(maintainer), id)).rejects.toMatchObject({ status: 403 });
    const [{ storageKey }] = (await getSubmission(id))!.files;
    await giveUp(await viewerNamed(ada), id);
    expect(await storage().exists(storageKey)).toBe(false);
    const left = await submissionBody(await viewerNamed(ada), await findSubmission(await viewerNamed(ada), id));
    expect(left).toMatchObject({ state: 'withdrawn', visibility: 'private' });
  });
});

describe('the board over HTTP', () => {
  const rows = async (search = '') => {
    const response = await get(board, null, { task: 'livecell-wide' }, search);
    expect(response.status).toBe(200);
    return response;
  };

  it('has what is published, as its schema says', async () => {
    const { rows: found } = leaderboardSchema.parse(await (await rows()).json());
    expect(found.filter(({ kind }) => kind === 'entry').map(({ rank }) => rank)).toEqual([1]);
  });

  test.each([
    '?sort=AP',
    '?sort=afnr&direction=desc',
    '?sort=AR@3000',
    '?protocol=coco&evaluation=bbox',
    '?cellType=a172',
  ])('answers %s', async (search) => {
    expect((await (await rows(search)).json()).rows.length).toBeGreaterThan(0);
  });

  test.each(['?sort=password', '?protocol=nope', '?cellType=HeLa', '?format=xml', '?evaluation=keypoints'])(
    'refuses %s',
    async (search) => {
      expect((await get(board, null, { task: 'livecell-wide' }, search)).status).toBe(400);
    },
  );

  it('comes as CSV and BibTeX, to be saved', async () => {
    const csv = await rows('?format=csv');
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="livecell-wide-.*\.csv"$/);
    expect((await csv.text()).split('\r\n')[0]).toMatch(/^rank,/);
    expect(await (await rows('?format=bibtex')).text()).toMatch(/^@misc\{/);
  });

  it('is not there for a task that does not exist', async () => {
    expect((await get(board, null, { task: 'nope' })).status).toBe(404);
    expect((await get(board, null, { task: 'livecell-wide' }, '?dataset=nope')).status).toBe(404);
  });
});

test('what can be submitted is told, with the limits', async () => {
  const body = taskListSchema.parse(await (await get(tasks, null, {})).json());
  expect(body.tasks[0]).toMatchObject({ id: 'livecell-wide', slots: ['all'], dataset: 'test' });
  expect(body.tasks.map(({ id }) => id)).toEqual(Object.keys(TASKS));
  expect(body.limits.bytes).toBe(LIMITS.bytes);
});

describe('a call that is repeated because its answer was lost', () => {
  const counts = async () => {
    const [row] = await db().execute<{ submissions: number; jobs: number; reserved: number }>(sql`
      select (select count(*) from submissions)::int as submissions, (select count(*) from pgboss.job)::int as jobs,
             (select count(*) from quota_ledger where kind = 'reserved')::int as reserved`);
    return row;
  };
  const body = async (method = 'Lost') => ({
    task: 'livecell-wide',
    method,
    files: [{ slot: 'all', upload: await upload(ada) }],
  });

  it('gets the first answer, and nothing is created or charged twice', async () => {
    const asked = await body();
    const first = await post(ada, asked);
    const before = await counts();
    const { id } = await first.json();
    // as an id instead of an address, and after its state has changed
    const byId = { ...asked, files: [{ slot: 'all', upload: asked.files[0].upload.split('/').at(-1)! }] };
    expect(await (await post(ada, byId)).json()).toEqual({ id, state: 'queued' });
    await score(id);
    const again = await post(ada, asked);
    expect([again.status, await again.json()]).toEqual([201, { id, state: 'scored' }]);
    expect(await counts()).toEqual(before);
  });

  it('at the same time: all get the same submission', async () => {
    const asked = await body();
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(ada, asked)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const ids = await Promise.all(answers.map(async (answer) => (await answer.json()).id));
    expect(new Set(ids).size).toBe(1);
  });

  it('with other details is refused, and says what the uploads became', async () => {
    const asked = await body();
    const { id } = await (await post(ada, asked)).json();
    const other = await post(ada, { ...asked, method: 'Another' });
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ submission: id, detail: expect.stringContaining(id) });
  });

  it('is known by its Idempotency-Key, which nobody else shares', async () => {
    const keyed = (who: Person, asked: object, key: string) =>
      create(
        new Request('http://localhost/api/v1/submissions', {
          method: 'POST',
          headers: { ...who.bearer, 'idempotency-key': key },
          body: JSON.stringify(asked),
        }),
        { params: Promise.resolve({}) },
      );
    const asked = await body();
    const { id } = await (await keyed(ada, asked, 'one')).json();
    expect((await (await keyed(ada, asked, 'one')).json()).id).toBe(id);
    expect((await keyed(ada, await body(), 'one')).status).toBe(409);
    expect((await keyed(eve, asked, 'one')).status).toBe(400);
    expect((await keyed(ada, await body(), 'not one key')).status).toBe(400);
  });

  it('is forgotten after a month', async () => {
    const asked = await body();
    const first = await (await post(ada, asked)).json();
    await pruneSubmitCalls();
    expect(await (await post(ada, asked)).json()).toEqual(first);
    await db().execute(sql`update submit_calls set created_at = now() - interval '31 days'`);
    await pruneSubmitCalls();
    expect((await post(ada, asked)).status).toBe(400);
  });
});

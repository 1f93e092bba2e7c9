/**
 * Calls every operation of the OpenAPI description, with valid and with invalid input, and holds each answer against
 * what the description says: status, type, and schema without a field more.
 */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeSnapshots } from '#db/board/snapshots.ts';
import { db } from '#db/engine/client.ts';
import { createTeam, invite } from '#db/people/teams.ts';
import { createToken } from '#db/people/tokens.ts';
import { submissions } from '#db/schema.ts';
import { approve, hide } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { problemDetailsSchema } from '#lib/http/api.ts';
import { OPERATIONS } from '#lib/http/openapi.ts';
import { saveSlices, someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { serveRoutes } from './serve.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

let site: { url: string; close(): Promise<void> };
let ada: Person;
let mo: { authorization: string };
const ids: Record<string, string> = {};
beforeAll(async () => {
  site = await serveRoutes();
  ids.site = site.url;
  const dataset = await someDataset(db(), { public: true });
  ada = await person('ada');
  const maintainer = await person('mo', 'maintainer');
  mo = {
    authorization: `Bearer ${(await createToken(maintainer.id, 'x', { scopes: ['read', 'submit', 'moderate'] })).token}`,
  };
  const entry = async (method: string, publish: boolean) => {
    const { id } = await createSubmission(someSubmission(dataset, { method, userId: ada.id, visibility: 'pending' }));
    await startScoring(id, 1);
    await saveReports(id, someReports({ AP: 0.4 }));
    await saveSlices(id, db());
    if (publish) await approve(id, null);
    return id;
  };
  ids.open = await entry('Open', true);
  ids.other = await entry('Other', true);
  ids.pending = await entry('Pending', false);
  ids.withdrawn = await entry('To withdraw', false);
  ids.unpublished = await entry('To unpublish', true);
  ids.private = (await createSubmission(someSubmission(dataset, { method: 'Private', userId: ada.id }))).id;
  ids.hidden = await entry('Hidden', true);
  await hide(ids.hidden, null, 'A reason');
  ids.method = (await getSubmission(ids.open))!.methodId!;
  ids.secret = await entry('Secret', false);
  await db().update(submissions).set({ visibility: 'private' }).where(eq(submissions.id, ids.secret));
  ids.older = await entry('Twice', true);
  await entry('Twice', true);
  ids.team = (await createTeam('Cell Lab', ada.id)).id;
  ids.emptyTeam = (await createTeam('Empty Lab', ada.id)).id;
  ids.person = maintainer.id;
  ids.invitationUrl = `${site.url}/teams/join/${(await invite(ids.team, ada.id)).secret}`;
  ids.invitation = (await invite(ids.team, ada.id)).id;
  [ids.snapshot] = await takeSnapshots();
  const made = await fetch(`${site.url}/api/uploads`, {
    method: 'POST',
    headers: { ...ada.bearer, ...TUS, ...LENGTH },
  });
  ids.upload = made.headers.get('location')!.split('/').at(-1)!;
  ids.truth = await uploadTruth();
});
afterAll(() => site?.close());

const TUS = { 'tus-resumable': '1.0.0' };
const FILE = '[{"image_id":1,"score":0.5,"bbox":[0,0,2,2]}]';
const LENGTH = { 'upload-length': String(FILE.length) };
const PIECE = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };

/** Upload a file as ground truth and return its upload's id. */
async function uploadTruth(): Promise<string> {
  const text = '{"images":[],"annotations":[],"categories":[]}';
  const metadata = `filename ${btoa('truth.json')},purpose ${btoa('ground-truth')}`;
  const made = await fetch(`${site.url}/api/uploads`, {
    method: 'POST',
    headers: { ...mo, ...TUS, 'upload-length': String(text.length), 'upload-metadata': metadata },
  });
  const address = new URL(made.headers.get('location')!, site.url);
  const sent = await fetch(address, { method: 'PATCH', headers: { ...mo, ...TUS, ...PIECE }, body: text });
  expect(sent.status, await sent.text()).toBe(204);
  return address.pathname.split('/').at(-1)!;
}

interface Call {
  /** what stands for `{id}`, `{name}` or `{task}`: a key of `ids`, or itself */
  of?: string;
  query?: string;
  headers?: Record<string, string>;
  body?: unknown;
  as?: 'nobody' | 'mo';
  status: number;
}
const stranger: Call = { as: 'nobody', status: 401 };

/** By method and address. The last but one calls are wrong in some way. An operation without a row fails the test. */
const CALLS: Record<string, Call[]> = {
  'post /api/uploads': [
    { headers: { ...TUS, ...LENGTH }, status: 201 },
    { headers: { ...TUS, 'upload-length': '0' }, status: 422 },
    { ...stranger, headers: { ...TUS, ...LENGTH } },
  ],
  'options /api/uploads': [{ headers: TUS, status: 204 }],
  'head /api/uploads/{id}': [
    { of: 'upload', headers: TUS, status: 200 },
    { of: 'none', headers: TUS, status: 404 },
  ],
  'patch /api/uploads/{id}': [
    { of: 'upload', headers: { ...TUS, ...PIECE, 'upload-offset': '7' }, body: FILE, status: 409 },
    { of: 'upload', headers: { ...TUS, ...PIECE }, body: FILE, status: 204 },
  ],
  'delete /api/uploads/{id}': [
    { of: 'none', headers: TUS, status: 404 },
    { of: 'upload', headers: TUS, status: 204 },
  ],
  'post /api/v1/submissions': [{ body: {}, status: 400 }, stranger],
  'get /api/v1/submissions': [
    { query: 'limit=2', status: 200 },
    { query: 'limit=none', status: 400 },
    { query: 'after=none', status: 400 },
    stranger,
  ],
  'get /api/v1/submissions/{id}': [
    { of: 'open', as: 'nobody', status: 200 },
    { of: 'private', status: 200 },
    { of: 'private', as: 'nobody', status: 404 },
    { of: 'hidden', as: 'nobody', status: 410 },
  ],
  'get /api/v1/submissions/{id}/events': [
    { of: 'open', status: 200 },
    { of: 'none', status: 404 },
  ],
  'get /api/v1/submissions/{id}/receipt': [
    { of: 'open', status: 200 },
    { of: 'private', status: 409 },
    { of: 'hidden', as: 'nobody', status: 410 },
  ],
  'get /api/v1/submissions/{id}/images': [
    { of: 'private', status: 409 },
    { of: 'none', status: 404 },
  ],
  'get /api/v1/submissions/{id}/cells': [
    { of: 'open', as: 'nobody', status: 404 },
    { of: 'open', query: 'table=people', status: 400 },
    { of: 'none', status: 404 },
  ],
  'get /api/v1/submissions/{id}/files/{slot}': [{ of: 'none', status: 404 }],
  'post /api/v1/submissions/{id}/sharing': [
    { of: 'open', body: { filesShared: true }, status: 400 },
    { of: 'none', body: {}, status: 404 },
    { ...stranger, of: 'open', body: {} },
  ],
  'post /api/v1/submissions/{id}/anonymity': [
    { of: 'secret', body: { anonymous: true, until: 'soon' }, status: 400 },
    { of: 'secret', body: { anonymous: true, until: '2001-01-01' }, status: 400 },
    { of: 'secret', body: { anonymous: true }, status: 200 },
    { of: 'secret', body: { anonymous: false }, status: 200 },
    { of: 'open', body: { anonymous: true }, status: 403 },
    { of: 'none', body: { anonymous: true }, status: 404 },
    { ...stranger, of: 'secret', body: { anonymous: true } },
  ],
  'post /api/v1/submissions/{id}/review-link': [
    { of: 'secret', status: 201 },
    { of: 'none', status: 404 },
  ],
  'delete /api/v1/submissions/{id}/review-link': [
    { of: 'secret', status: 204 },
    { of: 'secret', status: 409 },
  ],
  'post /api/v1/submissions/{id}/show': [
    { of: 'open', status: 403 },
    { of: 'older', status: 200 },
    { of: 'none', status: 404 },
  ],
  'delete /api/v1/submissions/{id}/files': [
    { of: 'other', status: 204 },
    { of: 'none', status: 404 },
    { ...stranger, of: 'other' },
  ],
  'post /api/v1/submissions/{id}/problems': [
    { of: 'open', as: 'mo', body: { text: 'The paper is another' }, status: 204 },
    { of: 'open', as: 'mo', body: { text: '' }, status: 400 },
    { of: 'secret', as: 'mo', body: { text: 'x' }, status: 404 },
    { ...stranger, of: 'open', body: { text: 'x' } },
  ],
  'post /api/v1/submissions/{id}/publish': [
    { of: 'private', body: { message: 7 }, status: 400 },
    { of: 'private', body: {}, status: 200 },
    { of: 'open', body: {}, status: 403 },
    { of: 'none', body: {}, status: 404 },
    { ...stranger, of: 'open', body: {} },
  ],
  'post /api/v1/submissions/{id}/unpublish': [
    { of: 'unpublished', status: 200 },
    { of: 'none', status: 404 },
  ],
  'post /api/v1/submissions/{id}/withdraw': [
    { of: 'withdrawn', body: { reason: 'boredom' }, status: 400 },
    { of: 'withdrawn', body: { reason: 'mistake' }, status: 200 },
  ],
  'get /api/v1/me': [{ status: 200 }, stranger],
  'post /api/v1/login': [
    { as: 'nobody', body: { machine: 'lab' }, status: 201 },
    { as: 'nobody', body: {}, status: 400 },
  ],
  'post /api/v1/login/token': [
    { as: 'nobody', body: { deviceCode: 'x'.repeat(43) }, status: 404 },
    { as: 'nobody', body: { deviceCode: '' }, status: 400 },
  ],
  'get /.well-known/livecell-keys.json': [{ as: 'nobody', status: 200 }],
  'get /api/v1/leaderboards/{task}': [
    { of: 'livecell-wide', as: 'nobody', status: 200 },
    { of: 'livecell-wide', query: 'evaluation=bbox&protocol=coco&cellType=A172&limit=1', status: 200 },
    { of: 'livecell-wide', query: 'protocol=pascal', status: 400 },
    { of: 'livecell-wide', query: 'sort=beauty', status: 400 },
    { of: 'cell-art', status: 404 },
  ],
  'get /api/v1/leaderboards/{task}/slices': [
    { of: 'livecell-wide', query: 'type=A172', status: 200 },
    { of: 'livecell-wide', query: 'size=huge', status: 400 },
    { of: 'cell-art', status: 404 },
  ],
  'get /api/v1/compare': [
    { query: 'entries={open},{other}', status: 200 },
    { query: 'entries={open}', status: 400 },
    { query: 'entries={open},{private}', status: 404 },
  ],
  'get /api/v1/submissions/{id}/table': [
    ...['csv', 'bibtex', 'latex', 'parquet', 'eval-results'].map((format) => ({
      ...{ of: 'open', as: 'nobody' as const, query: `format=${format}`, status: 200 },
    })),
    { of: 'open', query: 'format=xlsx', status: 400 },
    { of: 'private', status: 404 },
  ],
  'get /charts/{task}': [
    { of: 'livecell-wide', as: 'nobody', query: 'entries={open}&chart=2', status: 200 },
    { of: 'livecell-wide', query: 'format=csv', status: 200 },
    { of: 'livecell-wide', query: 'format=png', status: 200 },
    { of: 'livecell-wide', query: 'chart=99', status: 404 },
    { of: 'livecell-wide', query: 'entries={private}', status: 404 },
    { of: 'livecell-wide', query: 'chart=x', status: 400 },
  ],
  'get /datasets/{name}/charts': [
    { of: 'test', as: 'nobody', query: 'format=json', status: 200 },
    { of: 'test', query: 'chart=images', status: 200 },
    { of: 'test', query: 'chart=images&format=csv', status: 200 },
    { of: 'test', query: 'chart=nothing', status: 404 },
    { of: 'test', query: 'chart=images&format=gif', status: 400 },
    { of: 'none', query: 'chart=images', status: 404 },
  ],
  'get /compare/charts': [
    { as: 'nobody', query: 'entries={open},{other}&format=json', status: 200 },
    { query: 'entries={open},{other}&chart=per-iou', status: 200 },
    { query: 'entries={open},{other}&chart=nothing', status: 404 },
    { query: 'entries={open}&chart=per-iou', status: 400 },
    { query: 'entries={open},{private}&chart=per-iou', status: 404 },
  ],
  'get /oembed': [
    { as: 'nobody', query: 'url={site}/entries/{open}', status: 200 },
    { query: 'url=https://elsewhere.example/', status: 400 },
    { query: 'url={site}/account', status: 404 },
  ],
  'get /entries/{id}/badge.svg': [
    { of: 'open', as: 'nobody', status: 200 },
    { of: 'private', status: 404 },
    { of: 'hidden', status: 410 },
  ],
  'get /feed.xml': [{ as: 'nobody', status: 200 }],
  'get /api/v1/tasks': [{ status: 200 }, { as: 'nobody', status: 200 }],
  'get /api/v1/datasets': [{ as: 'nobody', status: 200 }],
  'get /api/v1/datasets/{name}': [
    { of: 'test', as: 'nobody', status: 200 },
    { of: 'none', status: 404 },
  ],
  'get /api/v1/datasets/{name}/ground-truth': [{ of: 'none', status: 404 }],
  'get /api/v1/datasets/{name}/cells/{image}': [{ of: 'none', status: 404 }],
  'get /api/v1/datasets/{name}/variants': [{ of: 'none', status: 404 }],
  'get /api/v1/datasets/{name}/errata': [{ of: 'none', status: 404 }],
  'get /api/v1/submissions/{id}/cells/{image}': [{ of: 'none', status: 404 }],
  'get /api/v1/datasets/{name}/images': [{ of: 'none', status: 404 }],
  'get /api/v1/queue': [{ status: 200 }],
  'get /api/v1/methods': [{ query: 'limit=1', status: 200 }, { query: 'limit=0', status: 400 }, stranger],
  'get /api/v1/methods/{id}': [
    { of: 'method', as: 'nobody', status: 200 },
    { of: 'none', status: 404 },
  ],
  'patch /api/v1/methods/{id}': [
    { of: 'method', body: { authors: 'A. Lovelace', parameters: 44.3, paperUrl: null }, status: 200 },
    { of: 'method', body: { parameters: -1 }, status: 400 },
    { of: 'method', body: { codeUrl: 'not a link' }, status: 400 },
    { of: 'method', as: 'mo', body: { authors: 'Mine' }, status: 404 },
    { ...stranger, of: 'method', body: {} },
  ],
  'get /api/v1/teams': [{ status: 200 }, stranger],
  'post /api/v1/teams': [
    { body: { name: 'Another lab' }, status: 201 },
    { body: { name: ' ' }, status: 400 },
  ],
  'get /api/v1/teams/{id}': [
    { of: 'team', status: 200 },
    { of: 'none', status: 404 },
    { ...stranger, of: 'team' },
  ],
  'patch /api/v1/teams/{id}': [
    { of: 'team', body: { name: 'Cell Laboratory' }, status: 200 },
    { of: 'team', body: { name: '' }, status: 400 },
    { of: 'team', as: 'mo', body: { name: 'Mine' }, status: 403 },
    { of: 'none', body: { name: 'None' }, status: 404 },
  ],
  'get /api/v1/teams/{id}/invitations': [
    { of: 'team', status: 200 },
    { of: 'none', status: 404 },
    { ...stranger, of: 'team' },
  ],
  'post /api/v1/teams/{id}/invitations': [
    { of: 'team', status: 201 },
    { of: 'team', as: 'mo', status: 403 },
    { of: 'none', status: 404 },
  ],
  'post /api/v1/teams/join': [
    { as: 'mo', body: { invitation: '{invitationUrl}' }, status: 200 },
    { body: { invitation: 'short' }, status: 400 },
    { body: { invitation: 'x'.repeat(32) }, status: 404 },
  ],
  'delete /api/v1/teams/{id}/invitations/{invitation}': [
    { of: 'team', status: 204 },
    { of: 'team', status: 404 },
    { of: 'none', status: 404 },
  ],
  'patch /api/v1/teams/{id}/members/{person}': [
    { of: 'team', body: { role: 'owner' }, status: 204 },
    { of: 'team', body: { role: 'queen' }, status: 400 },
    { of: 'none', body: { role: 'member' }, status: 404 },
  ],
  'delete /api/v1/teams/{id}/members/{person}': [
    { of: 'team', as: 'mo', status: 204 },
    { of: 'team', status: 404 },
  ],
  'delete /api/v1/teams/{id}': [
    { of: 'none', status: 404 },
    { of: 'emptyTeam', status: 204 },
    { of: 'emptyTeam', status: 404 },
  ],
  'get /api/v1/notices': [{ status: 200 }, stranger],
  'post /api/v1/notices': [{ body: { id: 'all' }, status: 204 }, { body: {}, status: 400 }, stranger],
  'post /api/v1/datasets': [
    { as: 'mo', body: { name: 'New', task: 'livecell-wide', uploads: { '': 'none' } }, status: 400 },
    { as: 'mo', body: { name: 'New', task: 'cell-art', uploads: {} }, status: 400 },
    { as: 'mo', body: { name: 'New', task: 'livecell-wide', uploads: { '': '{truth}' } }, status: 202 },
    { body: { name: 'New', task: 'livecell-wide', uploads: {} }, status: 403 },
    stranger,
  ],
  'get /api/v1/imports': [{ as: 'mo', status: 200 }, { status: 403 }, stranger],
  'get /api/v1/inbox': [{ as: 'mo', status: 200 }, { status: 403 }, stranger],
  'post /api/v1/submissions/{id}/decision': [
    { of: 'pending', as: 'mo', body: { decision: 'perhaps' }, status: 400 },
    { of: 'pending', as: 'mo', body: { decision: 'decline' }, status: 400 },
    { of: 'pending', body: { decision: 'approve' }, status: 403 },
    { of: 'pending', as: 'mo', body: { decision: 'approve', text: 'Welcome' }, status: 200 },
    { of: 'pending', as: 'mo', body: { decision: 'approve' }, status: 409 },
    { of: 'none', as: 'mo', body: { decision: 'approve' }, status: 404 },
    { ...stranger, of: 'pending', body: { decision: 'approve' } },
  ],
  'get /api/v1/snapshots': [
    { as: 'nobody', query: 'task=livecell-wide&limit=1', status: 200 },
    { query: 'limit=0', status: 400 },
  ],
  'get /api/v1/snapshots/{id}': [
    { of: 'snapshot', as: 'nobody', status: 200 },
    { of: 'snapshot', query: 'format=xlsx', status: 400 },
    { of: 'none', status: 404 },
  ],
  'get /api/v1/changes': [
    { as: 'nobody', query: 'limit=2', status: 200 },
    { query: 'after=none', status: 400 },
  ],
  'get /api/v1/openapi.json': [{ as: 'nobody', status: 200 }],
  'get /api/health': [{ as: 'nobody', status: 200 }],
  'get /api/ready': [{ as: 'nobody', status: 200 }],
  'get /api/metrics': [{ as: 'nobody', status: 200 }],
};

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

test('every operation is called', () => {
  expect(Object.keys(CALLS).sort()).toEqual(OPERATIONS.map(nameOf).sort());
});

async function call(operation: (typeof OPERATIONS)[number], { of = '', query, headers, body, as }: Call) {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, key) => ids[key] ?? key);
  const path = operation.path
    .replace(/\{\w+\}/, encodeURIComponent(ids[of] ?? of))
    .replace(/\{slot\}/, 'all')
    .replace(/\{image\}/, '0')
    .replace(/\{(\w+)\}/, (_, key) => ids[key]);
  const isJson = body !== undefined && typeof body !== 'string';
  return fetch(`${site.url}${path}${query ? `?${fill(query)}` : ''}`, {
    method: operation.method.toUpperCase(),
    headers: {
      ...(as === 'nobody' ? {} : as === 'mo' ? mo : ada.bearer),
      ...(isJson && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: isJson ? fill(JSON.stringify(body)) : (body as string | undefined),
  });
}

const calls = OPERATIONS.flatMap((operation) =>
  (CALLS[nameOf(operation)] ?? []).map((asked) => ({ operation, asked, title: nameOf(operation) })),
);

test.each(calls)('$title answers $asked.status as described', async ({ operation, asked }) => {
  const response = await call(operation, asked);
  const { status } = response;
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  expect(status, text).toBe(asked.status);
  const described = operation.answers[status];
  if (described) {
    for (const name of Object.keys(described.headers ?? {}))
      if (name !== 'Link') expect(response.headers.get(name), name).not.toBeNull();
    if (described.type) expect(type).toContain(described.type);
    if (described.schema) {
      expect(type).toContain('application/json');
      // nothing that is not described
      expect(described.schema.parse(JSON.parse(text))).toEqual(JSON.parse(text));
    }
  } else {
    expect(operation.problems).toContain(status);
    if (operation.method !== 'head') {
      expect(type).toContain('application/problem+json');
      expect(problemDetailsSchema.parse(JSON.parse(text))).toMatchObject({ status });
    }
  }
});

describe('answers to readers', () => {
  const board = '/api/v1/leaderboards/livecell-wide';
  test('have a tag, which spares the body to whoever has it', async () => {
    const first = await fetch(site.url + board);
    const tag = first.headers.get('etag')!;
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const again = await fetch(site.url + board, { headers: { 'if-none-match': `"other", W/${tag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const other = await fetch(`${site.url + board}?evaluation=bbox`, { headers: { 'if-none-match': tag } });
    expect(other.status).toBe(200);
    await other.body?.cancel();
  });

  test('may be read by scripts of any site, refusals too; changes may not', async () => {
    for (const path of [board, '/api/v1/leaderboards/none']) {
      const { headers } = await fetch(site.url + path, { headers: { origin: 'https://elsewhere.example' } });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
    const change = await fetch(`${site.url}/api/v1/teams`, { method: 'POST', body: '{}' });
    expect(change.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('say what is left of the limit on requests', async () => {
    const { headers } = await fetch(`${site.url}/api/v1/me`, { headers: ada.bearer });
    expect([...headers.keys()].filter((name) => name.startsWith('ratelimit'))).not.toEqual([]);
  });
});

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test, vi } from 'vitest';
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import * as schema from '#db/schema.ts';
import { createSession } from '#db/users.ts';
import * as api from '#lib/api.ts';
import { AppError } from '#lib/errors.ts';
import { OPERATIONS, openApi } from '#lib/openapi.ts';
import { openSite, type Person, person } from './site.ts';

openSite();

let ada: Person;
let cookie: string;
beforeAll(async () => {
  ada = await person('ada');
  cookie = `authjs.session-token=${(await createSession(ada.id)).sessionToken}`;
});

const echo = route(
  {
    params: z.object({ id: z.string() }),
    query: z.object({ n: z.coerce.number().default(1) }),
    body: z.object({ method: z.string().min(1, 'A name') }),
    signIn: 'Sign in.',
  },
  async ({ params, query, body, viewer }) => ({ params, query, body, who: viewer!.id }),
);

function call(headers: Record<string, string>, body: unknown = { method: 'm' }, search = ''): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const request = new Request(`http://localhost:3000/api/x${search}`, {
    method: 'POST',
    headers: { host: 'localhost:3000', ...headers },
    body: text,
  });
  return echo(request, { params: Promise.resolve({ id: '7' }) });
}

describe('a route', () => {
  it('hands over what was parsed and who asks', async () => {
    const response = await call(ada.bearer, { method: 'x', extra: 1 }, '?n=3');
    expect(await response.json()).toEqual({ params: { id: '7' }, query: { n: 3 }, body: { method: 'x' }, who: ada.id });
  });

  it('takes a session from its own pages only', async () => {
    expect((await call({ cookie, origin: 'http://localhost:3000' })).status).toBe(200);
    const elsewhere: Record<string, string>[] = [
      {},
      { origin: 'https://evil.org' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of elsewhere) expect((await call({ cookie, ...headers })).status).toBe(403);
  });

  it('takes a token from anywhere', async () => {
    expect((await call({ ...ada.bearer, origin: 'https://notebook.example.org' })).status).toBe(200);
  });

  it('asks strangers to sign in', async () => {
    const response = await call({});
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ title: 'Sign in first', detail: 'Sign in.', status: 401 });
  });

  it('says which fields are wrong', async () => {
    const response = await call(ada.bearer, { method: '' });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      status: 400,
      detail: 'method: A name',
      fields: { method: 'A name' },
    });
    expect(await (await call(ada.bearer, '{"method": ')).json()).toMatchObject({ status: 400 });
    expect((await call(ada.bearer, { method: 'x'.repeat(300_000) })).status).toBe(413);
  });

  it('keeps what went wrong inside to the log', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const fails = route({}, async () => {
      throw new Error('password=secret');
    });
    const response = await fails(new Request('http://localhost/'), { params: Promise.resolve({}) });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(log).toHaveBeenCalled();
    log.mockRestore();
  });

  it('says what an AppError says', async () => {
    const fails = route({}, async () => {
      throw new AppError('wrong-file', 'No.', { problems: [{ code: 'nan', message: 'NaN', record: 3 }] });
    });
    const response = await fails(new Request('http://localhost/'), { params: Promise.resolve({}) });
    expect(await response.json()).toMatchObject({ status: 422, detail: 'No.', problems: [{ record: 3 }] });
  });
});

describe('the description of the API', () => {
  const folders = routeFolders('app/api').filter((path) => !path.startsWith('/api/auth'));
  // some answers for programs stand beside the pages they are of: badges, the feed
  const everywhere = routeFolders('app');

  it('describes every route, and only routes', () => {
    const described = new Set(OPERATIONS.map(({ path }) => path));
    const exists = (path: string) =>
      everywhere.includes(path) || (path.startsWith('/api/uploads') && folders.includes('/api/uploads/[[...id]]'));
    for (const path of described) expect([path, exists(path)]).toEqual([path, true]);
    for (const path of folders)
      if (path !== '/api/v1/openapi.json' && !path.includes('[['))
        expect([path, described.has(path)]).toEqual([path, true]);
  });

  it('is plain JSON, with the names of the schemas in it', () => {
    const document = JSON.parse(JSON.stringify(openApi('http://localhost', '1.0.0')));
    const submission =
      document.paths['/api/v1/submissions/{id}'].get.responses['200'].content['application/json'].schema;
    expect(Object.keys(submission.properties)).toContain('queuePosition');
    const created = document.paths['/api/v1/submissions'].post.requestBody.content['application/json'].schema;
    expect(created.required).toEqual(['task', 'files']);
    expect(created.anyOf).toEqual([{ required: ['method'] }, { required: ['methodId'] }]);
  });

  it('uses the same words as the database', () => {
    expect(api.SUBMISSION_STATES).toEqual(schema.SUBMISSION_STATES);
    expect(api.VISIBILITIES).toEqual(schema.VISIBILITIES);
    expect(api.ROLES).toEqual(schema.ROLES);
  });
});

test.each([
  [{ paperUrl: 'https://doi.org/10.1038/x' }, 'https://doi.org/10.1038/x'],
  [{ paperUrl: '  ' }, undefined],
  [{}, undefined],
])('a link is optional: %j', (input, expected) => {
  const parsed = api.newSubmissionSchema.parse({ task: 't', method: 'm', files: [{ upload: 'u' }], ...input });
  expect(parsed.paperUrl).toBe(expected);
});

test.each(['javascript:alert(1)', 'ftp://x.org/a', 'doi.org/10.1', 'data:text/html,x'])('%s is no link', (paperUrl) => {
  const input = { task: 't', method: 'm', files: [{ upload: 'u' }], paperUrl };
  expect(api.newSubmissionSchema.safeParse(input).success).toBe(false);
});

/** `/api/v1/submissions/{id}` for every `route.ts`. */
function routeFolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const path = join(folder, entry.name);
    const own = existsSync(join(path, 'route.ts')) ? [path.replace(/^app/, '').replace(/\[(\w+)\]/g, '{$1}')] : [];
    return [...own, ...routeFolders(path)];
  });
}

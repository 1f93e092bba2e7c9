import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { createSession } from '#db/people/sessions.ts';
import { createToken } from '#db/people/tokens.ts';
import * as schema from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import * as api from '#lib/http/api.ts';
import { OPERATIONS, openApi } from '#lib/http/openapi.ts';
import { openLog } from '#lib/log.ts';
import { ROLES, SUBMISSION_STATES, VISIBILITIES } from '#lib/vocabulary.ts';
import { routeFiles } from '#tests/app-files.ts';
import { openSite, type Person, person } from './site.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const ROOT = join(import.meta.dirname, '..', '..');
/** Signing in is Auth.js’s own affair, and no interface for programs. */
const API = routeFiles(/^route\.tsx?$/).filter((file) => /^app\/api\/(?!auth\/)/.test(file));

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
    const lines: string[] = [];
    openLog({ process: 'web', stream: { write: (line) => void lines.push(line) }, level: 'error', readable: false });
    const fails = route({}, async () => {
      throw new Error('password=secret');
    });
    const response = await fails(new Request('http://localhost/'), { params: Promise.resolve({}) });
    expect(response.status).toBe(500);
    const body = await response.text();
    expect(body).not.toContain('secret');
    // the log ties what the person was told to what happened
    expect(JSON.parse(lines[0])).toMatchObject({ event: 'request-failed', request: JSON.parse(body).requestId });
    openLog({ level: 'silent' });
  });

  it('says what an AppError says', async () => {
    const fails = route({}, async () => {
      throw new AppError('wrong-file', 'No.', { problems: [{ code: 'score-not-finite', message: 'NaN', record: 3 }] });
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
    for (const path of folders) if (!path.includes('[[')) expect([path, described.has(path)]).toEqual([path, true]);
  });

  it('describes every method of every route under app/api', async () => {
    const found: string[] = [];
    for (const file of API) {
      const path = file.replace(/^app|\/route\.tsx?$/g, '').replace(/\[(\w+)\]/g, '{$1}');
      for (const method of Object.keys(await import(/* @vite-ignore */ join(ROOT, file))).filter((name) =>
        METHODS.includes(name),
      ))
        if (!path.includes('[[')) found.push(`${method} ${path}`);
        // tus has its own word on which method is for the folder and which for a file in it; GET it refuses
        else if (method !== 'GET')
          found.push(`${method} /api/uploads${method === 'POST' || method === 'OPTIONS' ? '' : '/{id}'}`);
    }
    const described = OPERATIONS.filter(({ path }) => path.startsWith('/api/'));
    expect(described.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(found.sort());
  });

  it('says of each operation what authentication and scope it needs, as the routes have it', async () => {
    const tokens = {
      read: (await createToken(ada.id, 'reads', { scopes: ['read'] })).token,
      submit: (await createToken(ada.id, 'submits', { scopes: ['submit'] })).token,
    };
    const document = JSON.parse(JSON.stringify(openApi('http://localhost', '1.0.0')));
    const operations = OPERATIONS.filter(({ who }) => who);
    expect(operations.length).toBeGreaterThan(8);
    for (const { method, path, who, headers } of operations) {
      const uploads = path.startsWith('/api/uploads');
      const file = uploads ? 'app/api/uploads/[[...id]]/route.ts' : `app${path.replace(/\{(\w+)\}/g, '[$1]')}/route.ts`;
      const handler = (await import(/* @vite-ignore */ join(ROOT, file)))[method.toUpperCase()] as typeof echo;
      const ask = async (token?: string): Promise<number> => {
        const request = new Request(`http://localhost${path.replace('{id}', 'none')}`, {
          method: method.toUpperCase(),
          headers: {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(headers && { 'tus-resumable': '1.0.0', 'upload-length': '3' }),
          },
        });
        return (await handler(request, { params: Promise.resolve({ id: 'none' }) })).status;
      };
      const [needed] = document.paths[path][method].security[0].token as ['read' | 'submit'];
      const answers = { stranger: await ask(), read: await ask(tokens.read), submit: await ask(tokens.submit) };
      const other = needed === 'read' ? 'submit' : 'read';
      const what = `${method} ${path}`;
      expect([what, answers.stranger === 401], what).toEqual([what, who === 'required']);
      expect([what, answers[other]]).toEqual([what, 403]);
      expect([what, [401, 403]]).not.toEqual([what, expect.arrayContaining([answers[needed]])]);
    }
  });

  it('is plain JSON, with the names of the schemas in it', () => {
    const document = JSON.parse(JSON.stringify(openApi('http://localhost', '1.0.0')));
    const named = ({ $ref }: { $ref: string }) => document.components.schemas[$ref.split('/').at(-1)!];
    const submission = named(
      document.paths['/api/v1/submissions/{id}'].get.responses['200'].content['application/json'].schema,
    );
    expect(Object.keys(submission.properties)).toContain('queuePosition');
    const created = named(document.paths['/api/v1/submissions'].post.requestBody.content['application/json'].schema);
    expect(created.required).toEqual(['task', 'files']);
    expect(created.anyOf).toEqual([{ required: ['method'] }, { required: ['methodId'] }]);
  });

  it('uses the same words as the database', () => {
    expect(schema.submissions.state.enumValues).toEqual(SUBMISSION_STATES);
    expect(schema.submissions.visibility.enumValues).toEqual(VISIBILITIES);
    expect(schema.users.role.enumValues).toEqual(ROLES);
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

/**
 * Every server action and every route, tried with every role. Here the handlers are called as Next calls them, which
 * is fast; on the built site the same tables, and all pages, are tried over HTTP in tests/e2e/role-matrix.spec.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { db } from '#db/engine/client.ts';
import type { Dataset } from '#db/schema.ts';
import { actionFiles, filesWithHiddenActions, routeFiles } from '#tests/app-files.ts';
import { someDataset } from '#tests/db/fixtures.ts';
import { ACTIONS, ROWS } from '#tests/roles/actions.ts';
import {
  ADDRESSES,
  answerOf,
  CALLERS,
  type Caller,
  ELSEWHERE,
  expectedOf,
  headersOf,
  makeThings,
  type Things,
  VISITS,
} from '#tests/roles/addresses.ts';
import { cookieOf, dismiss, makeCast, ROLES, type Role, tokenOf } from '#tests/roles/cast.ts';
import { formOf, type Outcome, outcomeOf } from '#tests/roles/outcome.ts';
import { openSite } from './site.ts';

const asked = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('next/headers', () => ({ headers: async () => asked.headers, cookies: async () => new Map() }));
vi.mock('next/cache', () => ({ revalidatePath: () => undefined }));
// Auth.js's own way out: it takes the cookie back and goes elsewhere
vi.mock('#app/_server/auth.ts', async () => {
  const { redirect } = await import('next/navigation');
  const leave = async ({ redirectTo }: { redirectTo: string }) => redirect(redirectTo);
  return { signOut: leave, signIn: leave, handlers: {} };
});

openSite();

const ROOT = join(import.meta.dirname, '..', '..');

let dataset: Dataset;
beforeAll(async () => {
  dataset = await someDataset(db());
});

type Module = Record<string, (...args: unknown[]) => Promise<unknown>>;

async function call(file: string, name: string, args: unknown[], headers: Record<string, string>): Promise<Outcome> {
  const module = (await import(/* @vite-ignore */ join(ROOT, file))) as Module;
  asked.headers = new Headers({ host: 'localhost', origin: 'http://localhost', ...headers });
  try {
    return outcomeOf(await module[name](...args));
  } catch (error) {
    const { digest } = error as { digest?: string };
    if (digest?.startsWith('NEXT_REDIRECT')) return { done: true, said: '' };
    throw error;
  }
}

/** Everything that is kept, table by table, but for when a token was last used and how often somebody asked. */
async function everything(): Promise<Record<string, string>> {
  const tables = await db().execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'public' and table_name <> 'rate_limits' order by 1`,
  );
  const each = tables.map(
    ({ name }) =>
      sql`select ${name}::text as name, (to_jsonb(t) - 'last_used_at')::text as row from ${sql.identifier(name)} t`,
  );
  const rows = await db().execute<{ name: string; rows: string }>(
    sql`select name, string_agg(row, e'\n' order by row) as rows from (${sql.join(each, sql` union all `)}) as x group by 1`,
  );
  return Object.fromEntries(rows.map(({ name, rows }) => [name, rows]));
}

describe('the table of server actions', () => {
  it('has a row for every one that a browser may call', async () => {
    expect(filesWithHiddenActions()).toEqual([]);
    expect(Object.keys(ACTIONS).sort()).toEqual(actionFiles());
    for (const file of actionFiles()) {
      const module = (await import(/* @vite-ignore */ join(ROOT, file))) as Module;
      expect({ [file]: Object.keys(ACTIONS[file]).sort() }).toEqual({ [file]: Object.keys(module).sort() });
    }
  });
});

describe.each(ROWS.map((one) => [`${one.file}: ${one.title}`, one] as const))('%s', (_title, { file, name, row }) => {
  test(`is for ${row.may.join(', ') || 'nobody'}`, async () => {
    const cast = await makeCast(dataset);
    // each comparison below reads all that is kept, and there are hundreds
    onTestFinished(() => dismiss([cast], dataset));
    const forms = new Map<Role, unknown[]>();
    for (const role of ROLES) forms.set(role, formOf(row, await row.form(cast, role)));
    const [able] = row.may.filter((role) => role !== 'stranger');
    const token = able && (await tokenOf(cast.ids[able], ['read', 'submit']));
    const attempt = (role: Role) => call(file, name, forms.get(role)!, cookieOf(cast, role));

    const refused = ROLES.filter((role) => !row.may.includes(role));
    const before = await everything();
    for (const role of refused) {
      const { done, said } = await attempt(role);
      expect({ role, done, letIn: row.letIn?.test(said) ?? false }).toEqual({ role, done: false, letIn: false });
    }
    // forms are for browsers: even a permitted role cannot send one with a token
    if (able && !row.plain) {
      const authorization = `Bearer ${token}`;
      const { done, said } = await call(file, name, forms.get(able)!, { ...cookieOf(cast, able), authorization });
      expect({ done, said }).toEqual({ done: false, said: expect.stringContaining('A token is for the API') });
    }
    expect(await everything()).toEqual(before);

    for (const role of row.may) {
      const before = row.idle && (await everything());
      const { done, said } = await attempt(role);
      expect({ role, said, may: done || (row.letIn?.test(said) ?? false) }).toEqual({ role, said, may: true });
      if (before) expect(await everything()).toEqual(before);
    }
  });
});

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

describe('the table of addresses', () => {
  it('has a row for every page and route', () => {
    expect(Object.keys(ADDRESSES).sort()).toEqual(routeFiles());
  });

  it('has a row for every method of every route', async () => {
    for (const file of routeFiles(/^route\.tsx?$/)) {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const offered = METHODS.filter((method) =>
        new RegExp(`^export .*\\b${method}\\b|^ {2}\\w+ as ${method},?$`, 'm').test(source),
      );
      const tried = new Set(ADDRESSES[file].map(({ method = 'GET' }) => method));
      expect({ [file]: [...tried].sort() }).toEqual({ [file]: offered.sort() });
    }
  });

  it('is tried from other sites wherever something changes', () => {
    const changing = VISITS.filter(({ visit: { method = 'GET' } }) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
    expect(changing.filter(({ visit }) => !visit.fromElsewhere).map(({ title }) => title)).toEqual([]);
  });
});

const routes = VISITS.filter(({ file, visit }) => /route\.tsx?$/.test(file) && !visit.siteOnly);

describe('routes', () => {
  let things: Things;
  let headers: Record<Caller, Record<string, string>>;
  beforeAll(async () => {
    const cast = await makeCast(dataset);
    headers = await headersOf(cast);
    things = await makeThings(cast, dataset.name, async () => {
      const { response } = await ask('app/api/uploads/[[...id]]/route.ts', '/api/uploads', {
        method: 'POST',
        headers: { ...headers.owner, 'tus-resumable': '1.0.0', 'upload-length': '3' },
      });
      return response.headers.get('location')!.split('/').at(-1)!;
    });
  });

  async function ask(
    file: string,
    path: string,
    { method = 'GET', headers = {}, body }: RequestInit & { headers?: Record<string, string> },
  ) {
    const request = new Request(`http://localhost${path}`, {
      method,
      body,
      headers: { host: 'localhost', origin: 'http://localhost', ...headers },
    });
    asked.headers = request.headers;
    const module = (await import(/* @vite-ignore */ join(ROOT, file))) as Record<
      string,
      (request: Request, context: object) => Promise<Response>
    >;
    const response = await module[method](request, { params: Promise.resolve(paramsOf(file, path)) });
    await response.body?.cancel();
    return {
      response,
      answer: answerOf({ status: response.status, location: response.headers.get('location') }, things),
    };
  }

  test.each(routes.map((one) => [one.title, one] as const))('%s', async (_title, { file, visit }) => {
    const answers: Partial<Record<Caller, number | string>> = {};
    for (const caller of CALLERS) {
      const path = await visit.path(things);
      const { answer } = await ask(file, path, { ...visit, headers: { ...visit.headers, ...headers[caller] } });
      answers[caller] = answer;
    }
    expect(answers).toEqual(expectedOf(visit));
  });

  test.each(routes.filter(({ visit }) => visit.fromElsewhere).map((one) => [one.title, one] as const))(
    '%s, asked by another site',
    async (_title, { file, visit }) => {
      const { as, answers } = visit.fromElsewhere!;
      for (const origin of ELSEWHERE) {
        const path = await visit.path(things);
        const { answer } = await ask(file, path, { ...visit, headers: { ...visit.headers, ...headers[as], origin } });
        expect({ origin, answer }).toEqual({ origin, answer: answers });
      }
    },
  );
});

/** As Next reads them from the address: `[id]`, `[[...id]]`. */
function paramsOf(file: string, path: string): Record<string, string | string[]> {
  const pattern = file.split('/').slice(1, -1);
  const parts = path.split('?')[0].split('/').slice(1).map(decodeURIComponent);
  const params: Record<string, string | string[]> = {};
  for (const [i, segment] of pattern.entries()) {
    const [, rest, name] = /^\[{1,2}(\.\.\.)?(\w+)\]{1,2}$/.exec(segment) ?? [];
    if (name && (parts[i] !== undefined || !rest)) params[name] = rest ? parts.slice(i) : parts[i];
  }
  return params;
}

/**
 * Every page, every route and every server action of the built site, tried over HTTP with every role. The tables are
 * in tests/roles; what has no row in them fails here and in tests/app/role-matrix.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { getDatasetByName, registerDataset } from '#db/datasets/datasets.ts';
import { closeDb, db } from '#db/engine/client.ts';
import { announcements, auditEvents, type Dataset, datasets, sessions, taskSettings } from '#db/schema.ts';
import { actionFiles, routeFiles } from '#tests/app-files.ts';
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
import { type Cast, cookieOf, dismiss, makeCast, ROLES, type Role, tokenOf } from '#tests/roles/cast.ts';
import { formOf, type Outcome, outcomeOf } from '#tests/roles/outcome.ts';
import { ROOT } from './running-site.ts';
import { expect, test } from './site-test.ts';

const before = process.env.DATABASE_URL;
const casts: Cast[] = [];
let dataset: Dataset;
let things: Things;
let headers: Record<Caller, Record<string, string>>;

async function newCast(): Promise<Cast> {
  const cast = await makeCast(dataset);
  casts.push(cast);
  return cast;
}

test.beforeAll(async ({ request }) => {
  const { tasks } = await (await request.get(`${process.env.E2E_URL}/api/v1/tasks`)).json();
  const demo = tasks[0].datasets.find((dataset: { demo: boolean }) => dataset.demo).name;
  process.env.DATABASE_URL = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8')).databaseUrl;
  const sha256 = crypto.randomUUID().replaceAll('-', '').repeat(2);
  dataset = await registerDataset(
    {
      name: `Roles ${Date.now().toString(36)}`,
      task: 'livecell-wide',
      sha256,
      images: 2,
      objects: 10,
      cellTypes: { A172: 2 },
      packKey: (await getDatasetByName(demo))!.packKey,
    },
    {},
    db(),
  );
  const cast = await newCast();
  headers = await headersOf(cast);
  things = await makeThings(cast, demo, async () => {
    const { location } = await ask('/api/uploads', {
      method: 'POST',
      headers: { ...headers.owner, 'tus-resumable': '1.0.0', 'upload-length': '3' },
    });
    return location!.split('/').at(-1)!;
  });
});

test.afterAll(async () => {
  // the boards, tasks and people of the tests that follow are as they were
  if (dataset) {
    await dismiss(casts, dataset);
    await db().delete(announcements).where(eq(announcements.text, 'A test'));
    await db()
      .delete(taskSettings)
      .where(and(eq(taskSettings.task, 'training-size'), isNull(taskSettings.updatedBy)));
    await db().delete(datasets).where(eq(datasets.id, dataset.id));
  }
  await closeDb();
  if (before === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = before;
});

interface Answer {
  status: number;
  location: string | null;
  text: string;
  headers: Headers;
}

async function ask(path: string, { headers, ...rest }: RequestInit = {}): Promise<Answer> {
  const site = process.env.E2E_URL!;
  const response = await fetch(site + path, {
    redirect: 'manual',
    ...rest,
    headers: { origin: site, ...(headers as Record<string, string>) },
  });
  const text = await response.text();
  return { status: response.status, location: response.headers.get('location'), text, headers: response.headers };
}

test('every page, route and action has a row', () => {
  expect(Object.keys(ADDRESSES).sort()).toEqual(routeFiles());
  expect(Object.keys(ACTIONS).sort()).toEqual(actionFiles());
  // what the build itself offers to browsers
  const offered = [...built()].map(([name]) => name).sort();
  const rows = new Set(ROWS.map(({ file, name }) => `${file} ${name}`));
  expect(offered.filter((name) => !rows.has(name))).toEqual([]);
});

/**
 * Callers to try: all at pages; at routes, of those who are to be answered alike, the first with a cookie and the first
 * with a token, since tests/app/role-matrix.test.ts tries all of them. `FUZZ=1` tries all everywhere.
 */
function callersOf({ file, visit }: (typeof VISITS)[number]): readonly Caller[] {
  if (process.env.FUZZ === '1' || visit.siteOnly || !/route\.tsx?$/.test(file)) return CALLERS;
  const expected = expectedOf(visit);
  const kinds = CALLERS.map((caller) => `${'authorization' in headers[caller]} ${expected[caller]}`);
  return CALLERS.filter((_, i) => kinds.indexOf(kinds[i]) === i);
}

for (const one of VISITS) {
  const { visit, title } = one;
  test(title, async () => {
    const answers: Partial<Record<Caller, number | string>> = {};
    const callers = callersOf(one);
    for (const caller of callers) {
      const { method, body } = visit;
      const path = await visit.path(things);
      answers[caller] = answerOf(
        await ask(path, { method, body, headers: { ...visit.headers, ...headers[caller] } }),
        things,
      );
    }
    const expected = expectedOf(visit);
    expect(answers).toEqual(Object.fromEntries(callers.map((caller) => [caller, expected[caller]])));
    if (!visit.fromElsewhere) return;
    const { as, answers: refused } = visit.fromElsewhere;
    for (const origin of ELSEWHERE) {
      const { method, body } = visit;
      const path = await visit.path(things);
      const answer = await ask(path, { method, body, headers: { ...visit.headers, ...headers[as], origin } });
      expect({ origin, answer: answerOf(answer, things) }).toEqual({ origin, answer: refused });
    }
    // not even signed out
    expect(
      (await db().select().from(sessions).where(eq(sessions.userId, things.cast.ids.owner))).length,
    ).toBeGreaterThan(0);
  });
}

// --- server actions ---

interface Built {
  id: string;
  /** an address of a page that has it */
  path: string;
}

/** The actions of the build by file and name, as `app/x/actions.ts name`. */
function built(): Map<string, Built> {
  const file = join(ROOT, process.env.LIVECELL_DIST ?? '.next', 'server', 'server-reference-manifest.json');
  const { node } = JSON.parse(readFileSync(file, 'utf8')) as {
    node: Record<string, { filename: string; exportedName: string; workers: Record<string, unknown> }>;
  };
  return new Map(
    Object.entries(node).map(([id, { filename, exportedName, workers }]) => {
      const page = Object.keys(workers).find((name) => !name.includes('not-found')) ?? 'app/page';
      const path = page
        .replace(/^app/, '')
        .replace(/\/page$/, '')
        .replace(/\[[^\]]+\]/g, 'none');
      return [`${filename} ${exportedName}`, { id, path: path || '/' }];
    }),
  );
}

/** As React sends a form to an action: the arguments as JSON, a form in them under its own number. */
function encode(args: unknown[]): FormData | string {
  if (args.length === 0) return '[]';
  const body = new FormData();
  const said = args.map((one) => {
    if (!(one instanceof FormData)) return one;
    for (const [name, value] of one) body.append(`_1_${name}`, value as string);
    return '$K1';
  });
  body.append('0', JSON.stringify(said));
  return body;
}

/** What is done, and what is said; or that the site did not let it come so far. */
async function act(action: Built, args: unknown[], headers: Record<string, string>): Promise<Outcome> {
  const body = encode(args);
  const answer = await ask(action.path, {
    method: 'POST',
    body,
    headers: {
      'next-action': action.id,
      accept: 'text/x-component',
      ...headers,
      ...(typeof body === 'string' && { 'content-type': 'text/plain;charset=UTF-8' }),
    },
  });
  if (answer.headers.get('x-action-redirect')) return { done: true, said: '' };
  // the first line says under which number the answer follows; the page, made anew, may stand before it
  const [, number] = /^0:\{"a":"\$@(\w+)"/m.exec(answer.text) ?? [];
  const [, line] = new RegExp(`^${number ?? 'none'}:(.*)$`, 'm').exec(answer.text) ?? [];
  if (line === undefined || line.startsWith('E'))
    return { done: false, said: `${answer.status}: ${answer.text.slice(0, 300)}` };
  const value = JSON.parse(line);
  return outcomeOf(value === '$undefined' ? undefined : value);
}

/** The first row of each action, and all under `FUZZ=1`: tests/app/role-matrix.test.ts tries every row. */
const TRIED = ROWS.filter(
  ({ file, name }, i) =>
    process.env.FUZZ === '1' || i === ROWS.findIndex((row) => row.file === file && row.name === name),
);

for (const { file, name, row, title } of TRIED) {
  test(`${file}: ${title} is for ${row.may.join(', ') || 'nobody'}`, async () => {
    const action = built().get(`${file} ${name}`);
    // exported, and on no page: a browser has no way to call it
    test.skip(action === undefined, 'no page of the build has it');
    const cast = await newCast();
    const forms = new Map<Role, unknown[]>();
    for (const role of ROLES) forms.set(role, formOf(row, await row.form(cast, role)));
    const [able] = row.may.filter((role) => role !== 'stranger');
    const token = able && (await tokenOf(cast.ids[able], ['read', 'submit']));
    const people = Object.values(cast.ids);
    const deeds = () =>
      db().select({ kind: auditEvents.kind }).from(auditEvents).where(inArray(auditEvents.actorId, people));
    const before = await deeds();

    for (const role of ROLES.filter((role) => !row.may.includes(role))) {
      const { done, said } = await act(action!, forms.get(role)!, cookieOf(cast, role));
      expect({ role, done, letIn: row.letIn?.test(said) ?? false }).toEqual({ role, done: false, letIn: false });
      // it was the action that refused, not the way to it
      expect(said).not.toMatch(/^\d{3}: /);
    }
    if (able && !row.plain) {
      const authorization = `Bearer ${token}`;
      const { done, said } = await act(action!, forms.get(able)!, { ...cookieOf(cast, able), authorization });
      expect({ done, said }).toEqual({ done: false, said: expect.stringContaining('A token is for the API') });
      for (const origin of ELSEWHERE) {
        const { done, said } = await act(action!, forms.get(able)!, { ...cookieOf(cast, able), origin });
        expect({ origin, done, said }).toEqual({ origin, done: false, said: expect.stringMatching(/^[45]\d\d: /) });
      }
    }
    expect(await deeds()).toEqual(before);

    for (const role of row.may) {
      const { done, said } = await act(action!, forms.get(role)!, cookieOf(cast, role));
      expect({ role, said, may: done || (row.letIn?.test(said) ?? false) }).toEqual({ role, said, may: true });
    }
  });
}

/**
 * The anonymity walk: an anonymous published entry whose every identity field holds a word that stands nowhere else,
 * and every public output of the running site, looked through for those words. Afterwards the entry is revealed, and
 * the method's name must be found, so that the walk can fail.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIRequestContext, Page, Request } from '@playwright/test';
import { eq } from 'drizzle-orm';
import { listSnapshots, takeSnapshots } from '#db/board/snapshots.ts';
import { getDatasetByName, registerDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { type Dataset, datasets, submissions } from '#db/schema.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission } from '#db/submissions/submissions.ts';
import { routeFiles } from '#tests/app-files.ts';
import { canariesIn, type Planted, plantCanaries, uproot } from '#tests/canaries.ts';
import { someReports, someSubmission } from '#tests/db/fixtures.ts';
import { agree, expect, fileInput, rendered, signIn, test } from './site-test.ts';

test.describe.configure({ mode: 'serial' });

/** An address that belongs to a file of app/. */
interface Stop {
  /** `{id}`, `{secret}`, `{dataset}`, `{owner}`, `{team}` and `{methodId}` are filled in */
  path: string;
  /** not found for every visitor, or a redirect; the walk requests it nevertheless */
  closed?: boolean;
  /** where the method's name must stand once the entry is revealed */
  named?: boolean;
}

/** Every page and route with the addresses that are walked; or why it says nothing of entries. */
const WALK: Record<string, Stop[] | string> = {
  'app/.well-known/livecell-keys.json/route.ts': [{ path: '/.well-known/livecell-keys.json' }],
  'app/.well-known/security.txt/route.ts': [{ path: '/.well-known/security.txt', closed: true }],
  'app/account/data/route.ts': [{ path: '/account/data', closed: true }],
  'app/account/deleted/page.tsx': [{ path: '/account/deleted' }],
  'app/account/page.tsx': [{ path: '/account' }],
  'app/api/auth/[...nextauth]/route.ts': [{ path: '/api/auth/session' }, { path: '/api/auth/providers' }],
  'app/api/health/route.ts': [{ path: '/api/health' }],
  'app/api/metrics/route.ts': [{ path: '/api/metrics' }],
  'app/api/ready/route.ts': [{ path: '/api/ready' }],
  'app/api/uploads/[[...id]]/route.ts': [{ path: '/api/uploads/qzx-none', closed: true }],
  'app/api/v1/datasets/[name]/ground-truth/route.ts': [{ path: '/api/v1/datasets/{demo}/ground-truth' }],
  'app/api/v1/datasets/[name]/variants/route.ts': [{ path: '/api/v1/datasets/{demo}/variants' }],
  'app/api/v1/datasets/[name]/images/route.ts': [{ path: '/api/v1/datasets/{demo}/images' }],
  'app/api/v1/submissions/[id]/images/route.ts': [{ path: '/api/v1/submissions/{id}/images', closed: true }],
  'app/api/v1/leaderboards/[task]/slices/route.ts': [
    { path: '/api/v1/leaderboards/livecell-wide/slices?dataset={dataset}' },
  ],
  'app/api/v1/compare/route.ts': [
    { path: '/api/v1/compare?entries={id},{other}', named: true },
    { path: '/api/v1/compare?entries={id},{other}&format=csv' },
  ],
  'app/api/v1/leaderboards/[task]/route.ts': ['json', 'csv', 'bibtex'].flatMap((format) => [
    { path: `/api/v1/leaderboards/livecell-wide?dataset={dataset}&format=${format}`, named: true },
    { path: `/api/v1/leaderboards/livecell-wide?dataset={dataset}&format=${format}&evaluation=bbox`, named: true },
    { path: `/api/v1/leaderboards/livecell-wide?dataset={dataset}&format=${format}&cellType=A172`, named: true },
    ...[
      'livecell-wide',
      'single-cell-type',
      'transferability',
      'fluorescence-counts',
      'training-size',
      'zero-shot',
    ].map((task) => ({ path: `/api/v1/leaderboards/${task}?format=${format}` })),
  ]),
  'app/api/v1/openapi.json/route.ts': [{ path: '/api/v1/openapi.json' }],
  'app/api/v1/queue/route.ts': [{ path: '/api/v1/queue' }],
  'app/api/v1/submissions/[id]/events/route.ts': [{ path: '/api/v1/submissions/{id}/events', named: true }],
  'app/api/v1/submissions/[id]/receipt/route.ts': [{ path: '/api/v1/submissions/{id}/receipt', named: true }],
  'app/api/v1/submissions/[id]/route.ts': [{ path: '/api/v1/submissions/{id}', named: true }],
  'app/api/v1/login/route.ts': 'signs machines in; nothing to read',
  'app/api/v1/login/token/route.ts': 'signs machines in; nothing to read',
  'app/api/v1/me/route.ts': [{ path: '/api/v1/me', closed: true }],
  'app/api/v1/datasets/[name]/cells/[image]/route.ts': [{ path: '/api/v1/datasets/{demo}/cells/0' }],
  'app/api/v1/submissions/[id]/cells/route.ts': [{ path: '/api/v1/submissions/{id}/cells', closed: true }],
  'app/api/v1/submissions/[id]/cells/[image]/route.ts': [{ path: '/api/v1/submissions/{id}/cells/0', closed: true }],
  'app/api/v1/submissions/[id]/files/[slot]/route.ts': [{ path: '/api/v1/submissions/{id}/files/all', closed: true }],
  'app/api/v1/submissions/[id]/sharing/route.ts': 'changes what others may do; nothing to read',
  'app/api/v1/submissions/[id]/publish/route.ts': 'asks to publish; nothing to read',
  'app/api/v1/submissions/[id]/unpublish/route.ts': 'takes back; nothing to read',
  'app/api/v1/submissions/[id]/withdraw/route.ts': 'withdraws; nothing to read',
  'app/api/v1/submissions/route.ts': 'takes submissions; nothing to read',
  'app/api/v1/tasks/route.ts': [{ path: '/api/v1/tasks' }],
  'app/check/page.tsx': [{ path: '/check' }],
  'app/datasets/[name]/page.tsx': [{ path: '/datasets/{dataset}' }],
  'app/datasets/[name]/pictures/[file]/route.ts': [{ path: '/datasets/{demo}/pictures/none.png', closed: true }],
  'app/api/v1/datasets/[name]/errata/route.ts': [{ path: '/api/v1/datasets/{demo}/errata' }],
  'app/datasets/[name]/errata/table.csv/route.ts': [{ path: '/datasets/{demo}/errata/table.csv' }],
  'app/datasets/[name]/errata/page.tsx': [{ path: '/datasets/{demo}/errata' }],
  'app/maintain/published/page.tsx': [{ path: '/maintain/published', closed: true }],
  'app/maintain/label-errors/page.tsx': [{ path: '/maintain/label-errors', closed: true }],
  'app/datasets/[name]/viewer/page.tsx': [{ path: '/datasets/{demo}/viewer?a={id}' }],
  'app/datasets/page.tsx': [{ path: '/datasets' }],
  'app/device/page.tsx': [{ path: '/device', closed: true }],
  'app/docs/page.tsx': [{ path: '/docs' }],
  'app/docs/parts/page.tsx': [{ path: '/docs/parts' }],
  'app/docs/formats/page.tsx': [{ path: '/docs/formats' }],
  'app/docs/command-line/page.tsx': [{ path: '/docs/command-line' }],
  'app/docs/operators/page.tsx': [{ path: '/docs/operators' }],
  'app/docs/limits/page.tsx': [{ path: '/docs/limits' }],
  'app/docs/my-number/page.tsx': [{ path: '/docs/my-number?text=mAP' }],
  'app/docs/problems/page.tsx': [{ path: '/docs/problems' }],
  'app/docs/[page]/page.tsx': [{ path: '/docs/privacy' }, { path: '/docs/retention' }],
  'app/docs/api/page.tsx': [{ path: '/docs/api' }],
  'app/docs/tools/page.tsx': [{ path: '/docs/tools' }],
  'app/snapshots/page.tsx': [{ path: '/snapshots' }],
  'app/snapshots/[id]/page.tsx': [{ path: '/snapshots/{snapshot}' }],
  'app/changes/page.tsx': [{ path: '/changes' }],
  'app/api/v1/snapshots/route.ts': [{ path: '/api/v1/snapshots' }],
  'app/api/v1/snapshots/[id]/route.ts': [
    { path: '/api/v1/snapshots/{snapshot}' },
    { path: '/api/v1/snapshots/{snapshot}?format=csv' },
  ],
  'app/api/v1/changes/route.ts': [{ path: '/api/v1/changes' }, { path: '/api/v1/changes?format=csv' }],
  'app/api/v1/methods/route.ts': [{ path: '/api/v1/methods', closed: true }],
  'app/api/v1/methods/[id]/route.ts': [{ path: '/api/v1/methods/{methodId}', closed: true }],
  'app/api/v1/teams/route.ts': [{ path: '/api/v1/teams', closed: true }],
  'app/api/v1/teams/[id]/route.ts': [{ path: '/api/v1/teams/{team}', closed: true }],
  'app/api/v1/submissions/[id]/anonymity/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/review-link/route.ts': 'makes a link to what is the caller’s own; nothing to read',
  'app/api/v1/submissions/[id]/show/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/files/route.ts': 'deletes what is the caller’s own; nothing to read',
  'app/api/v1/submissions/[id]/problems/route.ts': 'takes a report; nothing to read',
  'app/api/v1/teams/[id]/invitations/[invitation]/route.ts': 'revokes; nothing to read',
  'app/api/v1/teams/[id]/members/[person]/route.ts': 'changes a team; nothing to read',
  'app/api/v1/teams/join/route.ts': 'lets people into a team; nothing to read',
  'app/api/v1/teams/[id]/invitations/route.ts': [{ path: '/api/v1/teams/{team}/invitations', closed: true }],
  'app/api/v1/notices/route.ts': [{ path: '/api/v1/notices', closed: true }],
  'app/api/v1/imports/route.ts': [{ path: '/api/v1/imports', closed: true }],
  'app/api/v1/datasets/route.ts': [{ path: '/api/v1/datasets' }],
  'app/api/v1/datasets/[name]/route.ts': [{ path: '/api/v1/datasets/{dataset}' }],
  'app/api/v1/inbox/route.ts': [{ path: '/api/v1/inbox', closed: true }],
  'app/api/v1/submissions/[id]/decision/route.ts': 'decides for maintainers; nothing to read',
  'app/api/v1/submissions/[id]/table/route.ts': [
    ...[{ path: '/api/v1/submissions/{id}/table' }, { path: '/api/v1/submissions/{id}/table?format=eval-results' }],
  ],
  'app/charts/[task]/route.ts': [{ path: '/charts/livecell-wide?dataset={dataset}&entries={id}', named: true }],
  'app/charts/[task]/progress/page.tsx': [{ path: '/charts/livecell-wide/progress?dataset={dataset}', named: true }],
  'app/charts/[task]/files/page.tsx': [
    { path: '/charts/livecell-wide/files?dataset={dataset}&entries={id}', named: true },
  ],
  'app/oembed/route.ts': [{ path: '/oembed?url=x', closed: true }],
  'app/robots.txt/route.ts': [{ path: '/robots.txt' }],
  'app/sitemap.xml/route.ts': [{ path: '/sitemap.xml' }],
  'app/published/page.tsx': [{ path: '/published' }],
  'app/published/table.csv/route.ts': [{ path: '/published/table.csv' }],
  'app/entries/[id]/badge.svg/route.ts': [{ path: '/entries/{id}/badge.svg', named: true }],
  'app/entries/[id]/opengraph-image/route.tsx': [{ path: '/entries/{id}/opengraph-image' }],
  'app/entries/[id]/page.tsx': [
    { path: '/entries/{id}', named: true },
    { path: '/entries/{id}?protocol=coco', named: true },
  ],
  'app/feed.xml/route.ts': [{ path: '/feed.xml', named: true }],
  'app/entries/[id]/images/page.tsx': [{ path: '/entries/{id}/images', named: true }],
  'app/leaderboards/[task]/slices/page.tsx': [{ path: '/leaderboards/livecell-wide/slices?dataset={dataset}' }],
  'app/datasets/[name]/charts/route.ts': [{ path: '/datasets/{demo}/charts?chart=images' }],
  'app/compare/charts/route.ts': [
    { path: '/compare/charts?entries={id},{other}&chart=per-iou', named: true },
    { path: '/compare/charts?entries={id},{other}&chart=per-iou&format=csv', named: true },
  ],
  'app/compare/page.tsx': [{ path: '/compare' }, { path: '/compare?entries={id},{other}', named: true }],
  'app/leaderboards/[task]/page.tsx': [
    { path: '/leaderboards/livecell-wide?dataset={dataset}', named: true },
    { path: '/leaderboards/livecell-wide?dataset={dataset}&evaluation=bbox&entries={id}', named: true },
    { path: '/leaderboards/livecell-wide?dataset={dataset}&cellType=A172', named: true },
  ],
  'app/leaderboards/page.tsx': [{ path: '/leaderboards' }],
  'app/maintain/audit/export/route.ts': [{ path: '/maintain/audit/export', closed: true }],
  'app/maintain/audit/page.tsx': [{ path: '/maintain/audit', closed: true }],
  'app/maintain/entries/[id]/page.tsx': [{ path: '/maintain/entries/{id}', closed: true }],
  'app/maintain/entries/page.tsx': [{ path: '/maintain/entries', closed: true }],
  'app/maintain/ground-truth/[id]/page.tsx': [{ path: '/maintain/ground-truth/{datasetId}', closed: true }],
  'app/maintain/ground-truth/page.tsx': [{ path: '/maintain/ground-truth', closed: true }],
  'app/maintain/page.tsx': [{ path: '/maintain', closed: true }],
  'app/maintain/people/[id]/merge/page.tsx': [{ path: '/maintain/people/{owner}/merge', closed: true }],
  'app/maintain/people/[id]/page.tsx': [{ path: '/maintain/people/{owner}', closed: true }],
  'app/maintain/people/page.tsx': [{ path: '/maintain/people', closed: true }],
  'app/maintain/tasks/[task]/page.tsx': [{ path: '/maintain/tasks/livecell-wide', closed: true }],
  'app/maintain/tasks/page.tsx': [{ path: '/maintain/tasks', closed: true }],
  // not there while no version is public under its name
  'app/methods/[id]/page.tsx': [{ path: '/methods/{methodId}', closed: true, named: true }],
  'app/methods/page.tsx': [{ path: '/methods' }],
  'app/notices/[id]/route.ts': [{ path: '/notices/none', closed: true }],
  'app/notices/page.tsx': [{ path: '/notices' }],
  'app/page.tsx': [{ path: '/' }],
  'app/protocol/page.tsx': [{ path: '/protocol' }],
  'app/queue/page.tsx': [{ path: '/queue' }],
  'app/status/page.tsx': [{ path: '/status' }],
  'app/review/[secret]/page.tsx': [{ path: '/review/{secret}' }, { path: '/review/{secret}?protocol=coco' }],
  'app/review/[secret]/receipt/route.ts': [{ path: '/review/{secret}/receipt' }],
  'app/sign-in/local/route.ts': [{ path: '/sign-in/local', closed: true }],
  'app/sign-in/page.tsx': [{ path: '/sign-in?returnTo=/entries/{id}' }],
  'app/submissions/[id]/page.tsx': [{ path: '/submissions/{id}' }],
  'app/submissions/page.tsx': [{ path: '/submissions' }],
  'app/submit/page.tsx': [{ path: '/submit' }, { path: '/submit?from={id}' }],
  'app/tasks/[id]/page.tsx': [{ path: '/tasks/livecell-wide' }],
  'app/tasks/page.tsx': [{ path: '/tasks' }],
  'app/teams/[id]/page.tsx': [{ path: '/teams/{team}', closed: true }],
  'app/classes/page.tsx': [{ path: '/classes', closed: true }],
  'app/classes/[id]/page.tsx': [{ path: '/classes/none', closed: true }],
  'app/classes/join/[code]/page.tsx': [{ path: '/classes/join/none', closed: true }],
  'app/classes/screen/[secret]/page.tsx': [{ path: '/classes/screen/none', closed: true }],
  'app/maintain/classes/page.tsx': [{ path: '/maintain/classes', closed: true }],
  'app/teams/join/[secret]/page.tsx': [{ path: '/teams/join/none', closed: true }],
  'app/verify/page.tsx': [{ path: '/verify' }],
  'app/teams/page.tsx': [{ path: '/teams' }],
};

/** Marks what a person with the reviewers' link is given; nobody else may come across the secret. */
const REVIEW = /^\/review\//;

let client: Client;
let dataset: Dataset;
let planted: Planted;
/** another public entry on the same data set */
let other: string;
/** of the board while the entry is anonymous */
let snapshot: string;
/** a data set whose files are there */
let demo: string;

test.beforeAll(async ({ request }) => {
  const { tasks } = await (await request.get(`${process.env.E2E_URL}/api/v1/tasks`)).json();
  demo = tasks[0].datasets.find((dataset: { demo: boolean }) => dataset.demo).name;
  const { databaseUrl } = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8'));
  client = connect(databaseUrl, { max: 1 });
  const sha256 = crypto.randomUUID().replaceAll('-', '').repeat(2);
  dataset = await registerDataset(
    {
      name: `Anonymity ${Date.now().toString(36)}`,
      task: 'livecell-wide',
      sha256,
      images: 2,
      objects: 10,
      // its files are those of the demo, since a page of it must open
      cellTypes: { A172: 2 },
      packKey: (await getDatasetByName(demo, client.db))!.packKey,
    },
    {},
    client.db,
  );
  planted = await plantCanaries(client.db, dataset, someReports({}, sha256));
  other = (await createDemoSubmission(someSubmission(dataset, { method: 'Another' }), client.db)).id;
  await startScoring(other, 1, client.db);
  await saveReports(other, someReports({}, sha256), client.db);
  await takeSnapshots(new Date(), client.db);
  const ofBoard = { task: dataset.task, dataset: dataset.name, limit: 1 };
  snapshot = (await listSnapshots(ofBoard, client.db))[0].id;
});
test.afterAll(async () => {
  // the boards of the tests that follow are as they were
  if (planted) await uproot(client.db, planted);
  if (dataset) {
    await client.db.delete(submissions).where(eq(submissions.datasetId, dataset.id));
    await client.db.delete(datasets).where(eq(datasets.id, dataset.id));
  }
  await client?.close();
});

function fill(path: string): string {
  return path
    .replaceAll('{id}', planted.id)
    .replaceAll('{other}', other)
    .replaceAll('{snapshot}', snapshot)
    .replaceAll('{secret}', planted.secret)
    .replaceAll('{methodId}', planted.methodId)
    .replaceAll('{team}', planted.teamId)
    .replaceAll('{owner}', planted.ownerId)
    .replaceAll('{demo}', encodeURIComponent(demo))
    .replaceAll('{datasetId}', dataset.id)
    .replaceAll('{dataset}', encodeURIComponent(dataset.name));
}

const stops = Object.values(WALK).flatMap((stops) => (typeof stops === 'string' ? [] : stops));

/** How a browser's router asks for a page: the answer is the tree of components with all their properties. */
const AS_COMPONENTS = { RSC: '1' };

interface Answer {
  what: string;
  status: number;
  text: string;
}

async function ask(request: APIRequestContext, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await request.get(path, { headers, maxRedirects: 5 });
  const named = response.headersArray().map(({ name, value }) => `${name}: ${value}`);
  return {
    what: `${path}${headers.RSC ? ' as components' : ''}`,
    status: response.status(),
    // also what was sent along, and the address somebody was sent on to; of a picture, its bytes as letters
    text: [response.url(), ...named, (await response.body()).toString('latin1')].join('\n') + (await response.text()),
  };
}

/** What is wrong with an answer to somebody who must not learn who made the entry. */
function faults({ what, status, text }: Answer, path: string): string[] {
  // the address that was asked for, and is given back in links, may hold ids that were asked for
  const asked = ['{methodId}', '{team}', '{owner}'].filter((id) => path.includes(id));
  const shown = asked.reduce((text, id) => text.replaceAll(fill(id), ''), text);
  const found = canariesIn(shown, planted).map((name) => `${what} holds ${name}`);
  if (!REVIEW.test(path) && text.includes(planted.secret)) found.push(`${what} holds the reviewers’ secret`);
  if (status >= 500) found.push(`${what} answered ${status}`);
  return found;
}

/** All stops, each as a document; pages as components, too. */
async function walk(request: APIRequestContext): Promise<string[]> {
  const found: string[] = [];
  for (const [file, stops] of Object.entries(WALK)) {
    if (typeof stops === 'string') continue;
    for (const { path, closed } of stops) {
      const answers = [await ask(request, fill(path))];
      if (/page\.tsx$/.test(file)) answers.push(await ask(request, fill(path), AS_COMPONENTS));
      for (const answer of answers) found.push(...faults(answer, path));
      const open = answers.filter(({ status }) => status < 400);
      if (!closed && open.length < answers.length) found.push(`${path} is closed`);
      if (open[1] && !open[1].text.includes('text/x-component')) found.push(`${path} came without components`);
    }
  }
  return found;
}

/** Return everything on this site that links lead to within a number of steps. */
async function follow(request: APIRequestContext, start: string[], steps: number) {
  const seen = new Set<string>();
  const found: string[] = [];
  let waiting = start;
  for (let step = 0; step <= steps && waiting.length > 0; step++) {
    const next = new Set<string>();
    for (const path of waiting.filter((path) => !seen.has(path))) {
      seen.add(path);
      const answer = await ask(request, path);
      found.push(...faults(answer, path));
      for (const [, raw] of answer.text.matchAll(/(?:href|src)="([^"]+)"/g)) {
        const url = new URL(raw.replaceAll('&amp;', '&'), new URL(path, 'http://here'));
        const here = url.host === 'here' || url.origin === new URL(process.env.E2E_URL!).origin;
        if (here && worthFollowing(url)) next.add(url.pathname + url.search);
      }
    }
    waiting = [...next];
  }
  return { seen: [...seen], found };
}

/** Boards have more views than can be walked: one choice at a time, of the board that the entry is on. */
function worthFollowing({ pathname, searchParams }: URL): boolean {
  if (/^\/(api\/auth|_next\/(image|static\/media))/.test(pathname)) return false;
  const choices = [...searchParams.keys()].filter((name) => name !== 'dataset');
  const elsewhere = searchParams.has('dataset') && searchParams.get('dataset') !== dataset.name;
  return choices.length === 0 || (choices.length === 1 && !elsewhere);
}

test('every page and every route has a row in the walk', () => {
  expect(Object.keys(WALK).sort()).toEqual(routeFiles());
});

test('a stranger finds no trace of who made the entry, wherever they look', async ({ request }) => {
  expect(await walk(request)).toEqual([]);
  const { seen, found } = await follow(request, ['/'], 3);
  expect(found).toEqual([]);
  // the links lead to the entry itself, and not to its review
  expect(seen).toContain(`/entries/${planted.id}`);
  expect(seen.filter((path) => REVIEW.test(path))).toEqual([]);
});

test('nor does another researcher, who is signed in', async ({ page }) => {
  await signIn(page, { name: 'Otto Other', email: 'otto@example.org' });
  expect(await walk(page.request)).toEqual([]);
  const { found } = await follow(page.request, ['/submissions', '/account'], 1);
  expect(found).toEqual([]);
});

test('reviewers see scores, charts and receipt by their link, and not whose they are', async ({ page, request }) => {
  const response = (await page.goto(`/review/${planted.secret}`))!;
  const headers = response.headers();
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['x-robots-tag']).toContain('noindex');
  expect(headers['cache-control']).toContain('no-store');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(planted.name);
  await expect(page.locator('meta[name=robots]')).toHaveAttribute('content', /noindex/);
  await page.getByText('By IoU threshold', { exact: true }).click();
  await expect(page.locator('figure.chart').first()).toBeVisible();
  expect(await wholePage(page)).toEqual([]);
  // a browser that follows a link from here does not say where it comes from
  const [to] = await Promise.all([
    page.waitForRequest((request) => new URL(request.url()).pathname === '/protocol' && request.isNavigationRequest()),
    page.evaluate(() => {
      const link = document.createElement('a');
      link.href = '/protocol';
      document.body.append(link);
      link.click();
    }),
  ]);
  expect((await to.allHeaders()).referer).toBeUndefined();

  const { found } = await follow(request, [`/review/${planted.secret}`], 1);
  expect(found).toEqual([]);
  expect((await request.get('/review/not-a-secret')).status()).toBe(404);
});

test('nor does a page after its script has run: what it fetched and keeps', async ({ page }) => {
  const answers: Promise<string>[] = [];
  const pending = new Set<Request>();
  page.on('request', (request) => pending.add(request));
  for (const event of ['requestfinished', 'requestfailed'] as const)
    page.on(event as 'requestfinished', (request) => pending.delete(request));
  page.on('response', (response) => {
    answers.push(
      response
        .text()
        .then((text) => (canariesIn(text, planted).length > 0 ? response.url() : ''))
        .catch(() => ''),
    );
  });
  for (const path of ['/', '/leaderboards/livecell-wide?dataset={dataset}', '/entries/{id}']) {
    await page.goto(fill(path));
    await rendered(page);
    await expect.poll(() => pending.size).toBe(0);
    expect(await wholePage(page)).toEqual([]);
  }
  expect((await Promise.all(answers)).filter(Boolean)).toEqual([]);
});

test('the social image shows the entry’s public name', async ({ request }) => {
  const image = await request.get(`/entries/${planted.id}/opengraph-image`);
  expect(image.headers()['content-type']).toBe('image/png');
  const body = await image.body();
  expect([body.readUInt32BE(16), body.readUInt32BE(20)]).toEqual([1200, 630]);
  const page = await (await request.get(`/entries/${planted.id}`)).text();
  expect(page).toContain(`<meta property="og:title" content="${planted.name}"/>`);
  expect(page).toMatch(
    new RegExp(`<meta property="og:image" content="http[^"]*/entries/${planted.id}/opengraph-image"`),
  );
});

test('a maintainer sees the name, marked as what others do not see', async ({ page }) => {
  await signIn(page, { name: 'Mo Maintainer', email: 'mo-anonymity@example.org', role: 'maintainer' });
  await page.goto(`/entries/${planted.id}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(planted.methodName);
  await expect(page.getByText(`You see this name; others see “${planted.name}”`)).toBeVisible();
});

test('its owner too, sets a date, and replaces and revokes the link for reviewers', async ({ page, request }) => {
  await agree(page);
  await signIn(page, planted.owner);
  await page.goto(`/submissions/${planted.id}`);
  const section = page.getByRole('region', { name: 'Anonymity and review' });
  await expect(section).toContainText(`others see “${planted.name}”`);
  await section.getByLabel(/^Until/).fill('2999-03-01');
  await section.getByRole('button', { name: 'Change the date' }).click();
  await expect(section).toContainText('until 1 Mar 2999, 00:00 UTC');
  await page.goto(`/entries/${planted.id}`);
  await expect(page.getByText(/You see this name; others see .* until 1 Mar 2999/)).toBeVisible();

  // also where it stands among others; not in what is passed on
  const board = `livecell-wide?dataset=${encodeURIComponent(dataset.name)}`;
  await page.goto(`/leaderboards/${board}`);
  const row = page.getByRole('row', { name: new RegExp(planted.name) });
  await expect(row).toContainText(`You see this name: ${planted.methodName}`);
  for (const format of ['json', 'csv', 'bibtex']) {
    const text = await (await page.request.get(`/api/v1/leaderboards/${board}&format=${format}`)).text();
    expect(text).toContain(planted.name);
    expect(text).not.toContain(planted.methodName);
  }
  expect(await (await request.get(`/leaderboards/${board}`)).text()).not.toContain(planted.methodName);

  await page.goto(`/submissions/${planted.id}`);
  await section.getByRole('button', { name: 'Replace the link' }).click();
  // waiting for it answers the question, which reading alone does not
  await expect(section.locator('[data-review-link]')).toBeVisible();
  const link = (await section.locator('[data-review-link]').textContent())!;
  expect(new URL(link).pathname).toMatch(REVIEW);
  expect((await request.get(`/review/${planted.secret}`)).status()).toBe(404); // the old one
  expect((await request.get(link)).status()).toBe(200);
  await page.reload();
  await expect(section.locator('[data-review-link]')).toHaveCount(0); // shown once
  await section.getByRole('button', { name: 'Revoke the link' }).click();
  await expect(section.getByRole('button', { name: 'Make a link for reviewers' })).toBeVisible();
  expect((await request.get(link)).status()).toBe(404);

  await section.getByRole('button', { name: 'Make a link for reviewers' }).click();
  await expect(section.locator('[data-review-link]')).toBeVisible();
  const again = (await section.locator('[data-review-link]').textContent())!;
  planted.secret = again.split('/').at(-1)!;
});

test('once its owner has revealed it, the name is found: the walk can fail', async ({ page, request }) => {
  const before = await sizeOfImage(request);
  await agree(page);
  await signIn(page, planted.owner);
  await page.goto(`/submissions/${planted.id}`);
  await page.getByRole('button', { name: 'Reveal now' }).click();
  await expect(page.getByText('This entry has been public under its name')).toBeVisible();

  for (const { path } of stops.filter(({ named }) => named)) {
    const { text } = await ask(request, fill(path));
    expect(canariesIn(text, planted), path).toContain('method');
    // never, of anybody
    const never = ['email', 'ownerId', 'teamId', 'fileName', 'storage', 'note', 'notice', 'token', 'upload'];
    expect(canariesIn(text, planted).filter((name) => never.includes(name))).toEqual([]);
  }
  // another name is another picture
  expect(await sizeOfImage(request)).not.toBe(before);
  // reviewers still are not told
  for (const path of ['/review/{secret}', '/review/{secret}/receipt'])
    expect(faults(await ask(request, fill(path)), path)).toEqual([]);
});

test('the submit form makes an entry anonymous from the start, until a day', async ({ page }) => {
  await signIn(page, { name: 'Otto Other', email: 'otto@example.org' });
  await page.goto('/submit');
  // it need not be right: what is anonymous is so whatever comes of it
  const buffer = Buffer.from('[{"image_id":1,"category_id":1,"score":0.5,"bbox":[0,0,2,2]}]');
  await fileInput(page).setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer });
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Method name').fill('Double blind');
  await page.getByLabel('Anonymous until').fill('2020-01-01');
  await page.getByRole('checkbox', { name: /^Anonymous/ }).check();
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByText('Choose a day in the future')).toBeVisible();
  await page.getByLabel('Anonymous until').fill('2999-03-01');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await page.waitForURL(/\/submissions\/[\w-]+$/);
  const section = page.getByRole('region', { name: 'Anonymity and review' });
  await expect(section).toContainText(/You see the name “Double blind”; others see “Anonymous entry \d+”/);
  await expect(section).toContainText('until 1 Mar 2999, 00:00 UTC');
});

async function sizeOfImage(request: APIRequestContext): Promise<number> {
  return (await (await request.get(`/entries/${planted.id}/opengraph-image`)).body()).length;
}

/** What stands in the page, its attributes and scripts, in storage and in cookies. */
async function wholePage(page: Page): Promise<string[]> {
  const text = await page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      document.title,
      JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }),
      document.cookie,
    ].join('\n'),
  );
  return canariesIn(text, planted);
}

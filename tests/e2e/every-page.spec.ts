/**
 * Every page, as a stranger, its owner and a maintainer see it, on a narrow screen and with the longest names there
 * may be: nothing is wider than the page, and nothing stands in the way of assistive technology, in light and dark.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { BrowserContext, Page, Response } from '@playwright/test';

import { inArray } from 'drizzle-orm';
import { saveEvaluations } from '#db/board/values.ts';
import { getDatasetByName, registerDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { announce, endAnnouncement } from '#db/notices/announcements.ts';
import { notify } from '#db/notices/notices.ts';
import { createClass, joinClass, renewCode, renewScreen } from '#db/people/classes.ts';
import { createTeam, invite } from '#db/people/teams.ts';
import { createToken } from '#db/people/tokens.ts';
import { datasets, methods, type Submission, submissionFiles, submissions, teams, users } from '#db/schema.ts';
import { makeAnonymous, makeReviewLink } from '#db/submissions/anonymity.ts';
import { POLICIES } from '#lib/policies.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import { routeFiles } from '#tests/app-files.ts';
import { someReports } from '#tests/db/fixtures.ts';
import { findFaultsInLightAndDark } from './accessibility.ts';
import { shoot } from './shoot.ts';
import { expect, rendered, signIn, test } from './site-test.ts';

const TASKS = listOpenTasks().map(({ id }) => id);

/** Addresses of every page; `{…}` is filled in with what is planted below. A page without a row fails the test. */
const PAGES: Record<string, string[]> = {
  'app/account/deleted/page.tsx': ['/account/deleted'],
  'app/account/page.tsx': [
    '/account',
    ...['sign-in', 'notices', 'quota', 'tokens', 'data'].map((tab) => `/account?tab=${tab}`),
  ],
  'app/check/page.tsx': ['/check'],
  'app/compare/page.tsx': [
    ...['/compare', '/compare?entries={published},{anonymous}', '/compare?entries={published},{withdrawn}'],
    '/compare?entries={entry livecell-wide},{other livecell-wide}',
    '/compare?entries={entry livecell-wide},{other livecell-wide}&found=10',
    '/compare?entries={entry livecell-wide},{other livecell-wide}&found=10&type=A172',
  ],
  'app/datasets/[name]/page.tsx': [...TASKS.map((task) => `/datasets/{demo ${task}}`), '/datasets/{dataset}'],
  'app/charts/[task]/progress/page.tsx': TASKS.map((task) => `/charts/${task}/progress`),
  'app/charts/[task]/files/page.tsx': TASKS.map((task) => `/charts/${task}/files`),
  'app/datasets/[name]/errata/page.tsx': ['/datasets/{demo livecell-wide}/errata'],
  'app/maintain/published/page.tsx': ['/maintain/published'],
  'app/maintain/label-errors/page.tsx': ['/maintain/label-errors', '/maintain/label-errors?state=confirmed'],
  'app/datasets/[name]/viewer/page.tsx': [
    '/datasets/{demo livecell-wide}/viewer',
    '/datasets/{demo livecell-wide}/viewer?image=1&a={entry livecell-wide}&b={other livecell-wide}&cell=a1',
    '/datasets/{demo zero-shot}/viewer?a={published}',
  ],
  'app/datasets/page.tsx': ['/datasets'],
  'app/device/page.tsx': ['/device', '/device?code=BBBB-BBBB'],
  'app/docs/page.tsx': ['/docs'],
  'app/docs/parts/page.tsx': ['/docs/parts'],
  'app/docs/api/page.tsx': ['/docs/api'],
  'app/docs/tools/page.tsx': ['/docs/tools'],
  'app/docs/formats/page.tsx': ['/docs/formats'],
  'app/docs/command-line/page.tsx': ['/docs/command-line'],
  'app/docs/operators/page.tsx': ['/docs/operators'],
  'app/docs/limits/page.tsx': ['/docs/limits'],
  'app/docs/my-number/page.tsx': ['/docs/my-number', '/docs/my-number?text=mAP+0.5+from+Cellpose'],
  'app/docs/problems/page.tsx': ['/docs/problems'],
  'app/docs/[page]/page.tsx': Object.keys(POLICIES).map((name) => `/docs/${name}`),
  'app/snapshots/page.tsx': ['/snapshots', '/snapshots?task=livecell-wide', '/snapshots?task=zero-shot'],
  'app/snapshots/[id]/page.tsx': TASKS.map((task) => `/snapshots/{snapshot ${task}}`),
  'app/changes/page.tsx': ['/changes'],
  'app/published/page.tsx': ['/published?family=msa', '/published?q=nobody-is-called-so'],
  'app/entries/[id]/page.tsx': [
    ...TASKS.map((task) => `/entries/{entry ${task}}`),
    ...['/entries/{published}', '/entries/{anonymous}', '/entries/{withdrawn}'],
  ],
  'app/leaderboards/[task]/page.tsx': [
    ...TASKS.map((task) => `/leaderboards/${task}?dataset={demo ${task}}`),
    ...['/leaderboards/livecell-wide?dataset={dataset}', '/leaderboards/livecell-wide?columns=ap-by-type'],
    ...['/leaderboards/single-cell-type?cellType=BV2', '/leaderboards/livecell-wide?cellType=A172&evaluation=bbox'],
  ],
  'app/entries/[id]/images/page.tsx': [
    ...['/entries/{published}/images', '/entries/{entry livecell-wide}/images'],
    '/entries/{entry livecell-wide}/images?sort=difference&against={other livecell-wide}',
    '/entries/{entry livecell-wide}/images?sort=missed&type=A172&direction=asc',
  ],
  'app/leaderboards/[task]/slices/page.tsx': [
    ...['/leaderboards/livecell-wide/slices', '/leaderboards/livecell-wide/slices?dataset={dataset}'],
    '/leaderboards/livecell-wide/slices?dataset={demo livecell-wide}&day=0&by=type&metric=AFNR',
    '/leaderboards/livecell-wide/slices?dataset={demo livecell-wide}&weights=A172:2,BV2:1',
  ],
  'app/leaderboards/page.tsx': ['/leaderboards'],
  'app/maintain/audit/page.tsx': ['/maintain/audit'],
  'app/maintain/entries/[id]/page.tsx': ['/maintain/entries/{pending}', '/maintain/entries/{published}'],
  'app/maintain/entries/page.tsx': ['/maintain/entries'],
  'app/maintain/ground-truth/[id]/page.tsx': ['/maintain/ground-truth/{dataset id}'],
  'app/maintain/ground-truth/page.tsx': ['/maintain/ground-truth'],
  'app/maintain/page.tsx': ['/maintain'],
  'app/maintain/people/[id]/merge/page.tsx': ['/maintain/people/{owner}/merge'],
  'app/maintain/people/[id]/page.tsx': ['/maintain/people/{owner}'],
  'app/maintain/people/page.tsx': ['/maintain/people', '/maintain/people?q=nobody-is-called-so'],
  'app/maintain/tasks/[task]/page.tsx': ['/maintain/tasks/livecell-wide', '/maintain/tasks/zero-shot'],
  'app/maintain/tasks/page.tsx': ['/maintain/tasks'],
  'app/methods/[id]/page.tsx': ['/methods/{method}'],
  'app/methods/page.tsx': ['/methods'],
  'app/notices/page.tsx': ['/notices'],
  'app/page.tsx': ['/'],
  'app/protocol/page.tsx': ['/protocol'],
  'app/queue/page.tsx': ['/queue'],
  'app/review/[secret]/page.tsx': ['/review/{review}'],
  'app/sign-in/page.tsx': ['/sign-in'],
  'app/status/page.tsx': ['/status'],
  'app/submissions/[id]/page.tsx': [
    ...['/submissions/{private}', '/submissions/{pending}', '/submissions/{published}', '/submissions/{anonymous}'],
    ...['/submissions/{rejected}', '/submissions/{failed}', '/submissions/{withdrawn}'],
  ],
  'app/submissions/page.tsx': ['/submissions'],
  'app/submit/page.tsx': [...TASKS.map((task) => `/submit?task=${task}`), '/submit?from={rejected}'],
  'app/tasks/[id]/page.tsx': TASKS.map((task) => `/tasks/${task}`),
  'app/tasks/page.tsx': ['/tasks'],
  'app/teams/[id]/page.tsx': ['/teams/{team}'],
  'app/classes/page.tsx': ['/classes'],
  'app/classes/[id]/page.tsx': ['/classes/{class}'],
  'app/classes/join/[code]/page.tsx': ['/classes/join/{code}', '/classes/join/none'],
  'app/classes/screen/[secret]/page.tsx': ['/classes/screen/{screen}'],
  'app/maintain/classes/page.tsx': ['/maintain/classes'],
  'app/teams/join/[secret]/page.tsx': ['/teams/join/{invitation}', '/teams/join/none'],
  'app/teams/page.tsx': ['/teams'],
  'app/verify/page.tsx': ['/verify'],
};

const salt = Date.now().toString(36); // a site may see the tests more than once
/** The longest there may be, of words that nothing breaks. */
const long = (what: string, length: number) =>
  `${what}-${salt}-${'swin_transformer_v2_large_'.repeat(8)}`.slice(0, length);
const owner = { name: long('Owner', 120), email: `owner-of-pages-${salt}@example.org` };
const maintainer = { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' as const };

let client: Client;
let announcement: string;
let names: Record<string, string>;

test.beforeAll(async ({ playwright, browser }) => {
  const request = await playwright.request.newContext({ baseURL: process.env.E2E_URL });
  const { tasks } = await (await request.get('/api/v1/tasks')).json();
  names = { none: 'none' };
  for (const { id, datasets } of tasks as { id: string; datasets: { name: string; demo: boolean }[] }[]) {
    const demo = datasets.find(({ demo }) => demo)!.name;
    names[`demo ${id}`] = encodeURIComponent(demo);
    // the scoring process takes them within seconds
    const snapshots = `/api/v1/snapshots?task=${id}&limit=1`;
    await expect.poll(async () => (await (await request.get(snapshots)).json()).snapshots.length).toBe(1);
    names[`snapshot ${id}`] = (await (await request.get(snapshots)).json()).snapshots[0].id;
    const board = await request.get(`/api/v1/leaderboards/${id}?dataset=${encodeURIComponent(demo)}`);
    const { rows } = (await board.json()) as { rows: { id: string; kind: string }[] };
    const entries = rows.filter(({ kind }) => kind === 'entry');
    names[`entry ${id}`] = entries[0].id;
    // some tasks have one demo entry
    names[`other ${id}`] = (entries[1] ?? entries[0]).id;
  }
  await request.dispose();
  const context = await browser.newContext({ baseURL: process.env.E2E_URL });
  await signIn(await context.newPage(), owner);
  await context.close();
  const { databaseUrl } = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8'));
  client = connect(databaseUrl, { max: 1 });
  names = { ...names, ...(await plant(decodeURIComponent(names['demo livecell-wide']))) };
});

test.afterAll(async () => {
  await endAnnouncement(announcement, names.owner, client.db);
  const ofOwner = inArray(submissions.userId, [names.owner]);
  await client.db.delete(submissions).where(ofOwner);
  await client.db.delete(methods).where(inArray(methods.userId, [names.owner]));
  await client.db.delete(teams).where(inArray(teams.id, [names.team]));
  await client.db.delete(datasets).where(inArray(datasets.id, [names['dataset id']]));
  await client.close();
});

/** What belongs to the owner: a method, a team, and a submission of every kind, with a name of its own each. */
async function plant(demo: string): Promise<Record<string, string>> {
  const tx = client.db;
  const files = await getDatasetByName(demo, tx);
  const sha256 = crypto.randomUUID().replaceAll('-', '').repeat(2);
  const dataset = await registerDataset(
    {
      name: long('Set', 80),
      task: 'livecell-wide',
      sha256,
      images: 2,
      objects: 10,
      cellTypes: { A172: 2 },
      // not the first board; and its files are those of the demo, since its page must open
      split: 'val',
      packKey: files!.packKey,
      licence: long('licence', 200),
      source: `https://example.org/${long('x', 150)}`,
    },
    {},
    tx,
  );
  const [user] = await tx
    .select()
    .from(users)
    .where(inArray(users.email, [owner.email]));
  const team = await createTeam(long('Team', 80), user.id, tx);
  const { secret: invitation } = await invite(team.id, user.id, tx);
  await createToken(user.id, long('token', 80), {}, tx);
  const course = await createClass(
    { name: long('Class', 80), task: 'livecell-wide', datasetId: dataset.id },
    user.id,
    tx,
  );
  const code = await renewCode(course.id, tx);
  await joinClass(code, { userId: user.id, teamId: null, name: long('Me', 80) }, tx);
  const screen = await renewScreen(course.id, tx);
  const link = `https://example.org/${long('path', 150)}`;
  const said = { description: `${long('d', 300)} and more`, paperUrl: link, codeUrl: link };
  const [method] = await tx
    .insert(methods)
    .values({
      userId: user.id,
      name: long('Method', 120),
      ...said,
      authors: long('authors', 300),
      architecture: long('architecture', 200),
      pretraining: long('p', 300),
      extraData: long('e', 300),
    })
    .returning();
  const now = new Date();
  let version = 0;
  async function submission(changes: Partial<Submission>): Promise<string> {
    version++;
    const [{ id }] = await tx
      .insert(submissions)
      .values({
        task: dataset.task,
        datasetId: dataset.id,
        userId: user.id,
        teamId: team.id,
        methodId: method.id,
        version,
        method: method.name,
        ...said,
        trainingData: long('t', 300),
        state: 'scored',
        startedAt: now,
        finishedAt: now,
        warnings: [
          {
            code: 'unknown-image' as const,
            message: `Left out: “${long('file', 120)}.json”.`,
            count: 1,
            examples: [long('x', 90)],
          },
        ],
        ...changes,
      })
      .returning();
    await tx.insert(submissionFiles).values({
      submissionId: id,
      slot: 'all',
      bytes: 3,
      sha256: 'f'.repeat(64),
      fileName: `${long('predictions', 150)}.json`,
      storageKey: `submissions/${id}.json`,
    });
    if (!changes.state || changes.state === 'scored')
      await saveEvaluations(
        someReports({}, sha256).map((report) => ({
          submissionId: id,
          protocol: report.protocol,
          groundTruthSha256: sha256,
          evaluatorVersion: report.evaluator.version,
          report,
        })),
        tx,
      );
    return id;
  }
  const publicly = { visibility: 'published', publishedAt: now, wasPublished: true } as const;
  const sealed = await submission({});
  await makeAnonymous(sealed, user.id, null, tx);
  const review = await makeReviewLink(sealed, user.id, tx);
  await tx
    .update(submissions)
    .set(publicly)
    .where(inArray(submissions.id, [sealed]));
  const problem = {
    code: 'bad-segmentation' as const,
    message: long('It says ', 200),
    image: `${long('image', 120)}.tif`,
    record: 1_234_567,
  };
  await notify([user.id], { kind: 'scored', text: `“${method.name}” has its score.`, link: '/submissions' }, tx);
  ({ id: announcement } = await announce(
    {
      task: 'training-size',
      text: `From now on: ${link}`,
      startsAt: new Date(now.getTime() - 60_000),
      endsAt: new Date(now.getTime() + 3_600_000),
    },
    user.id,
    tx,
  ));
  return {
    dataset: encodeURIComponent(dataset.name),
    'dataset id': dataset.id,
    owner: user.id,
    method: method.id,
    team: team.id,
    invitation,
    class: course.id,
    code,
    screen,
    review,
    anonymous: sealed,
    private: await submission({ moderatorNote: `Why is it called ${method.name}?` }),
    pending: await submission({ visibility: 'pending' }),
    published: await submission({
      ...publicly,
      shown: true,
      featured: true,
      verifiedAt: now,
      verifiedBy: user.id,
      verifiedNote: long('n', 200),
    }),
    rejected: await submission({ state: 'rejected', problems: [problem, { ...problem, more: 12 }] }),
    failed: await submission({ state: 'failed', failure: `The scoring process ended: ${long('Error', 120)}` }),
    withdrawn: await submission({ state: 'withdrawn', wasPublished: true, withdrawalReason: 'superseded' }),
  };
}

function fill(path: string): string {
  return path.replace(/\{(.+?)\}/g, (_, name: string) => {
    if (names[name] === undefined) throw new Error(`nothing is planted as {${name}}`);
    return names[name];
  });
}

/** What reaches beyond the right edge of the page and is in nothing that scrolls, the outermost of each. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element: Element): boolean => {
      for (let at = element.parentElement; at && at !== document.body; at = at.parentElement)
        if (getComputedStyle(at).overflowX !== 'visible') return true;
      return false;
    };
    const found: string[] = [];
    let last: Element | null = null;
    for (const element of document.body.querySelectorAll('*')) {
      const { right, width: own, height } = element.getBoundingClientRect();
      if (own === 0 || height === 0 || right <= width + 1 || last?.contains(element) || scrolls(element)) continue;
      last = element;
      const { className } = element;
      found.push(
        `<${element.tagName.toLowerCase()} class="${typeof className === 'string' ? className : ''}"> reaches ${Math.round(right)} px: ${element.textContent?.slice(0, 60)}`,
      );
    }
    const whole = document.documentElement.scrollWidth;
    if (whole > width) found.push(`the page scrolls sideways, ${whole} px`);
    return found;
  });
}

/** Most bytes of script that a page may load, as sent: compressed. */
const MOST_SCRIPT = 130_000;
/** Pages that read or send files hold what that takes; the viewer’s drawing is in view at once. */
const MOST_SCRIPT_WITH_FILES = 190_000;
const WITH_FILES = [
  'app/datasets/[name]/viewer/page.tsx',
  'app/check/page.tsx',
  'app/submit/page.tsx',
  'app/maintain/ground-truth/page.tsx',
  'app/maintain/ground-truth/[id]/page.tsx',
];

/** Most bytes of HTML of a board, as the server writes it: before compression. */
const MOST_HTML_OF_BOARD = 120_000;
const BOARD = 'app/leaderboards/[task]/page.tsx';

/** Open a page; a busy site may say first that it answers later. */
async function openPage(page: Page, address: string): Promise<Response> {
  for (;;) {
    const response = (await page.goto(address))!;
    if (response.status() !== 503) return response;
    await page.waitForTimeout(1000 * Number(response.headers()['retry-after']));
  }
}

/** Return the bytes of the scripts that the page has loaded, compressed. */
function scriptBytes(page: Page): Promise<number> {
  return page.evaluate(() => {
    const sent = new Map(
      (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map((entry) => [
        entry.name,
        entry.encodedBodySize,
      ]),
    );
    // a part that two boundaries of a page name is sent once
    const sources = new Set([...document.querySelectorAll<HTMLScriptElement>('script[src]')].map(({ src }) => src));
    return [...sources].reduce((sum, src) => sum + (sent.get(src) ?? 0), 0);
  });
}

test('every page has a row here, and no row is of a page that is gone', () => {
  expect(Object.keys(PAGES).sort()).toEqual(routeFiles(/^page\.tsx$/));
});

/**
 * A page without its header and scripts, which say who looks, as the site sends it. A page that was looked at as
 * somebody else and is the same to the letter is not looked at again.
 */
function contentOf(html: string): string {
  return html
    .replace(/<script\b.*?<\/script>/gs, '')
    .replace(/<header\b.*?<\/header>/s, '')
    .replace(/ nonce="[^"]*"/g, '');
}
const seen = new Set<string>();
const accessible = new Set<string>();

const FIRST = 'owner';
for (const role of [FIRST, 'maintainer', 'stranger'] as const)
  test.describe(`as ${role}`, () => {
    let context: BrowserContext;
    let page: Page;
    test.beforeAll(async ({ browser }) => {
      const options = { baseURL: process.env.E2E_URL, viewport: { width: 360, height: 740 } };
      context = await browser.newContext(options);
      page = await context.newPage();
      if (role !== 'stranger') await signIn(page, role === 'owner' ? owner : maintainer);
    });
    test.afterAll(() => context.close());

    for (const [file, paths] of Object.entries(PAGES))
      test(file, async () => {
        if (process.env.SCREENSHOTS) test.setTimeout(300_000 + paths.length * 60_000);
        for (const [i, path] of paths.entries()) {
          const address = fill(path);
          // the first to look has nothing to compare with
          const opened = role === FIRST ? await openPage(page, address) : null;
          const html = await (opened ?? (await context.request.get(address))).text();
          // columns that a reader asks for come on top
          if (file === BOARD && !path.includes('columns='))
            expect.soft(Buffer.byteLength(html), `${path}: bytes of HTML`).toBeLessThan(MOST_HTML_OF_BOARD);
          const content = contentOf(html);
          // the other addresses of a page are made of the same parts
          const whole = i === 0 && !accessible.has(content);
          if (seen.has(content) && !whole) continue;
          if (!opened) await openPage(page, address);
          await rendered(page);
          expect.soft(await tooWide(page), path).toEqual([]);
          if (whole) expect.soft(await findFaultsInLightAndDark(page), path).toEqual([]);
          if (i === 0) {
            const bytes = await scriptBytes(page);
            expect.soft(bytes, `${path}: bytes of script`).toBeGreaterThan(0);
            expect
              .soft(bytes, `${path}: bytes of script`)
              .toBeLessThan(WITH_FILES.includes(file) ? MOST_SCRIPT_WITH_FILES : MOST_SCRIPT);
          }
          seen.add(content);
          if (whole) accessible.add(content);
          if (process.env.SCREENSHOTS) await shoot(page, process.env.SCREENSHOTS, role, path);
        }
      });
  });

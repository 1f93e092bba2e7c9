/**
 * Every page, as a stranger, its owner and a maintainer see it, on a narrow screen and with the longest names there
 * may be: nothing is wider than the page, and nothing stands in the way of assistive technology, in light and dark.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { BrowserContext, Page } from '@playwright/test';
import { inArray } from 'drizzle-orm';
import { getDatasetByName, registerDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { announce, endAnnouncement } from '#db/notices/announcements.ts';
import { notify } from '#db/notices/notices.ts';
import { createTeam, invite } from '#db/people/teams.ts';
import { createToken } from '#db/people/tokens.ts';
import {
  datasets,
  evaluations,
  methods,
  type Submission,
  submissionFiles,
  submissions,
  teams,
  users,
} from '#db/schema.ts';
import { makeAnonymous, makeReviewLink } from '#db/submissions/anonymity.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import { routeFiles } from '#tests/app-files.ts';
import { someReports } from '#tests/db/fixtures.ts';
import { expect, rendered, signIn, test } from './site-test.ts';

const TASKS = listOpenTasks().map(({ id }) => id);

/** Addresses of every page; `{…}` is filled in with what is planted below. A page without a row fails the test. */
const PAGES: Record<string, string[]> = {
  'app/account/deleted/page.tsx': ['/account/deleted'],
  'app/account/page.tsx': ['/account'],
  'app/datasets/[name]/page.tsx': [...TASKS.map((task) => `/datasets/{demo ${task}}`), '/datasets/{dataset}'],
  'app/datasets/page.tsx': ['/datasets'],
  'app/docs/page.tsx': ['/docs'],
  'app/docs/problems/page.tsx': ['/docs/problems'],
  'app/entries/[id]/page.tsx': [
    ...TASKS.map((task) => `/entries/{entry ${task}}`),
    ...['/entries/{published}', '/entries/{anonymous}', '/entries/{withdrawn}'],
  ],
  'app/leaderboards/[task]/page.tsx': [
    ...TASKS.map((task) => `/leaderboards/${task}?dataset={demo ${task}}`),
    ...['/leaderboards/livecell-wide?dataset={dataset}', '/leaderboards/livecell-wide?columns=ap-by-type'],
    ...['/leaderboards/single-cell-type?cellType=BV2', '/leaderboards/livecell-wide?cellType=A172&evaluation=bbox'],
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
  'app/submissions/[id]/page.tsx': [
    ...['/submissions/{private}', '/submissions/{pending}', '/submissions/{published}', '/submissions/{anonymous}'],
    ...['/submissions/{rejected}', '/submissions/{failed}', '/submissions/{withdrawn}'],
  ],
  'app/submissions/page.tsx': ['/submissions'],
  'app/submit/page.tsx': [...TASKS.map((task) => `/submit?task=${task}`), '/submit?from={rejected}'],
  'app/tasks/[id]/page.tsx': TASKS.map((task) => `/tasks/${task}`),
  'app/tasks/page.tsx': ['/tasks'],
  'app/teams/[id]/page.tsx': ['/teams/{team}'],
  'app/teams/join/[secret]/page.tsx': ['/teams/join/{invitation}', '/teams/join/none'],
  'app/teams/page.tsx': ['/teams'],
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
    const board = await request.get(`/api/v1/leaderboards/${id}?dataset=${encodeURIComponent(demo)}`);
    const { rows } = (await board.json()) as { rows: { id: string; kind: string }[] };
    names[`entry ${id}`] = rows.find(({ kind }) => kind === 'entry')!.id;
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
      await tx.insert(evaluations).values(
        someReports({}, sha256).map((report) => ({
          submissionId: id,
          protocol: report.protocol,
          groundTruthSha256: sha256,
          evaluatorVersion: report.evaluator.version,
          report,
        })),
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

/** All rules in light; in dark only colours can differ. */
async function inTheWay(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const builder = new AxeBuilder({ page });
    const { violations } = await (scheme === 'dark' ? builder.withRules(['color-contrast']) : builder).analyze();
    for (const { id, nodes } of violations)
      found.push(
        ...nodes.map(({ html, failureSummary }) => `${scheme}: ${id}: ${html.slice(0, 160)} ${failureSummary}`),
      );
  }
  return found;
}

test('every page has a row here, and no row is of a page that is gone', () => {
  expect(Object.keys(PAGES).sort()).toEqual(routeFiles(/^page\.tsx$/));
});

/** What was looked at as somebody else is not looked at again. */
const seen = new Set<string>();

for (const role of ['owner', 'maintainer', 'stranger'] as const)
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
        test.setTimeout(60_000 + paths.length * 15_000);
        for (const [i, path] of paths.entries()) {
          await page.goto(fill(path));
          await rendered(page);
          expect.soft(await tooWide(page), path).toEqual([]);
          // the other addresses of a page are made of the same parts
          const content = i === 0 ? await page.locator('main').innerHTML() : '';
          if (i === 0 && !seen.has(content)) expect.soft(await inTheWay(page), path).toEqual([]);
          seen.add(content);
        }
      });
  });

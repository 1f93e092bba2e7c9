/**
 * A crawl for ground truth that is not public: it is registered with numbers and words that stand nowhere else, files
 * are scored and refused on it, and everything the running site answers in every role is searched for them, before
 * publication and after. At the end the ground truth is made public, and the crawl must find it, so that it can fail.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eq, inArray } from 'drizzle-orm';
import { saveEvaluations } from '#db/board/values.ts';
import { getDatasetByName } from '#db/datasets/datasets.ts';
import { closeDb, db } from '#db/engine/client.ts';
import {
  auditEvents,
  type Dataset,
  datasets,
  evaluations,
  groundTruthImports,
  groundTruthVersions,
  notices,
  outbox,
  rescores,
  submissions,
} from '#db/schema.ts';
import { approve, hide, restore } from '#db/submissions/moderation.ts';
import type { Report } from '#lib/tasks/report.ts';
import { type PrivateTruth, plantPrivateTruth } from '#tests/private-truth.ts';
import { type Caller, headersOf, makeThings, type Things, VISITS } from '#tests/roles/addresses.ts';
import { type Cast, dismiss, makeCast, tokenOf } from '#tests/roles/cast.ts';
import { ROOT } from './running-site.ts';
import { document, expect, onSite, temporaryFolder, test } from './site-test.ts';

test.describe.configure({ mode: 'serial' });

const before = process.env.DATABASE_URL;
const stamp = Date.now().toString(36); // a site may see the tests more than once
const WIDE = `Sealed outlines ${stamp}`;
const COUNTS = `Sealed counts ${stamp}`;

let truth: PrivateTruth;
let cast: Cast;
let things: Things;
let headers: Record<Caller, Record<string, string>>;
let sets: Dataset[];
/** what the command line was told of submissions */
const answers: string[] = [];
/** scored on private ground truth, and one whose file was refused, for each task */
const entries = { wide: '', wideWrong: '', counts: '', countsWrong: '' };

test.beforeAll(async ({ request }) => {
  const { tasks } = await (await request.get(`${process.env.E2E_URL}/api/v1/tasks`)).json();
  const demo = tasks[0].datasets.find((dataset: { demo: boolean }) => dataset.demo).name;
  process.env.DATABASE_URL = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8')).databaseUrl;
  truth = plantPrivateTruth(temporaryFolder());
  await document(['import-ground-truth', truth.outlines, '--name', WIDE]);
  const counts = ['--task', 'fluorescence-counts', '--name', COUNTS, `A172=${truth.counts}`];
  await document(['import-ground-truth', ...counts]);
  sets = await Promise.all([WIDE, COUNTS].map(async (name) => (await getDatasetByName(name))!));
  // what a maintainer sends in through the site is listed with its file's name
  await db()
    .insert(groundTruthImports)
    .values({
      datasetId: sets[0].id,
      name: WIDE,
      task: sets[0].task,
      note: 'First',
      files: [{ slot: '', fileName: truth.outlines.split('/').at(-1)!, bytes: 3, sha256: 'f', storageKey: 'x' }],
      state: 'done',
    });

  cast = await makeCast(sets[0]);
  headers = await headersOf(cast);
  const wide = ['--dataset', WIDE];
  const counted = ['--task', 'fluorescence-counts', '--dataset', COUNTS];
  const { predictions } = truth;
  entries.wide = await submit(`Wide ${stamp}`, [...wide, predictions.outlines]);
  entries.wideWrong = await submit(`Wide wrong ${stamp}`, [...wide, predictions.wrong], false);
  entries.counts = await submit(`Counts ${stamp}`, [...counted, `A172=${predictions.counts}`]);
  entries.countsWrong = await submit(`Counts wrong ${stamp}`, [...counted, `A172=${predictions.wrongCounts}`], false);

  things = await makeThings(cast, demo, async () => 'none');
  // everybody's entries have the reports that were made here, with all that is in them
  const own = await db().select().from(evaluations).where(eq(evaluations.submissionId, entries.wide));
  for (const submissionId of [things.mine, things.ours, things.open, things.sealed]) {
    await db().delete(evaluations).where(eq(evaluations.submissionId, submissionId));
    await saveEvaluations(
      own.map(({ id: _, report, ...row }) => ({ ...row, report: report as Report, submissionId })),
      db(),
    );
  }
});

/** Submit files as the owner, wait for what becomes of them, and return the submission's id. */
async function submit(name: string, args: string[], works = true): Promise<string> {
  const token = await tokenOf(cast.ids.owner, ['read', 'submit']);
  const about = ['--method', name, '--token', token, '--server', process.env.E2E_URL!, '--wait', '--publish'];
  const { status, stdout, stderr } = await onSite(['submit', ...about, ...args, '--json']);
  expect(status, stderr).toBe(works ? 0 : 1);
  const [row] = await db().select().from(submissions).where(eq(submissions.method, name));
  expect(row).toMatchObject({ state: works ? 'scored' : 'rejected' });
  answers.push(stdout + stderr);
  return row.id;
}

test.afterAll(async () => {
  const ids = (sets ?? []).map(({ id }) => id);
  await db().delete(submissions).where(inArray(submissions.datasetId, ids));
  if (cast) await dismiss([cast], sets[0]);
  await db().delete(rescores).where(inArray(rescores.datasetId, ids));
  await db().delete(groundTruthVersions).where(inArray(groundTruthVersions.datasetId, ids));
  await db().delete(datasets).where(inArray(datasets.id, ids));
  await closeDb();
  if (before === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = before;
});

/** How a browser's router asks for a page: the answer is the tree of components with all their properties. */
const AS_COMPONENTS = { rsc: '1' };

/** Headers that count requests and bytes, and so come by any number sooner or later. */
const COUNTING = ['ratelimit', 'content-length'];
/** Fields of log lines that measure or count, and so come by any number, too. */
const MEASURED = /"(?:time|pid|ms|milliseconds|bytes)":(?:"[^"]*"|[\d.]+)/g;

interface Asked {
  path: string;
  components: boolean;
}

async function ask({ path, components }: Asked, caller: Caller): Promise<string> {
  const site = process.env.E2E_URL!;
  const stop = new AbortController();
  const response = await fetch(site + path, {
    redirect: 'manual',
    headers: { ...headers[caller], ...(components && AS_COMPONENTS) },
    signal: stop.signal,
  });
  // an open stream of events never ends
  const timer = setTimeout(() => stop.abort(), 20_000);
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
  clearTimeout(timer);
  // the numbers of requests, bytes and seconds, each at the end of a line
  const body = path === '/api/metrics' ? text.replace(/ \S+$/gm, '') : text;
  expect(response.status, `${path} as ${caller}`).toBeLessThan(500);
  const told = [...response.headers].filter(([name]) => !COUNTING.includes(name));
  return `${told.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${body}`;
}

/** Addresses about an entry. */
function about(id: string): string[] {
  return [
    `/entries/${id}`,
    `/submissions/${id}`,
    `/submit?from=${id}`,
    `/api/v1/submissions/${id}`,
    `/api/v1/submissions/${id}/receipt`,
    `/api/v1/submissions/${id}/events`,
    `/api/v1/submissions/${id}/images`,
    `/entries/${id}/images?against=${things.sealed}`,
    `/maintain/entries/${id}`,
  ];
}

/** Addresses about these data sets and entries, with every view of them. */
function addresses(): string[] {
  const [wide, counts] = [WIDE, COUNTS].map(encodeURIComponent);
  const board = (task: string, dataset: string, more: string[]) =>
    more.flatMap((rest) => [
      `/leaderboards/${task}?dataset=${dataset}${rest}`,
      ...['json', 'csv', 'bibtex'].map((f) => `/api/v1/leaderboards/${task}?dataset=${dataset}&format=${f}${rest}`),
    ]);
  return [
    ...board('livecell-wide', wide, ['', '&protocol=coco', '&evaluation=bbox', '&cellType=A172']),
    ...board('single-cell-type', wide, ['']),
    ...board('fluorescence-counts', counts, ['', '&cellType=A172']),
    ...[wide, counts].flatMap((name) => [
      `/datasets/${name}`,
      `/api/v1/datasets/${name}/images`,
      `/datasets/${name}/pictures/A172_Phase_C7_1_00d00h00m_1.png`,
      `/submit?dataset=${name}`,
    ]),
    ...[...Object.values(entries), things.sealed].flatMap(about),
    `/entries/${entries.wide}?protocol=coco`,
    `/entries/${entries.counts}/badge.svg`,
    ...sets.map(({ id }) => `/maintain/ground-truth/${id}`),
    ...['', '&type=A172', '&day=0&by=density'].flatMap((more) => [
      `/leaderboards/livecell-wide/slices?dataset=${wide}${more}`,
      `/api/v1/leaderboards/livecell-wide/slices?dataset=${wide}${more}`,
    ]),
    ...['/compare?', '/api/v1/compare?', '/api/v1/compare?format=csv&'].flatMap((path) => [
      `${path}entries=${entries.wide},${things.sealed}`,
      `${path}entries=${entries.wide},${things.sealed}&found=10&evaluation=bbox`,
    ]),
    '/maintain/audit',
    '/account/data',
    '/feed.xml',
  ];
}

const isPage = (path: string) => !/^\/(api\/|feed|account\/data)|\.(svg|png)/.test(path);

/** What the site says to `callers` and must not. */
async function crawl(paths: string[], callers: readonly Caller[]): Promise<string[]> {
  const found: string[] = [];
  for (const caller of callers) {
    // a document holds the tree of its components as well; a stranger's may come from the page cache
    const waiting = paths.flatMap((path) => [
      { path, components: false },
      ...(caller === 'stranger' && isPage(path) ? [{ path, components: true }] : []),
    ]);
    const next = async () => {
      for (let one = waiting.pop(); one; one = waiting.pop()) {
        const secrets = truth.secretsIn(await ask(one, caller));
        // maintainers read what the file was called that they sent in
        const may = caller === 'maintainer' && one.path.startsWith('/maintain/ground-truth') ? ['word truth'] : [];
        for (const secret of secrets.filter((name) => !may.includes(name)))
          found.push(`${caller}: ${one.path}${one.components ? ' as components' : ''} holds ${secret}`);
      }
    };
    await Promise.all([next(), next(), next()]);
  }
  return found;
}

test('before publication nothing of it is said to anybody', async () => {
  expect(await crawl(addresses(), ['stranger', 'owner', 'maintainer'])).toEqual([]);
  // the same report as another person's and another team's
  const theirs = [...about(things.ours), ...about(things.mine), '/account/data'];
  expect(await crawl(theirs, ['other', 'team member', 'suspended'])).toEqual([]);
});

test('nor after publication', async () => {
  await approve(entries.wide, null);
  await approve(entries.counts, null);
  expect(await crawl(addresses(), ['stranger', 'owner', 'maintainer'])).toEqual([]);
  // a decision's reason is public or goes to the owner; what the inbox says goes to maintainers
  await hide(entries.counts, null, 'a question');
  await restore(entries.counts, null, 'answered');
});

test('no other page or route says anything of it', async () => {
  const visits = VISITS.filter(({ visit }) => (visit.method ?? 'GET') === 'GET' && !visit.headers);
  const paths = await Promise.all(visits.map(({ visit }) => visit.path(things)));
  expect(await crawl([...new Set(paths)], ['other', 'maintainer'])).toEqual([]);
});

test('answers to the command line, notices, letters and the logs say nothing of it', async () => {
  const rows = [
    answers,
    await db().select().from(notices),
    await db().select().from(outbox),
    await db().select().from(auditEvents),
    await db()
      .select({ problems: submissions.problems, warnings: submissions.warnings, failure: submissions.failure })
      .from(submissions),
  ];
  expect(truth.secretsIn(JSON.stringify(rows))).toEqual([]);
  const log = join(ROOT, 'test-results', 'logs', `site-${new URL(process.env.E2E_URL!).port}.log`);
  // a site that somebody keeps running writes its log elsewhere
  expect(existsSync(log)).toBe(process.env.E2E_SITES !== undefined);
  if (existsSync(log)) expect(truth.secretsIn(readFileSync(log, 'utf8').replace(MEASURED, ''))).toEqual([]);
});

test('of the same counts, registered as public, the crawl finds them', async () => {
  const name = `Open counts ${stamp}`;
  const task = ['--task', 'fluorescence-counts'];
  await document(['import-ground-truth', ...task, '--name', name, '--public', `A172=${truth.counts}`]);
  sets.push((await getDatasetByName(name))!);
  const id = await submit(`Open ${stamp}`, [...task, '--dataset', name, `A172=${truth.predictions.counts}`], true);
  const found = await crawl([`/api/v1/submissions/${id}`], ['owner']);
  expect(found.filter((line) => line.includes('count ')).length).toBeGreaterThan(5);
});

/**
 * What full-size submissions do to readers, and how long their owner waits: a site as `npm start` runs it, with a second
 * scoring process, real files, and a browser that uploads one.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { type Client, connect } from '#db/engine/client.ts';
import { makeOperatorLink, signInAddress } from '#db/people/sign-in-links.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser } from '#db/people/users.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { findChromium } from '#tests/e2e/chromium.ts';
import { type Ended, freePort, livecell, start, startSite } from '#tests/e2e/running-site.ts';
import { BARE, end, type Figures, load, megabytes, ROOT, ready } from './load.ts';
import { makeData, SIZES } from './make-data.ts';

const n = (value: number) => Math.round(value).toLocaleString('en');
/** Rounds of the upload: the first also starts what later ones find running. */
const UPLOADS = 3;

/** Print a table of readers with and without scoring, and the seconds from last byte to score. */
export async function measureFullSize(how: { seconds: number; connections: number }): Promise<void> {
  const files = await makeData(join(ROOT, '.cache/bench'), SIZES.full);
  const data = temporaryFolder();
  // nothing here is one person too many
  for (const limit of ['QUOTA', 'OPEN_JOBS', 'RUNS_PER_DAY', 'LIMIT_FACTOR']) process.env[`LIVECELL_${limit}`] = '0';
  const site = await startSite(data, await freePort(), 300);
  const { databaseUrl } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as { databaseUrl: string };
  const client = connect(databaseUrl, { max: 1 });
  const second = start('livecell.mjs', ['worker'], { LIVECELL_DATA: data, DATABASE_URL: databaseUrl });
  try {
    const args = ['import-ground-truth', files.groundTruth, '--name', 'Full size', '--public'];
    requireSuccess(await livecell(args, { LIVECELL_DATA: data }));
    await measureWait(site.url, client, files.predictions);
    await measureReaders(site, client, files.predictions, how);
  } finally {
    second.kill('SIGTERM');
    await second.ended;
    await client.close();
    await site.stop();
  }
}

function requireSuccess({ status, stdout, stderr }: Ended): void {
  if (status !== 0) throw new Error(`A command ended with status ${status}:\n${stdout}${stderr}`);
}

/** Upload through a browser; print the seconds from the last byte's answer to the score on the page. */
async function measureWait(url: string, { db }: Client, predictions: string): Promise<void> {
  const found = findChromium(ROOT);
  if (!found) throw new Error('There is no Chromium: set CHROMIUM_PATH.');
  const browser = await chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(signInAddress(url, await makeOperatorLink(db)));
    await page.getByLabel('Name').fill('Bench');
    await page.getByLabel('E-mail').fill('bench@example.org');
    await page.getByLabel(/^Researcher/).check();
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL((address) => !address.pathname.startsWith('/sign-in'));
    let arrived = 0;
    page.on('response', (response) => {
      if (response.request().method() === 'PATCH') arrived = performance.now();
    });
    const seconds: string[] = [];
    for (let round = 0; round < UPLOADS; round++) {
      await page.goto('about:blank');
      await page.goto(`${url}/submit`);
      await page.getByLabel('Method name').fill(`Full size ${round + 1}`);
      await page.locator('input[type=file]').first().setInputFiles(predictions);
      await page.getByText('arrived whole').waitFor({ timeout: 120_000 });
      await page.getByRole('button', { name: 'Submit for scoring' }).click();
      await page.getByRole('heading', { name: 'Results' }).waitFor({ timeout: 120_000 });
      seconds.push(((performance.now() - arrived) / 1000).toFixed(1));
      // what follows a score (details, families) is not the next one's burden
      await untilIdle(db);
    }
    console.log(`\nFrom the last byte to the score on the page, full size, seconds: ${seconds.join(', ')}\n`);
  } finally {
    await browser.close();
  }
}

/** Wait until nothing is being scored and all details of scores are computed, for at most a minute. */
async function untilIdle(db: Client['db']): Promise<void> {
  for (let i = 0; i < 120; i++) {
    const [{ n: left }] = await db.execute(
      "select (select count(*) from submissions where state in ('queued', 'scoring')) + (select count(*) from outcomes where slices is null and failure is null) as n",
    );
    if (Number(left) === 0) return;
    await sleep(500);
  }
}

interface Served {
  url: string;
  pid: number;
}

/** Load on cached and on new pages, alone and while both scoring processes have a full-size file. */
async function measureReaders(
  site: Served,
  { db }: Client,
  predictions: string,
  how: { seconds: number; connections: number },
): Promise<void> {
  const web = webProcessOf(site.pid);
  const { id } = await ensureUser({ name: 'Bench', email: 'bench@example.org' }, db);
  const { token } = await createToken(id, 'bench', undefined, db);
  const board = `${site.url}/leaderboards/livecell-wide`;
  const barePort = await freePort();
  const bare = spawn(process.execPath, ['-e', BARE, board, String(barePort)], { stdio: 'inherit' });
  const pages: [string, string, number, Record<string, string>?][] = [
    ['bare server', `http://127.0.0.1:${barePort}/`, bare.pid!],
    ['board, cached', board, web],
    ['board, made anew', board, web, { cookie: 'authjs.session-token=none' }],
  ];
  const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  const figures = (of: string, scoring: string, f: Figures, pid: number) =>
    row([of, scoring, n(f.perSecond), n(f.perCore), f.p50, f.p99, n(megabytes(pid))]);
  row(['page', 'being scored', 'req/s', 'req/s and core', 'p50 ms', 'p99 ms', 'memory MB']);
  row(Array(7).fill('---'));
  try {
    await ready(`http://127.0.0.1:${barePort}/`);
    for (const [of, url, pid, headers] of pages) figures(of, 'nothing', await load(url, pid, { ...how, headers }), pid);
    let round = 0;
    for (const [of, url, pid, headers] of pages) {
      const sent = [1, 2].map((k) =>
        livecell(
          [
            'submit',
            '--server',
            site.url,
            '--task',
            'livecell-wide',
            '--dataset',
            'Full size',
            '--method',
            `Load ${++round} ${k}`,
            predictions,
          ],
          { LIVECELL_TOKEN: token, LIVECELL_DATA: undefined },
        ),
      );
      for (const ended of await Promise.all(sent)) requireSuccess(ended);
      const scoring = await beingScored(db);
      const f = await load(url, pid, { ...how, seconds: Math.min(2, how.seconds), headers });
      figures(of, `${scoring} at first, ${await beingScored(db)} at the end`, f, pid);
      await untilIdle(db);
    }
  } finally {
    await end(bare);
  }
}

async function beingScored(db: Client['db']): Promise<number> {
  const [{ n: count }] = await db.execute("select count(*)::int as n from submissions where state = 'scoring'");
  return Number(count);
}

/** Return the process id of the web process that a launcher started. */
function webProcessOf(launcher: number): number {
  const children = readFileSync(`/proc/${launcher}/task/${launcher}/children`, 'utf8').trim().split(' ').map(Number);
  const found = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('web.ts'));
  if (!found) throw new Error('The site has no web process.');
  return found;
}

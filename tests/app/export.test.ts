/** The public site as files: opens from a folder, has the API's numbers, and shows when it was changed. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GET as changes } from '#app/api/v1/changes/route.ts';
import { GET as leaderboard } from '#app/api/v1/leaderboards/[task]/route.ts';
import { GET as snapshotOf } from '#app/api/v1/snapshots/[id]/route.ts';
import { GET as receipt } from '#app/api/v1/submissions/[id]/receipt/route.ts';
import { GET as read } from '#app/api/v1/submissions/[id]/route.ts';
import { GET as chartOf } from '#app/charts/[task]/route.ts';
import { takeSnapshots } from '#db/board/snapshots.ts';
import { db } from '#db/engine/client.ts';
import { makeAnonymous } from '#db/submissions/anonymity.ts';
import { approve, hide } from '#db/submissions/moderation.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { canariesIn, type Planted, plantCanaries } from '#tests/canaries.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { checkCopy } from '#workers/export/manifest.ts';
import { exportDaily, exportSite } from '#workers/export/site.ts';
import { openSite } from './site.ts';

openSite();

/** what the routes take for their own address, asked without a host */
const SITE = 'http://localhost:3000';
const parent = temporaryFolder();
const folder = join(parent, 'copy');
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let planted: Planted;
let open: string;
let gone: string;
let hidden: string;
let secret: string;
let snapshots: string[];
beforeAll(async () => {
  const dataset = await someDataset(db());
  const entry = async (method: string, AP: number, published = true) => {
    const { id } = await createSubmission(someSubmission(dataset, { method, visibility: 'pending' }));
    await startScoring(id, 1);
    await saveReports(id, someReports({ AP }));
    if (published) await approve(id, null);
    return id;
  };
  planted = await plantCanaries(db(), dataset, someReports());
  open = await entry('A <b>&"bold" method', 0.479123456789012);
  gone = await entry('Withdrawn method', 0.3);
  hidden = await entry('Rude name', 0.2);
  snapshots = await takeSnapshots(new Date(Date.now() - 86_400_000));
  await withdraw(gone, null, { reason: 'mistake' });
  await hide(hidden, null, 'It offends');
  secret = await entry('Never public', 0.9, false);
  await makeAnonymous(secret, null, null);
  snapshots.push(...(await takeSnapshots()));
  await exportSite(folder, { site: SITE });
});

const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => posix.join(file.parentPath.slice(folder.length + 1).replaceAll('\\', '/'), file.name));
const text = (path: string) => readFileSync(join(folder, path), 'utf8');
const json = (path: string) => JSON.parse(text(path));
type Route = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
const ask = async (route: Route, params: Record<string, string>, search = '') =>
  route(new Request(`${SITE}/x${search}`), { params: Promise.resolve(params) });

test('every link of every page leads to a file of the copy, or to the web', () => {
  const pages = files().filter((path) => path.endsWith('.html'));
  expect(pages.length).toBeGreaterThan(15);
  let links = 0;
  for (const path of pages) {
    const page = text(path);
    expect(page).not.toMatch(/<script|onclick|http-equiv/i);
    expect(page).toMatch(/^<!doctype html>/);
    for (const [, address] of page.matchAll(/(?:href|src)="([^"]*)"/g)) {
      if (/^https?:\/\//.test(address)) continue;
      links++;
      const target = join(folder, dirname(path), address.split('#')[0]);
      expect(existsSync(target), `${path} → ${address}`).toBe(true);
    }
  }
  expect(links).toBeGreaterThan(60);
  // and every page can be reached from the first
  const reached = new Set<string>();
  const walk = (path: string) => {
    if (reached.has(path) || !path.endsWith('.html')) return;
    reached.add(path);
    for (const [, address] of text(path).matchAll(/href="([^":]*)"/g)) walk(posix.join(posix.dirname(path), address));
  };
  walk('index.html');
  expect(pages.filter((path) => !reached.has(path))).toEqual([]);
});

describe('its numbers are the API’s', () => {
  test.each(
    ['livecell-paper', 'livecell-code', 'coco'].flatMap((protocol) => ['segm', 'bbox'].map((of) => [protocol, of])),
  )('board under %s, %s', async (protocol, evaluation) => {
    const [path] = files().filter((path) => path.endsWith(`${protocol}-${evaluation}.json`));
    const search = `?protocol=${protocol}&evaluation=${evaluation}`;
    const answer = await ask(leaderboard, { task: 'livecell-wide' }, search);
    expect(json(path)).toEqual(await answer.json());
    const csv = await ask(leaderboard, { task: 'livecell-wide' }, `${search}&format=csv`);
    expect(text(path.replace('.json', '.csv'))).toBe(await csv.text());
    const bibtex = await ask(leaderboard, { task: 'livecell-wide' }, `${search}&format=bibtex`);
    expect(text(path.replace('.json', '.bib'))).toBe(await bibtex.text());
  });

  test('charts of a board', async () => {
    const [first, ...more] = files().filter((path) => /livecell-paper-segm-chart-\d+\.csv$/.test(path));
    expect(more.length).toBeGreaterThan(0);
    const dataset = json(first.replace(/-chart-\d+\.csv$/, '.json')).dataset.name;
    for (const path of [first, ...more]) {
      const chart = /-(\d+)\.csv$/.exec(path)![1];
      const search = `?${new URLSearchParams({ dataset, chart, format: 'csv' })}`;
      const answer = await (await ask(chartOf, { task: 'livecell-wide' }, search)).text();
      // the last column has the address that it was asked at
      const numbers = (csv: string) => csv.split('\r\n').map((line) => line.split(',').slice(0, 5));
      expect(numbers(text(path))).toEqual(numbers(answer));
      expect(text(path.replace('.csv', '.svg'))).toContain('LIVECell benchmark, ');
    }
  });

  test('entries, receipts, snapshots and the log', async () => {
    for (const id of [open, planted.id]) {
      expect(json(`entries/${id}.json`)).toEqual(await (await ask(read, { id })).json());
      expect(json(`entries/${id}-receipt.json`)).toEqual(await (await ask(receipt, { id })).json());
    }
    expect(text(`entries/${open}.json`)).toContain('0.479123456789012');
    expect(snapshots.length).toBe(2);
    for (const id of snapshots)
      expect(json(`snapshots/${id}.json`)).toEqual(await (await ask(snapshotOf, { id })).json());
    expect(text('changes.csv')).toBe(await (await ask(changes, {}, '?format=csv')).text());
  });
});

test('it shows what strangers see, and nothing else', () => {
  for (const path of files()) {
    const content = text(path);
    expect(canariesIn(content, planted), path).toEqual([]);
    expect(content, path).not.toMatch(/Never public|Rude name|It offends/);
    if (path.endsWith('.html')) expect(content, path).not.toContain('<b>');
  }
  expect(files().some((path) => path.includes(secret))).toBe(false);
  expect(text(`entries/${open}.html`)).toContain('A &lt;b&gt;&amp;&quot;bold&quot; method');
  expect(text(`entries/${gone}.html`)).toMatch(/Withdrawn by its owner on .*: a mistake was found in it/);
  expect(json(`entries/${gone}.json`)).toMatchObject({ what: 'withdrawn', reason: 'mistake' });
  expect(text(`entries/${hidden}.html`)).toContain('A maintainer took it off the board');
});

describe('the manifest', () => {
  test('lists every file, signed by the site', async () => {
    const found = await checkCopy(folder);
    expect(found).toMatchObject({ signature: 'valid', changed: [], missing: [], added: [] });
    expect(found.manifest.files.map(({ path }) => path).sort()).toEqual(
      files()
        .filter((path) => path !== 'manifest.json')
        .sort(),
    );
    expect(await checkCopy(folder, [])).toMatchObject({ signature: 'unknown-key' });
  });

  test('shows what was changed, removed and added, and a manifest that was adapted to it', async () => {
    const before = text('manifest.json');
    appendFileSync(join(folder, 'changes.csv'), 'x');
    rmSync(join(folder, 'published.csv'));
    writeFileSync(join(folder, 'more.html'), '');
    expect(await checkCopy(folder)).toMatchObject({
      signature: 'valid',
      changed: ['changes.csv'],
      missing: ['published.csv'],
      added: ['more.html'],
    });
    writeFileSync(join(folder, 'manifest.json'), before.replace(/"bytes": (\d)/, '"bytes": 1$1'));
    expect((await checkCopy(folder)).signature).toBe('invalid');
  });
});

test('an earlier copy is replaced, once a day where it is kept; another folder is left alone', async () => {
  expect(await exportDaily(folder, { site: SITE })).toBeNull();
  const tomorrow = new Date(Date.now() + 86_400_000);
  expect(await exportDaily(folder, { site: SITE, now: tomorrow })).toMatchObject({ entries: 2, snapshots: 2 });
  expect(await checkCopy(folder)).toMatchObject({ signature: 'valid', changed: [], missing: [], added: [] });
  expect(readdirSync(parent)).toEqual(['copy']);

  const other = join(parent, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'thesis.txt'), 'mine');
  await expect(exportSite(other, { site: SITE })).rejects.toThrow(/holds other files/);
  expect(readdirSync(other)).toEqual(['thesis.txt']);
  writeFileSync(join(parent, 'third.lock'), '');
  await expect(exportSite(join(parent, 'third'), { site: SITE })).rejects.toThrow(/Another export is being written/);
});

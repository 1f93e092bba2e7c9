/**
 * `npm run bench:site -- --lighthouse`: Lighthouse on a telephone, over six pages of a built site with the demo benchmark.
 * The program is fetched on demand and is no part of the site. Its numbers of speed are those of the machine: on a busy
 * one, believe the best of several runs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '#tests/e2e/chromium.ts';
import { freePort, ROOT, startSite } from '#tests/e2e/running-site.ts';

const PROGRAM = 'lighthouse@13.5.0';
const CATEGORIES = {
  performance: 'Performance',
  accessibility: 'Accessibility',
  'best-practices': 'Practices',
  seo: 'SEO',
};

interface Audit {
  title: string;
  score: number | null;
  scoreDisplayMode: string;
  displayValue?: string;
  numericValue?: number;
}
interface Result {
  categories: Record<string, { score: number; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, Audit>;
}

/** Return the pages that people come to first: of the demo data set, where a page is about one. */
async function pagesOf(site: string): Promise<Record<string, string>> {
  const { dataset, rows } = await (await fetch(`${site}/api/v1/leaderboards/livecell-wide`)).json();
  return {
    home: '/',
    board: '/leaderboards/livecell-wide',
    entry: `/entries/${rows[0].id}`,
    'data set': `/datasets/${encodeURIComponent(dataset.name)}`,
    task: '/tasks/livecell-wide',
    documentation: '/docs',
  };
}

function visit(url: string, chromium: string, folder: string): Result {
  const output = join(folder, 'report.json');
  execFileSync(
    'npx',
    [
      ...['--yes', PROGRAM, url, '--quiet', '--output=json', `--output-path=${output}`],
      `--only-categories=${Object.keys(CATEGORIES).join(',')}`,
      '--chrome-flags=--headless=new --disable-gpu --no-sandbox',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, CHROME_PATH: chromium } },
  );
  return JSON.parse(readFileSync(output, 'utf8'));
}

/** Print a row per page: the best of `runs` by performance, and each check that costs it points. */
export async function benchLighthouse(runs: number): Promise<void> {
  const chromium = findChromium(ROOT);
  if (!chromium) throw new Error('There is no Chromium for Lighthouse: set CHROMIUM_PATH.');
  const folder = mkdtempSync(join(tmpdir(), 'livecell-lighthouse-'));
  const site = await startSite(join(folder, 'data'), await freePort(), 480);
  const row = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  try {
    row(['page', ...Object.values(CATEGORIES), 'LCP', 'blocked', 'shift']);
    row(Array(8).fill('---'));
    const faults: string[] = [];
    const pages = Object.entries(await pagesOf(site.url));
    // into the cache, as for all readers but the first
    for (const [, path] of pages) await (await fetch(site.url + path)).arrayBuffer();
    for (const [name, path] of pages) {
      const results = Array.from({ length: runs }, () => visit(site.url + path, chromium, folder));
      const { categories, audits } = results.reduce((best, one) =>
        one.categories.performance.score > best.categories.performance.score ? one : best,
      );
      const scores = Object.keys(CATEGORIES).map((id) => Math.round(100 * categories[id].score));
      const said = (id: string) => audits[id]?.displayValue ?? '–';
      row([
        name,
        ...scores,
        said('largest-contentful-paint'),
        said('total-blocking-time'),
        said('cumulative-layout-shift'),
      ]);
      for (const [id, { auditRefs }] of Object.entries(categories))
        for (const { id: audit, weight } of auditRefs) {
          const { score, title, displayValue = '' } = audits[audit];
          if (weight > 0 && score !== null && score < 0.9)
            faults.push(`${name}, ${id}: ${title} ${displayValue}`.trim());
        }
    }
    console.log(`\n${faults.length > 0 ? faults.join('\n') : 'Nothing costs points.'}`);
  } finally {
    await site.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

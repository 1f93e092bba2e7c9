/**
 * `npm test`: everything, on a machine that has Node and npm and nothing else. Chromium and PostgreSQL are fetched when
 * they are missing; what could not run all the same is named in the last lines, and is a failure where CI is set.
 *
 *   npm test                   all steps
 *   npm test -- types unit     only these
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import '#workers/kernels.mjs';
import { buildIfNeeded } from '#workers/site/build.ts';
import { findPostgres } from './db/postgres-server.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'livecell-test-'));
const strict = Boolean(process.env.CI) && process.env.CI !== 'false';
const seconds = () => Math.round(performance.now() / 1000);

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}
const total: Count = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
/** what could not run, and what to do about it */
const missing: string[] = [];
const skippedTests: string[] = [];

// A developer's own database and data must not meet the tests.
for (const name of Object.keys(process.env))
  if (name === 'DATABASE_URL' || name === 'PORT' || /^(LIVECELL|AUTH)_/.test(name)) delete process.env[name];
process.env.NEXT_TELEMETRY_DISABLED = '1';

const STEPS: Record<string, () => Promise<Count>> = {
  types: () => checked('types', tool('next', 'typegen'), tool('tsc', '--noEmit')),
  lint: () => checked('lint', tool('biome', 'check', '.')),
  unit,
  build,
  e2e,
};
const TITLES: Record<string, string> = {
  types: 'Types',
  lint: 'Lint',
  unit: 'Unit, parity and database tests',
  build: 'Build',
  e2e: 'Browser tests',
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}.`);
  process.exit(2);
}

for (const [name, step] of Object.entries(STEPS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n━━ ${TITLES[name]} ━━\n`);
  const from = seconds();
  const count = await step();
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
  if (count.failed > 0) failures.push(TITLES[name]);
  console.log(`\n${TITLES[name]}: ${line(count)} (${seconds() - from} s)`);
}
rmSync(scratch, { recursive: true, force: true });

console.log('');
for (const name of skippedTests) console.log(`skipped: ${name}`);
for (const what of missing) console.log(`could not run: ${what}`);
if (failures.length > 0) console.log(`failed: ${failures.join(', ')}`);
if (strict) total.failed += missing.length;
console.log(line(total));
process.exitCode = total.failed > 0 ? 1 : 0;

function line({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

// --- steps ---

type Call = [program: string, ...args: string[]];

/** A check that either holds or does not: counted as one test. */
async function checked(name: string, ...calls: Call[]): Promise<Count> {
  for (const call of calls) {
    if ((await run(call)) === 0) continue;
    console.log(`${name} failed`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return { passed: 1, failed: 0, skipped: 0 };
}

/** As `npm start` does it, so that the site the browser tests start finds it done. */
async function build(): Promise<Count> {
  let result: Count = { passed: 1, failed: 0, skipped: 0 };
  const built = await buildIfNeeded(root, async () => {
    result = await checked('build', tool('next', 'build'));
    if (result.failed > 0) throw new Error('build failed');
  }).catch(() => true);
  if (!built) console.log('These very sources are built already.');
  return result;
}

async function unit(): Promise<Count> {
  if (!findPostgres()) await install('postgresql');
  if (!findPostgres())
    missing.push(
      'database tests on PostgreSQL. Install PostgreSQL 14 or newer (on Debian: apt-get install postgresql).',
    );
  const file = join(scratch, 'unit.json');
  const status = await run(tool('vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`));
  const report = readReport<{
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
  }>(file);
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  let failed = report.numFailedTests;
  for (const { name, status, assertionResults } of report.testResults) {
    // a file that cannot even be loaded has no tests to count
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) failed++;
    for (const test of assertionResults)
      if (test.status !== 'passed' && test.status !== 'failed') skippedTests.push(`${shorten(name)}: ${test.fullName}`);
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: failed || (status === 0 ? 0 : 1), skipped };
}

async function e2e(): Promise<Count> {
  const chromium = await findChromium();
  if (!chromium) {
    missing.push(
      'browser tests. Install Chromium: npx playwright install --with-deps chromium, or on Debian: apt-get install chromium; or set CHROMIUM_PATH.',
    );
    return { passed: 0, failed: 0, skipped: 0 };
  }
  console.log(`Chromium: ${chromium}\n`);
  const file = join(scratch, 'e2e.json');
  const status = await run(tool('playwright', 'test', '--reporter=list,json'), {
    CHROMIUM_PATH: chromium,
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  });
  const report = readReport<{ stats: { expected: number; unexpected: number; flaky: number; skipped: number } }>(file);
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected + flaky, failed: unexpected || (status === 0 ? 0 : 1), skipped };
}

// --- what the machine has, and what can be fetched ---

/** A Chromium that is there, else Playwright's own, else the distribution's. */
async function findChromium(): Promise<string | null> {
  const { chromium } = await import('@playwright/test');
  const own = () => (existsSync(chromium.executablePath()) ? chromium.executablePath() : null);
  const found = process.env.CHROMIUM_PATH || own() || onPath('chromium', 'chromium-browser', 'google-chrome');
  if (found) return found;
  console.log('There is no Chromium here; fetching one.');
  const [program, ...args] = tool('playwright', 'install', 'chromium');
  await run([program, ...args], { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '5000' }, 120_000);
  if (own()) return own();
  await install('chromium');
  return onPath('chromium');
}

function onPath(...names: string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of names) for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
  return null;
}

/** From Debian's packages, where this is Debian and we may. */
async function install(name: string): Promise<void> {
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return;
  console.log(`Installing ${name} from the distribution's packages.`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', 'update', '-qq'], quiet, 300_000);
  await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name], quiet, 900_000);
}

// --- processes and files ---

/** A program of node_modules, run by this very Node. */
function tool(name: string, ...args: string[]): Call {
  const { bin } = JSON.parse(readFileSync(join(root, 'node_modules', packageOf(name), 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const script = typeof bin === 'string' ? bin : bin[name];
  return [process.execPath, join(root, 'node_modules', packageOf(name), script), ...args];
}

function packageOf(program: string): string {
  return { tsc: 'typescript', biome: '@biomejs/biome', playwright: '@playwright/test' }[program] ?? program;
}

function run([program, ...args]: Call, env: Record<string, string> = {}, timeout?: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      timeout,
    });
    child.on('error', (error) => {
      console.log(error.message);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readReport<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    console.log('It ended without a report.');
    return null;
  }
}

function shorten(path: string): string {
  return path.startsWith(root) ? path.slice(root.length + 1) : path;
}

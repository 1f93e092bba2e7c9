/**
 * `npm test`: runs everything on a machine that has only Node and npm. Types, lint and the build run in parallel with
 * the unit tests, which mostly wait; browser tests follow. The last lines list what could not run; if CI is set, that
 * is a failure.
 *
 *   npm test                   all steps
 *   npm test -- types unit     only these
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '#workers/kernels.mjs';
import '#workers/bundle.mjs';
import { buildIfNeeded } from '#workers/site/build.ts';
import { findPostgres } from './db/postgres-server.ts';
import { findChromium, onPath } from './e2e/chromium.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'livecell-test-'));
const strict = Boolean(process.env.CI) && process.env.CI !== 'false';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}
/** prints a step's output, immediately or once the step is done */
type Print = (text: string) => void;
interface Step {
  title: string;
  run: (print: Print) => Promise<Count>;
}
const STEPS: Record<string, Step> = {
  types: {
    title: 'Types',
    run: (print) => check('types', print, tool('next', 'typegen'), tool('tsc', '--noEmit')),
  },
  lint: { title: 'Lint', run: (print) => check('lint', print, tool('biome', 'check', '.')) },
  build: { title: 'Build', run: build },
  unit: { title: 'Unit, parity and database tests', run: runUnitTests },
  e2e: { title: 'Browser tests', run: runBrowserTests },
};

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
/** steps that could not run, each with advice */
const missing: string[] = [];
const skippedTests: string[] = [];
const times: string[] = [];
const children = new Set<ChildProcess>();

// keep a developer's own database and data away from the tests
for (const name of Object.keys(process.env))
  if (name === 'DATABASE_URL' || name === 'PORT' || /^(LIVECELL|AUTH)_/.test(name)) delete process.env[name];
process.env.NEXT_TELEMETRY_DISABLED = '1';

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const child of children) child.kill(signal);
    process.exitCode = 1;
  });

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}; the steps are ${Object.keys(STEPS).join(', ')}.`);
  process.exit(2);
}

const beside = runInTurn(['types', 'lint', 'build'], true);
await runInTurn(['unit'], false);
await beside;
await runInTurn(['e2e'], false);
rmSync(scratch, { recursive: true, force: true });

console.log('');
for (const time of times) console.log(time);
for (const name of skippedTests) console.log(`skipped: ${name}`);
for (const what of missing) console.log(`could not run: ${what}`);
if (failures.length > 0) console.log(`failed: ${failures.join(', ')}`);
if (strict) total.failed += missing.length;
console.log(lineOf(total));
if (total.failed > 0) process.exitCode = 1;

function lineOf({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Run the chosen steps in turn; `keep` prints a step's output only when it is done. */
async function runInTurn(names: string[], keep: boolean): Promise<void> {
  for (const name of names) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const { title, run } = STEPS[name];
    const kept: string[] = [];
    const print: Print = keep ? (text) => kept.push(text) : (text) => process.stdout.write(text);
    if (!keep) console.log(`\n━━ ${title} ━━\n`);
    const from = performance.now();
    const count = await run(print).catch((error): Count => {
      print(`${error instanceof Error ? error.message : error}\n`);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += count[key];
    if (count.failed > 0) failures.push(title);
    const time = `${title}: ${lineOf(count)} (${Math.round((performance.now() - from) / 1000)} s)`;
    times.push(time);
    if (keep) console.log(`\n━━ ${title} ━━\n\n${count.failed > 0 ? kept.join('') : ''}`);
    console.log(`\n${time}`);
  }
}

// --- steps ---

type Call = [program: string, ...args: string[]];

/** Run a check that passes or fails; it counts as one test. */
async function check(name: string, print: Print, ...calls: Call[]): Promise<Count> {
  for (const call of calls) {
    if ((await run(call, { print })) === 0) continue;
    print(`${name} failed\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return { passed: 1, failed: 0, skipped: 0 };
}

/** Build as `npm start` does, so that the sites of the browser tests find it done. */
async function build(print: Print): Promise<Count> {
  let result: Count = { passed: 1, failed: 0, skipped: 0 };
  await buildIfNeeded(root, async () => {
    result = await check('build', print, tool('next', 'build'));
    if (result.failed > 0) throw new Error('build failed');
  }).catch((error) => {
    if (result.failed === 0) throw error;
  });
  return result;
}

async function runUnitTests(print: Print): Promise<Count> {
  if (!findPostgres()) await install('postgresql');
  const postgres = findPostgres();
  if (postgres) print(`PostgreSQL: ${postgres}\n`);
  else
    missing.push('database tests on PostgreSQL. Install PostgreSQL 14 or newer (Debian: apt-get install postgresql).');
  const file = join(scratch, 'unit.json');
  const status = await run(
    tool('vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`),
    { print },
  );
  const report = readReport<{
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
  }>(file, print);
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  let failed = report.numFailedTests;
  for (const { name, status, assertionResults } of report.testResults) {
    // a file that cannot be loaded has no tests to count
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) failed++;
    for (const test of assertionResults)
      if (test.status !== 'passed' && test.status !== 'failed') skippedTests.push(`${shorten(name)}: ${test.fullName}`);
  }
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: failed || (status === 0 ? 0 : 1), skipped };
}

async function runBrowserTests(print: Print): Promise<Count> {
  const chromium = findChromium(root) ?? (await installChromium());
  if (!chromium) {
    missing.push(
      'browser tests. Install Chromium: npx playwright install --with-deps chromium, or on Debian: apt-get install chromium; or set CHROMIUM_PATH.',
    );
    return { passed: 0, failed: 0, skipped: 0 };
  }
  print(`Chromium: ${chromium}\n\n`);
  const file = join(scratch, 'e2e.json');
  const status = await run(tool('playwright', 'test', '--reporter=list,json'), {
    print,
    env: { CHROMIUM_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  const report = readReport<{ stats: { expected: number; unexpected: number; flaky: number; skipped: number } }>(
    file,
    print,
  );
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected + flaky, failed: unexpected || (status === 0 ? 0 : 1), skipped };
}

// --- programs on the machine, and programs to install ---

/** Install Chromium if neither the machine nor an npm package has one: Playwright's own, or else the distribution's. */
async function installChromium(): Promise<string | null> {
  console.log(
    'There is no Chromium here. Fetching the one that belongs to Playwright: npx playwright install chromium.',
  );
  const env = { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '5000' };
  await run(tool('playwright', 'install', 'chromium'), { env, timeout: 120_000 });
  const found = findChromium(root);
  if (found) return found;
  await install('chromium');
  return findChromium(root);
}

/** Install a Debian package, if this is Debian and we have the rights. */
async function install(name: string): Promise<void> {
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return;
  console.log(`Installing a package of the distribution on this machine: apt-get install ${name}.`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', 'update', '-qq'], { env, timeout: 300_000 });
  await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name], { env, timeout: 900_000 });
}

// --- processes and files ---

/** Return the call of a program of node_modules with the current Node. */
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

interface RunOptions {
  env?: Record<string, string>;
  timeout?: number;
  print?: Print;
}

function run([program, ...args]: Call, options: RunOptions = {}): Promise<number> {
  const { env = {}, timeout, print = (text) => process.stdout.write(text) } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      timeout,
    });
    children.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => print(text));
    child.on('error', (error) => {
      print(`${error.message}\n`);
      resolve(1);
    });
    child.on('close', (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });
}

function readReport<T>(path: string, print: Print): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    print('It ended without a report.\n');
    return null;
  }
}

function shorten(path: string): string {
  return path.startsWith(root) ? path.slice(root.length + 1) : path;
}

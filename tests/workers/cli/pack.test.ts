/** The packed command line: installed into an empty folder, it scores the demo as the checkout does. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Report } from '#lib/tasks/report.ts';
import { livecell, ROOT } from '#tests/e2e/running-site.ts';
import { writeDemoData } from '#workers/demo/data.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const dir = mkdtempSync(join(tmpdir(), 'livecell-packed-'));
const empty = join(dir, 'empty');
let archive: string;
let program: string;
beforeAll(() => {
  mkdirSync(empty);
  const said = execFileSync(process.execPath, [join(ROOT, 'workers/pack-cli.mjs'), dir], { encoding: 'utf8' });
  archive = /^(.*\.tgz) /m.exec(said)![1];
  writeFileSync(join(empty, 'package.json'), '{}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], { cwd: empty, stdio: 'ignore' });
  program = join(empty, 'node_modules/livecell-cli/dist/bin.mjs');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The Node that runs this test, and an older one that is installed beside it, if there is one. */
const nodes = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
const others = nodes.filter((node) => existsSync(node) && !realpathSync(node).startsWith(ROOT));
const NODES = [...new Set([process.execPath, ...others.map((node) => realpathSync(node))])];

test('it is small, and has neither the site nor a path of this machine', () => {
  expect(statSync(archive).size).toBeLessThan(15e6);
  const files = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
  expect(files).toContain('package/dist/bin.mjs');
  expect(files).not.toMatch(/\/next\/|react|pglite|drizzle/);
});

test.each(NODES)('with %s it scores as the checkout does, alone and with helper threads', async (node) => {
  // large enough that helper threads take part
  const demo = await writeDemoData(join(dir, 'demo'), { imagesPerType: 24 });
  const args = ['score', '--json', '--ground-truth', demo.groundTruth, '--predictions', demo.predictions[1].path];
  const packed = spawnSync(node, [program, ...args], { encoding: 'utf8', cwd: empty, maxBuffer: 1e8 });
  expect({ status: packed.status, stderr: packed.stderr }).toEqual({ status: 0, stderr: '' });
  const own = await livecell(args, { LIVECELL_DATA: join(dir, 'data') });
  const [theirs, ours] = [packed.stdout, own.stdout].map((text) => JSON.parse(text) as Report);
  expect(theirs.results).toEqual(ours.results);
  expect(theirs.predictions).toEqual(ours.predictions);
});

test.each(['11-stardist-names.zip', '19-deflate64.zip'])('it reads %s', (name) => {
  const [truth, predictions] = ['00-gt.json', name].map((file) => join(ROOT, 'tests/fixtures/reports', file));
  const args = ['score', '--json', '--ground-truth', truth, '--predictions', predictions];
  const { status, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: empty });
  expect(status).toBe(0);
  expect((JSON.parse(stdout) as Report).results).toBeDefined();
});

test('commands of operators say where they are to be had', () => {
  const { status, stderr } = spawnSync(process.execPath, [program, 'backup', 'x'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain('it needs a checkout of the project');
});

/** Paths are those of the folder where the command was given, however npm came to run it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '#tests/e2e/running-site.ts';
import { reportFile } from '#tests/reports/score.ts';

const elsewhere = mkdtempSync(join(tmpdir(), 'livecell-cwd-'));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));
for (const name of ['00-gt.json', '00-dt.json']) cpSync(reportFile(name), join(elsewhere, name));

const CHECK = ['validate', '--ground-truth', '00-gt.json', '--predictions'];

/** Run the command by npm; npm itself says where it was called, whoever runs this test. */
function npm(cwd: string, ...args: string[]) {
  const { INIT_CWD: _, npm_lifecycle_event: __, ...env } = process.env;
  return spawnSync('npm', args, { cwd, env, encoding: 'utf8' });
}

test.each<[string, string, string[]]>([
  ['npm --prefix, from another folder', elsewhere, ['--prefix', ROOT]],
  ['npm, from a folder below the project', join(ROOT, 'tests/fixtures/reports'), []],
])('%s', (_how, cwd, options) => {
  const found = npm(cwd, ...options, 'run', '-s', 'livecell', '--', ...CHECK, '00-dt.json');
  expect(found).toMatchObject({ status: 0, stderr: '' });
  expect(found.stdout).toMatch(/^No problems: 30 detections on 3 images/);
  const missing = npm(cwd, ...options, 'run', '-s', 'livecell', '--', ...CHECK, 'absent.json');
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain(`There is no file ${join(cwd, 'absent.json')}.`);
});

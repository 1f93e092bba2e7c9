/** What is said of calls that register images; that they do, is seen in the browser tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { livecell } from '#tests/e2e/running-site.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-cli-images-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const run = (...args: string[]) => livecell(args, { LIVECELL_DATA: join(dir, 'data') });

test.each([
  [['import-images'], 2, 'The name of a data set and a folder or archive of images are needed.'],
  [['import-images', 'demo'], 2, 'The name of a data set and a folder or archive of images are needed.'],
  [['import-images', 'demo', join(dir, 'none')], 1, `There is no folder or file ${join(dir, 'none')}.`],
  [
    ['import-ground-truth', import.meta.filename, '--name', 'x', '--split', 'all'],
    2,
    'one of train, val, test, not “all”',
  ],
])('%j', async (args, status, words) => {
  const ended = await run(...args);
  expect(ended.stderr).toContain(words);
  expect(ended).toMatchObject({ status, stdout: '' });
});

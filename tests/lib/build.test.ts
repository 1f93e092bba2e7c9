import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findCommit } from '#lib/build.ts';
import { reportEnvelopeSchema } from '#lib/scoring/report.ts';

const root = mkdtempSync(join(tmpdir(), 'livecell-build-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

function folder(files: Record<string, string>): string {
  const made = mkdtempSync(join(root, 'x'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(made, name, '..'), { recursive: true });
    writeFileSync(join(made, name), text);
  }
  return made;
}

it('takes the commit from the environment, then from the file of an image, then from the checkout', () => {
  const all = folder({ '.build-commit': `${A}\n`, '.git/HEAD': `${B}\n` });
  expect(findCommit(all, 'C0FFEE7')).toBe('c0ffee7');
  expect(findCommit(all, '')).toBe(A);
  expect(findCommit(folder({ '.git/HEAD': `${B}\n` }))).toBe(B);
  expect(findCommit(folder({ '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${A}\n` }))).toBe(A);
  expect(
    findCommit(folder({ '.git/HEAD': 'ref: refs/heads/x\n', '.git/packed-refs': `# pack\n${A} refs/heads/x\n` })),
  ).toBe(A);
});

it('knows none where there is none, and refuses what is no commit', () => {
  expect(findCommit(folder({}))).toBeNull();
  expect(findCommit(folder({ '.build-commit': 'unknown' }), 'main')).toBeNull();
  expect(findCommit(folder({ '.git/HEAD': 'ref: refs/heads/none\n' }))).toBeNull();
});

it('says what git says of this checkout', () => {
  const here = join(import.meta.dirname, '../..');
  let said: string | null = null;
  try {
    said = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: here, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    // an archive without git
  }
  expect(findCommit(here)).toBe(said ?? findCommit(here));
});

it('reports are valid with a build and without', () => {
  const evaluator = reportEnvelopeSchema.shape.evaluator;
  expect(evaluator.parse({ name: 'livecell-benchmark', version: '1.1.0' })).not.toHaveProperty('build');
  expect(evaluator.parse({ name: 'livecell-benchmark', version: '1.1.0', build: A })).toHaveProperty('build', A);
});

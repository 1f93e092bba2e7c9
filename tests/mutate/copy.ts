/** A copy of the checkout in which tests of changed code run, so that the checkout stays as it is. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Copy what a commit would hold, with this checkout's packages and kernels. Return the folder; the caller deletes it. */
export function copyOfCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'livecell-mutate-'));
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of [...list.toString().split('\n'), 'lib/kernels/built.ts']) {
    if (!file || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Run vitest in a copy. Return its status; null where it took too long. */
export function runVitest(copy: string, args: string[], seconds: number): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: copy,
      stdio: 'ignore',
      timeout: seconds * 1000,
    });
    child.once('exit', (code) => resolve(code));
  });
}

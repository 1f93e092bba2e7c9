/** A Chromium for the browser tests: the machine's own, else the one that an npm package holds. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';

export interface Chromium {
  path: string;
  /** what it needs in its environment */
  env: Record<string, string>;
}

/** Return CHROMIUM_PATH, Playwright's own, one on the PATH, or the npm package's; null if there is none. */
export function findChromium(root: string): Chromium | null {
  const own = chromium.executablePath();
  const path =
    process.env.CHROMIUM_PATH ||
    (existsSync(own) ? own : null) ||
    onPath('chromium', 'chromium-browser', 'google-chrome');
  return path ? { path, env: {} } : unpackChromium(root);
}

export function onPath(...names: string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of names) for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
  return null;
}

/**
 * Unpack Chromium from `@sparticuz/chromium` (Linux on x64), with the libraries and fonts that it brings for machines
 * without any, into `.cache`; return null where it does not run.
 */
function unpackChromium(root: string): Chromium | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  let entry: string;
  try {
    entry = createRequire(join(root, 'package.json')).resolve('@sparticuz/chromium');
  } catch {
    return null;
  }
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/@sparticuz/chromium/package.json'), 'utf8'));
  const folder = join(root, '.cache', `chromium-${version}`);
  const path = join(folder, 'chromium');
  const env = { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_PATH: join(folder, 'fonts') };
  const runs = () => spawnSync(path, ['--version'], { env: { ...process.env, ...env } }).status === 0;
  if (runs()) return { path, env };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The package unpacks into the temporary folder, and its libraries only where it believes itself on Amazon's Linux.
  const script = 'await (await import(process.argv[1])).default.executablePath()';
  spawnSync(process.execPath, ['--input-type=module', '-e', script, entry], {
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return runs() ? { path, env } : null;
}

/** A Chromium for the browser tests: the one that an npm package holds, else the machine’s own. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';

/**
 * Return the path of CHROMIUM_PATH, the npm package’s, Playwright's own, or one on the PATH; null if there is none. The
 * package's has no windows to draw, and takes a third of the processor time that a whole browser takes for a page.
 */
export function findChromium(root: string): string | null {
  const own = chromium.executablePath();
  return (
    process.env.CHROMIUM_PATH ||
    unpackChromium(root) ||
    (existsSync(own) ? own : null) ||
    onPath('chromium', 'chromium-browser', 'google-chrome')
  );
}

export function onPath(...names: string[]): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of names) for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
  return null;
}

/**
 * Unpack Chromium from `@sparticuz/chromium` (Linux on x64), with the libraries and fonts that it brings for machines
 * without any, into `.cache`; return a script that starts it with them, or null where it does not run.
 */
function unpackChromium(root: string): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  let entry: string;
  try {
    entry = createRequire(join(root, 'package.json')).resolve('@sparticuz/chromium');
  } catch {
    return null;
  }
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/@sparticuz/chromium/package.json'), 'utf8'));
  const folder = join(root, '.cache', `chromium-${version}`);
  const script = join(folder, 'start');
  const runs = () => {
    if (!existsSync(join(folder, 'chromium'))) return false;
    writeStart(folder, script);
    return spawnSync(script, ['--version']).status === 0;
  };
  if (runs()) return script;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The package unpacks into the temporary folder, and its libraries only where it believes itself on Amazon's Linux.
  const unpack = 'await (await import(process.argv[1])).default.executablePath()';
  spawnSync(process.execPath, ['--input-type=module', '-e', unpack, entry], {
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return runs() ? script : null;
}

/**
 * Write a script that starts the unpacked Chromium, and the list of its fonts. The package's own list names folders of
 * Amazon's Linux; a page that needs a letter before its own fonts have come crashes where there are none at all.
 */
function writeStart(folder: string, script: string): void {
  const places = [join(folder, 'fonts'), '/usr/share/fonts', '/usr/local/share/fonts'];
  writeFileSync(
    join(folder, 'fonts', 'fonts.conf'),
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${places.map((place) => `  <dir>${place}</dir>`).join('\n')}
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`,
  );
  writeFileSync(
    script,
    `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium" "$@"
`,
  );
  chmodSync(script, 0o755);
}

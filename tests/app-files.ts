/** What app/ offers to the outside, found by walking its files: addresses and server actions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

function files(wanted: (name: string) => boolean): string[] {
  return readdirSync(join(ROOT, 'app'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}

/** Every file under app/ that Next makes an address of, as a path from the top of the repository. */
export function routeFiles(
  kind: RegExp = /^(page|route|opengraph-image|sitemap|robots|manifest)\.(tsx?|js)$/,
): string[] {
  return files((name) => kind.test(name));
}

/** Every file under app/ whose exports a browser may call: it begins with 'use server'. */
export function actionFiles(): string[] {
  return files((name) => /\.tsx?$/.test(name)).filter((file) => /^\s*['"]use server['"]/.test(read(file)));
}

/** Files that declare a server action inside something else: none of them would be found by `actionFiles`. */
export function filesWithHiddenActions(): string[] {
  const own = new Set(actionFiles());
  return files((name) => /\.tsx?$/.test(name)).filter(
    (file) => !own.has(file) && /^\s*['"]use server['"]/m.test(read(file)),
  );
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

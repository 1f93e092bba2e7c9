/** Builds the web application if its sources have changed since the last build. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from '#db/engine/folder-lock.ts';

const FILES = ['package-lock.json', 'package.json', 'next.config.mjs', 'tsconfig.json'];
const FOLDERS = ['app', 'lib', 'db'];
const BUILD_ID = '.next/BUILD_ID';
const STAMP = '.next/built-from';

/** Run `build` if needed; of two simultaneous processes the second waits and finds it done. */
export async function buildIfNeeded(root: string, build: () => Promise<void>): Promise<boolean> {
  const sources = digestOf(root);
  if (isBuilt(root, sources)) return false;
  const lock = await waitForLock(join(root, '.cache', 'build'));
  try {
    if (isBuilt(root, sources)) return false;
    await build();
    if (!existsSync(join(root, BUILD_ID))) throw new Error(`building ended without ${BUILD_ID}`);
    writeFileSync(join(root, STAMP), sources);
    return true;
  } finally {
    lock.release();
  }
}

/** Tell whether the pages that are there belong to these sources; null: there are none. */
export function isFreshBuild(root: string): boolean | null {
  return existsSync(join(root, BUILD_ID)) ? isBuilt(root, digestOf(root)) : null;
}

function isBuilt(root: string, sources: string): boolean {
  try {
    return existsSync(join(root, BUILD_ID)) && readFileSync(join(root, STAMP), 'utf8') === sources;
  } catch {
    return false;
  }
}

/** Compute a digest of contents, not of times: a checkout or a copy gives every file a new time. */
function digestOf(root: string): string {
  // two builds with the same key know each other's forms (`lib/env.ts`)
  const hash = createHash('sha256').update(process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY ?? '');
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  );
  for (const file of [...FILES, ...inFolders.sort()]) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function waitForLock(folder: string) {
  mkdirSync(folder, { recursive: true });
  while (true) {
    try {
      return lockFolder(folder);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

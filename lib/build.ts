/** Which commit of the sources runs. Every report names it as `evaluator.build`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };

const COMMIT = /^[0-9a-f]{7,40}$/;
let known: string | null | undefined;

/**
 * Return the commit of the running sources: LIVECELL_COMMIT, else the file `.build-commit` that images and archives
 * contain, else what a checkout's own git folder says. Null if none of them is there.
 */
export function buildCommit(): string | null {
  if (known === undefined) {
    // bundled code does not know its folder; the process that loads it has found the commit before
    known = findCommit(join(import.meta.dirname ?? 'lib', '..'), process.env.LIVECELL_COMMIT);
    // threads and bundled code get the same answer, even if the checkout is updated meanwhile
    if (known) process.env.LIVECELL_COMMIT = known;
  }
  return known;
}

/** The version of the site, from package.json. */
export const SITE_VERSION: string = packageJson.version;

export function findCommit(root: string, given?: string): string | null {
  return valid(given) ?? valid(read(join(root, '.build-commit'))) ?? commitOfCheckout(root);
}

function valid(text: string | null | undefined): string | null {
  const commit = text?.trim().toLowerCase() ?? '';
  return COMMIT.test(commit) ? commit : null;
}

/** Read the commit without running git, which may be missing and takes time. */
function commitOfCheckout(root: string): string | null {
  let folder = join(root, '.git');
  const pointer = read(folder); // in a linked worktree, a file that names the folder
  if (pointer?.startsWith('gitdir: ')) folder = resolve(root, pointer.slice(8).trim());
  const head = read(join(folder, 'HEAD'));
  if (head === null) return null;
  if (!head.startsWith('ref: ')) return valid(head);
  const ref = head.slice(5).trim();
  const common = resolve(folder, read(join(folder, 'commondir'))?.trim() ?? '.');
  for (const one of [folder, common]) {
    const commit = valid(read(join(one, ref)));
    if (commit) return commit;
  }
  const packed = read(join(common, 'packed-refs'));
  const line = packed?.split('\n').find((text) => text.endsWith(` ${ref}`));
  return valid(line?.split(' ')[0]);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The list of a copy's files with their digests, and how anyone checks it. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { checkSignature, type PublishedKey, type Signature, type SignatureState } from '#lib/receipts/signature.ts';

export const MANIFEST = 'manifest.json';

export interface Manifest {
  schema: 1;
  /** the site's address; '' if it had none */
  site: string;
  madeAt: string;
  /** every file but the manifest, by path */
  files: { path: string; bytes: number; sha256: string }[];
  signature?: Signature;
}

export interface CheckedCopy {
  manifest: Manifest;
  signature: SignatureState['state'];
  /** paths */
  changed: string[];
  missing: string[];
  added: string[];
}

/**
 * Compare a copy with its manifest, and the manifest with its signature.
 *
 * @param keys of the site; absent: those of the copy itself, which show only that nothing was damaged
 */
export async function checkCopy(folder: string, keys?: readonly PublishedKey[]): Promise<CheckedCopy> {
  const root = resolve(folder);
  const manifest = JSON.parse(await readFile(join(root, MANIFEST), 'utf8')) as Manifest;
  const known = keys ?? (JSON.parse(await readFile(join(root, 'keys.json'), 'utf8')) as { keys: PublishedKey[] }).keys;
  const { state: signature } = await checkSignature(manifest, known);
  const changed: string[] = [];
  const missing: string[] = [];
  const listed = new Set<string>([MANIFEST]);
  for (const { path, sha256 } of manifest.files) {
    listed.add(path);
    const content = await readFile(join(root, path)).catch(() => null);
    if (content === null) missing.push(path);
    else if (createHash('sha256').update(content).digest('hex') !== sha256) changed.push(path);
  }
  const there = await readdir(root, { recursive: true, withFileTypes: true });
  const added = there
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join('/'),
    )
    .filter((path) => !listed.has(path));
  return { manifest, signature, changed, missing, added };
}

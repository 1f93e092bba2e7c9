// Finds the code to run for a source file: its compiled form, which starts several times as fast, or the source itself.
// `workers/bundle.mjs` joins the modules of the command line and of the scoring threads into a few files. They are used
// only while every source that they were made from is unchanged, so that an edited source always runs as it is.
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folder of the compiled files, and of the list of what they were made from. */
export const COMPILED = `${ROOT}.cache/program/`;
export const MANIFEST = `${COMPILED}manifest.json`;

/** @typedef {{ folder: string, entries: Record<string, string>, sources: [path: string, bytes: number, changed: number][] }} Manifest */

/** @type {Manifest | null | undefined} */
let current;

/**
 * Return the path of the file to run for a source, which is given relative to the root, such as `workers/cli/main.ts`.
 *
 * @param {string} source
 * @returns {string}
 */
export function programFile(source) {
  if (current === undefined) current = readManifest();
  const compiled = current?.entries[source];
  return compiled ? `${COMPILED}${current?.folder}/${compiled}` : `${ROOT}${source}`;
}

/**
 * Return what the compiled files consist of; null if there are none, or if a source has changed since.
 *
 * @returns {Manifest | null}
 */
export function readManifest() {
  try {
    const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(MANIFEST, 'utf8')));
    for (const [path, bytes, changed] of manifest.sources) {
      const { size, mtimeMs } = statSync(ROOT + path);
      if (size !== bytes || mtimeMs !== changed) return null;
    }
    return manifest;
  } catch {
    return null;
  }
}

/** The site's secret: AUTH_SECRET, or what the launcher made where none is set and keeps in the data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from './env.ts';

/** In the data folder; only its user can read it. */
export const SECRET_FILE = 'auth-secret';

let kept: { path: string; secret: string } | null = null;

/**
 * Return the secret, also to programs that the launcher did not start, such as the command line; null where this
 * machine does not have it.
 */
export function siteSecret(): string | null {
  const { AUTH_SECRET, LIVECELL_DATA } = env();
  if (AUTH_SECRET) return AUTH_SECRET;
  const path = join(LIVECELL_DATA, SECRET_FILE);
  if (kept?.path === path) return kept.secret;
  try {
    kept = { path, secret: readFileSync(path, 'utf8').trim() };
    return kept.secret || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Secrets that people carry in links, tokens and cookies. The database keeps only their digests. */
import { createHash } from 'node:crypto';

/** Return the SHA-256 of a secret as hex: the only form in which it is stored. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The operator's texts: files named `<policy>.md` in LIVECELL_TEXTS, else the site's own words. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { type Block, defaultText, type Policy, parseText } from '#lib/policies.ts';

const MOST_BYTES = 200_000;

/** Return a page's text. @throws AppError `unavailable` if the operator's file cannot be read or is too large */
export async function readPolicy(policy: Policy): Promise<{ blocks: Block[]; own: boolean }> {
  const own = await readOwn(policy);
  const { LIVECELL_OPERATOR, LIVECELL_SESSION_IDLE_DAYS, LIVECELL_MAINTAINER_IDLE_DAYS } = env();
  const facts = {
    operator: LIVECELL_OPERATOR ?? null,
    contact: env().LIVECELL_CONTACT ?? null,
    securityContact: securityContact(),
    idleDays: LIVECELL_SESSION_IDLE_DAYS,
    maintainerIdleDays: LIVECELL_MAINTAINER_IDLE_DAYS,
  };
  return { blocks: parseText(own ?? defaultText(policy, facts)), own: own !== null };
}

/** Return whom to tell about security problems, as a link; null if the operator has named nobody. */
export function securityContact(): string | null {
  return env().LIVECELL_SECURITY_CONTACT ?? env().LIVECELL_CONTACT ?? null;
}

async function readOwn(policy: Policy): Promise<string | null> {
  const { LIVECELL_TEXTS, LIVECELL_DATA } = env();
  const path = join(LIVECELL_TEXTS ?? join(LIVECELL_DATA, 'texts'), `${policy}.md`);
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new Error(`${path} has more than ${MOST_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    // better no page than the wrong promise
    throw new AppError('unavailable', 'This text cannot be read at the moment. The operator can see why.', { cause });
  }
}

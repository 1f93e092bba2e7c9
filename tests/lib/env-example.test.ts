/** `.env.example` is written from lib/env.ts: `npx vitest run tests/lib/env-example.test.ts -u` writes it anew. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const HEAD = `# Every variable that the site reads, from lib/env.ts. All are optional: without any, \`npm start\` is a local installation.
# Copy this file to .env, set what you need, and load it before you start:
#   set -a; . ./.env; set +a; npm start
`;

/** The name of each variable of lib/env.ts with the comment above it. */
function variables(): { name: string; comment: string }[] {
  const source = readFileSync(new URL('lib/env.ts', ROOT), 'utf8');
  const pattern = /^ {4}(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?([A-Z][A-Z0-9_]+):/gm;
  return [...source.matchAll(pattern)].map(([, comment = '', name]) => ({
    name,
    comment: comment.replace(/\s*\n\s*\*?\s*/g, ' ').trim(),
  }));
}

/** Set by the launcher alone. */
const INTERNAL = /never by hand/;

test('.env.example names every variable of lib/env.ts, with what it does', async () => {
  const found = variables();
  expect(found.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['DATABASE_URL', 'PORT', 'LIVECELL_QUOTA_DAYS']),
  );
  const lines = found
    .filter(({ comment }) => !INTERNAL.test(comment))
    .map(({ name, comment }) => `${comment ? `\n# ${comment}\n` : ''}# ${name}=\n`);
  await expect(HEAD + lines.join('')).toMatchFileSnapshot('../../.env.example');
});

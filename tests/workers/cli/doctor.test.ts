import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { db } from '#db/engine/client.ts';
import { recordBackup } from '#db/operations/backups.ts';
import { reportAlive } from '#db/queue/processes.ts';
import { datasets } from '#db/schema.ts';
import { openSite } from '#tests/app/site.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { examine, type Finding } from '#workers/cli/doctor.ts';

openSite();

const ROOT = join(import.meta.dirname, '../../..');
const SECRET = 'a secret of thirty-two characters or more';
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A site that is in order, but for what a test changes. */
async function look(changes: Record<string, string | undefined> = {}): Promise<Map<string, Finding>> {
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const findings = await examine(ROOT, {
    DATABASE_URL: process.env.DATABASE_URL,
    LIVECELL_DATA: data,
    AUTH_URL: 'http://localhost:3000',
    AUTH_SECRET: SECRET,
    AUTH_GITHUB_ID: 'id',
    AUTH_GITHUB_SECRET: 'secret',
    METRICS_TOKEN: 'token',
    HOST: '127.0.0.1',
    LIVECELL_FREE_BYTES: '1',
    ...changes,
  });
  return new Map(findings.map((finding) => [finding.check, finding]));
}

beforeAll(async () => {
  await reportAlive('one', 2);
  await recordBackup({ bytes: 1, files: 1 });
});

it('finds nothing wrong with a site that is in order', async () => {
  const findings = [...(await look()).values()];
  expect(findings.filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['node', 'kernels', 'schema', 'clock', 'scoring processes', 'queue', 'backup', 'mail']),
  );
});

describe('says what is wrong and how to mend it', () => {
  it.each<[string, Record<string, string | undefined>, string, RegExp, RegExp]>([
    ['a setting that cannot be read', { PORT: '99999' }, 'settings', /PORT must be at most 65535/, /env\.example/],
    ['a key that is missing', { AUTH_SECRET: undefined }, 'settings', /AUTH_SECRET is missing/, /openssl rand/],
    ['a key that is short', { AUTH_SECRET: 'short' }, 'settings', /5 characters/, /openssl rand/],
    [
      'a public site without an address',
      { AUTH_URL: undefined, HOST: '0.0.0.0' },
      'address',
      /Other machines/,
      /AUTH_URL=/,
    ],
    [
      'a site that is not https',
      { AUTH_URL: 'http://livecell.example.org' },
      'address',
      /not https/,
      /https:\/\/livecell/,
    ],
    [
      'an address of another port',
      { AUTH_URL: 'http://localhost:4000' },
      'address',
      /says port 4000/,
      /localhost:3000/,
    ],
    [
      'an address with a path',
      { AUTH_URL: 'https://x.example.org/site' },
      'address',
      /the path \/site/,
      /x\.example\.org$/,
    ],
    [
      'nobody who can sign in',
      { AUTH_GITHUB_ID: undefined, AUTH_GITHUB_SECRET: undefined },
      'sign-in',
      /Nobody can sign in/,
      /AUTH_ORCID_ID/,
    ],
    ['a disk without room', { LIVECELL_FREE_BYTES: String(2 ** 52) }, 'disk', /uploads are refused/, /Make room/],
    [
      'a mail server that is away',
      { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@example.org' },
      'mail',
      /does not answer \(ECONNREFUSED\)/,
      /SMTP_URL/,
    ],
    [
      'a database that is away',
      { DATABASE_URL: 'postgres://x:hidden@127.0.0.1:1/x' },
      'database',
      /ECONNREFUSED/,
      /LIVECELL_DEBUG/,
    ],
  ])('%s', async (_, changes, check, says, mend) => {
    const found = (await look(changes)).get(check)!;
    expect(found.verdict).toBe('wrong');
    expect(found.says).toMatch(says);
    expect(found.says).not.toContain('hidden');
    expect(found.mend).toMatch(mend);
  });

  it('a data folder that others can open', async () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    const found = (await look({ LIVECELL_DATA: open })).get('data folder')!;
    expect(found).toMatchObject({ verdict: 'wrong', mend: `chmod -R go-rwx '${open}'` });
  });

  it('a data folder of another site', async () => {
    await db()
      .insert(datasets)
      .values({
        name: 'Elsewhere',
        task: 'livecell-wide',
        sha256: 'a'.repeat(64),
        images: 1,
        objects: 1,
        packKey: 'datasets/elsewhere',
        cellTypes: {},
      } as typeof datasets.$inferInsert);
    const found = (await look()).get('files')!;
    expect(found.verdict).toBe('wrong');
    expect(found.says).toContain('belongs to another site');
  });
});

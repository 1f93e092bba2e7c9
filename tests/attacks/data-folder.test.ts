/**
 * The attack: another user of the same machine reads sessions and ground truth out of the data folder, or writes to the
 * database's files.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { authConfig } from '#app/_server/auth-config.ts';
import { db } from '#db/engine/client.ts';
import { createSession, userBySession } from '#db/people/sessions.ts';
import { sessions } from '#db/schema.ts';
import { makePrivate } from '#lib/private-folder.ts';
import { storage } from '#lib/storage.ts';
import { openSite, person } from '#tests/app/site.ts';

openSite();

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'livecell-attack-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What somebody else could read or change, below a folder. */
function open(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) return [];
    const here = (lstatSync(path).mode & 0o077) === 0 ? [] : [path];
    return entry.isDirectory() ? [...here, ...open(path)] : here;
  });
}

describe('the data folder', () => {
  test('that a site made is closed to everybody else, database and all, whatever the umask', {
    timeout: 240_000,
  }, () => {
    const data = join(newFolder(), 'data');
    const program = `process.umask(0);
      process.argv = [process.argv[0], 'livecell', 'migrate', '--json'];
      await import('#workers/cli/main.ts');`;
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, DATABASE_URL: undefined, LIVECELL_DATA: data },
      stdio: 'pipe',
    });
    expect(readdirSync(join(data, 'database')).length).toBeGreaterThan(5);
    expect(lstatSync(data).mode & 0o777).toBe(0o700);
    expect(open(data)).toEqual([]);
  });

  test('that an earlier version left open is closed, and what a link leads to is left alone', () => {
    const outside = newFolder();
    writeFileSync(join(outside, 'mine'), 'x');
    chmodSync(join(outside, 'mine'), 0o644);
    const data = newFolder();
    mkdirSync(join(data, 'database', 'base'), { recursive: true });
    writeFileSync(join(data, 'database', 'base', '1259'), 'x');
    for (const path of ['database', 'database/base', 'database/base/1259']) chmodSync(join(data, path), 0o777);
    chmodSync(data, 0o755);
    symlinkSync(outside, join(data, 'elsewhere'));
    expect(makePrivate(data)).toBe(4);
    expect(open(data)).toEqual([]);
    expect(lstatSync(join(outside, 'mine')).mode & 0o777).toBe(0o644);
    expect(makePrivate(data)).toBe(0);
  });

  test.runIf(process.getuid?.() === 0)('that belongs to somebody else is refused, with what mends it', () => {
    const data = newFolder();
    chownSync(data, 65_534, 65_534);
    expect(() => makePrivate(data)).toThrow(`sudo chown -R 0 '${data}'`);
    const mixed = newFolder();
    writeFileSync(join(mixed, 'planted'), 'x');
    chownSync(join(mixed, 'planted'), 65_534, 65_534);
    expect(() => makePrivate(mixed)).toThrow('belongs to another user');
  });

  test('holds stored files that only their owner can read, where the umask is careless, too', async () => {
    const before = process.umask(0);
    try {
      const { key } = await storage().put('datasets/secret/counts', [Buffer.from('{}')] as never);
      const path = await storage().localPath(key);
      expect(lstatSync(path).mode & 0o077).toBe(0);
      expect(lstatSync(join(path, '..')).mode & 0o077).toBe(0);
    } finally {
      process.umask(before);
    }
  });
});

describe('a copy of the database', () => {
  test('holds no session that a browser could send', async () => {
    const { id } = await person('ada', 'maintainer');
    const { sessionToken } = await createSession(id);
    const rows = await db().select().from(sessions);
    expect(JSON.stringify(rows)).not.toContain(sessionToken);
    expect((await userBySession(sessionToken))?.id).toBe(id);
    for (const row of rows) expect(await userBySession(row.sessionToken)).toBeNull();
  });

  test('nor one that came through a service, and Auth.js finds, renews and ends those as before', async () => {
    const { id } = await person('grace');
    const { adapter } = authConfig();
    const sessionToken = crypto.randomUUID();
    const expires = new Date(Date.now() + 60_000);
    expect(await adapter!.createSession!({ sessionToken, userId: id, expires })).toMatchObject({ sessionToken });
    expect(JSON.stringify(await db().select().from(sessions))).not.toContain(sessionToken);
    expect((await userBySession(sessionToken))?.id).toBe(id);
    expect(await adapter!.getSessionAndUser!(sessionToken)).toMatchObject({ session: { sessionToken }, user: { id } });
    const later = new Date(Date.now() + 120_000);
    expect(await adapter!.updateSession!({ sessionToken, expires: later })).toMatchObject({ sessionToken });
    await adapter!.deleteSession!(sessionToken);
    expect(await adapter!.getSessionAndUser!(sessionToken)).toBeNull();
  });

  test('sessions of before are kept, as digests', () => {
    const sql = readFileSync('db/migrations/0010_sign_in_keys.sql', 'utf8');
    expect(sql).toContain('UPDATE "sessions" SET "session_token" = encode(sha256(');
  });
});

/**
 * The way back to a moment, as docs/operations.md describes it, with a real PostgreSQL: archive the log, take a base
 * backup, delete something by mistake, restore to the moment before, and compare.
 */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { connect } from '#db/engine/client.ts';
import { isCurrent, migrate } from '#db/migrate.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import { findPostgres, freePort, unprivilegedUser, untilReady } from '#tests/db/postgres-server.ts';

interface RecoveryResult {
  /** submissions before the mistake, after it, and after the recovery */
  before: string[];
  mistaken: string[];
  recovered: string[];
  /** whether the recovered database has this version's schema and takes submissions */
  works: boolean;
  /** from stopping the wrong database to the first answer of the recovered one */
  seconds: number;
}

/** Rehearse a recovery to a moment before a mistake. Starts and stops everything itself. */
export async function rehearseRecovery(): Promise<RecoveryResult> {
  const bin = findPostgres();
  if (!bin) throw new Error('There is no PostgreSQL here.');
  // client programs may be elsewhere than the server
  const folders = [bin, ...(process.env.PATH ?? '').split(delimiter)];
  const baseBackup = folders.map((path) => join(path, 'pg_basebackup')).find(existsSync);
  if (!baseBackup) throw new Error('There is no pg_basebackup here.');
  const folder = mkdtempSync(join(tmpdir(), 'livecell-recovery-'));
  const user = process.getuid?.() === 0 ? unprivilegedUser() : null;
  const as = { cwd: folder, stdio: 'ignore' as const, ...(user && { uid: user.uid, gid: user.gid }) };
  const [data, archive, base] = ['data', 'archive', 'base'].map((name) => join(folder, name));
  mkdirSync(archive);
  for (const path of [folder, archive]) if (user) chownSync(path, user.uid, user.gid);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const start = async () => {
    const args = ['-D', data, '-p', String(port), '-c', `unix_socket_directories=${folder}`];
    const child = spawn(join(bin, 'postgres'), args, as);
    await untilReady(url, child);
    return {
      async stop() {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGINT');
        await ended;
      },
    };
  };
  let server: Awaited<ReturnType<typeof start>> | undefined;
  try {
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'], as);
    appendFileSync(
      join(data, 'postgresql.conf'),
      `wal_level=replica\narchive_mode=on\narchive_timeout=60\narchive_command='test ! -f ${archive}/%f && cp %p ${archive}/%f'\n`,
    );
    server = await start();
    await migrate(url);
    const site = connect(url, { max: 1 });
    const idsOf = async ({ db }: typeof site) =>
      (await db.execute<{ id: string }>(sql`select id from submissions order by id`)).map(({ id }) => id);
    const dataset = await someDataset(site.db);
    await createSubmission(someSubmission(dataset), site.db);
    execFileSync(
      baseBackup,
      [
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-U',
        'postgres',
        '-D',
        base,
        '-Ft',
        '-z',
        '-X',
        'none',
        '--checkpoint=fast',
      ],
      as,
    );
    // after the base backup, so that only the log has it
    await createSubmission(someSubmission(dataset), site.db);
    const before = await idsOf(site);
    await sleep(1100);
    const [{ moment }] = await site.db.execute<{ moment: string }>(sql`select now()::text as moment`);
    await sleep(1100);
    await site.db.execute(sql`truncate submissions cascade`);
    const mistaken = await idsOf(site);
    await site.db.execute(sql`select pg_switch_wal()`);
    await site.close();

    const began = performance.now();
    await server.stop();
    rmSync(data, { recursive: true });
    mkdirSync(data, { mode: 0o700 });
    execFileSync('tar', ['-xzf', join(base, 'base.tar.gz'), '-C', data]);
    appendFileSync(
      join(data, 'postgresql.auto.conf'),
      `restore_command = 'cp ${archive}/%f %p'\nrecovery_target_time = '${moment}'\nrecovery_target_action = 'promote'\n`,
    );
    writeFileSync(join(data, 'recovery.signal'), '');
    if (user) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, data]);
    server = await start();
    const seconds = (performance.now() - began) / 1000;
    const again = connect(url, { max: 1 });
    try {
      const recovered = await idsOf(again);
      for (let tries = 0; tries < 100; tries++) {
        const [{ waits }] = await again.db.execute<{ waits: boolean }>(sql`select pg_is_in_recovery() as waits`);
        if (!waits) break;
        await sleep(100);
      }
      const { id } = await createSubmission(someSubmission(dataset), again.db);
      const works = (await isCurrent(url)) && (await idsOf(again)).includes(id);
      return { before, mistaken, recovered, works, seconds };
    } finally {
      await again.close();
    }
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

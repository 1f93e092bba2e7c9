/**
 * What `livecell doctor` examines. Each check says what it found and, if something is wrong, the command that mends it.
 * Checks change nothing, and one that fails does not keep the others from running.
 */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { join, resolve } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Client } from '#db/engine/client.ts';
import { type Env, isLoopbackHost, readEnv, signsInAtHome } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { age, bytes, integer } from '#lib/format.ts';
import { runningSite } from '#workers/run-file.ts';
import { isFreshBuild } from '#workers/site/build.ts';

export type Verdict = 'ok' | 'warning' | 'wrong' | 'skipped';

export interface Finding {
  check: string;
  verdict: Verdict;
  /** what was found */
  says: string;
  /** how to mend it */
  mend?: string;
}

type Result = Omit<Finding, 'check'>;

const ok = (says: string): Result => ({ verdict: 'ok', says });
const skipped = (says: string): Result => ({ verdict: 'skipped', says });
const warning = (says: string, mend: string): Result => ({ verdict: 'warning', says, mend });
const wrong = (says: string, mend: string): Result => ({ verdict: 'wrong', says, mend });

interface Place {
  /** folder of the program */
  root: string;
  /** the environment as given; the checks read no other */
  source: Readonly<Record<string, string | undefined>>;
  settings: Env;
  database: Client | null;
}

/** Examine an installation. */
export async function examine(root: string, source: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const check = async (name: string, run: () => Result | Promise<Result>) => {
    try {
      findings.push({ check: name, ...(await run()) });
    } catch (error) {
      findings.push({ check: name, ...describeFailure(error) });
    }
  };
  await check('node', checkNode);
  await check('kernels', () => checkKernels(root));
  let settings: Env | null = null;
  await check('settings', () => {
    settings = readEnv(source);
    return checkSettings(settings);
  });
  if (!settings) return findings;
  const site = source.DATABASE_URL ? null : await runningSite();
  const url = source.DATABASE_URL || site?.databaseUrl;
  const { connect } = await import('#db/engine/client.ts');
  const database = url ? connect(url, { max: 1 }) : null;
  const place: Place = { root, source, settings, database };
  try {
    await check('address', () => checkAddress(place));
    await check('sign-in', () => checkSignIn(place));
    await check('build', () => checkBuild(place));
    await check('data folder', () => checkFolder(place));
    await check('disk', () => checkDisk(place));
    await check('database', () => checkDatabase(place));
    const reached = findings.at(-1)?.verdict === 'ok';
    for (const [name, run] of [
      ['schema', checkSchema],
      ['clock', checkClock],
      ['scoring processes', checkWorkers],
      ['queue', checkQueue],
      ['files', checkFiles],
      ['backup', checkBackup],
      ['names', checkNames],
    ] as const)
      await check(name, () => (reached ? run(place) : skipped('The database is needed for this.')));
    await check('mail', () => checkMail(place));
  } finally {
    await database?.close();
  }
  return findings;
}

/** Turn an unexpected failure of a check into a finding, without a stack. */
function describeFailure(error: unknown): Result {
  if (error instanceof AppError && error.code === 'invalid')
    return wrong(error.message.replace(/\n\s*/g, ' '), 'Correct these variables; .env.example explains each.');
  const { message, code, cause } = error as NodeJS.ErrnoException;
  const inner = cause instanceof Error ? cause.message : '';
  return wrong(
    `It could not be checked: ${code ? `${code}: ` : ''}${(inner || message || String(error)).split('\n')[0]}`,
    'LIVECELL_DEBUG=1 livecell doctor shows more.',
  );
}

function checkNode(): Result {
  const [major] = process.versions.node.split('.').map(Number);
  return major >= 24
    ? ok(`Node ${process.versions.node}`)
    : wrong(`Node ${process.versions.node}; 24 or newer is needed.`, 'npm install');
}

async function checkKernels(root: string): Promise<Result> {
  const built = await stat(join(root, 'lib/kernels/built.ts')).catch(() => null);
  return built ? ok('built') : wrong('The innermost loops are not compiled.', 'npm run kernels');
}

function checkSettings(settings: Env): Result {
  const { DATABASE_URL, AUTH_URL, AUTH_SECRET, METRICS_TOKEN, LIVECELL_METRICS_TOKEN, HOST, TRUSTED_PROXIES } =
    settings;
  if (AUTH_URL && DATABASE_URL && !AUTH_SECRET)
    return wrong(
      'AUTH_SECRET is missing: each process would make its own, and sessions of one would not count at the others.',
      'AUTH_SECRET="$(openssl rand -base64 32)", the same for every process',
    );
  if (AUTH_SECRET && AUTH_SECRET.length < 32)
    return wrong(
      `AUTH_SECRET has ${AUTH_SECRET.length} characters; at least 32 are needed so that nobody guesses it.`,
      'AUTH_SECRET="$(openssl rand -base64 32)"',
    );
  if (AUTH_URL?.startsWith('https:') && TRUSTED_PROXIES.length === 0)
    return warning(
      'AUTH_URL is https, so there is a proxy, and TRUSTED_PROXIES names none: all visitors count as one for the limits.',
      'TRUSTED_PROXIES=127.0.0.1, or the addresses of the proxy',
    );
  if (AUTH_URL && !isLoopbackHost(HOST) && !METRICS_TOKEN && !LIVECELL_METRICS_TOKEN)
    return warning(
      'METRICS_TOKEN is missing: /api/metrics refuses everybody, Prometheus included.',
      'METRICS_TOKEN="$(openssl rand -hex 24)", or use METRICS_PORT',
    );
  return ok(DATABASE_URL ? 'a site on PostgreSQL' : 'a site with the embedded database');
}

async function checkAddress({ settings, source }: Place): Promise<Result> {
  const { AUTH_URL, HOST, PORT, DATABASE_URL } = settings;
  const listens = HOST ?? (DATABASE_URL ? '0.0.0.0' : '127.0.0.1');
  if (!AUTH_URL)
    return isLoopbackHost(listens)
      ? ok(`this machine alone, http://localhost:${PORT}`)
      : wrong(
          `Other machines can reach the site at ${listens}, and nothing says under which address.`,
          'AUTH_URL=https://livecell.example.org, or HOST=127.0.0.1',
        );
  const url = new URL(AUTH_URL);
  if (url.pathname !== '/' || url.search)
    return wrong(
      `AUTH_URL must be the address of the site alone; it has the path ${url.pathname}.`,
      `AUTH_URL=${url.origin}`,
    );
  const isLocal = isLoopbackHost(url.hostname);
  if (!isLocal && url.protocol !== 'https:')
    return wrong(
      'AUTH_URL is not https: sessions would cross the network in the open.',
      `AUTH_URL=https://${url.host}`,
    );
  if (isLocal && Number(url.port || (url.protocol === 'https:' ? 443 : 80)) !== PORT)
    return wrong(
      `AUTH_URL says port ${url.port || 'none'}, and the site listens on ${PORT}.`,
      `AUTH_URL=${url.protocol}//${url.hostname}:${PORT}`,
    );
  if (isLocal || source.LIVECELL_OFFLINE) return ok(url.origin);
  // the name must lead somewhere; whether it leads here is for /api/health to say
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(url.hostname).catch(() => null);
  if (!found)
    return wrong(
      `The name ${url.hostname} of AUTH_URL leads nowhere.`,
      `Add a DNS record for ${url.hostname}, or correct AUTH_URL`,
    );
  return ok(`${url.origin}, at ${listens}:${PORT}`);
}

function checkSignIn({ settings }: Place): Result {
  const { AUTH_GITHUB_ID, AUTH_GOOGLE_ID, AUTH_ORCID_ID, HOST, DATABASE_URL } = settings;
  const services = [AUTH_GITHUB_ID && 'GitHub', AUTH_GOOGLE_ID && 'Google', AUTH_ORCID_ID && 'ORCID'].filter(Boolean);
  if (services.length > 0) return ok(services.join(', '));
  if (!DATABASE_URL && signsInAtHome({ ...settings, HOST: HOST ?? '127.0.0.1' }))
    return ok('by a link that npm start prints');
  return wrong(
    'Nobody can sign in: no service is set up.',
    'Register the site at GitHub or ORCID and set AUTH_GITHUB_ID and AUTH_GITHUB_SECRET, or AUTH_ORCID_ID and AUTH_ORCID_SECRET',
  );
}

function checkBuild({ root }: Place): Result {
  const fresh = isFreshBuild(root);
  if (fresh === true) return ok('the pages of these sources');
  return fresh === null
    ? warning('The pages are not built; npm start would build them, livecell web would not start.', 'livecell build')
    : warning('The pages are of other sources.', 'livecell build');
}

async function checkFolder({ settings }: Place): Promise<Result> {
  const folder = resolve(settings.LIVECELL_DATA);
  const found = await stat(folder).catch(() => null);
  if (!found) return warning(`${folder} does not exist yet.`, 'npm start creates it, or set LIVECELL_DATA');
  if (!found.isDirectory()) return wrong(`${folder} is not a folder.`, 'LIVECELL_DATA=/path/to/folder');
  const user = process.getuid?.();
  if (user !== undefined && found.uid !== user)
    return wrong(`${folder} belongs to user ${found.uid}; this is user ${user}.`, `sudo chown -R ${user} '${folder}'`);
  if (user !== undefined && (found.mode & 0o077) !== 0)
    return wrong(
      `Other users of this machine can open ${folder} (mode ${(found.mode & 0o777).toString(8)}).`,
      `chmod -R go-rwx '${folder}'`,
    );
  const writable = await access(folder, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return writable
    ? ok(folder)
    : wrong(`${folder} cannot be written to.`, `mount -o remount,rw, or chmod u+rwx '${folder}'`);
}

async function checkDisk({ settings }: Place): Promise<Result> {
  const { bavail, blocks, bsize } = await statfs(settings.LIVECELL_DATA).catch(() => statfs('.'));
  const [free, size] = [bavail * bsize, blocks * bsize];
  const says = `${bytes(free)} of ${bytes(size)} are free`;
  if (free < settings.LIVECELL_FREE_BYTES)
    return wrong(
      `${says}; uploads are refused below ${bytes(settings.LIVECELL_FREE_BYTES)}.`,
      'Make room, or put LIVECELL_DATA on a larger disk',
    );
  if (free < 0.15 * size) return warning(`${says}.`, 'Make room, or put LIVECELL_DATA on a larger disk');
  return ok(says);
}

async function checkDatabase({ database, settings, source }: Place): Promise<Result> {
  if (!database) {
    const made = await stat(join(settings.LIVECELL_DATA, 'database')).catch(() => null);
    return skipped(
      made
        ? 'The embedded database is asked while the site runs: npm start, then livecell doctor.'
        : 'There is no database yet; npm start creates one.',
    );
  }
  const started = performance.now();
  const [{ version }] = await within(
    10_000,
    database.db.execute<{ version: string }>(sql`select current_setting('server_version') as version`),
  );
  const milliseconds = Math.round(performance.now() - started);
  const name = source.DATABASE_URL ? 'PostgreSQL' : 'embedded';
  if (Number.parseInt(version, 10) < 15)
    return wrong(`PostgreSQL ${version}; 15 or newer is needed.`, 'Upgrade PostgreSQL, see docs/operations.md');
  return ok(`${name} ${version}, first answer after ${milliseconds} ms`);
}

async function checkSchema({ database }: Place): Promise<Result> {
  const { latestMigration } = await import('#db/migrate.ts');
  const rows = await database!.db
    .execute<{ last: number }>(
      sql`select coalesce(max(created_at), 0)::float8 as last from drizzle.__drizzle_migrations`,
    )
    .catch(() => []);
  const last = rows[0]?.last ?? 0;
  const current = latestMigration();
  if (last === current) return ok('current');
  if (last === 0) return wrong('The database is empty.', 'livecell migrate');
  return last < current
    ? wrong('The database has the schema of an older version.', 'livecell migrate')
    : wrong('The database has the schema of a newer version than this program.', 'git pull, npm ci, livecell build');
}

/** Clocks that differ more confuse leases and dates. */
const CLOCK_SECONDS = 2;

async function checkClock({ database }: Place): Promise<Result> {
  const before = Date.now();
  const [{ now }] = await database!.db.execute<{ now: number }>(
    sql`select extract(epoch from clock_timestamp())::float8 as now`,
  );
  const middle = (before + Date.now()) / 2000;
  const off = Math.abs(now - middle);
  return off > CLOCK_SECONDS
    ? wrong(
        `This machine and the database differ by ${off.toFixed(1)} s.`,
        'timedatectl set-ntp true, on both machines',
      )
    : ok(`${Math.round(off * 1000)} ms from the database’s`);
}

async function checkWorkers({ database }: Place): Promise<Result> {
  const { getScoringProcesses } = await import('#db/queue/processes.ts');
  const { alive, silentSeconds } = await getScoringProcesses(database!.db);
  if (alive > 0) return ok(alive === 1 ? 'one is alive' : `${integer(alive)} are alive`);
  return wrong(
    silentSeconds === null ? 'None has reported within a day.' : `None has reported for ${age(silentSeconds)}.`,
    'livecell worker, systemctl start livecell-worker@1, or docker compose up -d worker',
  );
}

async function checkQueue({ database }: Place): Promise<Result> {
  const { queueSnapshot } = await import('#db/queue/queue.ts');
  const { waiting, active, oldestSeconds } = await queueSnapshot(database!.db);
  const says = `${integer(active)} being scored, ${integer(waiting)} waiting`;
  if ((oldestSeconds ?? 0) > 900)
    return warning(
      `${says}; the first has waited for ${age(oldestSeconds!)}.`,
      'Start another scoring process: livecell worker. /queue says why each one waits',
    );
  return ok(says);
}

/** How many of the files that the database names are looked for. */
const SAMPLE = 20;

/** Look for some files that the database names: a storage of another site has none of them. */
async function checkFiles({ database, settings }: Place): Promise<Result> {
  const rows = await database!.db.execute<{ key: string }>(sql`
    select key from (
      select pack_key as key, created_at from datasets
      union all select f.storage_key, s.created_at from submission_files f join submissions s on s.id = f.submission_id
        where f.storage_key is not null
    ) files order by created_at desc limit ${SAMPLE}`);
  if (rows.length === 0) return ok('none yet');
  const { storage } = await import('#lib/storage.ts');
  process.env.LIVECELL_DATA = settings.LIVECELL_DATA;
  const found = await Promise.all(rows.map(({ key }) => storage().exists(key)));
  const missing = found.filter((there) => !there).length;
  if (missing === 0) return ok(`the newest ${integer(rows.length)} are there`);
  const where = resolve(settings.LIVECELL_DATA);
  return missing === rows.length
    ? wrong(
        `None of the newest ${integer(rows.length)} files is in ${where}: it belongs to another site.`,
        'Set LIVECELL_DATA to the folder that all processes of this site share',
      )
    : wrong(
        `${missing} of the newest ${rows.length} files are missing in ${where}.`,
        'livecell restore, see docs/operations.md',
      );
}

/** Names of before the rules, or from the services that people sign in with. */
async function checkNames({ database }: Place): Promise<Result> {
  const { listLookAlikes } = await import('#db/submissions/public-names.ts');
  const found = await listLookAlikes(database!.db);
  if (found.length === 0) return ok('no name can be taken for another one');
  const some = found.slice(0, 3).map(({ kind, names }) => `${kind} ${names.map((name) => `“${name}”`).join(' and ')}`);
  return warning(
    `${integer(found.length)} ${found.length === 1 ? 'name looks' : 'names look'} like another one: ${some.join('; ')}.`,
    'Ask their owners; a maintainer can hide an entry that deceives, under /maintain/entries',
  );
}

async function checkBackup({ database, settings }: Place): Promise<Result> {
  const { lastBackup } = await import('#db/operations/backups.ts');
  const at = await lastBackup(database!.db);
  const mend = 'livecell backup /backups/livecell --verify, every night (deploy/systemd/livecell-backup.timer)';
  if (!at) return warning('There is no backup yet.', mend);
  const seconds = (Date.now() - at.getTime()) / 1000;
  return seconds > settings.LIVECELL_BACKUP_HOURS * 3600
    ? warning(`The last backup is ${age(seconds)} old.`, mend)
    : ok(`${age(seconds)} old`);
}

async function checkMail({ settings }: Place): Promise<Result> {
  const { SMTP_URL } = settings;
  if (!SMTP_URL) return skipped('No mail server is set up; notices are shown on the site alone.');
  const { hostname, port, protocol } = new URL(SMTP_URL);
  const number = Number(port || (protocol === 'smtps:' ? 465 : 587));
  const reached = await reach(hostname, number);
  return reached === null
    ? ok(`${hostname}:${number} answers`)
    : wrong(
        `The mail server ${hostname}:${number} does not answer (${reached}).`,
        'Correct SMTP_URL, or open the port in the firewall',
      );
}

/** Open a connection and close it. @returns the reason if it fails */
function reach(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port, timeout: 5000 });
    const end = (reason: string | null) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end('no answer within 5 s'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds).unref();
    }),
  ]);
}

/** `livecell login` and the commands that use its token, against the routes. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { decideMachine, machineOf } from '#app/_server/device-codes.ts';
import { db } from '#db/engine/client.ts';
import {
  askDeviceLogin,
  beginDeviceLogin,
  decideDeviceLogin,
  MOST_OPEN_LOGINS,
  parseUserCode,
} from '#db/people/device-logins.ts';
import { listTokens, userByToken } from '#db/people/tokens.ts';
import { type Dataset, deviceLogins } from '#db/schema.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { secretDigest } from '#lib/secrets.ts';
import { until } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { livecell, start } from '#tests/e2e/running-site.ts';
import { serveRoutes } from './serve.ts';
import { openSite, type Person, person } from './site.ts';

vi.setConfig({ testTimeout: 120_000 });
openSite();

const home = mkdtempSync(join(tmpdir(), 'livecell-login-'));
let ada: Person;
let mine: string;
let dataset: Dataset;
let site: Awaited<ReturnType<typeof serveRoutes>>;
beforeAll(async () => {
  ada = await person('ada');
  dataset = await someDataset(db());
  mine = (await createSubmission(someSubmission(dataset, { userId: ada.id, method: 'Mine' }))).id;
  await startScoring(mine, 1);
  await saveReports(mine, someReports({}, dataset.sha256));
  site = await serveRoutes();
});
afterAll(async () => {
  await site.close();
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({
  XDG_CONFIG_HOME: home,
  LIVECELL_DATA: join(home, 'data'),
  LIVECELL_TOKEN: undefined,
  LIVECELL_SERVER: undefined,
});
const run = (...args: string[]) => livecell(args, environment());

test('login shows a code, waits for the browser, and keeps a token that only its owner can read', async () => {
  const login = start('livecell.mjs', ['login', '--server', `${site.url}/`], environment());
  let said = '';
  login.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const code = await until(async () => /shows the code ([B-Z]{4}-[B-Z]{4})/.exec(said)?.[1], { what: 'the code' });
  expect(said).toContain(`/device?code=${code}`);
  await decideMachine(code.toLowerCase().replace('-', ' '), ada.id, true);
  const { status, stdout } = await login.ended;
  expect(status).toBe(0);
  expect(stdout).toContain(`Signed in to ${site.url} as ada`);
  const file = join(home, 'livecell', 'sites.json');
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  const { server, tokens } = JSON.parse(readFileSync(file, 'utf8'));
  expect(server).toBe(site.url);
  expect(await userByToken(tokens[site.url].token)).toMatchObject({ id: ada.id });
  expect((await listTokens(ada.id))[0].name).toMatch(/^Command line on /);
  // nothing of the login is left, so neither code works again
  expect(await db().$count(deviceLogins)).toBe(0);
  expect(stdout + said).not.toContain(tokens[site.url].token);
});

describe('with that token', () => {
  it('says who it is, and lists, shows, publishes and takes back', async () => {
    expect((await run('whoami')).stdout).toContain('ada <ada@example.org>, researcher');
    const list = await run('list', '--json');
    expect(JSON.parse(list.stdout).submissions).toMatchObject([{ id: mine, method: 'Mine', state: 'scored' }]);
    const shown = await run('status', `${site.url}/submissions/${mine}`);
    expect(shown.stdout).toContain('Mine, version 1: scored, private');
    expect(JSON.parse((await run('publish', mine, '--json')).stdout)).toMatchObject({ visibility: 'pending' });
    const again = await run('publish', mine, '--json');
    expect(again.status).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 403, code: 'forbidden', title: 'Not allowed' });
  });

  it('says what the site has of a data set, and which there are', async () => {
    const [known, unknown] = await Promise.all([run('data', dataset.name, '--json'), run('data', 'Nothing')]);
    const { name, task, imageList } = JSON.parse(known.stdout);
    expect({ name, task }).toEqual({ name: dataset.name, task: dataset.task });
    expect(imageList).toBe(`${site.url}/api/v1/datasets/${encodeURIComponent(dataset.name)}/images`);
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining(`it has “${dataset.name}”`) });
  });

  it('withdraws only when it is sure', async () => {
    const asked = await run('withdraw', mine);
    expect(asked).toMatchObject({ status: 2, stderr: expect.stringContaining('--yes is needed') });
    expect(JSON.parse((await run('withdraw', mine, '--yes', '--json')).stdout)).toMatchObject({ state: 'withdrawn' });
  });

  it('forgets it', async () => {
    expect((await run('login', '--forget')).stdout).toContain('no longer has a token');
    const without = await run('whoami', '--server', site.url);
    expect(without).toMatchObject({ status: 2, stderr: expect.stringContaining('livecell login --server') });
  });
});

describe('a login', () => {
  it('is refused where the person refuses it', async () => {
    const { deviceCode, userCode } = await beginDeviceLogin('lab');
    expect(await machineOf(userCode, ada.id)).toEqual({ code: userCode, machine: 'lab' });
    await decideDeviceLogin(userCode, ada.id, { allow: false });
    await expect(decideDeviceLogin(userCode, ada.id, { allow: true })).rejects.toThrow('not known here');
    expect(await askDeviceLogin(deviceCode)).toEqual({ state: 'refused' });
    await expect(askDeviceLogin(deviceCode)).rejects.toThrow('older than ten minutes');
  });

  it('gives its token once, even to two who ask at the same time', async () => {
    const { deviceCode, userCode } = await beginDeviceLogin('lab');
    await decideDeviceLogin(userCode, ada.id, { allow: true });
    const answers = await Promise.allSettled([askDeviceLogin(deviceCode), askDeviceLogin(deviceCode)]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('ends after ten minutes, and is not asked for more often than every other second', async () => {
    const { deviceCode, userCode } = await beginDeviceLogin('lab');
    expect(await askDeviceLogin(deviceCode)).toEqual({ state: 'waiting' });
    await expect(askDeviceLogin(deviceCode)).rejects.toMatchObject({ code: 'too-many' });
    const row = eq(deviceLogins.deviceSha256, secretDigest(deviceCode));
    await db()
      .update(deviceLogins)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(row);
    await expect(decideDeviceLogin(userCode, ada.id, { allow: true })).rejects.toMatchObject({ code: 'not-found' });
    await expect(askDeviceLogin(deviceCode)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('cannot be guessed: after ten wrong codes a person waits', async () => {
    const eve = await person('eve');
    const { userCode } = await beginDeviceLogin('lab');
    for (let i = 0; i < 10; i++) expect(await machineOf('BBBB-BBBB', eve.id)).toBeNull();
    await expect(machineOf(userCode, eve.id)).rejects.toMatchObject({ code: 'too-many' });
    expect(await machineOf(userCode, ada.id)).not.toBeNull();
  });

  it('keeps neither code, and there are not endlessly many', async () => {
    const { deviceCode, userCode } = await beginDeviceLogin('lab');
    const rows = JSON.stringify(await db().select().from(deviceLogins));
    expect(rows).not.toContain(deviceCode);
    expect(rows).not.toContain(userCode);
    const expiresAt = new Date(Date.now() + 60_000);
    const many = Array.from({ length: MOST_OPEN_LOGINS }, (_, i) => ({
      deviceSha256: `d${i}`,
      userSha256: `u${i}`,
      machine: 'x',
      expiresAt,
    }));
    await db().insert(deviceLogins).values(many);
    await expect(beginDeviceLogin('lab')).rejects.toMatchObject({ code: 'too-many' });
  });

  it('has a code that is read in any case, and no other text', () => {
    expect(parseUserCode(' bcdf ghjk ')).toBe('BCDF-GHJK');
    expect(parseUserCode('BCDF-GHJA')).toBeNull();
    expect(parseUserCode('BCDF-GHJKL')).toBeNull();
  });
});

test('where no site is, every command says so and ends with status 3', async () => {
  const calls = [['list'], ['login'], ['compare', 'a', 'b']].map((args) =>
    livecell([...args, '--server', 'http://localhost:9', '--json'], { ...environment(), LIVECELL_TOKEN: 'lcb_x' }),
  );
  for (const { status, stdout, stderr } of await Promise.all(calls)) {
    expect(status).toBe(3);
    expect(stderr).toBe(
      'Nothing answers at http://localhost:9. Check the address and the network, or try again later.\n',
    );
    expect(JSON.parse(stdout)).toMatchObject({ status: 503, detail: stderr.trim() });
  }
});

/** Starting and stopping the whole site. Uses sites of its own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort, start, startSite } from './running-site.ts';
import { expect, onSite, temporaryFolder, test } from './site-test.ts';

test('a second start on the same data folder says so and ends', async () => {
  const port = await freePort();
  const { status, stderr } = await start('site/launch.ts', [], {
    LIVECELL_DATA: process.env.E2E_DATA,
    PORT: String(port),
  }).ended;
  expect(status).not.toBe(0);
  expect(stderr).toContain('already in use');
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('a port that is taken is named, with a way out', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const data = temporaryFolder();
  const { status, stderr } = await start('site/launch.ts', [], { LIVECELL_DATA: data, PORT: String(port) }).ended;
  server.close();
  expect(status).not.toBe(0);
  expect(stderr).toContain(`Port ${port} is in use`);
  expect(stderr).toContain('npm start');
});

test('a site that is stopped starts again within ten seconds, and has kept everything', async ({ page }) => {
  // the last test of this site: it was used by all others, and has more to keep than a new one
  test.skip(!process.env.E2E_SITES, 'a site that somebody keeps running is not stopped');
  const data = process.env.E2E_DATA!;
  const role = await onSite(['user', 'role', 'kim@example.org', 'maintainer']);
  expect(role.status).toBe(0);
  const { pid } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGTERM');
  await expect.poll(() => isAlive(pid)).toBe(false);

  const again = await startSite(data, Number(new URL(process.env.E2E_URL!).port));
  try {
    expect(again.ready).toBeLessThan(10_000);
    const people = await onSite(['user', 'list', '--json']);
    expect(JSON.parse(people.stdout)).toContainEqual(
      expect.objectContaining({ email: 'kim@example.org', role: 'maintainer' }),
    );
    const front = await page.goto(`${again.url}/leaderboards/livecell-wide?dataset=demo`);
    expect(front!.status()).toBe(200);
    await expect(page.getByText('Scored on demo')).toBeVisible();
  } finally {
    await again.stop();
  }
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starting and stopping the whole site. Uses sites of its own. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
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
  test.setTimeout(180_000);
  const data = join(temporaryFolder(), 'data');
  const port = await freePort();
  const site = await startSite(data, port);
  const role = await onSite(['user', 'role', 'kim@example.org', 'maintainer'], { LIVECELL_DATA: data });
  expect(role.status).toBe(0);
  await site.stop();

  const again = await startSite(data, port);
  try {
    expect(again.ready).toBeLessThan(10_000);
    const people = await onSite(['user', 'list', '--json'], { LIVECELL_DATA: data });
    expect(JSON.parse(people.stdout)).toMatchObject([{ email: 'kim@example.org', role: 'maintainer' }]);
    const front = await page.goto(`${again.url}/leaderboards/livecell-wide`);
    expect(front!.status()).toBe(200);
    await expect(page.getByText('Scored on demo')).toBeVisible();
  } finally {
    await again.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

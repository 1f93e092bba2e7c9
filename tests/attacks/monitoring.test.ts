/** The attack: strangers read how the site is doing inside, and have it write to its disk by asking whether it is ready. */
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { GET as metrics } from '#app/api/metrics/route.ts';
import { GET as ready } from '#app/api/ready/route.ts';
import { openSite } from '#tests/app/site.ts';

openSite();

afterEach(() => {
  delete process.env.LIVECELL_METRICS_TOKEN;
  delete process.env.AUTH_URL;
});

const ask = (authorization?: string) =>
  new Request('http://site/', { headers: authorization === undefined ? {} : { authorization } });

test.each([undefined, '', 'Bearer', 'Bearer wrong', 'Bearer tok', 'Basic token'])(
  'metrics are not for %s',
  async (as) => {
    process.env.LIVECELL_METRICS_TOKEN = 'token';
    expect((await metrics(ask(as))).status).toBe(401);
  },
);

test('metrics are for the operator’s token', async () => {
  process.env.LIVECELL_METRICS_TOKEN = 'token';
  const response = await metrics(ask('Bearer token'));
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('livecell_queue_waiting');
});

test('a stranger learns whether the site is ready, and nothing else', async () => {
  process.env.LIVECELL_METRICS_TOKEN = 'token';
  expect(await (await ready(ask())).json()).toEqual({ status: 'ready' });
  expect(await (await ready(ask('Bearer token'))).json()).toMatchObject({
    status: 'ready',
    database: 'ok',
    queue: 'ok',
  });
});

test('asking whether the site is ready writes nothing', async () => {
  const before = readdirSync(process.env.LIVECELL_DATA!, { recursive: true }).toSorted();
  await ready(ask());
  expect(readdirSync(process.env.LIVECELL_DATA!, { recursive: true }).toSorted()).toEqual(before);
});

test('without a token, nobody reads metrics or details through a proxy on the same machine', async () => {
  expect((await metrics(ask())).status).toBe(200);
  const proxied = new Request('http://site/', { headers: { 'x-livecell-proxied': '1' } });
  expect((await metrics(proxied)).status).toBe(401);
  expect(await (await ready(proxied)).json()).toEqual({ status: 'ready' });
  process.env.AUTH_URL = 'https://livecell.example.org';
  expect((await metrics(ask())).status).toBe(401);
  expect(await (await ready(ask())).json()).toEqual({ status: 'ready' });
});

/** Attacks that need the real site and real sockets; those on handlers alone are in tests/attacks. */
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onSite, signInPath, test } from './site-test.ts';

/** A reverse proxy that tells the site nothing: it passes on the method, the path, the form, and what the attacker says of Host and Origin. */
async function strippingProxy(target: URL): Promise<{ url: string; server: Server }> {
  const server = createServer((incoming, outgoing) => {
    const pass = ['host', 'origin', 'content-type', 'content-length', 'cookie'];
    const headers = Object.fromEntries(
      pass.flatMap((name) => (incoming.headers[name] ? [[name, incoming.headers[name]]] : [])),
    );
    const { method, url: path } = incoming;
    const onward = httpRequest({ host: '127.0.0.1', port: target.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** fetch() does not let one choose Host. */
function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body = '',
): Promise<IncomingMessage & { text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(Object.assign(answer, { text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

test('behind a proxy that strips every header, nobody signs in without the key', async ({ baseURL }) => {
  const site = new URL(baseURL!);
  const proxy = await strippingProxy(site);
  try {
    const form = 'name=Eve&email=eve@evil.example&role=maintainer';
    for (const host of [`localhost:${site.port}`, 'localhost', 'livecell.example.org', '127.0.0.1'])
      for (const key of ['', '&key=', '&key=1', `&key=${'x'.repeat(43)}`]) {
        const headers = { host, origin: `http://${host}`, 'content-type': 'application/x-www-form-urlencoded' };
        const answer = await send(`${proxy.url}/sign-in/local`, 'POST', headers, form + key);
        expect.soft([host, key, answer.statusCode, answer.headers['set-cookie']]).toEqual([host, key, 403, undefined]);
      }
    const page = await send(`${proxy.url}/sign-in`, 'GET', { host: 'localhost' });
    expect(page.text).not.toContain('action="/sign-in/local"');
    const people = await onSite(['user', 'list', '--json']);
    expect(people.stdout).not.toContain('eve@evil.example');
  } finally {
    proxy.server.close();
  }
});

test('a key opens the form once', async ({ page }) => {
  const path = await signInPath();
  await page.goto(path);
  await page.getByLabel('Name').fill('Once Only');
  await page.getByLabel('E-mail').fill('once@example.org');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('banner').getByText('Once Only')).toBeVisible();
  await page.context().clearCookies();
  await page.goto(path);
  await expect(page.getByText('This link was used already')).toBeVisible();
  await expect(page.getByLabel('E-mail')).toHaveCount(0);
});

test('livecell sign-in-link prints an address that signs in', async ({ page }) => {
  const { stdout, status } = await onSite(['sign-in-link']);
  expect(status).toBe(0);
  await page.goto(stdout.trim());
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible();
});

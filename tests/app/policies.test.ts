/** The operator's pages: the site's own words until a file replaces them; `/.well-known/security.txt`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, expect, test } from 'vitest';
import { GET } from '#app/.well-known/security.txt/route.ts';
import PolicyPage from '#app/docs/[page]/page.tsx';
import { openSite } from './site.ts';

openSite();

const NAMES = ['LIVECELL_OPERATOR', 'LIVECELL_CONTACT', 'LIVECELL_SECURITY_CONTACT', 'LIVECELL_TEXTS', 'AUTH_URL'];
afterEach(() => {
  for (const name of NAMES) delete process.env[name];
});

const shown = async (page: string) =>
  renderToStaticMarkup(createElement('div', null, await PolicyPage({ params: Promise.resolve({ page }) })));

test('an operator’s file replaces a text, and its markup stays text', async () => {
  expect(await shown('terms')).toContain('The operator has not set terms of use of their own');
  const folder = join(process.env.LIVECELL_DATA!, 'texts');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'terms.md'),
    '## House rules\n\nBe kind <script>alert(1)</script>, see [privacy](/docs/privacy).',
  );
  const own = await shown('terms');
  expect(own).toContain('<h2>House rules</h2>');
  expect(own).toContain('href="/docs/privacy"');
  expect(own).not.toContain('<script>');
  expect(own).not.toContain('has not set terms');
  process.env.LIVECELL_TEXTS = join(folder, 'elsewhere');
  expect(await shown('terms')).toContain('has not set terms');
});

test('a text that cannot be used is an error, and not the site’s own words', async () => {
  const folder = join(process.env.LIVECELL_DATA!, 'large');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'privacy.md'), 'x'.repeat(300_000));
  process.env.LIVECELL_TEXTS = folder;
  await expect(shown('privacy')).rejects.toMatchObject({ code: 'unavailable' });
});

test('what remains after an account’s deletion is on the privacy page, and retention has the settings', async () => {
  const privacy = await shown('privacy');
  for (const remains of ['Published entries', 'log of decisions', 'quota’s ledger', 'keyed digest', 'Backups'])
    expect(privacy).toContain(remains);
  expect(await shown('retention')).toContain('2 days after they began');
});

test('security.txt names whom the operator named, under the site’s own address', async () => {
  const get = () => GET(new Request('http://evil.example/.well-known/security.txt'), {} as never);
  expect((await get()).status).toBe(404);
  process.env.AUTH_URL = 'https://livecell.example.org';
  process.env.LIVECELL_CONTACT = 'lab@example.org';
  const answer = await get();
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const text = await answer.text();
  expect(text).toMatch(/^Contact: mailto:lab@example\.org$/m);
  expect(text).toMatch(/^Canonical: https:\/\/livecell\.example\.org\/\.well-known\/security\.txt$/m);
  expect(text).toMatch(/^Expires: 20\d\d-\d\d-\d\dT00:00:00Z$/m);
  process.env.LIVECELL_SECURITY_CONTACT = 'https://example.org/report';
  expect(await (await get()).text()).toMatch(/^Contact: https:\/\/example\.org\/report$/m);
});

import { expect, test } from 'vitest';
import { readEnv } from '#lib/env.ts';
import { defaultText, keptThings, POLICIES, type Policy, parseText, securityTxt } from '#lib/policies.ts';

const FACTS = { operator: null, contact: null, securityContact: null, idleDays: 30, maintainerIdleDays: 7 };
const policies = Object.keys(POLICIES) as Policy[];
const wordsOf = (policy: Policy, facts = {}) => defaultText(policy, { ...FACTS, ...facts });

test('a text is headings, lists, paragraphs and links', () => {
  const text = '## Title\r\n\r\nFirst line,\nsecond [here](/docs) and\nthere.\n\n- one\n- [two](mailto:a@b.org)\n\n';
  expect(parseText(text)).toEqual([
    { kind: 'heading', runs: [{ text: 'Title' }] },
    {
      kind: 'paragraph',
      runs: [{ text: 'First line, second ' }, { text: 'here', href: '/docs' }, { text: ' and there.' }],
    },
    { kind: 'list', items: [[{ text: 'one' }], [{ text: 'two', href: 'mailto:a@b.org' }]] },
  ]);
});

test.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', '/\\evil.example', 'ftp://x.org/'])(
  'a link to %s stays text',
  (address) => {
    expect(JSON.stringify(parseText(`[words](${address})`))).not.toContain('href');
  },
);

test.each(policies)('the default text of %s can be read, and links to addresses of this site', (policy) => {
  const blocks = parseText(wordsOf(policy));
  expect(blocks.length).toBeGreaterThan(1);
  expect(JSON.stringify(blocks)).not.toMatch(/undefined|\[object|\]\(/);
});

test('a site without an operator’s name says so, and one with a name gives it', () => {
  expect(wordsOf('privacy')).toContain('has not stated a name');
  const told = wordsOf('privacy', { operator: 'Cell Lab', contact: 'mailto:lab@example.org' });
  expect(told).toContain('run by Cell Lab');
  expect(told).toContain('[lab@example.org](mailto:lab@example.org)');
});

test('what is kept for how long is what the settings say', () => {
  const things = keptThings(readEnv({ LIVECELL_KEEP_REJECTED_DAYS: '1', LIVECELL_KEEP_UPLOADS_DAYS: '9' }));
  const kept = Object.fromEntries(things.map(({ setting, kept }) => [setting, kept]));
  expect(kept).toMatchObject({
    LIVECELL_KEEP_UPLOADS_DAYS: '9 days after they began',
    LIVECELL_KEEP_REJECTED_DAYS: '1 day after the verdict',
    LIVECELL_KEEP_WITHDRAWN_DAYS: 'Deleted at once',
  });
  // every setting of this kind is in the table
  const names = Object.keys(readEnv({})).filter((name) => name.startsWith('LIVECELL_KEEP_'));
  expect(Object.keys(kept)).toEqual(expect.arrayContaining(names));
});

test('security.txt has the fields that RFC 9116 asks for, and expires within a year', () => {
  const about = { site: 'https://example.org', now: new Date('2026-11-30T12:34:56Z') };
  expect(securityTxt({ ...about, contact: null })).toBeNull();
  expect(securityTxt({ ...about, contact: 'mailto:sec@example.org' })?.split('\n')).toEqual([
    'Contact: mailto:sec@example.org',
    'Expires: 2027-05-29T00:00:00Z',
    'Canonical: https://example.org/.well-known/security.txt',
    'Policy: https://example.org/docs/security',
    'Preferred-Languages: en',
    '',
  ]);
});

test('a contact is an e-mail address or an address on the web', () => {
  const contactOf = (LIVECELL_CONTACT: string) => readEnv({ LIVECELL_CONTACT }).LIVECELL_CONTACT;
  expect(contactOf('lab@example.org')).toBe('mailto:lab@example.org');
  expect(contactOf('https://example.org/contact')).toBe('https://example.org/contact');
  for (const wrong of ['javascript:alert(1)', 'http://example.org', 'lab', 'a@b\nContact: c@d'])
    expect(() => contactOf(wrong)).toThrow(/must be an e-mail address, or start with https/);
});

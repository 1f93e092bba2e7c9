/** The page of problems and warnings explains every code, at the address that messages link to. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { HelpLink } from '#app/_components/help-link.tsx';
import DocsPage from '#app/docs/page.tsx';
import ProblemsPage from '#app/docs/problems/page.tsx';
import { CHECKS, type CheckCode } from '#lib/checks/checks.ts';
import { helpOn } from '#lib/problems.ts';

const page = renderToStaticMarkup(createElement(ProblemsPage));
const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
const codes = Object.keys(CHECKS) as CheckCode[];

test('every code has one anchor, and every anchor within the page leads somewhere', () => {
  expect(new Set(ids).size).toBe(ids.length);
  expect(codes.filter((code) => !ids.includes(code))).toEqual([]);
  const links = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test('a message links to the explanation of its code', () => {
  expect(helpOn('bad-box')).toBe('/docs/problems#bad-box');
  const link = renderToStaticMarkup(createElement(HelpLink, { code: 'bad-box' }));
  expect(link).toContain('href="/docs/problems#bad-box"');
  const [explanation] = page.split('id="bad-box"').slice(1);
  expect(explanation).toContain('Write [x, y, width, height].');
});

test('the documentation leads to it', () => {
  expect(renderToStaticMarkup(createElement(DocsPage))).toContain('href="/docs/problems"');
});

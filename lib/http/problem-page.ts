/** A page of few words for people, where the site's own pages cannot be rendered or should not be. */
import { escapeXml } from '#lib/xml.ts';

interface ProblemPage {
  title: string;
  detail: string;
  /** seconds after which the browser asks again */
  reload?: number;
  /** where to go on; null: nowhere, since no page can be had */
  next?: { href: string; label: string } | null;
}

const HOME = { href: '/', label: 'Go to the home page' };

/** The mark and the colours of the site, without its files: they may not be had either. */
const STYLE = [
  ':root{color-scheme:light dark}',
  'body{font:1.0625rem/1.55 system-ui,sans-serif;max-width:36rem;margin:0 auto;padding:2rem 1rem;',
  'background:light-dark(#fff,#121614);color:light-dark(#17201b,#e6ebe7)}',
  'header{display:flex;gap:.6rem;align-items:center;padding-bottom:.9rem;border-bottom:1px solid light-dark(#dbe1dc,#2c3530);',
  'font:600 1.125rem/1.2 Charter,Georgia,serif}',
  'svg{width:1.6rem;fill:none;stroke:light-dark(#0b6b47,#6fd6a6);stroke-width:1.8}',
  'h1{font:600 1.75rem/1.2 Charter,Georgia,serif;margin:3rem 0 .75rem}p{margin:0 0 1rem;overflow-wrap:anywhere}',
  'a{color:light-dark(#0b6b47,#6fd6a6)}',
].join('');
const MARK =
  '<svg viewBox="0 0 26 26" aria-hidden="true"><path d="M3.2 10.4C2.4 6 5.6 2.6 9.6 2.7c3 .1 4.3 2.3 4.1 4.8-.2 2.9-1.7 3.3-2 5.7-.3 1.8-1.6 3.3-3.7 3.2-2.8-.1-4.3-2.9-4.8-6Z"/><path d="M14.4 7.8c1-2.7 4-3.5 6.3-1.7 2.4 1.9 3.2 5.6 1.5 8-1.5 2.2-4.2 2-6.3 1.3-2.2-.8-3.2-1.5-3-3.4.2-1.8.9-2.6 1.5-4.2Z"/><path d="M11.2 15.2c1.7-.6 3 .8 5 1.3 2.2.5 3.5 1.6 2.9 3.7-.8 2.7-4.1 3.7-7 3.2-2.9-.5-5.3-2.2-4.9-4.7.2-1.9 2.1-2.8 4-3.5Z"/></svg>';

/** Return a whole HTML document, which needs no other file. */
export function problemPage({ title, detail, reload, next = HOME }: ProblemPage): string {
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    reload === undefined ? '' : `<meta http-equiv="refresh" content="${reload}">`,
    `<title>${escapeXml(title)} · LIVECell benchmark</title><style>${STYLE}</style>`,
    `<body><header>${MARK}LIVECell benchmark</header><main>`,
    `<h1>${escapeXml(title)}</h1><p>${escapeXml(detail)}</p>`,
    reload === undefined ? '' : '<p>This page asks again by itself.</p>',
    next ? `<p><a href="${escapeXml(next.href)}">${escapeXml(next.label)}</a></p>` : '',
    '</main></body></html>',
  ].join('');
}

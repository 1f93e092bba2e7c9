/** Pages of the static copy: plain HTML that opens from a folder, without scripts and without anything from elsewhere. */
import { escapeXml } from '#lib/xml.ts';

/** A piece of HTML; everything else that goes into a page is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** Build HTML: values are escaped, unless they are HTML already. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, piece, i) => text + render(parts[i - 1]) + piece));
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return escapeXml(String(part));
}

/** Return a whole page. `path` is where it stands, for links to the pages above it. */
export function page(
  { path, title, site, madeAt }: { path: string; title: string; site: string; madeAt: Date },
  body: Html,
): string {
  const up = '../'.repeat(path.split('/').length - 1);
  const day = madeAt.toISOString().slice(0, 10);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · LIVECell benchmark, copy of ${day}</title>
<link rel="stylesheet" href="${up}style.css">
</head>
<body>
<header><p><a href="${up}index.html">LIVECell benchmark</a>, static copy of ${day}${site && html` of ${site}`}</p></header>
<main>
<h1>${title}</h1>
${body}
</main>
<footer><p>Every file’s digest, signed by the site: <a href="${up}manifest.json">manifest.json</a>; how to check it: <a href="${up}about.html">about this copy</a>.</p></footer>
</body>
</html>
`.text;
}

/** Return a table; cells that are numbers are aligned to the right. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Part[])[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td${isNumeric(cell) ? new Html(' class="num"') : ''}>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

function isNumeric(cell: Part): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && /^[–−-]?[\d.,]*$/.test(cell) && cell !== '');
}

/** Return a link to an address elsewhere, if it is one of the web; else its text. */
export function outside(address: string | null): Html | string {
  if (address === null) return '–';
  return /^https?:\/\//.test(address) ? html`<a href="${address}" rel="nofollow">${address}</a>` : address;
}

export const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; }
header p, footer p { color: GrayText; margin: 0; }
h1 { font-size: 1.7rem; line-height: 1.2; }
table { border-collapse: collapse; font-size: 0.9rem; }
caption { text-align: left; padding: 0.3rem 0; color: GrayText; }
th, td { text-align: left; padding: 0.25rem 0.6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top; }
td.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow-x: auto; }
code { overflow-wrap: anywhere; }
.note { border-left: 4px solid; padding-left: 0.8rem; }
`;

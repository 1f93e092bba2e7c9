/** Renders a badge as SVG: one line of text on a dark ground, readable without a particular font. */
import { escapeXml } from './xml.ts';

/** Mean advance of Verdana's letters at 11 px; the text is fitted to the width, so an estimate is enough. */
const LETTER = 6.6;
const HEIGHT = 20;
const PADDING = 8;

/** Render a badge. @param title read by screen readers and shown on hover */
export function badge(words: string, title: string): string {
  const inner = Math.round([...words].length * LETTER);
  const width = inner + 2 * PADDING;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" role="img" aria-label="${escapeXml(title)}">
  <title>${escapeXml(title)}</title>
  <rect width="${width}" height="${HEIGHT}" rx="3" fill="#12404f"/>
  <text x="${PADDING}" y="14" textLength="${inner}" lengthAdjust="spacingAndGlyphs" fill="#fff" font-family="Verdana, DejaVu Sans, Geneva, sans-serif" font-size="11">${escapeXml(words)}</text>
</svg>
`;
}

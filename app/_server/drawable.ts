/** Remove letters that the font of drawn pictures lacks: the drawing library would send those to another site. */
export function drawable(text: string): string {
  return text
    .replaceAll('\u2212', '\u2013') // without its minus, a number would be another
    .replace(/[^\u0020-\u007e\u00a0-\u017f\u2013\u2014\u2018-\u201d\u2026\u00b7]/gu, ' ')
    .replace(/ {4,}/g, '   ')
    .trim();
}

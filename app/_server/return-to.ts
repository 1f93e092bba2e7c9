/** The page to return to after signing in: always one of this site. */
export function safeReturn(path: string | undefined): string {
  const site = 'http://site.invalid';
  if (!path?.startsWith('/') || !URL.canParse(path, site)) return '/submissions';
  const url = new URL(path, site);
  const inside = url.pathname + url.search + url.hash;
  // `//elsewhere.org`, `/\elsewhere.org` and `/.//elsewhere.org` resolve to addresses of other sites
  return url.origin === site && /^\/(?![/\\])/.test(inside) ? inside : '/submissions';
}

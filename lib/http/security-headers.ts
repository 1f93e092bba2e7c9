/** Headers that keep a page from running, loading or being framed by foreign content (OWASP Secure Headers). */

interface PolicyOptions {
  /** sources of inline scripts: `'nonce-…'` for a page rendered for one reader, `'sha256-…'` for a cached one */
  scripts: readonly string[];
  /** addresses that a sign-in form may lead to */
  formTargets?: readonly string[];
}

/** Return a Content-Security-Policy: everything from this site only, inline scripts only as listed. */
export function contentSecurityPolicy({ scripts, formTargets = [] }: PolicyOptions): string {
  return [
    "default-src 'self'",
    // the validator compiles WebAssembly in the browser
    ["script-src 'self' 'wasm-unsafe-eval'", ...scripts].join(' '),
    // React writes style attributes; they cannot run anything
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ["form-action 'self'", ...formTargets].join(' '),
  ].join('; ');
}

/**
 * Return the security headers. @param https the site is reached over https: tells browsers to use only https from now
 * on
 */
export function securityHeaders(https: boolean): [name: string, value: string][] {
  return [
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()'],
    ...(https ? ([['strict-transport-security', 'max-age=31536000; includeSubDomains']] as [string, string][]) : []),
  ];
}

/** Return the contents of a page's inline scripts, in order. */
export function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)]
    .map(([, content]) => content)
    .filter((content) => content !== '');
}

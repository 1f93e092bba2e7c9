/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
  // a second checkout-wide build (a test run beside a running site) needs a folder of its own
  distDir: process.env.LIVECELL_DIST ?? '.next',
  // archives are read in the browser too, from the bytes of a chosen file
  turbopack: { resolveAlias: { fs: { browser: './app/check/no-disk.ts' } } },
  // types are checked by `npm run types`, for all folders at once
  typescript: { ignoreBuildErrors: true },
  // pictures have rights of their own, which Next's optimizer does not ask for: it would hand out copies of hidden ones
  images: { unoptimized: true, localPatterns: [], remotePatterns: [] },
  // the address of a review is a secret: no other site is told it, no cache and no search engine keeps it
  headers: async () => [
    {
      source: '/review/:path*',
      headers: [
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'X-Robots-Tag', value: 'noindex, nofollow' },
        { key: 'Cache-Control', value: 'private, no-store' },
      ],
    },
    // its address may hold a key
    { source: '/sign-in', headers: [{ key: 'Referrer-Policy', value: 'same-origin' }] },
  ],
  // forms have a few fields; files go to /api/uploads (the front refuses larger bodies before they are read)
  experimental: { serverActions: { bodySizeLimit: '256kb' } },
  // these open files, sockets or threads of their own and must stay ordinary Node modules
  serverExternalPackages: [
    'postgres',
    'pg',
    'pg-boss',
    'pino',
    'prom-client',
    'piscina',
    '@electric-sql/pglite',
    '@tus/server',
    '@tus/file-store',
    // imports drizzle by a name that no bundler sees
    'rate-limiter-flexible',
  ],
};

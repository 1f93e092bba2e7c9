/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
  // a second checkout-wide build (a test run beside a running site) needs a folder of its own
  distDir: process.env.LIVECELL_DIST ?? '.next',
  // types are checked by `npm run types`, for all folders at once
  typescript: { ignoreBuildErrors: true },
  // these open files, sockets or threads of their own and must stay ordinary Node modules
  serverExternalPackages: [
    'postgres',
    'pg',
    'pg-boss',
    'piscina',
    '@electric-sql/pglite',
    '@tus/server',
    '@tus/file-store',
  ],
};

/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
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

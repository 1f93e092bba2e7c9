/**
 * Once per run of vitest: one PostgreSQL server with a migrated database to copy, and a migrated dump of the embedded
 * database. Test files find both by the variables set here.
 */
import postgres from 'postgres';
import { migrate } from '#db/migrate.ts';
import { makeEmbeddedTemplate } from './databases.ts';
import { findPostgres, startPostgres } from './postgres-server.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const [stop] = await Promise.all([openServer(), makeEmbeddedTemplate()]);
  return stop;
}

async function openServer(): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (!given && !findPostgres()) return async () => {};
  const server = given ? { url: given, stop: async () => {}, restart: async () => {} } : await startPostgres();
  const name = `livecell_template_${process.pid}_${Date.now()}`;
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  const template = new URL(server.url);
  template.pathname = `/${name}`;
  await migrate(template.href);
  process.env.TEST_DATABASE_URL = server.url;
  process.env.TEST_DATABASE_TEMPLATE = name;
  return async () => {
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
    await server.stop();
  };
}

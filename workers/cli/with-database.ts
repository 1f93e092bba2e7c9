/** Opens the database for a command, whether or not the site is running. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { env } from '#lib/env.ts';
import { keepFilesPrivate, makePrivate } from '#lib/private-folder.ts';
import { CallError } from '#workers/cli/command.ts';
import { runningSite } from '#workers/run-file.ts';

/**
 * Run with DATABASE_URL set: by the environment (production), by the running site or, if none is running, by opening
 * the data folder's embedded database for the duration of the command. Only commands that set up a site may `create`
 * it: in a shell without DATABASE_URL, `user role` on a production folder would seem to work but change nothing.
 */
export async function withDatabase<T>(run: () => Promise<T>, { create = false } = {}): Promise<T> {
  keepFilesPrivate();
  const { closeDb } = await import('#db/engine/client.ts');
  if (process.env.DATABASE_URL) return await run().finally(closeDb);
  const site = await runningSite();
  if (site) {
    process.env.DATABASE_URL = site.databaseUrl;
    return await run().finally(closeDb);
  }
  if (!create && !existsSync(join(env().LIVECELL_DATA, 'database')))
    throw new CallError(
      `There is no site in the folder ${env().LIVECELL_DATA}: no database, and nothing that runs. Set DATABASE_URL or LIVECELL_DATA, or start a site there first: npm start`,
    );
  const { openEmbedded } = await import('#db/engine/embedded.ts');
  const { migrate } = await import('#db/migrate.ts');
  makePrivate(env().LIVECELL_DATA);
  const embedded = await openEmbedded(env().LIVECELL_DATA);
  try {
    process.env.DATABASE_URL = embedded.url;
    await migrate(embedded.url);
    return await run();
  } finally {
    await closeDb();
    await embedded.close();
  }
}

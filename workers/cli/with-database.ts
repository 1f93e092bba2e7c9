/** Opens the database for a command, whether the site is running or not. */
import { env } from '#lib/env.ts';
import { keepFilesPrivate, makePrivate } from '#lib/private-folder.ts';
import { runningSite } from '#workers/cli/run-file.ts';

/**
 * Runs with DATABASE_URL set: given by the environment (production), by the running site, or, when nothing runs, by
 * opening the embedded database of the data folder for as long as the command takes.
 */
export async function withDatabase<T>(run: () => Promise<T>): Promise<T> {
  keepFilesPrivate();
  const { closeDb } = await import('#db/engine/client.ts');
  if (process.env.DATABASE_URL) return await run().finally(closeDb);
  const site = await runningSite();
  if (site) {
    process.env.DATABASE_URL = site.databaseUrl;
    return await run().finally(closeDb);
  }
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

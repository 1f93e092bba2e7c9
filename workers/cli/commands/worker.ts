/** `livecell worker`: runs a scoring process. */
import { CallError, type Command } from '#workers/cli/command.ts';
import { runningSite } from '#workers/run-file.ts';

export const worker: Command = {
  name: 'worker',
  help: 'Runs a scoring process until it is stopped. Needs DATABASE_URL, or a site running on this machine.',
  example: 'livecell worker',
  options: {},
  async run(_values, _files, out) {
    if (!process.env.DATABASE_URL) {
      const site = await runningSite();
      if (!site) throw new CallError('There is no database to work for: set DATABASE_URL, or start the site first.');
      process.env.DATABASE_URL = site.databaseUrl;
    }
    const { requireSite } = await import('#db/start.ts');
    await requireSite(process.env.DATABASE_URL, { onWait: (text) => out.note(text) });
    const { runWorker } = await import('#workers/scoring/process.ts');
    await runWorker();
  },
};

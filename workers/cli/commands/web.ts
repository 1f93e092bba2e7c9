/** `livecell web`: runs one web process. */
import { join } from 'node:path';
import { env } from '#lib/env.ts';
import { keepFilesPrivate } from '#lib/private-folder.ts';
import { CallError, type Command } from '#workers/cli/command.ts';

export const web: Command = {
  name: 'web',
  help: 'Runs one web process until it is stopped. Needs DATABASE_URL, AUTH_URL and AUTH_SECRET.',
  details:
    'Start as many as you like, on any number of machines that share the database and the storage. The pages must have\n' +
    'been built (npm run build), and the database must have the current schema (livecell migrate).',
  example: 'DATABASE_URL=postgres://… AUTH_URL=https://example.org AUTH_SECRET=… livecell web',
  options: {},
  async run(_values, _files, out) {
    const missing = ['DATABASE_URL', 'AUTH_URL', 'AUTH_SECRET'].filter((name) => !process.env[name]);
    if (missing.length > 0)
      throw new CallError(`${missing.join(', ')} must be set. For a site on this machine alone, run: npm start`);
    keepFilesPrivate();
    Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
    process.env.HOST ||= '0.0.0.0';
    const settings = env();
    // the database may be what is worked on
    if (!settings.LIVECELL_MAINTENANCE) {
      const { requireSite } = await import('#db/start.ts');
      await requireSite(settings.DATABASE_URL!, { onWait: (text) => out.note(text) });
    }
    const { runWeb } = await import('#workers/site/web.ts');
    await runWeb({ dir: join(import.meta.dirname, '../../..'), host: settings.HOST!, port: settings.PORT });
  },
};

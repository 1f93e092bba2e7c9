/** `livecell build`: builds the pages of the web process, ready to run anywhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Command, InputError } from '#workers/cli/command.ts';
import { buildIfNeeded } from '#workers/site/build.ts';

const ROOT = join(import.meta.dirname, '../../..');

export const build: Command = {
  name: 'build',
  help: 'Builds the pages, unless those that are there belong to these very sources.',
  details:
    'Build once and run the result on every machine: pages that were built apart do not know each other’s forms. Where\n' +
    'that cannot be, set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY to the same value at every build.',
  example: 'livecell build',
  options: {},
  async run(_values, _files, out) {
    // pages are rendered on request: building needs neither the database nor a secret
    const { DATABASE_URL: _, AUTH_SECRET: __, ...environment } = process.env;
    const built = await buildIfNeeded(ROOT, async () => {
      const child = spawn(process.execPath, [join(ROOT, 'node_modules/next/dist/bin/next'), 'build'], {
        cwd: ROOT,
        env: { ...environment, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const [status] = await once(child, 'exit');
      if (status !== 0) throw new InputError('The pages could not be built; the reason stands above.');
    });
    out.print(built ? 'The pages are built.' : 'The pages of these sources are there already.');
  },
};

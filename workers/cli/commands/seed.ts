/** `livecell seed`. */
import { type Command, JSON_OPTION } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const seed: Command = {
  name: 'seed',
  help: 'Adds the published reference results and the demo benchmark, where they are missing.',
  example: 'livecell seed',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    await withDatabase(
      async () => {
        const { seed } = await import('#workers/demo/seed.ts');
        await seed();
      },
      { create: true },
    );
    out.document({ seeded: true });
    out.print('Reference results and demo benchmark are there.');
  },
};

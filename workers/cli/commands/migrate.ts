/** `livecell migrate`. */
import { type Command, JSON_OPTION } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const migrate: Command = {
  name: 'migrate',
  help: 'Brings the database to the current schema.',
  example: 'livecell migrate',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    await withDatabase(
      async () => {
        const { migrate } = await import('#db/migrate.ts');
        await migrate(process.env.DATABASE_URL!);
      },
      { create: true },
    );
    out.document({ migrated: true });
    out.print('The database has the current schema.');
  },
};

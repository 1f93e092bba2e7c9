/** `livecell retry`: has submissions tried again that a fault of the site ended or keeps waiting. */
import { CallError, type Command, JSON_OPTION } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const retry: Command = {
  name: 'retry',
  takes: '[SUBMISSION…]',
  help: 'Lists submissions that a fault of the site ended or keeps waiting, and has them tried again now.',
  details:
    'Without arguments it lists them. Remove the cause first: a full disk, a store that does not answer, too little\n' +
    'memory. They go to the head of the queue. A rejected file is no fault of the site and is not listed.',
  example: 'livecell retry --all',
  options: {
    all: { type: 'boolean', help: 'all that are listed' },
    json: JSON_OPTION,
  },
  async run(values, ids, out) {
    if (values.all && ids.length > 0) throw new CallError('--all or submissions, not both.');
    const { listed, again } = await withDatabase(async () => {
      const { listToTryAgain, tryAgain } = await import('#db/submissions/scoring.ts');
      const listed = await listToTryAgain();
      const again: { id: string; method: string; refused: string | null }[] = [];
      const nameOf = new Map(listed.map(({ id, method }) => [id, method]));
      for (const id of values.all ? nameOf.keys() : new Set(ids)) {
        const refused = await tryAgain(id, null).then(
          () => null,
          (error) => {
            // one that is being tried at this moment does not stop the others
            if (error.code !== 'conflict' && error.code !== 'not-found') throw error;
            return (error as Error).message;
          },
        );
        again.push({ id, method: nameOf.get(id) ?? id, refused });
      }
      return { listed, again };
    });
    if (again.length > 0) {
      out.document({ again });
      for (const { id, method, refused } of again)
        out.print(refused ? `${id}  ${method}: ${refused}` : `${id}  ${method} is tried again.`);
      return;
    }
    out.document({ submissions: listed });
    for (const { id, method, state, failure } of listed)
      out.print(
        `${id}  ${state === 'failed' ? 'failed ' : 'waiting'}  ${method}: ${failure ?? 'no reason is on record'}`,
      );
    if (listed.length === 0) out.print('No submission failed or waits because of a fault of this site.');
  },
};

/** `livecell ground-truth list`, `ground-truth public` and `ground-truth private`. */
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  type Output,
  required,
  type Values,
} from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const groundTruthList: Command = {
  name: 'ground-truth list',
  help: 'Lists the registered ground truth: name, task, split, size, and whether it is public.',
  example: 'livecell ground-truth list --json',
  options: { json: JSON_OPTION },
  async run(_values, args, out) {
    if (args.length > 0) throw new CallError(`“${args[0]}” is not expected.`);
    const sets = await withDatabase(async () => {
      const { listDatasets } = await import('#db/datasets/datasets.ts');
      return await listDatasets();
    });
    out.document(
      sets.map(({ id, name, task, split, version, sha256, images, objects, demo, ...rest }) => ({
        ...{ id, name, task, split, version, sha256, images, objects, demo },
        public: rest.public,
      })),
    );
    for (const { name, task, split, images, objects, ...rest } of sets)
      out.print(
        `${rest.public ? 'public ' : 'private'}  ${name}  (${[task, split].filter(Boolean).join(', ')}; ${images.toLocaleString('en-US')} images, ${objects.toLocaleString('en-US')} objects)`,
      );
    if (sets.length === 0) out.print('No ground truth is registered: livecell import-ground-truth does it.');
  },
};

const REASON = { type: 'string', value: 'TEXT', help: 'why, for the log that maintainers read' } as const;

export const groundTruthPublic: Command = {
  name: 'ground-truth public',
  takes: 'NAME',
  help: 'Makes annotations public: shown, downloadable, and with every number that is computed from them.',
  details: 'What has been public once may have been copied. Whether the images are public is for import-images to say.',
  example: 'livecell ground-truth public "LIVECell test" --reason "Published by its authors"',
  options: { reason: REASON, json: JSON_OPTION },
  run: (values, args, out) => change(true, values, args, out),
};

export const groundTruthPrivate: Command = {
  name: 'ground-truth private',
  takes: 'NAME',
  help: 'Stops showing annotations. Scores computed from them stay, and are told as for hidden ground truth.',
  example: 'livecell ground-truth private "Challenge 2027" --reason "Registered as public by mistake"',
  options: { reason: REASON, json: JSON_OPTION },
  run: (values, args, out) => change(false, values, args, out),
};

async function change(isPublic: boolean, values: Values, args: string[], out: Output): Promise<void> {
  if (args.length !== 1) throw new CallError('The name of one data set is needed, in quotes if it has spaces.');
  const [name] = args;
  const reason = required(values, 'reason').trim();
  if (!reason) throw new CallError('--reason is missing: why?');
  const before = await withDatabase(async () => {
    const { getDatasetByName, listDatasets } = await import('#db/datasets/datasets.ts');
    const dataset = await getDatasetByName(name);
    if (!dataset) {
      const known = (await listDatasets()).map((known) => `“${known.name}”`);
      throw new InputError(`There is no ground truth “${name}”; there is ${known.join(', ') || 'none yet'}.`);
    }
    if (dataset.public !== isPublic) {
      const { setDatasetPublic } = await import('#db/rescore/ground-truth.ts');
      await setDatasetPublic(dataset.id, isPublic, { actorId: null, reason });
    }
    return dataset.public;
  });
  out.document({ name, public: isPublic, changed: before !== isPublic });
  const state = isPublic ? 'public' : 'not public';
  out.print(before === isPublic ? `“${name}” is ${state} already: nothing has changed.` : `“${name}” is ${state} now.`);
}

/** `livecell split`: divides ground truth into a public and a private part. */
import { PARTS, type PartList, SPLIT_BY, type SplitBy } from '#lib/datasets/part-list.ts';
import type { PartFacts } from '#lib/datasets/split-parts.ts';
import { CallError, type Command, InputError, JSON_OPTION, required, type Values } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const split: Command = {
  name: 'split',
  takes: 'NAME',
  help: 'Divides ground truth: boards show scores on its public part until a date, then on its private part.',
  details:
    "Whole wells or fields of view go to one part, of each cell type the same share; which ones depends on the site's\n" +
    'secret. Everything is scored again, now and on the date. On the private part nothing is scored before.',
  example: 'livecell split "LIVECell test" --by well --share 0.5 --until 2027-03-01',
  options: {
    by: { type: 'string', value: 'UNIT', help: 'well or field; default: well' },
    share: { type: 'string', value: 'SHARE', help: 'of the wells or fields, what is private; default: 0.5' },
    until: { type: 'string', value: 'DATE', help: 'the day on which the private part begins, such as 2027-03-01' },
    list: {
      type: 'string',
      value: 'PART',
      help: 'divide nothing; print which wells or fields the public or the private part has, for livecell verify --part',
    },
    json: JSON_OPTION,
  },
  async run(values, names, out) {
    if (names.length !== 1) throw new CallError('Give the name of one data set.');
    if (values.list !== undefined) {
      const list = await listOf(names[0], values);
      out.note(
        'Whoever has this list and the whole file knows which images are scored: before the private part has begun, give it to nobody who submits.',
      );
      if (out.json) out.document(list);
      else out.print(JSON.stringify(list, null, 2));
      return;
    }
    const { by, share, until } = parseSplit({ ...values, until: required(values, 'until') });
    const { rescore, parts } = await withDatabase(async () => {
      const { getDatasetByName } = await import('#db/datasets/datasets.ts');
      const { splitDataSet } = await import('#workers/scoring/split-data-set.ts');
      const dataset = await getDatasetByName(names[0]);
      if (!dataset) throw new InputError(`There is no ground truth “${names[0]}”.`);
      return splitDataSet(dataset.id, { by, share, until }, null);
    });
    out.document({ dataset: names[0], until, parts, rescore: { id: rescore.id, state: rescore.state } });
    for (const part of parts) out.print(partInWords(part));
    out.print(`Boards show the public part when everything is scored on it, and the private part from ${until} on.`);
  },
};

/** Read the list of a part. @throws CallError beside options that divide; InputError if there is no such part */
async function listOf(name: string, values: Values): Promise<PartList> {
  const part = PARTS.find((known) => known === values.list);
  if (!part) throw new CallError(`--list is one of ${PARTS.join(', ')}, not “${values.list}”.`);
  for (const option of ['by', 'share', 'until'])
    if (values[option] !== undefined) throw new CallError(`--list divides nothing: leave out --${option}.`);
  return withDatabase(async () => {
    const { getDatasetByName } = await import('#db/datasets/datasets.ts');
    const { listPart } = await import('#workers/scoring/split-data-set.ts');
    const dataset = await getDatasetByName(name);
    if (!dataset) throw new InputError(`There is no ground truth “${name}”.`);
    return listPart(dataset, part);
  });
}

/** Read how a data set is divided. @throws CallError if something is no unit or no day */
export function parseSplit(
  given: { by?: unknown; share?: unknown; until: string },
  options: { by: string; until: string } = { by: '--by', until: '--until' },
): { by: SplitBy; share: number; until: string } {
  const by = SPLIT_BY.find((unit) => unit === (given.by ?? 'well'));
  if (!by) throw new CallError(`${options.by} is one of ${SPLIT_BY.join(', ')}, not “${given.by}”.`);
  const { until } = given;
  if (!/^\d{4}-\d\d-\d\d$/.test(until) || Number.isNaN(Date.parse(until)))
    throw new CallError(`${options.until} is a day such as 2027-03-01, not “${until}”.`);
  return { by, share: Number(given.share ?? 0.5), until };
}

/** Say in a line what a part has. */
export function partInWords(part: PartFacts): string {
  return `The ${part.name} part: ${part.units} of ${part.of} ${part.by}s, ${part.degreesOfFreedom} degrees of freedom${part.degreesOfFreedom < 5 ? ', too few for intervals' : ''}.`;
}

/** `livecell import-ground-truth`: registers ground truth, or its next version. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from '#lib/env.ts';
import { SPLITS } from '#lib/livecell/splits.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  mustBeFile,
  type Output,
  oneFile,
  required,
  type Values,
} from '#workers/cli/command.ts';
import { CATEGORY, openTask, parseCategory, slotFiles, TASK_OPTION } from '#workers/cli/slot-arguments.ts';
import { withDatabase } from '#workers/cli/with-database.ts';
import { parseSplit, partInWords } from './split.ts';

export const importGroundTruth: Command = {
  name: 'import-ground-truth',
  takes: 'FILE',
  details:
    'Reference counts are a file per cell type: --task fluorescence-counts A172=a172.json A549=a549.json\n' +
    'Outside data sets are COCO annotations: --task zero-shot --name EVICAN --licence … --source … --protocol … FILE\n' +
    'With --replace the file becomes the next version of what is registered under the name: everything that was scored\n' +
    'on it is scored again, and then the board switches at once.',
  help: 'Registers ground truth with the site; submissions are scored against the newest of their task.',
  example: 'livecell import-ground-truth livecell_coco_test.json --name "LIVECell test"',
  options: {
    name: { type: 'string', value: 'NAME', help: 'what it is called on the site' },
    task: TASK_OPTION,
    category: CATEGORY,
    licence: { type: 'string', value: 'TEXT', help: 'of an outside data set: on what terms it is used' },
    split: {
      type: 'string',
      value: 'SPLIT',
      help: 'train, val or test; default: what the name says, as in “LIVECell test”',
    },
    source: { type: 'string', value: 'TEXT', help: 'of an outside data set: where it is from' },
    protocol: { type: 'string', value: 'TEXT', help: 'of an outside data set: how it was prepared' },
    'divide-by': { type: 'string', value: 'UNIT', help: 'divide it by well or field; see livecell split' },
    'private-share': { type: 'string', value: 'SHARE', help: 'with --divide-by: what is private; default: 0.5' },
    'private-until': {
      type: 'string',
      value: 'DATE',
      help: 'with --divide-by: the day on which the private part begins',
    },
    public: { type: 'boolean', help: 'annotations may be shown and downloaded' },
    replace: { type: 'boolean', help: 'a new version of the ground truth with this name; needs --note' },
    note: { type: 'string', value: 'TEXT', help: 'what this version is; with --replace, what changed and why' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (values.replace) return replaceGroundTruth(values, files, out);
    const task = openTask(values.task);
    const given = task.kind.truthPerSlot
      ? await slotFiles(task, files, undefined)
      : [{ slot: '', path: await mustBeFile(oneFile(files, 'ground truth file')) }];
    const name = required(values, 'name').trim();
    if (!name) throw new CallError('--name is missing.');
    const split = SPLITS.find((id) => id === values.split);
    if (values.split !== undefined && !split)
      throw new CallError(`--split is one of ${SPLITS.join(', ')}, not “${values.split}”.`);
    const splitting = parseSplitting(values);
    if (splitting) {
      const { requireDivisibleKind } = await import('#db/rescore/split.ts');
      requireDivisibleKind({ name, task: task.groundTruth, public: values.public === true }, new Date(splitting.until));
    }
    const { storage } = await import('#lib/storage.ts');
    const data = env().LIVECELL_DATA;
    await mkdir(data, { recursive: true });
    const dir = await mkdtemp(join(data, 'import-')); // on the storage's own disk, so that the final move is a rename
    try {
      const packed = join(dir, 'packed');
      const { packGroundTruth } = await import('#workers/scoring/import-task.ts');
      const { sha256, images, objects, cellTypes, warnings, statistics } = await packGroundTruth(task, given, packed, {
        category: parseCategory(task, values.category),
      });
      const dataset = await withDatabase(
        async () => {
          const { getDatasetByName, getPictures, registerDataset, saveStatistics } = await import(
            '#db/datasets/datasets.ts'
          );
          const before = await getDatasetByName(name);
          const packKey = `datasets/${randomUUID()}`;
          await storage().adopt(packKey, packed);
          const registered = await registerDataset(
            {
              name,
              task: task.groundTruth,
              public: values.public === true,
              split,
              licence: values.licence,
              source: values.source,
              protocol: values.protocol,
              sha256,
              images,
              objects,
              cellTypes,
              packKey,
            },
            { note: values.note },
          ).catch(async (error) => {
            await storage().delete(packKey);
            throw error;
          });
          // statistics that came with pictures are more complete
          if (statistics && !(await getPictures(registered.id))) await saveStatistics(registered, statistics);
          if (registered.packKey !== packKey) await storage().delete(packKey); // the same content was already stored
          if (!splitting || before) return { ...registered, before, parts: undefined };
          const { splitDataSet } = await import('#workers/scoring/split-data-set.ts');
          const { parts } = await splitDataSet(registered.id, splitting, null);
          return { ...registered, before, parts };
        },
        { create: true },
      );
      const { id, createdAt, before, parts } = dataset;
      out.document({
        id,
        name,
        task: task.id,
        public: dataset.public,
        split: dataset.split,
        sha256,
        images,
        objects,
        cellTypes,
        createdAt,
        registered: before === null,
        ...(parts && { parts }),
        warnings,
      });
      if (before)
        out.print(
          `“${name}” has had this content since ${createdAt.toISOString().slice(0, 10)} (SHA-256 ${sha256}): ${before.split === dataset.split ? 'nothing has changed' : `its split is ${dataset.split} now, and nothing else has changed`}.${
            values.public === true && !dataset.public
              ? ` It is still not public: livecell ground-truth public "${name}" --reason … makes it so.`
              : ''
          }`,
        );
      else
        out.print(
          `Registered “${name}” for ${task.id}: ${images.toLocaleString('en-US')} images, ${objects.toLocaleString('en-US')} objects.`,
        );
      for (const part of parts ?? []) out.print(partInWords(part));
      if (splitting && before) out.print(`It is not divided now: livecell split "${name}" does that.`);
      if (!out.json) out.warnings(warnings);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

/** Return how ground truth is to be divided once it is registered; undefined if it is not. */
function parseSplitting(values: Values) {
  const by = values['divide-by'];
  if (by === undefined) {
    for (const option of ['private-share', 'private-until'])
      if (values[option] !== undefined) throw new CallError(`--${option} needs --divide-by.`);
    return undefined;
  }
  return parseSplit(
    { by, share: values['private-share'], until: required(values, 'private-until') },
    { by: '--divide-by', until: '--private-until' },
  );
}

/** `import-ground-truth --replace`: task and terms are those of the ground truth registered under this name. */
async function replaceGroundTruth(values: Values, files: string[], out: Output): Promise<void> {
  const name = required(values, 'name').trim();
  const note = required(values, 'note').trim();
  if (!note) throw new CallError('--note is missing: what changed, and why?');
  const { storage } = await import('#lib/storage.ts');
  const data = env().LIVECELL_DATA;
  await mkdir(data, { recursive: true });
  const dir = await mkdtemp(join(data, 'import-'));
  try {
    const packed = join(dir, 'packed');
    const { version, rescore, warnings, entries } = await withDatabase(async () => {
      const { getDatasetByName } = await import('#db/datasets/datasets.ts');
      const dataset = await getDatasetByName(name);
      if (!dataset) throw new InputError(`There is no ground truth “${name}” to replace. Without --replace it is new.`);
      const task = openTask(dataset.task);
      const given = task.kind.truthPerSlot
        ? await slotFiles(task, files, undefined)
        : [{ slot: '', path: await mustBeFile(oneFile(files, 'ground truth file')) }];
      const { packGroundTruth } = await import('#workers/scoring/import-task.ts');
      const { warnings, ...facts } = await packGroundTruth(task, given, packed, {
        category: parseCategory(task, values.category),
      });
      const packKey = `datasets/${randomUUID()}`;
      await storage().adopt(packKey, packed);
      const { replaceGroundTruth } = await import('#db/rescore/ground-truth.ts');
      const isPublic = values.public === true ? true : undefined;
      const made = await replaceGroundTruth(
        dataset.id,
        { facts: { ...facts, packKey }, note, public: isPublic },
        null,
      ).catch(async (error) => {
        await storage().delete(packKey);
        throw error;
      });
      const { listRescores } = await import('#db/rescore/list.ts');
      const line = (await listRescores({ datasetId: dataset.id })).find(({ id }) => id === made.rescore.id);
      return { ...made, warnings, entries: line?.counts };
    });
    const { sha256, images, objects } = version;
    out.document({
      name,
      version: version.version,
      sha256,
      images,
      objects,
      note,
      warnings,
      rescore: { id: rescore.id, state: rescore.state, entries },
    });
    out.print(
      `Version ${version.version} of “${name}”: ${images.toLocaleString('en-US')} images, ${objects.toLocaleString('en-US')} objects.`,
    );
    out.print(
      rescore.state === 'done'
        ? 'Nothing had been scored on it: it is the current one now.'
        : `The board switches when ${(entries?.waiting ?? 0).toLocaleString('en-US')} submissions have been scored again; see /maintain/ground-truth.`,
    );
    if (!out.json) out.warnings(warnings);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

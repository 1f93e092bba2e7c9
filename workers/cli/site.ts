/** Commands that work on the site's database, whether the site is running or not. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from '#lib/env.ts';
import { SPLITS } from '#lib/livecell/splits.ts';
import { keepFilesPrivate, makePrivate } from '#lib/private-folder.ts';
import { parseTask } from '#lib/tasks/index.ts';
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
} from './command.ts';
import { runningSite } from './run-file.ts';
import { openTask, slotFiles } from './score.ts';

/**
 * Runs with DATABASE_URL set: given by the environment (production), by the running site, or, when nothing runs, by
 * opening the embedded database of the data folder for as long as the command takes.
 */
async function withDatabase<T>(run: () => Promise<T>): Promise<T> {
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

export const importGroundTruthCommand: Command = {
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
    task: { type: 'string', value: 'TASK', help: 'default: livecell-wide', default: 'livecell-wide' },
    licence: { type: 'string', value: 'TEXT', help: 'of an outside data set: on what terms it is used' },
    split: {
      type: 'string',
      value: 'SPLIT',
      help: 'train, val or test; default: what the name says, as in “LIVECell test”',
    },
    source: { type: 'string', value: 'TEXT', help: 'of an outside data set: where it is from' },
    protocol: { type: 'string', value: 'TEXT', help: 'of an outside data set: how it was prepared' },
    public: { type: 'boolean', help: 'annotations may be shown and downloaded' },
    replace: { type: 'boolean', help: 'a new version of the ground truth with this name; needs --note' },
    note: { type: 'string', value: 'TEXT', help: 'what this version is; with --replace, what changed and why' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (values.replace) return replaceGroundTruth(values, files, out);
    const task = openTask(values.task);
    const given =
      task.kind === 'counts'
        ? await slotFiles(task, files, undefined)
        : [{ slot: '', path: await mustBeFile(oneFile(files, 'ground truth file')) }];
    const name = required(values, 'name').trim();
    if (!name) throw new CallError('--name is missing.');
    const split = SPLITS.find((id) => id === values.split);
    if (values.split !== undefined && !split)
      throw new CallError(`--split is one of ${SPLITS.join(', ')}, not “${values.split}”.`);
    const { storage } = await import('#lib/storage.ts');
    const data = env().LIVECELL_DATA;
    await mkdir(data, { recursive: true });
    const dir = await mkdtemp(join(data, 'import-')); // on the storage's own disk, so that moving there is renaming
    try {
      const packed = join(dir, 'packed');
      const { packGroundTruth } = await import('#workers/scoring/import-task.ts');
      const { sha256, images, objects, cellTypes, warnings, statistics } = await packGroundTruth(task, given, packed);
      const dataset = await withDatabase(async () => {
        const { getPictures, registerDataset, saveStatistics } = await import('#db/datasets/datasets.ts');
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
        // those that came with pictures say more
        if (statistics && !(await getPictures(registered.id))) await saveStatistics(registered, statistics);
        if (registered.packKey !== packKey) await storage().delete(packKey); // the same content was there already
        return registered;
      });
      const { id, createdAt } = dataset;
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
        warnings,
      });
      out.print(
        `Registered “${name}” for ${task.id}: ${images.toLocaleString('en-US')} images, ${objects.toLocaleString('en-US')} objects.`,
      );
      if (!out.json) out.warnings(warnings);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

/** `import-ground-truth --replace`: the task and the terms are those of what is registered under the name. */
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
      const given =
        task.kind === 'counts'
          ? await slotFiles(task, files, undefined)
          : [{ slot: '', path: await mustBeFile(oneFile(files, 'ground truth file')) }];
      const { packGroundTruth } = await import('#workers/scoring/import-task.ts');
      const { warnings, ...facts } = await packGroundTruth(task, given, packed);
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

export const rescore: Command = {
  name: 'rescore',
  help: 'Has what was scored scored again by the evaluator of this version; boards switch when all of it is done.',
  details:
    'Old scores stay on record. Without --task and --submission it is everything there is. Scoring is the work of the\n' +
    'scoring processes: of the running site, or as soon as it is started.',
  example: 'livecell rescore --task livecell-wide --reason "Ties are broken by image order now"',
  options: {
    task: { type: 'string', value: 'TASK', help: 'the data sets of this task' },
    submission: { type: 'string', value: 'ID', help: 'this submission alone' },
    reason: { type: 'string', value: 'TEXT', help: 'owners read it; default: the evaluator is another' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected.`);
    const { task: wanted, submission: submissionId } = values;
    if (wanted !== undefined && submissionId !== undefined)
      throw new CallError('--task or --submission, not both: a submission has its task.');
    const task = wanted === undefined ? null : openTask(wanted);
    const { EVALUATOR_VERSION } = await import('#lib/scoring/version.ts');
    const reason = values.reason?.trim() || `Evaluator ${EVALUATOR_VERSION}`;
    const begun = await withDatabase(async () => {
      const { listDatasets } = await import('#db/datasets/datasets.ts');
      const { startRescore } = await import('#db/rescore/start.ts');
      if (submissionId !== undefined)
        return [{ submission: submissionId, ...outcome(await startRescore({ submissionId, reason }, null)) }];
      const found = await listDatasets(task ? { task: task.id } : {});
      if (found.length === 0)
        throw new InputError(task ? `${task.id} has no ground truth yet.` : 'There is no ground truth yet.');
      const lines: ({ dataset: string } & ReturnType<typeof outcome>)[] = [];
      for (const { id: datasetId, name } of found) {
        try {
          lines.push({ dataset: name, ...outcome(await startRescore({ datasetId, reason }, null)) });
        } catch (error) {
          // of several, one that is busy does not keep the others from it
          if ((error as { code?: string }).code !== 'conflict') throw error;
          lines.push({ dataset: name, id: null, state: 'busy', note: (error as Error).message });
        }
      }
      return lines;
    });
    out.document({ evaluator: EVALUATOR_VERSION, reason, rescores: begun });
    for (const line of begun) {
      const what = 'dataset' in line ? `“${line.dataset}”` : `Submission ${line.submission}`;
      out.print(line.note ?? `${what} ${SAID[line.state]}`);
    }
  },
};

const SAID: Readonly<Record<string, string>> = {
  'up-to-date': 'has scores of this evaluator already.',
  done: 'is done: nothing had to be computed.',
  running: 'is being scored again; progress and decisions are on /maintain/ground-truth.',
};

function outcome(begun: { id: string; state: string } | null): {
  id: string | null;
  state: string;
  note: string | null;
} {
  return begun ? { id: begun.id, state: begun.state, note: null } : { id: null, state: 'up-to-date', note: null };
}

export const importImagesCommand: Command = {
  name: 'import-images',
  takes: 'NAME DIR|ZIP',
  help: 'Registers the images of a data set: its page then tells of intensities too, and shows examples if they are public.',
  details:
    'Images are 8-bit grey TIFF or PNG, named as the ground truth names them; folders and endings do not matter.\n' +
    'What belongs to other data sets is left out. Doing it again replaces the images, and whether they are public.\n' +
    'Outlines are drawn over public images only where the annotations were registered as public too.',
  example: 'livecell import-images "LIVECell test" images.zip --public',
  options: {
    public: { type: 'boolean', help: 'the images may be shown; default: they are only measured' },
    json: JSON_OPTION,
  },
  async run(values, args, out) {
    if (args.length !== 2) throw new CallError('The name of a data set and a folder or archive of images are needed.');
    const [name, path] = args;
    await mustExist(path);
    const { storage } = await import('#lib/storage.ts');
    const data = env().LIVECELL_DATA;
    await mkdir(data, { recursive: true });
    const dir = await mkdtemp(join(data, 'import-'));
    try {
      const packed = join(dir, 'packed');
      const { files, examples, warnings } = await withDatabase(async () => {
        const { getDatasetByName, listDatasets, savePictures, saveStatistics } = await import(
          '#db/datasets/datasets.ts'
        );
        const dataset = await getDatasetByName(name);
        if (!dataset) {
          const known = (await listDatasets()).map((known) => `“${known.name}”`);
          throw new InputError(
            `There is no data set “${name}”; there is ${known.join(', ') || 'none yet'}. Register its ground truth first.`,
          );
        }
        if (parseTask(dataset.task)?.kind === 'counts')
          throw new InputError(`“${name}” is a series of counts: it says nothing of its images' sizes and cells.`);
        const { openGroundTruth } = await import('#lib/readers/ground-truth-file.ts');
        const { openPictures, packPictures } = await import('#lib/datasets/pictures.ts');
        const groundTruth = await openGroundTruth(await storage().localPath(dataset.packKey));
        const source = await openPictures(path, groundTruth.images);
        const result = await packPictures(groundTruth, source, packed, (done, of) =>
          out.progress(`${done.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} images`),
        ).finally(() => source.close());
        const packKey = `pictures/${randomUUID()}`;
        await storage().adopt(packKey, packed);
        const { db } = await import('#db/engine/client.ts');
        const before = await db()
          .transaction(async (tx) => {
            await saveStatistics(dataset, result.statistics, tx);
            return await savePictures(
              {
                datasetId: dataset.id,
                public: values.public === true,
                packKey,
                groundTruthSha256: dataset.sha256,
                files: result.files,
                examples: result.examples,
              },
              tx,
            );
          })
          .catch(async (error) => {
            await storage().delete(packKey);
            throw error;
          });
        if (before) await storage().delete(before);
        return result;
      });
      const shown = values.public === true;
      const about = { dataset: name, public: shown, images: files, examples: examples.map((example) => example.name) };
      out.document({ ...about, warnings });
      out.print(
        `Registered ${files.toLocaleString('en-US')} images of “${name}”: ${shown ? 'public' : 'not public, only measured'}.`,
      );
      if (!out.json) out.warnings([...warnings]);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function mustExist(path: string): Promise<void> {
  await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR'
      ? new InputError(`There is no folder or file ${path}.`)
      : error;
  });
}

export const migrate: Command = {
  name: 'migrate',
  help: 'Brings the database to the current schema.',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    await withDatabase(async () => {
      const { migrate } = await import('#db/migrate.ts');
      await migrate(process.env.DATABASE_URL!);
    });
    out.document({ migrated: true });
    out.print('The database has the current schema.');
  },
};

export const seed: Command = {
  name: 'seed',
  help: 'Adds the published reference results and the demo benchmark, where they are missing.',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    await withDatabase(async () => {
      const { seed } = await import('#workers/demo/seed.ts');
      await seed();
    });
    out.document({ seeded: true });
    out.print('Reference results and demo benchmark are there.');
  },
};

export const worker: Command = {
  name: 'worker',
  help: 'Runs a scoring process until it is stopped. Needs DATABASE_URL, or a site running on this machine.',
  options: {},
  async run() {
    if (!process.env.DATABASE_URL) {
      const site = await runningSite();
      if (!site) throw new CallError('There is no database to work for: set DATABASE_URL, or start the site first.');
      process.env.DATABASE_URL = site.databaseUrl;
    }
    const { runWorker } = await import('#workers/scoring/process.ts');
    await runWorker();
  },
};

export const userList: Command = {
  name: 'user list',
  help: 'Lists the people who have signed in, with their roles.',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    const people = await withDatabase(async () => {
      const { listUsers } = await import('#db/people/users.ts');
      return await listUsers();
    });
    out.document(people.map(({ id, name, email, role, createdAt }) => ({ id, name, email, role, createdAt })));
    for (const { email, name, role } of people)
      out.print(`${role.padEnd(10)}  ${email ?? '(no e-mail)'}  ${name ?? ''}`.trimEnd());
    if (people.length === 0) out.print('Nobody has signed in yet.');
  },
};

export const userRole: Command = {
  name: 'user role',
  takes: 'EMAIL maintainer|researcher',
  help: 'Makes somebody a maintainer, or a researcher again. Somebody who never signed in is added.',
  options: { json: JSON_OPTION },
  async run(_values, args, out) {
    if (args.length !== 2) throw new CallError('An e-mail address and a role are needed.');
    const [email, role] = args;
    if (role !== 'maintainer' && role !== 'researcher')
      throw new CallError(`A role is maintainer or researcher, not “${role}”.`);
    const user = await withDatabase(async () => {
      const { ensureUser, setRole } = await import('#db/people/users.ts');
      const { id } = await ensureUser({ email: address(email) });
      return await setRole(id, role);
    });
    out.document({ id: user.id, email: user.email, role: user.role });
    out.print(`${user.email} is now a ${user.role}.`);
  },
};

export const signInLink: Command = {
  name: 'sign-in-link',
  help: 'Makes a link that signs you in, once, to the site that runs on this machine.',
  options: { json: JSON_OPTION },
  async run(_values, _files, out) {
    const site = await runningSite();
    if (!site) throw new InputError('No site runs on this data folder. Start it: npm start prints such a link itself.');
    if (!site.signsInAtHome)
      throw new InputError('People sign in to this site through GitHub, Google or ORCID; there are no sign-in links.');
    const url = await withDatabase(async () => {
      const { makeOperatorLink, signInAddress } = await import('#db/people/sign-in-links.ts');
      return signInAddress(site.siteUrl, await makeOperatorLink());
    });
    out.document({ url });
    out.print(url);
  },
};

export const tokenCreate: Command = {
  name: 'token create',
  help: 'Makes an API token for somebody. It is shown once.',
  example: 'livecell token create --user you@example.org --scope submit --expires 30',
  options: {
    user: { type: 'string', value: 'EMAIL', help: 'whose token; somebody who never signed in is added' },
    name: { type: 'string', value: 'NAME', help: 'what it is for; default: command line', default: 'command line' },
    scope: { type: 'string', value: 'SCOPE', help: 'read or submit; default: read,submit', default: 'read,submit' },
    expires: {
      type: 'string',
      value: 'DAYS',
      help: 'valid for 30, 90 or 365 days, or never; default: 90',
      default: '90',
    },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    if (files.length > 0) throw new CallError(`“${files[0]}” is not expected: the person is given with --user.`);
    const email = address(required(values, 'user'));
    const { TOKEN_SCOPES } = await import('#db/schema.ts');
    const { createToken, ensureUser, TOKEN_LIFETIMES, tokenEnd } = await import('#db/people/users.ts');
    const scopes = (values.scope as string).split(',').map((scope) => oneOf('--scope', TOKEN_SCOPES, scope.trim()));
    const expiresAt = tokenEnd(oneOf('--expires', TOKEN_LIFETIMES, values.expires));
    const made = await withDatabase(async () => {
      const { id } = await ensureUser({ email });
      const { token } = await createToken(id, values.name, { scopes, expiresAt });
      return { token, scopes, expiresAt };
    });
    out.document(made);
    out.print(made.token);
  },
};

function oneOf<T extends string>(option: string, choices: readonly T[], value: string): T {
  const found = choices.find((choice) => choice === value);
  if (!found) throw new CallError(`${option} is one of ${choices.join(', ')}, not “${value}”.`);
  return found;
}

function address(email: string): string {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new InputError(`“${email}” is not an e-mail address.`);
  return email;
}

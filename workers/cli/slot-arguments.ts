/** Parses the tasks, slots and files of a command line, for commands that read files. */

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asCategory } from '#lib/readers/coco/ground-truth.ts';
import { DEFAULT_TASK, parseTask } from '#lib/tasks/index.ts';
import { matchSlot, missingSlots, parseSlot } from '#lib/tasks/slots.ts';
import type { Task } from '#lib/tasks/task.ts';
import { CallError, InputError, mustBeFile, type Option, readJson } from '#workers/cli/command.ts';

export const ANY_CATEGORY: Option = {
  type: 'boolean',
  help: 'count detections of every category as cells, whatever their category_id',
};
export const CATEGORY: Option = {
  type: 'string',
  value: 'N|NAME',
  help: "the ground truth's category that is a cell; default: 1, or the only one",
};

/** Return the chosen category: a number, or else a name. @throws CallError for a task without categories */
export function parseCategory(task: Task, text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  if (task.kind.truthPerSlot) throw new CallError(`--category is for annotations; ${task.id} has counts.`);
  if (text.trim() === '') throw new CallError('--category is empty.');
  return asCategory(text);
}

/** Explains how to pass a task's files, for the help of commands. */
export const SLOTS_IN_WORDS = `A task with several files takes SLOT=FILE for each, or one .zip whose files (or folders of
label images) are named by slot: A172.json, bt-474.json.gz, SKOV3/… Slots of zero-shot are names of data sets.`;
export const PREDICTIONS_HELP =
  'COCO results as .json, .json.gz or .zip, or a .zip of label images (with scores.csv of image,label,score to be ranked by score)';

export const SCORE_THRESHOLD: Option = {
  type: 'string',
  value: 'SCORE',
  help: 'fluorescence-counts from predictions: count detections with at least this score',
};

export const TASK_OPTION: Option = {
  type: 'string',
  value: 'TASK',
  help: `default: ${DEFAULT_TASK.id}`,
  default: DEFAULT_TASK.id,
};

/**
 * Return a task that can be scored; for planned tasks the error says so, so that nobody searches for a typing error.
 */
export function openTask(name: string): Task {
  const task = parseTask(name);
  if (!task) throw new CallError(`There is no task “${name}”.`);
  if (!task.open) throw new CallError(`The task ${task.id} is not open yet.`);
  return task;
}

/** The ground truth that files are scored or checked against. */
interface Against {
  /** for all slots, or for the first */
  path: string;
  /** if slots have ground truth of their own */
  bySlot: Map<string, string>;
  /** for counts, if only the names of the images are known: by slot */
  images?: Map<string, string[]>;
}

/** Parse one file or, if slots have ground truth of their own, `SLOT=FILE` for each. */
export async function groundTruthFor(
  task: Task,
  given: string[],
  predictions: SlotFile[],
  option = '--ground-truth',
): Promise<Against> {
  const bySlot = new Map<string, string>();
  if (!task.kind.truthPerSlot && !task.slotsAreDatasets) {
    if (given.length > 1) throw new CallError(`One ${option} is expected.`);
    return { path: await mustBeFile(given[0]), bySlot };
  }
  const known = task.slots.map(({ id }) => id);
  const archive = predictions.some(({ slot }) => slot === ARCHIVE);
  for (const text of given) {
    const [name, path] = splitSlot(text);
    let slots = known;
    // slots that are data sets have any name the caller gives
    if (known.length === 0) slots = archive && name ? [name] : predictions.map(({ slot }) => slot);
    const only = slots.length === 1 ? slots[0] : null;
    const slot = name === undefined ? only : matchSlot(slots, name);
    if (slot === null || slot === ARCHIVE)
      throw new CallError(
        `${option} ${text}: say which slot it is for, as SLOT=FILE${slot === ARCHIVE ? '' : `; slots are ${slots.join(', ')}`}.`,
      );
    if (bySlot.has(slot)) throw new CallError(`Two files are given as ${option} for slot ${slot}.`);
    bySlot.set(slot, await mustBeFile(path));
  }
  const missing = predictions.find(({ slot }) => slot !== ARCHIVE && !bySlot.has(slot));
  if (missing) throw new CallError(`${option} ${missing.slot}=FILE is missing.`);
  return { path: [...bySlot.values()][0], bySlot };
}

/** Use lists of the images in place of ground truth that is not public. */
export async function imagesFor(
  task: Task,
  given: string[],
  predictions: SlotFile[],
  folder: string,
): Promise<Against> {
  if (task.kind.truthPerSlot && given.length === 1 && splitSlot(given[0])[0] === undefined) {
    return { path: given[0], bySlot: new Map(), images: seriesOf(task, await imageList(given[0])) };
  }
  const { bySlot, path } = await groundTruthFor(task, given, predictions, '--images');
  if (task.kind.truthPerSlot) {
    const images = new Map<string, string[]>();
    for (const [slot, file] of bySlot) images.set(slot, (await imageList(file)).map(nameOf));
    return { path, bySlot: new Map(), images };
  }
  const lists = new Map<string, string>();
  for (const file of new Set([path, ...bySlot.values()])) {
    const list = join(folder, `${lists.size}.json`);
    await writeFile(list, JSON.stringify((await imageList(file)).map(imageFields)));
    lists.set(file, list);
  }
  return { path: lists.get(path)!, bySlot: new Map([...bySlot].map(([slot, file]) => [slot, lists.get(file)!])) };
}

/** Read `[{id, file_name, width, height}, …]`, bare or in a document, as in the site's data sets. */
async function imageList(path: string): Promise<unknown[]> {
  const found = (await readJson(path)) as { images?: unknown } | unknown[] | null;
  const images = Array.isArray(found) ? found : found?.images;
  if (Array.isArray(images)) return images;
  throw new InputError(`${path} is not a list of images: expected [{id, file_name, width, height}, …].`);
}

/** What a list of images says of one; anything else, such as an `image_id`, would make it another kind of list. */
function imageFields(image: unknown): unknown {
  if (typeof image !== 'object' || image === null) return image;
  const { id, file_name, width, height } = image as Record<string, unknown>;
  return { id, file_name, width, height };
}

function nameOf(image: unknown): string {
  const name = typeof image === 'string' ? image : (image as { file_name?: unknown } | null)?.file_name;
  if (typeof name === 'string') return name;
  throw new InputError('The list of images is not one: each needs a file_name.');
}

/**
 * Group images by their stated series, or else by the beginning of their names; other images count for every series.
 */
function seriesOf(task: Task, images: unknown[]): Map<string, string[]> {
  const names = images.map(nameOf);
  const file = (name: string) => name.split('/').at(-1)!.toLowerCase();
  const said = images.map((image) => (image as { cellType?: unknown } | null)?.cellType);
  return new Map(
    task.slots.map(({ id }) => {
      const own = names.filter((name, i) =>
        said[i] === undefined ? file(name).startsWith(`${id.toLowerCase()}_`) : said[i] === id,
      );
      return [id, own.length > 0 || said.some(Boolean) ? own : names];
    }),
  );
}

/** Return the files as jobs take them: with the ground truth of their slots, or of all slots of an archive. */
export function withGroundTruth(files: SlotFile[], { bySlot }: Against, scoreThreshold?: number) {
  const datasets = [...bySlot].map(([slot, groundTruth]) => ({ slot, groundTruth }));
  return files.map((file) => ({
    ...file,
    scoreThreshold,
    ...(file.slot === ARCHIVE && datasets.length > 0 ? { datasets } : { groundTruth: bySlot.get(file.slot) }),
  }));
}

/** Parse the score threshold. @throws CallError if the task counts nothing, or if it is not a number */
export function parseThreshold(task: Task, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!task.kind.takesThreshold)
    throw new CallError(`--score-threshold is for tasks of counts; ${task.id} is scored with all detections.`);
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new CallError(`--score-threshold must be a number, not “${text}”.`);
  return value;
}

/** Parse the score from which detections are painted as labels. @throws CallError if it is not a number */
export function parseLabelThreshold(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new CallError(`--label-threshold must be a number, not “${text}”.`);
  return value;
}

function splitSlot(text: string): [slot: string | undefined, path: string] {
  const cut = text.indexOf('=');
  return cut > 0 ? [text.slice(0, cut), text.slice(cut + 1)] : [undefined, text];
}

export interface SlotFile {
  slot: string;
  path: string;
}

/** The slot of one zip archive that contains a file for each of a task's slots. */
const ARCHIVE = 'all';

/**
 * Parse `FILE` or `SLOT=FILE`; a single FILE of a task with several slots is an archive of them. A file name that
 * contains `=` is safe unless a slot has the name before it.
 *
 * @param options.some slots may be missing: the caller checks
 */
export async function slotFiles(
  task: Task,
  given: string[],
  slot: string | undefined,
  { some = false }: { some?: boolean } = {},
): Promise<SlotFile[]> {
  if (given.length === 0) throw new CallError('No prediction file is given.');
  const known = task.slots.map(({ id }) => id);
  const fallback = slot ?? (known.length === 1 ? known[0] : undefined);
  const files: SlotFile[] = [];
  for (const text of given) {
    const [name, path] = splitSlot(text);
    // slots that are data sets have the names they were registered under
    const find = (wanted: string | undefined) =>
      wanted === undefined || known.length === 0 ? wanted : parseSlot(task, wanted);
    const named = find(name) ?? undefined;
    const chosen = named ?? find(fallback);
    if (chosen === undefined && name === undefined && given.length === 1 && known.length !== 1)
      return [{ slot: ARCHIVE, path: await mustBeFile(text) }];
    if (chosen === undefined || chosen === null) throw noSlot(task, text, { name, fallback });
    if (files.some((file) => file.slot === chosen)) throw new CallError(`Two files are given for slot ${chosen}.`);
    files.push({ slot: chosen, path: await mustBeFile(named ? path : text) });
  }
  if (known.length > 0 && !some) {
    const problems = missingSlots(
      task,
      files.map((file) => file.slot),
    );
    if (problems.length > 0) throw new CallError(problems.map(({ message }) => message).join(' '));
  }
  return files;
}

/** @param about the slot that the argument names, and the one that is meant where it names none */
function noSlot(task: Task, text: string, about: { name?: string; fallback?: string }): CallError {
  const { name, fallback } = about;
  const slots = task.slots.map(({ id }) => id).join(', ');
  if (fallback !== undefined) return new CallError(`The task ${task.id} has no slot “${fallback}”; it has ${slots}.`);
  if (slots === '') return new CallError(`“${text}”: say which data set it is for, as NAME=FILE.`);
  if (name !== undefined && !existsSync(text))
    return new CallError(`The task ${task.id} has no slot “${name}”; it has ${slots}.`);
  return new CallError(`“${text}”: say which slot it is for, as SLOT=FILE; slots are ${slots}.`);
}

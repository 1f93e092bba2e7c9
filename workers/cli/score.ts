/** Commands that need neither server nor database. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { LIMITS_IN_WORDS } from '#lib/readers/limits.ts';
import type { AnyReport } from '#lib/scoring/report.ts';
import { matchSlot, missingSlots, parseSlot, parseTask, type Task } from '#lib/tasks/index.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  mustBeFile,
  type Option,
  type Output,
  oneFile,
  problemLine,
  readJson,
} from './command.ts';
import { reportTable } from './report-table.ts';

export const ANY_CATEGORY: Option = {
  type: 'boolean',
  help: 'count detections of every category as cells, whatever their category_id',
};
/** How a task's files are named, for the help of commands that take them. */
export const SLOTS_IN_WORDS = `A task with several files takes SLOT=FILE for each, or one .zip whose files (or folders of
label images) are named by slot: A172.json, bt-474.json.gz, SKOV3/… Slots of zero-shot are names of data sets.`;
const PREDICTIONS_HELP = 'COCO results as .json, .json.gz or .zip, or a .zip of label images';

export const SCORE_THRESHOLD: Option = {
  type: 'string',
  value: 'SCORE',
  help: 'fluorescence-counts from predictions: count detections with at least this score',
};

const TASK_OPTION: Option = { type: 'string', value: 'TASK', help: 'default: livecell-wide', default: 'livecell-wide' };

export const score: Command = {
  name: 'score',
  help: 'Scores predictions here, without a server: the same numbers as on the leaderboard.',
  example: 'livecell score --ground-truth test.json --predictions mine.json --protocol coco --json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz; for fluorescence-counts a file of counts per cell type',
      multiple: true,
    },
    predictions: {
      type: 'string',
      value: '[SLOT=]FILE',
      help: `${PREDICTIONS_HELP}; one per slot, or one .zip with a file per slot`,
      multiple: true,
    },
    task: TASK_OPTION,
    'score-threshold': SCORE_THRESHOLD,
    protocol: {
      type: 'string',
      value: 'NAME',
      help: `${PROTOCOL_IDS.join(', ')}; default: ${PRIMARY_PROTOCOL}`,
      default: PRIMARY_PROTOCOL,
    },
    slot: { type: 'string', value: 'SLOT', help: 'which slot a file without SLOT= is for' },
    'any-category': ANY_CATEGORY,
    'no-intervals': { type: 'boolean', help: 'leave out the uncertainty intervals' },
    'no-errors': { type: 'boolean', help: 'leave out the errors by kind' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(values.task);
    const protocol = parseProtocol(values.protocol);
    if (files.length > 0) throw new CallError(`“${files[0]}”: files are given with --ground-truth and --predictions.`);
    if (!values['ground-truth']?.length) throw new CallError('--ground-truth is missing.');
    const predictions = await slotFiles(task, values.predictions ?? [], values.slot);
    const against = await groundTruthFor(task, values['ground-truth'], predictions);
    const slots = withGroundTruth(predictions, against, parseThreshold(task, values['score-threshold']));
    const report = await scoreHere(task, protocol, against.path, slots, out, {
      intervals: !values['no-intervals'],
      errors: !values['no-errors'],
      anyCategory: values['any-category'],
    });
    out.document(report);
    out.print(reportTable(report));
    if (!out.json) out.warnings(report.warnings);
  },
};

export const validate: Command = {
  name: 'validate',
  help: 'Lists every problem of the files for a task, with record numbers. Scores nothing.',
  details: `${SLOTS_IN_WORDS}\n\nA file may have\n${LIMITS_IN_WORDS.map((limit) => `  ${limit}`).join('\n')}`,
  example: 'livecell validate --images images.json --predictions mine.json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz; for fluorescence-counts a file of counts per cell type',
      multiple: true,
    },
    images: {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'or only the images: their ids, names and sizes; for counts, their names',
      multiple: true,
    },
    predictions: {
      type: 'string',
      value: '[SLOT=]FILE',
      help: `${PREDICTIONS_HELP}; one per slot, or one .zip with a file per slot`,
      multiple: true,
    },
    task: TASK_OPTION,
    slot: { type: 'string', value: 'SLOT', help: 'which slot a file without SLOT= is for' },
    'score-threshold': SCORE_THRESHOLD,
    'any-category': ANY_CATEGORY,
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const task = openTask(values.task);
    const given: string[] = [...(values.predictions ?? []), ...files];
    if (given.length === 0) throw new CallError('The prediction file is missing (--predictions).');
    if (!values['ground-truth']?.length === !values.images?.length)
      throw new CallError('Either --ground-truth or --images is needed, to know the images.');
    const predictions = await slotFiles(task, given, values.slot, { some: true });
    const dir = await mkdtemp(join(tmpdir(), 'livecell-'));
    try {
      const { checkFiles } = await import('#workers/scoring/check-files.ts');
      const against = values.images?.length
        ? await imagesFor(task, values.images, predictions, dir)
        : await groundTruthFor(task, values['ground-truth'], predictions);
      const job = {
        task,
        files: withGroundTruth(predictions, against, parseThreshold(task, values['score-threshold'])),
        groundTruth: against.path,
        images: against.images,
        anyCategory: values['any-category'],
      };
      const { problems, warnings, ...found } = await checkFiles(job).catch((error: { problems?: Problem[] }) => {
        throw error.problems ? refused(error.problems, [], out) : error;
      });
      const ok = problems.length === 0;
      // of a single file, also as they were before there were several
      const [{ format, detections, images } = {}] = found.files.length === 1 ? found.files : [];
      out.document({ ok, task: task.id, problems, warnings, detections, images, format, files: found.files });
      if (!out.json) out.warnings(warnings);
      if (!ok) throw new InputError(...problems.map(problemLine));
      const files = found.files.map(({ slot, detections, images, format }) => {
        const what = task.kind === 'counts' ? count(detections, 'cell') : count(detections, 'detection');
        return `${task.slots.length === 1 ? '' : `${slot}: `}${what} on ${count(images, 'image')} (${format})`;
      });
      out.print(files.length === 1 ? `No problems: ${files[0]}.` : `No problems:\n  ${files.join('\n  ')}`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

export const verify: Command = {
  name: 'verify',
  takes: 'RECEIPT.json',
  help: 'Recomputes a published score and says whether every number agrees.',
  example: 'livecell verify receipt.json --predictions mine.json --ground-truth test.json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz, or counts per cell type',
      multiple: true,
    },
    predictions: { type: 'string', value: '[SLOT=]FILE', help: 'the files that were scored', multiple: true },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const receiptPath = oneFile(files, 'receipt');
    const published = await reportsOf(receiptPath);
    if (!values['ground-truth']?.length) throw new CallError('--ground-truth is missing.');
    const differences: string[] = [];
    let numbers = 0;
    for (const report of published) {
      const task = openTask(report.task);
      const predictions = await slotFiles(task, values.predictions ?? [], undefined);
      const against = await groundTruthFor(task, values['ground-truth'], predictions);
      const thresholds = thresholdsOf(report);
      const files = withGroundTruth(predictions, against).map((file) => ({
        ...file,
        scoreThreshold: thresholds.get(file.slot) ?? [...thresholds.values()][0],
      }));
      const anyCategory = report.predictions.some((file) => file.anyCategory);
      const ours = await scoreHere(task, report.protocol, against.path, files, out, { anyCategory });
      for (const { slot, sha256 } of report.predictions) {
        const mine = ours.predictions.find((file) => file.slot === slot);
        if (mine?.sha256 !== sha256) differences.push(`The file of slot ${slot} is not the one that was scored.`);
      }
      if (ours.groundTruth.sha256 !== report.groundTruth.sha256)
        differences.push('The ground truth is not the one that was used.');
      // of private counts a receipt has means over time instead of images: ours are made the same way
      const withheld = 'counts' in report.results && Object.values(report.results.counts).some((own) => own.overTime);
      const { withoutGroundTruth } = await import('#lib/scoring/report.ts');
      const { results } = withheld ? withoutGroundTruth(ours) : ours;
      numbers += compare(report.results, results, report.protocol, differences);
    }
    out.document({ agrees: differences.length === 0, numbers, differences });
    if (differences.length > 0) throw new InputError(...new Set(differences));
    out.print(`All ${numbers.toLocaleString('en-US')} numbers agree.`);
  },
};

export const demoData: Command = {
  name: 'demo-data',
  takes: 'DIR',
  help: 'Writes a small synthetic benchmark: ground truth, predictions of three qualities, counts.',
  options: {
    images: { type: 'string', value: 'N', help: 'images per cell type; default: 6', default: '6' },
    seed: { type: 'string', value: 'S', help: 'the same seed writes the same files; default: 1', default: '1' },
    pictures: { type: 'boolean', help: 'write the images too, drawn as phase contrast' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const dir = oneFile(files, 'folder');
    const imagesPerType = Number(values.images);
    const seedNumber = Number(values.seed);
    const { MOST_IMAGES_PER_TYPE, writeDemoData } = await import('#workers/demo/data.ts');
    if (!Number.isInteger(imagesPerType) || imagesPerType < 1 || imagesPerType > MOST_IMAGES_PER_TYPE)
      throw new CallError(`--images must be a whole number from 1 to ${MOST_IMAGES_PER_TYPE}, not “${values.images}”.`);
    if (!Number.isSafeInteger(seedNumber)) throw new CallError(`--seed must be a whole number, not “${values.seed}”.`);
    const written = await writeDemoData(dir, {
      imagesPerType,
      seed: seedNumber,
      pictures: values.pictures === true,
    });
    out.document(written);
    out.print(`Wrote ${count(written.objects, 'synthetic cell')} on ${count(written.images, 'image')}:`);
    out.print(`  ${written.groundTruth}`);
    for (const { path, detections } of written.predictions) out.print(`  ${path} (${count(detections, 'detection')})`);
    for (const { reference, predictions } of Object.values(written.counts))
      out.print(`  ${reference}\n  ${predictions}`);
    if (written.pictures) out.print(`  ${written.pictures} (${count(written.images, 'picture')})`);
  },
};

// --- what a call means ---

/** A task that can be scored today; others are named, so that nobody searches for a typing error. */
export function openTask(name: string): Task {
  const task = parseTask(name);
  if (!task) throw new CallError(`There is no task “${name}”.`);
  if (!task.open) throw new CallError(`The task ${task.id} is not open yet.`);
  return task;
}

function parseProtocol(name: string): ProtocolId {
  const id = PROTOCOL_IDS.find((known) => known === name);
  if (!id) throw new CallError(`There is no protocol “${name}”; there are ${PROTOCOL_IDS.join(', ')}.`);
  return id;
}

/** What files are scored or checked against. */
interface Against {
  /** of all slots, or of the first */
  path: string;
  /** where slots have ground truth of their own */
  bySlot: Map<string, string>;
  /** of counts, where only the names of the images are known: by slot */
  images?: Map<string, string[]>;
}

/** One file, or where slots have ground truth of their own, `SLOT=FILE` for each. */
async function groundTruthFor(
  task: Task,
  given: string[],
  predictions: SlotFile[],
  option = '--ground-truth',
): Promise<Against> {
  const bySlot = new Map<string, string>();
  if (task.kind !== 'counts' && task.slots.length > 0) {
    if (given.length > 1) throw new CallError(`One ${option} is expected.`);
    return { path: await mustBeFile(given[0]), bySlot };
  }
  const known = task.slots.map(({ id }) => id);
  const archive = predictions.some(({ slot }) => slot === ARCHIVE);
  for (const text of given) {
    const [name, path] = splitSlot(text);
    // slots that are data sets are named by whoever has them
    const slots = known.length > 0 ? known : archive && name ? [name] : predictions.map(({ slot }) => slot);
    const slot = name === undefined ? (slots.length === 1 ? slots[0] : null) : matchSlot(slots, name);
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

/** Where ground truth is not public, lists of its images stand in for it. */
async function imagesFor(task: Task, given: string[], predictions: SlotFile[], folder: string): Promise<Against> {
  if (task.kind === 'counts' && given.length === 1 && splitSlot(given[0])[0] === undefined) {
    return { path: given[0], bySlot: new Map(), images: seriesOf(task, await imageList(given[0])) };
  }
  const { bySlot, path } = await groundTruthFor(task, given, predictions, '--images');
  if (task.kind === 'counts') {
    const images = new Map<string, string[]>();
    for (const [slot, file] of bySlot) images.set(slot, (await imageList(file)).map(nameOf));
    return { path, bySlot: new Map(), images };
  }
  const lists = new Map<string, string>();
  for (const file of new Set([path, ...bySlot.values()])) {
    const list = join(folder, `${lists.size}.json`);
    await writeFile(list, JSON.stringify(await imageList(file)));
    lists.set(file, list);
  }
  return { path: lists.get(path)!, bySlot: new Map([...bySlot].map(([slot, file]) => [slot, lists.get(file)!])) };
}

/** `[{id, file_name, width, height}, …]`, bare or in a document, as the site's data sets give it. */
async function imageList(path: string): Promise<unknown[]> {
  const found = (await readJson(path)) as { images?: unknown } | unknown[] | null;
  const images = Array.isArray(found) ? found : found?.images;
  if (Array.isArray(images)) return images;
  throw new InputError(`${path} is not a list of images: expected [{id, file_name, width, height}, …].`);
}

function nameOf(image: unknown): string {
  const name = typeof image === 'string' ? image : (image as { file_name?: unknown } | null)?.file_name;
  if (typeof name === 'string') return name;
  throw new InputError('The list of images is not one: each needs a file_name.');
}

/** Images by the series they say, else by the one their names begin with; names of no series stand for any. */
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

/** Files as jobs take them: with the ground truth of their slots, or of all slots of an archive. */
function withGroundTruth(files: SlotFile[], { bySlot }: Against, scoreThreshold?: number) {
  const datasets = [...bySlot].map(([slot, groundTruth]) => ({ slot, groundTruth }));
  return files.map((file) => ({
    ...file,
    scoreThreshold,
    ...(file.slot === ARCHIVE && datasets.length > 0 ? { datasets } : { groundTruth: bySlot.get(file.slot) }),
  }));
}

/** @throws CallError where there is nothing to count, or no number */
export function parseThreshold(task: Task, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (task.kind !== 'counts')
    throw new CallError(`--score-threshold is for tasks of counts; ${task.id} is scored with all detections.`);
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new CallError(`--score-threshold must be a number, not “${text}”.`);
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

/** The slot of one zip archive with a file for each of a task's slots. */
export const ARCHIVE = 'all';

/**
 * `FILE` or `SLOT=FILE`; a single FILE of a task with several slots is an archive of them. A file whose own name contains
 * `=` is safe as long as no slot is called like its beginning.
 *
 * @param options.some slots may be missing: whoever looks at the files says so
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
    // slots that are data sets are named by whoever registers them
    const named = name === undefined ? undefined : known.length === 0 ? name : (parseSlot(task, name) ?? undefined);
    const chosen =
      named ?? (fallback === undefined ? undefined : known.length === 0 ? fallback : parseSlot(task, fallback));
    if (chosen === undefined && name === undefined && given.length === 1 && known.length !== 1)
      return [{ slot: ARCHIVE, path: await mustBeFile(text) }];
    if (chosen === undefined || chosen === null)
      throw new CallError(
        fallback !== undefined
          ? `The task ${task.id} has no slot “${fallback}”; it has ${known.join(', ')}.`
          : known.length === 0
            ? `“${text}”: say which data set it is for, as NAME=FILE.`
            : name !== undefined && !existsSync(text)
              ? `The task ${task.id} has no slot “${name}”; it has ${known.join(', ')}.`
              : `“${text}”: say which slot it is for, as SLOT=FILE; slots are ${known.join(', ')}.`,
      );
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

// --- scoring and comparing ---

async function scoreHere(
  task: Task,
  protocol: ProtocolId,
  groundTruth: string,
  files: (SlotFile & { groundTruth?: string; scoreThreshold?: number })[],
  out: Output,
  options: { intervals?: boolean; errors?: boolean; anyCategory?: boolean } = {},
): Promise<AnyReport> {
  const { dismissHelpers, ThreadTeam } = await import('#workers/scoring/threads.ts');
  new ThreadTeam().warmUp(files.map(({ path }) => path)); // while the rest is loaded
  const { default: scoreTask } = await import('#workers/scoring/task.ts');
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ({ phase, fraction }: { phase: string; fraction: number }) =>
    out.progress(`${phase} ${Math.round(fraction * 100)} %`),
  );
  port1.unref();
  try {
    const outcome = await scoreTask<AnyReport>({
      task: task.id,
      groundTruth: { path: groundTruth },
      files,
      protocols: [protocol],
      ...options,
      port: port2,
    });
    if (outcome.ok) return outcome.reports[0];
    throw refused(outcome.problems, outcome.warnings, out);
  } finally {
    port1.close();
    await dismissHelpers();
  }
}

/** The answer to a wrong file: a document for programs, a line per problem for people. */
export function refused(problems: Problem[], warnings: Warning[], out: Output): InputError {
  out.document({ problems, warnings });
  return new InputError(...problems.map(problemLine));
}

/** The thresholds stated for slots whose detections were counted. */
function thresholdsOf(report: AnyReport): Map<string, number> {
  if (report.task !== 'fluorescence-counts') return new Map();
  return new Map(
    Object.entries(report.results.counts).flatMap(([slot, { scoreThreshold }]) =>
      scoreThreshold === undefined ? [] : [[slot, scoreThreshold] as const],
    ),
  );
}

/** The reports in a receipt, or a bare report. */
async function reportsOf(path: string): Promise<AnyReport[]> {
  const found = (await readJson(path)) as {
    results?: unknown;
    report?: unknown;
    reports?: Partial<Record<ProtocolId, unknown>>;
  };
  const candidates = found?.results
    ? [found]
    : found?.reports
      ? PROTOCOL_IDS.map((id) => found.reports?.[id])
      : [found?.report];
  const { anyReportSchema } = await import('#lib/scoring/report.ts');
  const reports = candidates.filter((candidate) => candidate !== undefined);
  if (reports.length === 0) throw new InputError(`${path} is neither a receipt nor a report.`);
  return reports.map((report) => {
    const parsed = anyReportSchema.safeParse(report);
    if (!parsed.success) throw new InputError(`${path} is neither a receipt nor a report.`);
    return parsed.data;
  });
}

/** Walks the published numbers and looks each up in ours; returns how many there are. */
function compare(published: unknown, ours: unknown, path: string, differences: string[]): number {
  if (typeof published === 'object' && published !== null) {
    let numbers = 0;
    for (const [key, value] of Object.entries(published))
      numbers += compare(
        value,
        (ours as Record<string, unknown> | null | undefined)?.[key],
        `${path} ${key}`,
        differences,
      );
    return numbers;
  }
  const close =
    typeof published === 'number' && typeof ours === 'number' ? Math.abs(published - ours) <= 1e-9 : published === ours;
  if (!close) differences.push(`${path}: published ${published}, recomputed ${ours ?? 'nothing'}`);
  return 1;
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}

/** `livecell convert`: other tools' outputs to COCO results. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, inflateSync } from 'node:zlib';
import type { GivenFile } from '#lib/convert/convert.ts';
import { TOOL_IDS, TOOLS, type ToolId } from '#lib/convert/tools.ts';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';
import { oneOf } from '#workers/cli/arguments.ts';
import { CallError, type Command, InputError, JSON_OPTION, type Output, userPath } from '#workers/cli/command.ts';
import { imagesFor } from '#workers/cli/slot-arguments.ts';
import { count } from '#workers/cli/words.ts';

const TOOL_LINES = TOOL_IDS.map((id) => `  ${id.padEnd(12)} ${TOOLS[id].reads}`).join('\n');

export const convert: Command = {
  name: 'convert',
  takes: 'FROM FILE…',
  help: 'Converts what another tool wrote to COCO results, ready to validate, score and submit.',
  details: `FROM is one of\n${TOOL_LINES}\nA FILE may be a folder: the tool’s files in it are taken. Files of one image each are found by their names.`,
  example: 'livecell convert cellpose masks/ --images images.json -o predictions.json',
  options: {
    images: { type: 'string', value: 'FILE', help: 'ids, names and sizes of the images: livecell data --images' },
    'ground-truth': { type: 'string', value: 'FILE', help: 'or COCO annotations, which say the same' },
    output: { type: 'string', short: 'o', value: 'OUT', help: 'the file to write; packed if it ends in .gz' },
    category: { type: 'string', value: 'N', help: 'category_id of the detections; default: 1', default: '1' },
    json: JSON_OPTION,
  },
  async run(values, [from, ...given], out) {
    if (from === undefined) throw new CallError(`FROM is missing: one of ${TOOL_IDS.join(', ')}.`);
    const tool = TOOLS[oneOf('FROM', TOOL_IDS, from)];
    if (given.length === 0) throw new CallError(`The files of ${tool.name} are missing: ${tool.reads}.`);
    if (!values.output) throw new CallError('--output (-o) is missing: the file to write.');
    if (!values.images === !values['ground-truth'])
      throw new CallError('Either --images or --ground-truth is needed, to know the ids and sizes of the images.');
    const category = Number(values.category);
    if (!Number.isInteger(category))
      throw new CallError(`--category must be a whole number, not “${values.category}”.`);
    const images = await readImages(values.images, values['ground-truth']);
    const files = await listFiles(from as ToolId, given);
    const { Conversion, ConvertError } = await import('#lib/convert/convert.ts');
    const conversion = new Conversion({
      images,
      category,
      inflate: (packed, most) => inflateSync(packed, { maxOutputLength: most, chunkSize: Math.max(64, most) }),
    });
    const wrong: string[] = [];
    for (const [i, { name, path }] of files.entries()) {
      out.step(`${name} (${i + 1} of ${files.length})`);
      const file: GivenFile = { name, bytes: await readFile(path) };
      try {
        tool.add(file, conversion);
      } catch (error) {
        if (!(error instanceof ConvertError)) throw error;
        wrong.push(error.message);
      }
    }
    if (wrong.length > 0) throw new InputError(...wrong.slice(0, MOST_ERRORS), ...moreThan(wrong.length));
    if (conversion.detections.length === 0)
      throw new InputError(`There is no detection in ${count(files.length, 'file')}; nothing was written.`);
    const target = userPath(values.output);
    await write(conversion.detections, target);
    report(conversion, { target, files: files.length, tool: tool.name }, out);
  },
};

const MOST_ERRORS = 20;
const moreThan = (n: number) => (n > MOST_ERRORS ? [`And ${(n - MOST_ERRORS).toLocaleString('en-US')} more.`] : []);

async function readImages(list: string | undefined, truth: string | undefined) {
  const { openTarget } = await import('#lib/readers/ground-truth-file.ts');
  if (truth !== undefined) return (await openTarget(userPath(truth))).images;
  const dir = await mkdtemp(join(tmpdir(), 'livecell-'));
  try {
    const { path } = await imagesFor(DEFAULT_TASK, [list!], [{ slot: 'all', path: '' }], dir);
    return (await openTarget(path)).images;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Return the files, and those of the tool in each folder, in the order of their names. */
async function listFiles(tool: ToolId, given: readonly string[]): Promise<{ name: string; path: string }[]> {
  const files: { name: string; path: string }[] = [];
  for (const text of given) {
    const path = userPath(text);
    const found = await stat(path).catch(() => null);
    if (!found) throw new InputError(`There is no file or folder ${path}.`);
    if (!found.isDirectory()) {
      files.push({ name: path.split(sep).join('/'), path });
      continue;
    }
    const inside = (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && TOOLS[tool].files.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    if (inside.length === 0) throw new InputError(`${path} has no file of ${TOOLS[tool].name}: ${TOOLS[tool].reads}.`);
    // Cellpose writes masks and a pickle of the same image: one of them counts
    const masks = new Set(inside.filter((file) => !/_seg\.npy$/i.test(file)).map(withoutEnding));
    for (const file of inside) {
      if (tool === 'cellpose' && /_seg\.npy$/i.test(file) && masks.has(withoutEnding(file))) continue;
      files.push({ name: relative(path, file).split(sep).join('/'), path: file });
    }
  }
  return files;
}

const withoutEnding = (file: string) => file.replace(/(_cp_masks|_masks)?\.(png|tiff?)$|_seg\.npy$/i, '');

/** Write a record per line, so that no text is as long as the file; it has its name when it is whole. */
async function write(detections: readonly object[], target: string): Promise<void> {
  const part = `${target}.part`;
  function* lines(): Generator<string> {
    for (const [i, detection] of detections.entries()) yield `${i === 0 ? '[' : ',\n'}${JSON.stringify(detection)}`;
    yield ']\n';
  }
  try {
    const out = createWriteStream(part);
    if (/\.gz$/i.test(target)) await pipeline(Readable.from(lines()), createGzip(), out);
    else await pipeline(Readable.from(lines()), out);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? new InputError(`The folder of ${target} does not exist.`)
      : error;
  }
}

function report(
  { detections, warnings }: import('#lib/convert/convert.ts').Conversion,
  { target, files, tool }: { target: string; files: number; tool: string },
  out: Output,
): void {
  const images = new Set(detections.map(({ image_id }) => image_id)).size;
  const said = [...warnings].map(([code, warning]) => ({ code, ...warning }));
  out.document({ output: target, detections: detections.length, images, files, warnings: said });
  out.print(`Wrote ${count(detections.length, 'detection')} of ${tool} on ${count(images, 'image')} to ${target}.`);
  for (const { message } of said) out.note(`warning: ${message}`);
}

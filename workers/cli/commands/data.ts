/** `livecell data`: where images and annotations are to be had, and the list of a data set's images. */
import { writeFile } from 'node:fs/promises';
import { integer } from '#lib/format.ts';
import type { TaskList, VariantList } from '#lib/http/api.ts';
import { OFFICIAL_LICENCE, OFFICIAL_PAGE, officialFiles } from '#lib/livecell/official-files.ts';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';
import { CallError, type Command, InputError, JSON_OPTION, type Output, userPath } from '#workers/cli/command.ts';
import { openPublicSite, SERVER_OPTION, type Site, TOKEN_OPTION } from '#workers/cli/site.ts';
import { openTask } from '#workers/cli/slot-arguments.ts';

export const data: Command = {
  name: 'data',
  takes: '[NAME]',
  help: 'Says where images and annotations are to be had; saves the list of a data set’s images.',
  details:
    'Without NAME: the addresses at which LIVECell’s authors publish it. With the NAME of a data set of a site: what\n' +
    'the site has of it. --images saves the ids, names and sizes of its images, which validate and convert take.',
  example: 'livecell data "LIVECell test" --images images.json --server https://example.org',
  options: {
    task: {
      type: 'string',
      value: 'TASK',
      help: `files for this task; default: ${DEFAULT_TASK.id}`,
      default: DEFAULT_TASK.id,
    },
    images: { type: 'string', value: 'FILE', help: 'save the list of images of the data set NAME here' },
    server: SERVER_OPTION,
    token: TOKEN_OPTION,
    json: JSON_OPTION,
  },
  async run(values, names, out) {
    if (names.length > 1) throw new CallError('One NAME is expected; quote a name with spaces.');
    const [name] = names;
    if (name === undefined) {
      if (values.images) throw new CallError('--images needs the NAME of a data set.');
      return printOfficial(openTask(values.task).id, out);
    }
    const site = await openPublicSite(values);
    const { tasks } = await site.call<TaskList>('GET', '/api/v1/tasks');
    const task = tasks.find(({ datasets }) => datasets.some((set) => set.name === name));
    const found = task?.datasets.find((set) => set.name === name);
    if (!task || !found) {
      const known = [...new Set(tasks.flatMap(({ datasets }) => datasets.map((set) => `“${set.name}”`)))];
      throw new InputError(`${site.url} has no data set “${name}”; it has ${known.join(', ') || 'none yet'}.`);
    }
    const list = `/api/v1/datasets/${encodeURIComponent(name)}/images`;
    if (values.images) await save(site, list, userPath(values.images));
    const variants = await variantsOf(site, name);
    const official = found.demo ? [] : officialFiles(task.id);
    out.document({
      ...found,
      task: task.id,
      imageList: site.url + list,
      saved: values.images ?? null,
      variants,
      official,
    });
    const lines = [
      `${name}: ${integer(found.images)} images, ${integer(found.objects)} objects, ground truth SHA-256 ${found.sha256}`,
      `${site.url}/datasets/${encodeURIComponent(name)}`,
      `List of images: ${values.images ? `saved to ${values.images}` : site.url + list}`,
      ...variants.map(
        ({ variant, url, digest }) => `Annotations as label images, ${variant} (labels’ SHA-256 ${digest}): ${url}`,
      ),
      ...(found.demo ? ['It was drawn by a program: livecell demo-data DIR writes such data here.'] : []),
      ...official.map(({ what, url }) => `${what}: ${url}`),
      ...(official.length > 0 ? [`${OFFICIAL_LICENCE}. ${OFFICIAL_PAGE}`] : []),
    ];
    out.print(lines.join('\n'));
  },
};

function printOfficial(task: string, out: Output): void {
  const files = officialFiles(task);
  out.document({ task, page: OFFICIAL_PAGE, licence: OFFICIAL_LICENCE, files });
  if (files.length === 0) {
    out.print(`${task} is about data sets of others: the site’s page of each says where it is from.`);
    return;
  }
  const width = Math.max(...files.map(({ what }) => what.length)) + 2;
  out.print(
    [
      ...files.map(({ what, url }) => what.padEnd(width) + url),
      '',
      `${OFFICIAL_LICENCE}. ${OFFICIAL_PAGE}`,
      'To try things out within a minute: livecell demo-data DIR',
    ].join('\n'),
  );
}

async function save(site: Site, path: string, target: string): Promise<void> {
  const list = await site.call<object>('GET', path);
  await writeFile(target, `${JSON.stringify(list)}\n`);
}

type Variant = VariantList['variants'][number] & { url: string };

/** List the truth variants of a data set for download; none where its ground truth is not public. */
async function variantsOf(site: Site, name: string): Promise<Variant[]> {
  const path = `/api/v1/datasets/${encodeURIComponent(name)}/variants`;
  const found = await site.call<VariantList>('GET', path).catch(() => null);
  return (found?.variants ?? []).map((variant) => ({
    ...variant,
    url: `${site.url}${path}?variant=${variant.variant}`,
  }));
}

/** `livecell export`: the public site as files, and checking them. */
import { env } from '#lib/env.ts';
import { bytes } from '#lib/format.ts';
import type { PublishedKey } from '#lib/receipts/signature.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  type Output,
  readJson,
  userPath,
} from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const exportCommand: Command = {
  name: 'export',
  takes: 'DIR',
  help: 'Writes the whole public site as HTML, JSON and CSV that need no server, with digests and a signature.',
  details:
    'An earlier copy in DIR is replaced when the new one is complete. With LIVECELL_EXPORT the scoring process does it\n' +
    'every day. --check compares a copy with its manifest and signature; with the keys of the site in a file (from\n' +
    '/.well-known/livecell-keys.json) it also tells who made it.',
  example: 'livecell export public-copy',
  options: {
    site: { type: 'string', value: 'URL', help: 'address of the site, for links back; default: AUTH_URL' },
    check: { type: 'boolean', help: 'check an earlier copy instead of writing one' },
    keys: { type: 'string', value: 'FILE', help: 'with --check: the keys that the site publishes' },
    json: JSON_OPTION,
  },
  async run(values, args, out) {
    if (args.length !== 1) throw new CallError('One folder is needed.');
    const folder = userPath(args[0]);
    if (values.check) return check(folder, values.keys, out);
    if (values.keys) throw new CallError('--keys belongs to --check.');
    const site = (values.site ?? env().AUTH_URL ?? '').replace(/\/+$/, '');
    const written = await withDatabase(async () => {
      const { takeSnapshots } = await import('#db/board/snapshots.ts');
      await takeSnapshots();
      const { exportSite } = await import('#workers/export/site.ts');
      return await exportSite(folder, { site });
    });
    out.document(written);
    out.print(
      `Wrote ${written.files.toLocaleString('en-US')} files (${bytes(written.bytes)}) to ${written.folder}: ${written.entries.toLocaleString('en-US')} entries, ${written.snapshots.toLocaleString('en-US')} snapshots. Open index.html.`,
    );
  },
};

async function check(folder: string, keysFile: string | undefined, out: Output): Promise<void> {
  const { checkCopy } = await import('#workers/export/manifest.ts');
  const keys = keysFile ? ((await readJson(keysFile)) as { keys: PublishedKey[] }).keys : undefined;
  const found = await checkCopy(folder, keys).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new InputError(`${folder} holds no copy: there is no manifest.json or keys.json.`);
    throw error;
  });
  const { manifest, signature, changed, missing, added } = found;
  const good = signature === 'valid' && changed.length + missing.length + added.length === 0;
  const lines = [
    ...(signature === 'valid' ? [] : [`The signature of manifest.json is not good: ${signature}.`]),
    ...changed.map((path) => `${path} was changed.`),
    ...missing.map((path) => `${path} is missing.`),
    ...added.map((path) => `${path} was added.`),
  ];
  if (!good) {
    const error = new InputError(...lines);
    error.details = { title: 'The copy is not as it was made', status: 422, signature, changed, missing, added };
    throw error;
  }
  out.document({ ...manifest, files: manifest.files.length, signature });
  out.print(
    `${manifest.files.length.toLocaleString('en-US')} files are as they were made on ${manifest.madeAt}${manifest.site ? ` by ${manifest.site}` : ''}, and the signature is good${keys ? '' : ' by the copy’s own keys'}.`,
  );
}

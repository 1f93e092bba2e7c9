/** `livecell verify`: recomputes a published score. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { PublishedKey } from '#lib/receipts/signature.ts';
import { transferability } from '#lib/scoring/transferability.ts';
import type { Report } from '#lib/tasks/report.ts';
import {
  CallError,
  type Command,
  InputError,
  JSON_OPTION,
  mustBeFile,
  type Output,
  oneFile,
  readJson,
  UnavailableError,
  type Values,
} from '#workers/cli/command.ts';
import { scoreHere } from '#workers/cli/score-here.ts';
import { Site } from '#workers/cli/site.ts';
import { groundTruthFor, openTask, slotFiles, withGroundTruth } from '#workers/cli/slot-arguments.ts';

export const verify: Command = {
  name: 'verify',
  takes: 'RECEIPT.json',
  help: 'Recomputes a published score and says whether every number agrees; checks who signed the receipt.',
  details:
    'The signature is checked with the keys that the site of the receipt publishes, or with --key. A receipt says itself\n' +
    'which site issued it: look whether it is the one you mean, or name it with --server.',
  example: 'livecell verify receipt.json --predictions mine.json --ground-truth test.json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz, or counts per cell type',
      multiple: true,
    },
    part: {
      type: 'string',
      value: 'FILE',
      help: 'for a divided data set: the list of the part that was scored, from livecell split --list',
    },
    predictions: { type: 'string', value: '[SLOT=]FILE', help: 'the files that were scored', multiple: true },
    'signature-only': { type: 'boolean', help: 'check the signature and compute nothing' },
    key: { type: 'string', value: 'FILE', help: 'published keys, as saved from /.well-known/livecell-keys.json' },
    server: { type: 'string', value: 'URL', help: 'the site that must have issued it' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const receiptPath = oneFile(files, 'receipt');
    const published = await reportsOf(receiptPath);
    const signature = await checkReceipt(receiptPath, values, out);
    if (values['signature-only']) {
      out.document({ signature });
      return;
    }
    if (!values['ground-truth']?.length) throw new CallError('--ground-truth is missing.');
    const folder = values.part === undefined ? null : await mkdtemp(join(tmpdir(), 'livecell-'));
    try {
      const compared = await compareAll(published, { ...values, folder }, out);
      out.document({ agrees: compared.differences.length === 0, ...compared, signature });
      if (compared.differences.length > 0) throw new InputError(...new Set(compared.differences));
      out.print(`Every number agrees: all ${compared.numbers.toLocaleString('en-US')} numbers agree.`);
    } finally {
      if (folder) await rm(folder, { recursive: true });
    }
  },
};

/**
 * Score the files again for each report.
 *
 * @param values.folder for the part of a divided data set, if there is a list of it
 */
async function compareAll(
  published: Report[],
  values: Values,
  out: Output,
): Promise<{ numbers: number; differences: string[] }> {
  const differences: string[] = [];
  let numbers = 0;
  let part: string | undefined;
  for (const report of published) {
    const task = openTask(report.task);
    const predictions = await slotFiles(task, values.predictions ?? [], undefined);
    const against = await groundTruthFor(task, values['ground-truth'], predictions);
    if (values.folder) {
      if (against.bySlot.size > 0) throw new CallError(`--part is for one data set; ${task.id} has several.`);
      part ??= await writePart(against.path, values.part, values.folder);
      against.path = part;
    }
    const thresholds = thresholdsOf(report);
    const files = withGroundTruth(predictions, against).map((file) => ({
      ...file,
      scoreThreshold: thresholds.get(file.slot) ?? [...thresholds.values()][0],
    }));
    const anyCategory = report.predictions.some((file) => file.anyCategory);
    const { protocol } = report;
    const ours = await scoreHere({ task, protocol, groundTruth: against.path, files, anyCategory }, out);
    for (const { slot, sha256 } of report.predictions) {
      const mine = ours.predictions.find((file) => file.slot === slot);
      if (mine?.sha256 !== sha256) differences.push(`The file of slot ${slot} is not the one that was scored.`);
    }
    if (ours.groundTruth.sha256 !== report.groundTruth.sha256)
      differences.push(values.folder ? NOT_THIS_PART : NOT_THIS_TRUTH);
    // receipts for private ground truth contain less: reduce our reports in the same way
    const { publishedReport, unpublishedReport } = await import('#lib/tasks/disclosure.ts');
    let shown = ours;
    // the site drew which of two steps it shows
    let most: Report | undefined;
    if (report.disclosure === 'unpublished') {
      const runs = report.runsBefore;
      shown = unpublishedReport(ours, { draw: () => 0, runs });
      most = unpublishedReport(ours, { draw: () => 1 - 1e-9, runs });
    }
    if (report.disclosure === 'published' || tellsMeans(report)) shown = publishedReport(ours);
    const sameEvaluator = report.evaluator.version === ours.evaluator.version;
    if (!sameEvaluator)
      out.note(
        `Intervals of evaluator ${report.evaluator.version} are not compared with those of ${ours.evaluator.version}.`,
      );
    const told = report.disclosure === 'unpublished' ? withoutIndex(report, differences) : report.results;
    const stated = sameEvaluator ? told : withoutIntervals(told);
    const pair = { least: shown.results, most: (most ?? shown).results };
    numbers += compare(stated, pair, report.protocol, differences);
  }
  return { numbers, differences };
}

const NOT_THIS_TRUTH =
  'The ground truth is not the one that was used: another version, or a part of it. Where a site divides its ground truth into a public and a private part, --part needs the list of the part that was scored, which the operator has (livecell split NAME --list public).';
const NOT_THIS_PART =
  'The part is not the one that was scored: the list is of the other part, of another division, or it was changed.';

/** Build the part of a divided data set that a list names, and write it into a folder. @throws InputError */
async function writePart(groundTruth: string, list: string, folder: string): Promise<string> {
  const path = await mustBeFile(list);
  const { partListSchema, partOfList } = await import('#lib/datasets/part-list.ts');
  const parsed = partListSchema.safeParse(await readJson(path));
  if (!parsed.success)
    throw new InputError(`${path} is no list of a part: expected what livecell split NAME --list public prints.`);
  const { openGroundTruth } = await import('#lib/readers/ground-truth-file.ts');
  const { packDataset } = await import('#lib/coco/dataset.ts');
  const written = join(folder, 'part');
  await writeFile(written, packDataset(partOfList(await openGroundTruth(groundTruth), parsed.data)));
  return written;
}

interface CheckedSignature {
  state: 'valid' | 'unsigned' | 'unchecked';
  /** the key's id, and the site that publishes it */
  key?: string;
  site?: string;
}

/**
 * Check the signature of a receipt, and that its digests are those of its reports.
 *
 * @throws InputError if it is wrong, or with --signature-only if there is none; UnavailableError if the keys are needed
 * and cannot be had
 */
async function checkReceipt(path: string, values: Values, out: Output): Promise<CheckedSignature> {
  const receipt = (await readJson(path)) as {
    signature?: unknown;
    site?: unknown;
    reports?: object;
    digests?: Digests;
  };
  const { canonicalDigest } = await import('#lib/receipts/canonical.ts');
  for (const [protocol, digest] of Object.entries(receipt.digests?.reports ?? {})) {
    const report = (receipt.reports as Record<string, unknown> | undefined)?.[protocol];
    if ((await canonicalDigest(report)) !== digest)
      throw new InputError(`${path}: the report of ${protocol} is not the one whose digest the receipt states.`);
  }
  if (receipt.signature === undefined) {
    if (values['signature-only'] || values.key || values.server) throw new InputError(`${path} is not signed.`);
    return { state: 'unsigned' };
  }
  const site = values.server ?? (typeof receipt.site === 'string' ? receipt.site : undefined);
  if (values.server && receipt.site !== values.server.replace(/\/+$/, ''))
    throw new InputError(`${path} was issued by ${receipt.site ?? 'no stated site'}, not by ${values.server}.`);
  const keys = await keysFor(values, site).catch((error) => {
    // without the site its numbers can still be computed
    if (values['signature-only'] || values.key || values.server) throw error;
    out.note(`The signature was not checked: ${(error as Error).message}`);
    return null;
  });
  if (keys === null) return { state: 'unchecked' };
  const { checkSignature } = await import('#lib/receipts/signature.ts');
  const found = await checkSignature(receipt, keys);
  if (found.state === 'unknown-key')
    throw new InputError(`${path}: there is no key ${found.id} among those published.`);
  if (found.state === 'unsupported')
    throw new UnavailableError('This version of Node cannot check Ed25519 signatures.');
  if (found.state !== 'valid')
    throw new InputError(`${path}: the signature is not valid. The receipt or the key was changed.`);
  const where = values.key ? `the key in ${values.key}` : `the key ${found.key.id} that ${site} publishes`;
  out.print(`The signature is valid: signed with ${where}.`);
  return { state: 'valid', key: found.key.id, ...(site && !values.key && { site }) };
}

type Digests = { reports?: Record<string, string> };

/** Return the keys from a file, or from the site. */
async function keysFor(values: Values, site: string | undefined): Promise<PublishedKey[]> {
  const document = values.key
    ? await readJson(values.key)
    : await new Site(requireSite(site), null).call('GET', '/.well-known/livecell-keys.json');
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (Array.isArray(keys)) return keys as PublishedKey[];
  throw new InputError(`${values.key ?? site} has no list of keys: expected {"keys": [{"id", "publicKey", …}]}.`);
}

function requireSite(site: string | undefined): string {
  if (site && URL.canParse(site) && /^https?:$/.test(new URL(site).protocol)) return site.replace(/\/+$/, '');
  throw new InputError('The receipt does not say which site issued it: give --server or --key.');
}

/**
 * Tell whether a receipt from before disclosure levels has means over time instead of images, as for private counts.
 */
function tellsMeans({ results }: Report): boolean {
  return 'counts' in results && Object.values(results.counts).some(({ overTime }) => overTime !== undefined);
}

/** Return the thresholds stated for slots whose detections were counted. */
function thresholdsOf(report: Report): Map<string, number> {
  if (report.task !== 'fluorescence-counts') return new Map();
  return new Map(
    Object.entries(report.results.counts).flatMap(([slot, { scoreThreshold }]) =>
      scoreThreshold === undefined ? [] : [[slot, scoreThreshold] as const],
    ),
  );
}

/** Return the reports in a receipt, or a bare report. */
async function reportsOf(path: string): Promise<Report[]> {
  const found = (await readJson(path)) as {
    results?: unknown;
    report?: unknown;
    reports?: Partial<Record<ProtocolId, unknown>>;
  };
  let candidates: unknown[] = [found?.report];
  if (found?.results) candidates = [found];
  else if (found?.reports) candidates = PROTOCOL_IDS.map((id) => found.reports?.[id]);
  const { reportSchema } = await import('#lib/tasks/report-schema.ts');
  const reports = candidates.filter((candidate) => candidate !== undefined);
  if (reports.length === 0) throw new InputError(`${path} is neither a receipt nor a report.`);
  return reports.map((report) => {
    const parsed = reportSchema.safeParse(report);
    if (!parsed.success) throw new InputError(`${path} is neither a receipt nor a report.`);
    return parsed.data;
  });
}

/** Remove intervals: they changed between versions of the evaluator, scores did not. */
function withoutIntervals(results: unknown): unknown {
  return JSON.parse(JSON.stringify(results, (key, value: unknown) => (key === 'interval' ? undefined : value)));
}

/**
 * Remove the transfer index from the results of an unpublished report: it follows from the rounded matrix, and need not
 * lie between the indices of the least and the most. Checks that it does follow.
 */
function withoutIndex({ task, protocol, results }: Report, differences: string[]): unknown {
  if (task !== 'transferability') return results;
  const evaluations = Object.entries(results).map(([evaluation, { index, indexMissing: _, ...others }]) => {
    const again = transferability(others.matrix).index;
    if (index !== again && Math.abs((index ?? Infinity) - (again ?? Infinity)) > 1e-9)
      differences.push(`${protocol} ${evaluation} index: ${index} does not follow from the matrix, ${again} does`);
    return [evaluation, others];
  });
  return Object.fromEntries(evaluations);
}

/** Walk the published numbers and look up each one in ours, from least to most; return how many there are. */
function compare(
  published: unknown,
  { least, most }: { least: unknown; most: unknown },
  path: string,
  differences: string[],
): number {
  if (typeof published === 'object' && published !== null) {
    const at = (ours: unknown, key: string) => (ours as Record<string, unknown> | null | undefined)?.[key];
    let numbers = 0;
    for (const [key, value] of Object.entries(published))
      numbers += compare(value, { least: at(least, key), most: at(most, key) }, `${path} ${key}`, differences);
    return numbers;
  }
  const close =
    typeof published === 'number' && typeof least === 'number' && typeof most === 'number'
      ? published >= least - 1e-9 && published <= most + 1e-9
      : published === least;
  if (!close) differences.push(`${path}: published ${published}, recomputed ${least ?? 'nothing'}`);
  return 1;
}

/**
 * Derives from public ground truth what is the same for every entry: its truth variants as archives of label images, and
 * the numbers of controls. Runs in the thread of a scoring process, once per ground truth.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ControlValues, VariantFile } from '#db/schema.ts';
import { boardValues } from '#lib/board/values.ts';
import type { Dataset, Predictions } from '#lib/coco/dataset.ts';
import { partAlone } from '#lib/coco/part.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { zipLabelImages } from '#lib/datasets/label-archive.ts';
import { CONTROLS } from '#lib/scoring/controls.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import {
  type FlatTruth,
  flattenTruth,
  imagesByFile,
  TRUTH_VARIANTS,
  type TruthVariant,
} from '#lib/scoring/flat-truth.ts';
import { slicesOf } from '#lib/tasks/assemble.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { readGroundTruth } from './read.ts';
import { ThreadTeam } from './threads.ts';

export interface DeriveJob {
  task: string;
  groundTruth: { path: string };
  /** where to write the archives, as `<variant>.zip` */
  folder: string;
  threads?: number;
}

export interface Derived {
  variants: Omit<VariantFile, 'storageKey'>[];
  controls: Record<string, ControlValues>;
}

export default async function derive({ task, groundTruth, folder, threads }: DeriveJob): Promise<Derived> {
  const team = new ThreadTeam({ size: threads });
  const { dataset: whole, ready } = await readGroundTruth(groundTruth.path, { team, onProgress: () => {} });
  await ready;
  const dataset = partAlone(whole);
  const truths = {} as Record<TruthVariant, FlatTruth>;
  const variants: Derived['variants'] = [];
  for (const variant of TRUTH_VARIANTS) {
    const path = join(folder, `${variant}.zip`);
    truths[variant] = await writeVariant(dataset, variant, path);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    const { digest, images, object } = truths[variant];
    const { size: bytes } = await stat(path);
    variants.push({ variant, digest, sha256: hash.digest('hex'), bytes, images: images.length, labels: object.length });
  }
  const controls: Derived['controls'] = {};
  for (const { id, make } of CONTROLS)
    controls[id] = await scoreControl(make(dataset, truths), { task, dataset, truths, team });
  return { variants, controls };
}

/** Score predictions like an entry, and return what boards show. */
async function scoreControl(
  predictions: Predictions,
  of: { task: string; dataset: Dataset; truths: Readonly<Record<TruthVariant, FlatTruth>>; team: ThreadTeam },
): Promise<ControlValues> {
  const { dataset, truths, team } = of;
  const task = parseTask(of.task);
  if (!task) throw new Error(`there is no task ${of.task}`);
  const [slot] = task.slots;
  const { results, families } = await evaluate(
    dataset,
    predictions,
    {
      protocols: PROTOCOL_IDS,
      slices: slicesOf(task.id, slot.id, dataset.images.fileNames),
      intervals: false,
      errors: false,
      families: { truths: TRUTH_VARIANTS.map((variant) => truths[variant]) },
    },
    team,
  );
  const groundTruth = {
    sha256: dataset.meta.sha256,
    images: dataset.images.ids.length,
    objects: dataset.objects.count,
  };
  return Object.fromEntries(
    PROTOCOL_IDS.map((protocol, p) => {
      const evaluated = task.assemble([{ slot: slot.id, evaluations: results[p] }]);
      const rows = boardValues(task, { protocol, groundTruth, unscored: true, results: evaluated }, { families });
      return [protocol, Object.fromEntries(rows.map((row) => [`${row.evaluation}/${row.slice}`, row.values]))];
    }),
  );
}

/** Flatten the ground truth, and write its label images into an archive while they are made. */
async function writeVariant(dataset: Dataset, variant: TruthVariant, path: string): Promise<FlatTruth> {
  const hash = createHash('sha256');
  const { images } = dataset;
  const archive = zipLabelImages();
  const files = imagesByFile(images.fileNames);
  const chunks: Uint8Array[] = [];
  let file = 0;
  // the digest is of all label images in their order, so it sees each of them
  const truth = flattenTruth(dataset, variant, {
    update(bytes) {
      hash.update(bytes);
      const image = files[file++];
      const size = { width: images.width[image], height: images.height[image] };
      chunks.push(...archive.add({ name: images.fileNames[image], ...size }, bytes));
    },
    digest: () => hash.digest('hex'),
  });
  chunks.push(...archive.end());
  await pipeline(Readable.from(chunks), createWriteStream(path));
  return truth;
}

/** Looks for suspected label errors of a data set in the stored cells of its strong, independent entries. */
import { getLeaderboard } from '#db/board/board.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { type NewLabelError, saveSuspects } from '#db/datasets/label-errors.ts';
import type { ScoreContext } from '#db/queue/queue.ts';
import type { Dataset } from '#db/schema.ts';
import { listStoredCells } from '#db/submissions/cells.ts';
import { readCells } from '#lib/cells-file.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { log } from '#lib/log.ts';
import { openPackedImages } from '#lib/readers/packed-image.ts';
import { storage } from '#lib/storage.ts';
import { collectTruthCells, type EntryCells } from '#lib/viewer/image-cells.ts';
import { FEWEST_AGREEING, findLabelErrors, keyOf } from '#lib/viewer/label-errors.ts';
import { type JobRoom, runJob } from './run-job.ts';

/** Strong: at least this share of the best AP on the board. */
const STRONG = 0.8;
/** Entries that are compared at most, the strongest. */
const MOST_ENTRIES = 12;

export async function lookForLabelErrors(room: JobRoom, datasetId: string, context: ScoreContext): Promise<void> {
  const dataset = await getDataset(datasetId);
  if (!dataset) return log.info('no-label-errors-wanted', { dataset: datasetId });
  await runJob(room, context, {
    kind: 'label-errors',
    begin: 'looking-for-label-errors',
    fields: { dataset: dataset.name, attempt: context.attempt },
    async run(signal) {
      const entries = await strongEntries(dataset);
      const found = entries.length < FEWEST_AGREEING ? [] : await lookAt(dataset, entries, signal);
      await saveSuspects(dataset, found);
      log.info('label-errors-counted', { dataset: dataset.name, entries: entries.length, suspects: found.length });
      return 'label-errors-found';
    },
  });
}

interface StrongEntry {
  id: string;
  cellsKey: string;
}

/**
 * Return the strongest entries, one of each owner: published ones whose owners show their cells, so that nothing is told
 * of cells that are not public. Entries of nobody, such as demo entries, count by their method.
 */
async function strongEntries(dataset: Dataset): Promise<StrongEntry[]> {
  const board = await getLeaderboard({
    task: dataset.task,
    dataset: dataset.name,
    protocol: PRIMARY_PROTOCOL,
    evaluation: 'segm',
  });
  const stored = new Map((await listStoredCells(dataset)).map((row) => [row.id, row]));
  const ranked = board.rows
    .flatMap(({ id, kind, values }) =>
      kind === 'entry' && typeof values.AP === 'number' ? [{ id, AP: values.AP }] : [],
    )
    .sort((p, q) => q.AP - p.AP);
  const least = STRONG * (ranked[0]?.AP ?? 1);
  const owners = new Set<string>();
  const chosen: StrongEntry[] = [];
  for (const { id, AP } of ranked) {
    const row = stored.get(id);
    if (!row || AP < least || chosen.length === MOST_ENTRIES) continue;
    const owner = row.teamId ?? row.userId ?? `method ${row.methodId ?? id}`;
    if (owners.has(owner)) continue;
    owners.add(owner);
    chosen.push({ id, cellsKey: row.cellsKey });
  }
  return chosen;
}

async function lookAt(
  dataset: Dataset,
  entries: readonly StrongEntry[],
  signal: AbortSignal,
): Promise<NewLabelError[]> {
  const { images, objectStart, read } = await openPackedImages(await storage().localPath(dataset.packKey));
  const found = new Map<string, NewLabelError>();
  for (let image = 0; image + 1 < objectStart.length; image++) {
    signal.throwIfAborted();
    const size = { image, width: images.width[image], height: images.height[image] };
    const objects = await read(image);
    const cells = await Promise.all(entries.map(({ cellsKey }) => readCells(storage(), cellsKey, image)));
    const present = cells.every((one): one is EntryCells => one !== null) ? cells : [];
    for (const suspect of findLabelErrors(collectTruthCells(objects, [0, objects.count], size), present)) {
      const key = keyOf(image, suspect);
      found.set(key, {
        ...suspect,
        ...{ image, key, fileName: images.fileNames[image], entries: suspect.entries.map((k) => entries[k].id) },
      });
    }
  }
  return [...found.values()];
}

/** Record that the look failed; what was found before stays. */
export async function giveUpLabelErrors(datasetId: string, reason: string): Promise<void> {
  log.warn('label-errors-failed', { dataset: datasetId, reason });
}

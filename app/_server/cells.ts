/** What the viewer may show: images, annotated cells, and the cells of entries whose owners agreed. */
import { getLeaderboard } from '#db/board/board.ts';
import { outcomesOf } from '#db/board/outcomes.ts';
import { getReports } from '#db/board/reports.ts';
import { getDatasetByName, getPictures } from '#db/datasets/datasets.ts';
import type { Dataset } from '#db/schema.ts';
import { listWithCells } from '#db/submissions/cells.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { readCells } from '#lib/cells-file.ts';
import { maskOf } from '#lib/coco/dataset.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { maskExtent } from '#lib/coco/rle.ts';
import { AppError } from '#lib/errors.ts';
import { parseImageName } from '#lib/livecell/cell-types.ts';
import { openOutcomes } from '#lib/outcomes-file.ts';
import { canReadAnnotations, canSeeCells, canSeePictures, canSeeVerdicts, type Viewer } from '#lib/permissions.ts';
import { openPackedImages, type PackedImages } from '#lib/readers/packed-image.ts';
import type { Outcomes } from '#lib/scoring/outcomes.ts';
import { storage } from '#lib/storage.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { collectTruthCells, type EntryCells, type TruthCells } from '#lib/viewer/image-cells.ts';
import { findSubmission, lookOf } from './submissions.ts';

/** A data set with outlines, and its images. */
export interface ViewedDataset {
  dataset: Dataset;
  packed: PackedImages;
  /** whether its annotations, and its pictures, may be shown */
  truth: boolean;
  /** first letters of the pictures' digest, which names their version; null: they may not be shown */
  pictures: string | null;
}

/** Return a data set of outlines. @throws AppError `not-found` */
export async function findViewed(name: string): Promise<ViewedDataset> {
  const dataset = await getDatasetByName(name);
  if (!dataset || parseTask(dataset.task)?.kind.outlines === false)
    throw new AppError('not-found', `There is no data set of images “${name}”.`);
  const [packed, pictures] = await Promise.all([
    storage().localPath(dataset.packKey).then(openPackedImages),
    getPictures(dataset.id),
  ]);
  const shown = pictures !== null && canSeePictures(pictures);
  return {
    dataset,
    packed,
    truth: canReadAnnotations(dataset),
    pictures: shown ? versionOf(pictures.packKey) : null,
  };
}

/** Name a version of pictures in addresses that are kept for good. */
export function versionOf(packKey: string): string {
  return packKey
    .split('/')
    .at(-1)!
    .replace(/[^A-Za-z0-9]+/g, '')
    .slice(-24);
}

/** Return the annotated cells of an image. @throws AppError `not-found`, alike for hidden annotations and for none */
export async function truthCells(name: string, image: number): Promise<{ cells: TruthCells; version: string }> {
  const dataset = await getDatasetByName(name);
  const nothing = new AppError('not-found', `There are no public annotations of image ${image} of “${name}”.`);
  if (!dataset || !canReadAnnotations(dataset) || parseTask(dataset.task)?.kind.outlines === false) throw nothing;
  const { images, read } = await openPackedImages(await storage().localPath(dataset.packKey));
  if (image >= images.ids.length) throw nothing;
  const objects = await read(image);
  const size = { image, width: images.width[image], height: images.height[image] };
  return { cells: collectTruthCells(objects, [0, objects.count], size), version: dataset.sha256 };
}

/** An annotated cell in words. */
export interface CellRow {
  /** as in addresses of the viewer: `t7` is the seventh */
  number: number;
  crowd: boolean;
  x: number;
  y: number;
  width: number;
  height: number;
  pixels: number;
  /** kind of error of the entry: 1 + index in `ERROR_KINDS`, 0 for none, 255 if it does not count; absent without one */
  kind?: number;
  bestIou?: number;
}

/**
 * Return some annotated cells of an image in words, with what became of them in an entry whose cells the viewer may see.
 * Callers know that the annotations are public.
 */
export async function cellRows(
  { dataset, packed }: ViewedDataset,
  { viewer, image, entry, from, most }: { viewer: Viewer; image: number; entry?: string; from: number; most: number },
): Promise<{ total: number; rows: CellRow[] }> {
  if (!canReadAnnotations(dataset)) return { total: 0, rows: [] };
  const objects = await packed.read(image);
  const judged = entry ? (await entryCells(viewer, entry, image).catch(() => null))?.cells.verdicts : undefined;
  const extent = new Int32Array(4);
  const rows: CellRow[] = [];
  for (let k = from; k < Math.min(objects.count, from + most); k++) {
    const pixels = maskExtent(maskOf(objects, k), packed.images.height[image], extent, 0);
    const [x, y, right, bottom] = extent;
    rows.push({
      number: k + 1,
      crowd: objects.crowd[k] === 1,
      x,
      y,
      width: right - x,
      height: bottom - y,
      pixels,
      ...(judged && { kind: judged.objectKind[k], bestIou: judged.bestIou[k] }),
    });
  }
  return { total: objects.count, rows };
}

/**
 * Return the cells that an entry predicts on an image, with verdicts where the annotations are public.
 *
 * @throws AppError `not-found`, alike for an entry whose owner shows no cells and for none
 */
export async function entryCells(
  viewer: Viewer,
  id: string,
  image: number,
): Promise<{ cells: EntryCells; version: string }> {
  const submission = await findSubmission(viewer, id);
  const nothing = new AppError('not-found', 'The owner of this entry shows no cells of this image, or there are none.');
  if (!canSeeCells(viewer, submission)) throw nothing;
  const stored = await storedCells(submission);
  if (!stored) throw nothing;
  const cells = await readCells(storage(), stored, image);
  if (!cells) throw nothing;
  const told = canSeeVerdicts(submission.dataset);
  const { verdicts, ...masks } = cells;
  return {
    cells: told ? { ...masks, verdicts } : withoutThreshold(masks),
    version: `${stored}${told ? ' judged' : ''}`,
  };
}

/**
 * Return what became of every cell and detection of an entry.
 *
 * @throws AppError `not-found`, alike for hidden annotations, for an entry whose owner shows no cells, and for none
 */
export async function entryOutcomes(viewer: Viewer, id: string): Promise<Outcomes> {
  const submission = await findSubmission(viewer, id);
  const nothing = new AppError(
    'not-found',
    'Nothing is told of single cells of this entry: its owner does not show them, the annotations are not public, or they are being looked at.',
  );
  const { dataset } = submission;
  if (!canSeeCells(viewer, submission) || !canSeeVerdicts(dataset)) throw nothing;
  const report = (await getReports(id))[PRIMARY_PROTOCOL];
  if (report?.groundTruth.sha256 !== dataset.sha256) throw nothing;
  const found = await outcomesOf(id, report);
  if (!found || !(await storage().exists(found.storageKey))) throw nothing;
  return openOutcomes(await storage().localPath(found.storageKey), found.sha256);
}

/** The threshold of the best F1 is a number about the annotations, too. */
function withoutThreshold(cells: EntryCells): EntryCells {
  return { ...cells, scoreThreshold: null };
}

/** Return the key of the cells of a submission's current score on the current ground truth; null: there are none. */
async function storedCells({ id, dataset }: { id: string; dataset: Pick<Dataset, 'sha256'> }): Promise<string | null> {
  const report = (await getReports(id))[PRIMARY_PROTOCOL];
  if (report?.groundTruth.sha256 !== dataset.sha256) return null;
  return (await outcomesOf(id, report))?.cellsKey ?? null;
}

/** An entry that the viewer may choose. */
export interface ViewableEntry {
  id: string;
  method: string;
}

/** Return the entries of a data set whose cells the viewer may see: public ones whose owners agreed, and their own. */
export async function listViewable(viewer: Viewer, dataset: Dataset): Promise<ViewableEntry[]> {
  const [rows, board] = await Promise.all([
    listWithCells(dataset, viewer),
    getLeaderboard({ task: dataset.task, dataset: dataset.name, protocol: PRIMARY_PROTOCOL, evaluation: 'segm' }),
  ]);
  // as on the board, then those that are not on it
  const places = new Map(board.rows.map(({ id }, k) => [id, k]));
  const placeOf = (id: string) => places.get(id) ?? Number.MAX_SAFE_INTEGER;
  return rows
    .filter(({ submission }) => canSeeCells(viewer, submission))
    .sort((p, q) => placeOf(p.submission.id) - placeOf(q.submission.id))
    .map((source) => {
      const { id, method, version } = entryOf({ source }, lookOf(viewer, source.submission));
      return { id, method: version && version > 1 ? `${method}, version ${version}` : method };
    });
}

/** Return an entry by its id, if the viewer may see its cells on this data set; else null. */
export async function viewableEntry(viewer: Viewer, id: string, dataset: Dataset): Promise<ViewableEntry | null> {
  const submission = await getSubmission(id);
  if (!submission || submission.datasetId !== dataset.id || !canSeeCells(viewer, submission)) return null;
  if (!(await storedCells(submission))) return null;
  return { id, method: entryOf(submission, lookOf(viewer, submission)).method };
}

/** An image of a field of view at another time. */
export interface FieldImage {
  index: number;
  name: string;
  /** minutes since seeding */
  minutes: number;
}

/** Return the images of the same field of view and crop by time, this one included; alone if its name does not say. */
export function fieldOf(fileNames: readonly string[], index: number): FieldImage[] {
  const own = parseImageName(fileNames[index]);
  if (!own) return [{ index, name: fileNames[index], minutes: 0 }];
  const same: FieldImage[] = [];
  fileNames.forEach((name, i) => {
    const other = parseImageName(name);
    if (other?.cellType !== own.cellType || other.well !== own.well) return;
    if (other.location !== own.location || other.crop !== own.crop) return;
    // a file that is listed under two ids is one image
    if (i === index || fileNames.indexOf(name) === i) same.push({ index: i, name, minutes: other.minutes });
  });
  return same
    .filter(({ index: i, name }) => i === index || name !== fileNames[index])
    .sort((a, b) => a.minutes - b.minutes);
}

/** Return the number of the image that an address names, by its file name or by its number; null if there is none. */
export function findImage(fileNames: readonly string[], asked: string | undefined): number | null {
  if (asked === undefined) return fileNames.length > 0 ? 0 : null;
  const named = fileNames.indexOf(asked);
  if (named >= 0) return named;
  return /^\d{1,7}$/.test(asked) && Number(asked) < fileNames.length ? Number(asked) : null;
}

/** Answer with JSON that browsers keep, and ask about each time: rights may change. */
export function sendCells(request: Request, body: unknown, version: string): Response {
  const headers = { 'cache-control': 'private, no-cache', etag: `"${Buffer.from(version).toString('base64url')}"` };
  if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
  return Response.json(body, { headers });
}

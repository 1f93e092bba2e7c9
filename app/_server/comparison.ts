/** Compares entries for the compare page and its API: what everybody may see of them, the same for every viewer. */
import { listOutcomes } from '#db/board/outcomes.ts';
import { listWholeReports } from '#db/board/reports.ts';
import type { OutcomesRow } from '#db/schema.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import {
  type CellsTold,
  type ComparedEntry,
  type Comparison,
  compareEntries,
  FEWEST_COMPARED,
  MOST_COMPARED,
  NotComparable,
  perIouDifferences,
  sharedEvaluations,
  tellCells,
} from '#lib/board/comparison.ts';
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { list } from '#lib/format.ts';
import { type CellType, cellTypeOf } from '#lib/livecell/cell-types.ts';
import { openOutcomes } from '#lib/outcomes-file.ts';
import { isPublic, isTombstone } from '#lib/permissions.ts';
import { compareCells, patternOf } from '#lib/scoring/cells-compared.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import type { Outcomes } from '#lib/scoring/outcomes.ts';
import type { ScoreCurves } from '#lib/scoring/score-curves.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { storage } from '#lib/storage.ts';

/** A comparison with what stored outcomes add to it. */
export interface WholeComparison extends Comparison {
  dataset: string;
  truthIsPublic: boolean;
  /** evaluations that all of the entries have */
  evaluations: Evaluation[];
  /** all images, then each cell type; empty where an entry has no outcomes of this evaluation */
  cells: CellsTold[];
  /** by entry; only where the ground truth is public */
  curves: (ScoreCurves | null)[];
  /** by entry, a row per image; only where the ground truth is public */
  images?: ImageRow[][];
}

export interface ComparisonQuery {
  ids: readonly string[];
  protocol: ProtocolId;
  evaluation?: Evaluation;
}

/**
 * Compare entries.
 *
 * @throws AppError in words: too few or too many, not public, withdrawn, or not comparable
 */
export async function loadComparison({ ids, protocol, evaluation }: ComparisonQuery): Promise<WholeComparison> {
  const { entries, dataset, truthIsPublic } = await loadEntries(ids, protocol);
  const evaluations = sharedEvaluations(entries);
  const chosen = evaluation ?? evaluations[0] ?? 'segm';
  const comparison = comparable(() => compareEntries(entries, { evaluation: chosen, truthIsPublic }));
  const found = await listOutcomes(new Map(entries.map(({ id, report }) => [id, report])));
  const rows = entries.map(({ id }) => found.get(id)).filter((row) => row?.evaluation === chosen) as OutcomesRow[];
  const complete = rows.length === entries.length;
  const images = truthIsPublic && complete ? imagesOf(rows) : undefined;
  const perIou = rows.flatMap(({ curves }) => curves?.perIou ?? []);
  const differences = complete && perIou.length === rows.length ? perIouDifferences(perIou) : undefined;
  return {
    ...comparison,
    ...(differences && { perIouDifferences: differences }),
    dataset,
    truthIsPublic,
    evaluations,
    cells: complete ? await cellsOf(rows, truthIsPublic) : [],
    curves: truthIsPublic ? entries.map(({ id }) => curvesOf(found.get(id))) : [],
    ...(images && { images }),
  };
}

/** Return an entry's curves as the page and the API have them: without its numbers without each field. */
function curvesOf(row: OutcomesRow | undefined): ScoreCurves | null {
  if (!row?.curves) return null;
  const { perIou: _, ...curves } = row.curves;
  return curves;
}

async function loadEntries(ids: readonly string[], protocol: ProtocolId) {
  if (ids.length < FEWEST_COMPARED || ids.length > MOST_COMPARED)
    throw new AppError(
      'invalid',
      `Two to six entries are compared, not ${ids.length}. Choose them on a board, or list their ids, separated by commas: ?entries=…,…`,
    );
  const found = await Promise.all(ids.map((id) => getSubmission(id)));
  found.forEach((submission, k) => {
    if (submission && isPublic(submission)) return;
    if (submission && isTombstone(submission))
      throw new AppError(
        'not-found',
        `“${entryOf(submission, 'public').method}” is no longer public, so it cannot be compared any more.`,
      );
    throw new AppError('not-found', `There is no public entry with the id “${ids[k].slice(0, 60)}”.`);
  });
  const reports = await listWholeReports(ids, protocol);
  const entries: ComparedEntry[] = [];
  for (const submission of found) {
    const entry = entryOf(submission!, 'public');
    const whole = reports.get(entry.id);
    if (!whole)
      throw new AppError('not-found', `“${entry.method}” has no score under this protocol, so it cannot be compared.`);
    entries.push({ id: entry.id, method: entry.method, version: entry.version, report: whole.report });
  }
  const truthIsPublic = ids.every((id) => reports.get(id)!.truthIsPublic);
  return { entries: named(entries), dataset: found[0]!.dataset.name, truthIsPublic };
}

/** Tell entries of the same name apart: by version, else by number. */
function named(entries: readonly ComparedEntry[]): ComparedEntry[] {
  return entries.map((entry, k) => {
    const same = entries.filter(({ method }) => method === entry.method);
    if (same.length === 1) return entry;
    const versions = new Set(same.map(({ version }) => version));
    const distinct = versions.size === same.length && entry.version !== null;
    return { ...entry, method: `${entry.method} (${distinct ? `version ${entry.version}` : k + 1})` };
  });
}

function comparable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotComparable) throw new AppError('conflict', error.message);
    throw error;
  }
}

/** Results of lately compared files, by their digests: a file of outcomes never changes. */
const remembered = new Map<string, Promise<CellsTold[]>>();
const MOST_REMEMBERED = 100;

async function cellsOf(rows: readonly OutcomesRow[], truthIsPublic: boolean): Promise<CellsTold[]> {
  const key = `${truthIsPublic} ${rows.map(({ sha256 }) => sha256).join()}`;
  const known = remembered.get(key);
  if (known) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const made = countCells(rows, truthIsPublic);
  remembered.set(key, made);
  made.catch(() => remembered.delete(key));
  return made;
}

async function countCells(rows: readonly OutcomesRow[], truthIsPublic: boolean): Promise<CellsTold[]> {
  const entries = await openAll(rows);
  if (!entries) return [];
  const slices = imageSlices(entries[0].fileNames);
  return [...slices].map(([slice, images]) =>
    tellCells(compareCells(entries, images), {
      entries: entries.length,
      cellType: slice === 'overall' ? null : slice,
      truthIsPublic,
    }),
  );
}

/** Open files of outcomes; null if one of them is gone. */
async function openAll(rows: readonly OutcomesRow[]): Promise<Outcomes[] | null> {
  const opened: Outcomes[] = [];
  for (const { storageKey, sha256 } of rows) {
    if (!(await storage().exists(storageKey))) return null;
    opened.push(await openOutcomes(await storage().localPath(storageKey), sha256));
  }
  return opened;
}

function imagesOf(rows: readonly OutcomesRow[]): ImageRow[][] | undefined {
  const tables = rows.flatMap(({ images }) => (images ? [images] : []));
  return tables.length === rows.length ? tables : undefined;
}

/** The cells of a pattern on an image. */
export interface CellsOnImage {
  image: string;
  /** number of the image in its data set */
  index: number;
  /** how many there are */
  cells: number;
  /** of all cells of the image, the first of them, counted from 1: `t7` of the viewer is the seventh */
  first: number[];
  objects: number;
}

/** An image lists this many cells of a pattern. */
const CELLS_LISTED = 12;

/**
 * List the images with cells of a pattern, most cells first; only where the ground truth is public.
 *
 * @param options.pattern bit k: found by entry k
 * @param options.cellType on images of this type; null: on all
 */
export async function imagesWithPattern(
  { ids, protocol, evaluation }: ComparisonQuery,
  { pattern, cellType }: { pattern: number; cellType: CellType | null },
): Promise<CellsOnImage[]> {
  const { entries, truthIsPublic } = await loadEntries(ids, protocol);
  if (!truthIsPublic) return [];
  const found = await listOutcomes(new Map(entries.map(({ id, report }) => [id, report])));
  const rows = entries.map(({ id }) => found.get(id)).filter((row) => row?.evaluation === evaluation) as OutcomesRow[];
  const opened = rows.length === entries.length ? await openAll(rows) : null;
  if (!opened) return [];
  const [{ fileNames, objectStart }] = opened;
  return fileNames
    .map((image, i): CellsOnImage => {
      let [cells, objects] = [0, 0];
      const first: number[] = [];
      if (cellType && cellTypeOf(image) !== cellType) return { image, index: i, cells, first, objects };
      for (let g = objectStart[i]; g < objectStart[i + 1]; g++) {
        const own = patternOf(opened, g);
        if (own >= 0) objects++;
        if (own !== pattern) continue;
        if (cells++ < CELLS_LISTED) first.push(g - objectStart[i] + 1);
      }
      return { image, index: i, cells, first, objects };
    })
    .filter(({ cells }) => cells > 0)
    .sort((a, b) => b.cells - a.cells);
}

/** Say which entries are compared, for titles. */
export function comparedNames({ entries }: Pick<Comparison, 'entries'>): string {
  return list(entries.map(({ method }) => method));
}

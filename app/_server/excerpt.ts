/** A part of the viewer's picture for the home page: real cells of the demo data, as one of its entries found them. */
import { getPictures, listDatasets } from '#db/datasets/datasets.ts';
import { traceOutline } from '#lib/cells/outline.ts';
import { canSeeOutlines } from '#lib/permissions.ts';
import { decodeMask } from '#lib/viewer/id-map.ts';
import type { EntryCells, TruthCells } from '#lib/viewer/image-cells.ts';
import { judge, type Verdict } from '#lib/viewer/verdicts.ts';
import { entryCells, findViewed, listViewable, truthCells, type ViewableEntry } from './cells.ts';

export interface Excerpt {
  /** the picture and its size in pixels */
  picture: string;
  width: number;
  height: number;
  /** the part that is shown: x, y, width, height */
  view: [number, number, number, number];
  /** outlines by verdict as SVG paths, in half pixels */
  paths: [Verdict, string][];
  counts: { found: number; missed: number; false: number };
  entry: string;
  /** the image in the viewer */
  href: string;
}

const VIEW = { width: 336, height: 228 };
/** Images that are looked at for the one whose part tells most. */
const LOOKED_AT = 8;

/** The last excerpt: it changes with the data set, the pictures or the entry. */
let last: { key: string; excerpt: Promise<Excerpt | null> } | null = null;

/** Return an excerpt of a demo data set; null where none may be shown, or nothing is scored yet. */
export async function homeExcerpt(task: string): Promise<Excerpt | null> {
  const demo = (await listDatasets({ task })).find((dataset) => dataset.demo && dataset.public);
  const pictures = demo && (await getPictures(demo.id));
  if (!demo || !pictures || !canSeeOutlines(demo, pictures)) return null;
  const entries = await listViewable(null, demo);
  // not the best one: it errs so seldom that a part of an image shows nothing
  const entry = entries[1] ?? entries[0];
  if (!entry) return null;
  const key = [demo.sha256, pictures.packKey, entry.id, entry.method].join(' ');
  if (last?.key !== key) {
    const excerpt = makeExcerpt(demo.name, { entry, names: pictures.examples.map(({ name }) => name) });
    last = { key, excerpt };
    excerpt.then((made) => made ?? forget(key)).catch(() => forget(key));
  }
  return last.excerpt;
}

function forget(key: string): void {
  if (last?.key === key) last = null;
}

interface Part {
  image: number;
  x: number;
  y: number;
  worth: number;
}

async function makeExcerpt(
  dataset: string,
  { entry, names }: { entry: ViewableEntry; names: readonly string[] },
): Promise<Excerpt | null> {
  const { packed, pictures } = await findViewed(dataset);
  const { fileNames, width, height } = packed.images;
  const { pictureNames } = await import('#lib/datasets/pictures.ts');
  const named = pictureNames(fileNames);
  const loaded = new Map<number, { truth: TruthCells; cells: EntryCells }>();
  let best: Part | null = null;
  for (const name of names.slice(0, LOOKED_AT)) {
    const image = named.indexOf(name);
    if (image < 0) continue;
    const [truth, cells] = await Promise.all([truthCells(dataset, image), entryCells(null, entry.id, image)]);
    loaded.set(image, { truth: truth.cells, cells: cells.cells });
    const part = richestPart({ image, truth: truth.cells, cells: cells.cells });
    if (!best || part.worth > best.worth) best = part;
  }
  if (!best || best.worth === 0) return null;
  const { image, x, y } = best;
  const { truth, cells } = loaded.get(image)!;
  const view: Excerpt['view'] = [x, y, Math.min(VIEW.width, width[image]), Math.min(VIEW.height, height[image])];
  const paths = new Map<Verdict, string>();
  const counts = { found: 0, missed: 0, false: 0 };
  for (const { verdict, mask, extent } of cellsOf(truth, cells)) {
    const [x0, y0, x1, y1] = extent;
    if (x1 <= view[0] || y1 <= view[1] || x0 >= view[0] + view[2] || y0 >= view[1] + view[3]) continue;
    paths.set(verdict, (paths.get(verdict) ?? '') + pathOf(mask, truth.height, extent));
    if (verdict === 'found' || verdict === 'missed') counts[verdict]++;
    else counts.false++;
  }
  const base = `/datasets/${encodeURIComponent(dataset)}`;
  return {
    picture: `${base}/pictures/${encodeURIComponent(named[image])}.png?as=stretched&v=${pictures}`,
    width: width[image],
    height: height[image],
    view,
    paths: [...paths],
    counts,
    entry: entry.method,
    href: `${base}/viewer?${new URLSearchParams({ image: fileNames[image], a: entry.id })}`,
  };
}

type Extent = [x0: number, y0: number, x1: number, y1: number];

/** Detections that are shown, and objects that were missed. */
function* cellsOf(truth: TruthCells, cells: EntryCells) {
  const { detections, objects } = judge(cells, cells.scoreThreshold ?? 0);
  const lists: [readonly string[], readonly Verdict[], (verdict: Verdict) => boolean][] = [
    [truth.masks, objects, (verdict) => verdict === 'missed'],
    [cells.masks, detections, (verdict) => verdict !== 'hidden' && verdict !== 'uncounted'],
  ];
  for (const [masks, verdicts, isShown] of lists)
    for (const [k, verdict] of verdicts.entries()) {
      if (!isShown(verdict)) continue;
      const mask = decodeMask(masks[k], truth);
      const extent = mask && extentOf(mask, truth.height);
      if (mask && extent) yield { verdict, mask, extent };
    }
}

function extentOf({ data, from, to }: NonNullable<ReturnType<typeof decodeMask>>, height: number): Extent | null {
  if (from === to) return null;
  let [y0, y1] = [height, 0];
  for (let k = from; k < to; k += 2) {
    const top = data[k] % height;
    // an interval that passes a column's end makes the extent full height
    if (top + data[k + 1] - data[k] > height) [y0, y1] = [0, height];
    else [y0, y1] = [Math.min(y0, top), Math.max(y1, top + data[k + 1] - data[k])];
  }
  return [Math.floor(data[from] / height), y0, Math.floor((data[to - 1] - 1) / height) + 1, y1];
}

function pathOf(mask: Parameters<typeof traceOutline>[0], height: number, extent: Extent): string {
  let path = '';
  for (const ring of traceOutline(mask, height, extent)) {
    path += `M${ring[0]} ${ring[1]}`;
    for (let i = 2; i < ring.length; i += 2) path += `l${ring[i] - ring[i - 2]} ${ring[i + 1] - ring[i - 1]}`;
    path += 'z';
  }
  return path;
}

/** Find the part of an image that shows most kinds of verdicts, then most cells. */
function richestPart({ image, truth, cells }: { image: number; truth: TruthCells; cells: EntryCells }): Part {
  const all = [...cellsOf(truth, cells)].map(({ verdict, extent: [x0, y0, x1, y1] }) => ({
    verdict,
    x: (x0 + x1) / 2,
    y: (y0 + y1) / 2,
  }));
  let best: Part = { image, x: 0, y: 0, worth: 0 };
  for (let y = 0; y <= Math.max(0, truth.height - VIEW.height); y += 48)
    for (let x = 0; x <= Math.max(0, truth.width - VIEW.width); x += 48) {
      const inside = all.filter(
        (cell) => cell.x > x && cell.y > y && cell.x < x + VIEW.width && cell.y < y + VIEW.height,
      );
      const worth = 100 * new Set(inside.map(({ verdict }) => verdict)).size + Math.min(inside.length, 40);
      if (inside.length > 0 && worth > best.worth) best = { image, x, y, worth };
    }
  return best;
}

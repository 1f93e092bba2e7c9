/** Fetches the cells of images and paints them as maps of ids, beside the page. */
import { type IdMap, paintIdMap } from '#lib/viewer/id-map.ts';
import type { EntryCells, TruthCells } from '#lib/viewer/image-cells.ts';

/** What to fetch: the address of an entry's or the annotations' cells of an image. */
export interface CellsRequest {
  address: string;
  /** only to have it at hand */
  ahead?: boolean;
}

/** Cells with their map; `scores` and verdicts only of entries. */
export type PaintedCells = { map: IdMap } & Omit<TruthCells & Partial<EntryCells>, 'masks'>;

export type CellsAnswer = { address: string } & ({ cells: PaintedCells } | { failed: string });

/** Lately painted images, oldest first. */
const painted = new Map<string, Promise<PaintedCells>>();
const MOST_PAINTED = 12;

self.addEventListener('message', ({ data: { address, ahead } }: MessageEvent<CellsRequest>) => {
  const found = painted.get(address) ?? paint(address);
  painted.delete(address);
  painted.set(address, found);
  if (painted.size > MOST_PAINTED) painted.delete(painted.keys().next().value!);
  found.then(
    (cells) => {
      if (!ahead) self.postMessage({ address, cells } satisfies CellsAnswer);
    },
    (error: unknown) => {
      painted.delete(address);
      if (!ahead) self.postMessage({ address, failed: error instanceof Error ? error.message : String(error) });
    },
  );
});

async function paint(address: string): Promise<PaintedCells> {
  const response = await fetch(address);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? `The site answered ${response.status}.`);
  const { masks, ...cells } = body as TruthCells & EntryCells;
  return { ...cells, map: paintIdMap(masks, cells) };
}

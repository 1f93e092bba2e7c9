/** What is drawn, whichever way: a picture, maps of ids, and how each cell is marked. */
import type { IdMap } from '#lib/viewer/id-map.ts';
import { VERDICTS, type Verdict } from '#lib/viewer/verdicts.ts';
import type { PaintedCells } from './worker.ts';

/** What there is to show: annotated cells, and those of two entries. */
export type MapName = 'truth' | 'a' | 'b';

/** What a layer is called, and where its cells are, or the cells themselves. */
export type AddressedLayer = { label: string; address: string; cells?: never };
export type LayerSource = AddressedLayer | { label: string; cells: PaintedCells };
export type LayerSources = Partial<Record<MapName, LayerSource>>;

/** Maps that one side of the swipe can show. */
export const LAYERS = ['none', 'truth', 'a', 'b'] as const;
export type Layer = (typeof LAYERS)[number];

/** Colours of verdicts, red, green, blue (Okabe and Ito); each has a pattern of its own besides. */
export const COLOURS: Readonly<Record<Verdict, readonly [number, number, number]>> = {
  hidden: [0, 0, 0],
  plain: [255, 255, 255],
  found: [86, 180, 233],
  missed: [230, 159, 0],
  false: [255, 104, 60],
  split: [222, 140, 190],
  merged: [240, 228, 66],
  uncounted: [160, 160, 160],
};

/** Fill patterns in pixels of the screen: they tell verdicts apart without colour. */
export type Pattern = 'none' | 'slashes' | 'dots' | 'columns' | 'rows';
export const PATTERNS: Readonly<Record<Verdict, Pattern>> = {
  hidden: 'none',
  plain: 'none',
  found: 'none',
  missed: 'slashes',
  false: 'dots',
  split: 'columns',
  merged: 'rows',
  uncounted: 'none',
};

/** Tell whether a pattern covers a pixel of the screen. The shader has the same rule. */
export function isInked(pattern: Pattern, x: number, y: number): boolean {
  if (pattern === 'slashes') return (x + y) % 9 < 2;
  if (pattern === 'dots') return x % 6 < 2 && y % 6 < 2;
  if (pattern === 'columns') return x % 7 < 2;
  if (pattern === 'rows') return y % 7 < 2;
  return false;
}

/** Lookups, a row each: how every cell of a map is marked, by its id. */
export const LOOKUPS = ['truth', 'detectionsA', 'objectsA', 'detectionsB', 'objectsB'] as const;
export type Lookup = (typeof LOOKUPS)[number];
/** Numbers in a row of lookups; rows continue over several lines of the texture. */
export const LOOKUP_LENGTH = 65_536;

/** Return the code of a verdict in a lookup. */
export const codeOf = (verdict: Verdict): number => VERDICTS.indexOf(verdict);

/** Part of the image on the screen. */
export interface Camera {
  /** image coordinates at the middle of the canvas */
  x: number;
  y: number;
  /** pixels of the canvas for one of the image */
  scale: number;
}

export interface Scene {
  width: number;
  height: number;
  /** null: no picture may be shown, or it is not there yet */
  picture: ImageBitmap | null;
  maps: Partial<Record<MapName, IdMap>>;
  /** [LOOKUPS × LOOKUP_LENGTH] codes of verdicts */
  lookups: Uint8Array;
  left: Layer;
  right: Layer;
  /** share of the canvas that shows the left layer */
  swipe: number;
  /** layer and id (from 1) of the chosen cell */
  chosen: { layer: MapName; id: number } | null;
  camera: Camera;
}

/** Draws scenes on a canvas. */
export interface Renderer {
  /** `changed`: what has to be sent again */
  draw(scene: Scene, changed: { picture?: boolean; maps?: boolean; lookups?: boolean }): void;
  close(): void;
}

/** The maps that a layer consists of, top first, with their lookups. */
export function partsOf(layer: Layer): { map: MapName; lookup: Lookup }[] {
  if (layer === 'truth') return [{ map: 'truth', lookup: 'truth' }];
  if (layer === 'a')
    return [
      { map: 'a', lookup: 'detectionsA' },
      { map: 'truth', lookup: 'objectsA' },
    ];
  if (layer === 'b')
    return [
      { map: 'b', lookup: 'detectionsB' },
      { map: 'truth', lookup: 'objectsB' },
    ];
  return [];
}

/**
 * A board of one slice of biology: which entries are best on sparse SH-SY5Y, on the second day, on small cells; and a
 * heat map of entries × the values of one dimension. Values come from stored tables (`scoring/slice-table.ts`).
 */
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import {
  MOST_DIMENSIONS,
  parseSliceKey,
  SIZES,
  SLICE_DIMENSIONS,
  type SliceChoice,
  type SliceDimension,
  type SliceRow,
  sliceKey,
  weightedMean,
} from '#lib/scoring/slice-table.ts';
import { roundTo, stepOf } from '#lib/tasks/disclosure.ts';
import { type Rankable, rankEntries } from './ranking.ts';

export const SLICE_METRICS = ['AP', 'AFNR'] as const;
export type SliceMetric = (typeof SLICE_METRICS)[number];

/** On ground truth that is not public, no number of fewer cells is told. */
const FEWEST_CELLS_TOLD = 50;
const ROUNDED_TO = 0.001;
/** Published slices are rounded to steps of at least this many objects. */
const OBJECTS_TOLD_APART = 50;

export interface SliceQuery {
  choice: SliceChoice;
  /** dimension of the heat map's columns */
  by: SliceDimension;
  metric: SliceMetric;
  /** the reader's weights of the mean over cell types; null: the slice itself is ranked */
  weights: Partial<Record<CellType, number>> | null;
}

/** Values that the data set has, by dimension. */
export interface SliceValues {
  type: CellType[];
  day: string[];
  density: { value: string; from: number; to: number }[];
  size: readonly string[];
}

export const DIMENSION_NAMES: Readonly<Record<SliceDimension, string>> = {
  type: 'Cell type',
  day: 'Day since seeding',
  density: 'Density',
  size: 'Cell size',
};

/** Parameters of an address or of the API, as texts. */
export type SliceParams = Readonly<Partial<Record<SliceDimension | 'by' | 'metric' | 'weights', string>>>;

/**
 * Read a query. Unknown values are left out; of more than two dimensions, only the first two count; a heat map's
 * dimension needs room beside those that are chosen.
 */
export function parseSliceQuery(params: SliceParams): SliceQuery {
  const choice: SliceChoice = {};
  const given: SliceChoice = {
    type: parseCellType(params.type ?? '') ?? undefined,
    day: /^\d{1,3}$/.test(params.day ?? '') ? String(Number(params.day)) : undefined,
    density: /^[1-5]$/.test(params.density ?? '') ? params.density : undefined,
    size: SIZES.find((size) => size === params.size),
  };
  for (const dimension of SLICE_DIMENSIONS)
    if (given[dimension] !== undefined && Object.keys(choice).length < MOST_DIMENSIONS)
      choice[dimension] = given[dimension];
  return {
    choice,
    by: byOf(choice, params.by),
    metric: params.metric === 'AFNR' ? 'AFNR' : 'AP',
    weights: parseWeights(params.weights),
  };
}

/** Read the choices of a board besides the cell type: as many as can be combined with it. */
export function parseBoardSlice(params: SliceParams, cellType: CellType | null): Omit<SliceChoice, 'type'> {
  const { type: _, ...choice } = parseSliceQuery({ ...params, type: cellType ?? undefined }).choice;
  return choice;
}

/** The heat map's dimension: as asked, if it can be shown beside the choice; else the first that can. */
function byOf(choice: SliceChoice, asked: string | undefined): SliceDimension {
  const chosen = Object.keys(choice);
  const possible = SLICE_DIMENSIONS.filter((dimension) => new Set([...chosen, dimension]).size <= MOST_DIMENSIONS);
  return possible.find((dimension) => dimension === asked) ?? possible[0];
}

/** Read `A172:2,BV-2:0.5`; null if there is no weight above 0. */
export function parseWeights(text: string | undefined): SliceQuery['weights'] {
  const weights: Partial<Record<CellType, number>> = {};
  for (const part of text?.split(',') ?? []) {
    const [name, weight] = part.split(':');
    const type = parseCellType(name);
    const value = Number(weight);
    if (type && weight?.trim() && Number.isFinite(value) && value > 0 && value <= 1e6) weights[type] = value;
  }
  return Object.keys(weights).length > 0 ? weights : null;
}

/** Return the parameters of a query that are not at their default. */
export function sliceParams({ choice, by, metric, weights }: SliceQuery): [string, string][] {
  const params: [string, string][] = SLICE_DIMENSIONS.flatMap((dimension): [string, string][] =>
    choice[dimension] === undefined ? [] : [[dimension, choice[dimension]]],
  );
  if (by !== byOf(choice, undefined)) params.push(['by', by]);
  if (metric !== 'AP') params.push(['metric', metric]);
  if (weights)
    params.push(['weights', CELL_TYPES.flatMap((type) => (weights[type] ? `${type}:${weights[type]}` : [])).join()]);
  return params;
}

/** List the values that a table's keys name. */
export function valuesOf(keys: readonly string[], densities: readonly (readonly [number, number])[]): SliceValues {
  const choices = keys.map(parseSliceKey);
  const of = (dimension: SliceDimension) =>
    [...new Set(choices.flatMap((choice) => choice[dimension] ?? []))].sort((a, b) => Number(a) - Number(b));
  const types = of('type');
  return {
    type: CELL_TYPES.filter((type) => types.includes(type)),
    day: of('day'),
    density: densities.map(([from, to], k) => ({ value: String(k + 1), from, to })),
    size: SIZES,
  };
}

/** A column of the heat map: a value of its dimension. */
export interface SliceColumn {
  value: string;
  name: string;
  key: string;
}

/** Return the heat map's columns. */
export function columnsOf({ choice, by }: SliceQuery, values: SliceValues, truthIsPublic: boolean): SliceColumn[] {
  const all = by === 'density' ? values.density.map(({ value }) => value) : [...values[by]];
  const shown = choice[by] === undefined ? all : all.filter((value) => value === choice[by]);
  return shown.map((value) => ({
    value,
    name: valueName(by, value, values, truthIsPublic),
    key: sliceKey({ ...choice, [by]: value }),
  }));
}

/** Name a value for people. Numbers of cells per image are told only where the ground truth is public. */
export function valueName(
  dimension: SliceDimension,
  value: string,
  { density }: Pick<SliceValues, 'density'>,
  truthIsPublic: boolean,
): string {
  if (dimension === 'type') return CELL_TYPE_NAMES[value as CellType] ?? value;
  if (dimension === 'day') return `Day ${value}`;
  if (dimension === 'size') return value[0].toUpperCase() + value.slice(1);
  const bin = density.find((one) => one.value === value);
  if (bin && truthIsPublic) return bin.from === bin.to ? `${bin.from} cells` : `${bin.from}–${bin.to} cells`;
  if (value === '1') return 'Sparsest fifth';
  return Number(value) === density.length ? 'Densest fifth' : `Fifth ${value} of 5`;
}

/** Say a choice in words: `SH-SY5Y, day 2`; `all images` without one. */
export function choiceInWords(choice: SliceChoice, values: SliceValues, truthIsPublic: boolean): string {
  const words = SLICE_DIMENSIONS.flatMap((dimension) => {
    const value = choice[dimension];
    if (value === undefined) return [];
    const name = valueName(dimension, value, values, truthIsPublic);
    if (dimension === 'density') return truthIsPublic ? [`${name} per image`] : [name.toLowerCase()];
    if (dimension === 'size') return [`${value} cells`];
    return [dimension === 'day' ? name.toLowerCase() : name];
  });
  return words.join(', ') || 'all images';
}

/** Return the keys that a query reads. */
export function keysOf(query: SliceQuery, columns: readonly SliceColumn[], values: SliceValues): string[] {
  const { choice, weights } = query;
  const types = weights ? values.type.map((type) => sliceKey({ ...choice, type })) : [];
  return [...new Set([sliceKey(choice), ...columns.map(({ key }) => key), ...types])];
}

/** Return a slice's numbers as they may be told. */
export function tellSlice(row: SliceRow | undefined, truthIsPublic: boolean): SliceRow | undefined {
  if (!row || truthIsPublic) return row;
  const [images, objects, AP, AFNR] = row;
  if (objects < FEWEST_CELLS_TOLD) return undefined;
  const step = stepOf(ROUNDED_TO, objects, { apart: OBJECTS_TOLD_APART });
  return [images, Math.round(objects / 10) * 10, roundTo(AP, step), roundTo(AFNR, step)];
}

/** An entry with the slices that were asked for. */
export interface SlicedEntry extends Pick<Rankable, 'id' | 'method' | 'publishedAt' | 'unscored' | 'exposure'> {
  rows: Readonly<Record<string, SliceRow | undefined>>;
}

export interface SliceBoardRow {
  /** 1, 2, 2, 4; null without a value, and for entries prompted from the annotation */
  rank: number | null;
  id: string;
  method: string;
  /** the number that ranks: of the slice, or the reader's mean over types */
  value: number | null;
  images: number | null;
  objects: number | null;
  /** by the heat map's columns */
  columns: (number | null)[];
}

/** Rank entries by a slice, or by the reader's own mean over cell types. */
export function rankSlices(
  entries: readonly SlicedEntry[],
  { choice, metric, weights }: SliceQuery,
  columns: readonly SliceColumn[],
  truthIsPublic: boolean,
): SliceBoardRow[] {
  const place = 2 + SLICE_METRICS.indexOf(metric);
  const told = entries.map(({ rows, ...entry }) => {
    const at = (key: string) => tellSlice(rows[key], truthIsPublic);
    const number = (key: string) => (at(key)?.[place] ?? null) as number | null;
    const own = at(sliceKey(choice));
    const byType = () => Object.fromEntries(CELL_TYPES.map((type) => [type, number(sliceKey({ ...choice, type }))]));
    return {
      ...entry,
      value: weights ? weightedMean(byType(), weights) : number(sliceKey(choice)),
      images: own?.[0] ?? null,
      objects: own?.[1] ?? null,
      columns: columns.map(({ key }) => number(key)),
    };
  });
  return rankEntries(told, ({ value }) => value, metric === 'AP' ? 'higher' : 'lower').map(({ row, rank }) => {
    const { id, method, value, images, objects, columns } = row;
    return { rank, id, method, value, images, objects, columns };
  });
}

/**
 * The jackknife's rivals, with which it is compared: resampling with replacement (Efron 1979) of single images, and of
 * blocks of six consecutive time points of a field, both within each cell type; percentile intervals.
 */
import { parseImageName } from '#lib/livecell/cell-types.ts';

/** Time points of a block: a day. */
const TIME_POINTS_PER_BLOCK = 6;

/** Images grouped by what is drawn as one: units, and the stratum of each unit. */
export interface Drawn {
  unitOf: Uint16Array;
  strata: number[][];
}

export function byImage(fileNames: readonly string[]): Drawn {
  return group(fileNames, (_, image) => String(image));
}

export function byBlock(fileNames: readonly string[]): Drawn {
  return group(fileNames, (name) => {
    const { well, location, minutes } = parseImageName(name)!;
    return `${well}/${location}/${Math.floor(minutes / 240 / TIME_POINTS_PER_BLOCK)}`;
  });
}

function group(fileNames: readonly string[], unitName: (fileName: string, image: number) => string): Drawn {
  const units = new Map<string, number>();
  const strata = new Map<string, Set<number>>();
  const unitOf = Uint16Array.from(fileNames, (fileName, image) => {
    const type = fileName.split('_')[0];
    const name = `${type}/${unitName(fileName, image)}`;
    const unit = units.get(name) ?? units.size;
    units.set(name, unit);
    strata.set(type, (strata.get(type) ?? new Set()).add(unit));
    return unit;
  });
  return { unitOf, strata: [...strata.values()].map((own) => [...own]) };
}

/** How often each unit is drawn: a row of [units] per draw. */
export function drawUnits({ strata }: Drawn, draws: number, random: () => number): Uint8Array {
  const units = strata.reduce((sum, own) => sum + own.length, 0);
  const counts = new Uint8Array(draws * units);
  for (let draw = 0; draw < draws; draw++) {
    for (const own of strata)
      for (let k = 0; k < own.length; k++) counts[draw * units + own[Math.floor(random() * own.length)]]++;
  }
  return counts;
}

/** The central 95 % of some draws, by linear interpolation between order statistics (numpy's default). */
export function interval95(draws: Float64Array): [number, number] {
  const sorted = draws.toSorted();
  const at = (p: number): number => {
    const place = p * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return [at(0.025), at(0.975)];
}

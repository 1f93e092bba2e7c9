/**
 * The sampling design behind every interval (PROTOCOL, "Uncertainty"): which images come from the same field of view,
 * and which fields are comparable. A stratum is a cell type; its units are the fields, each with all time points and
 * crops.
 *
 * If file names do not give the field, the unit is the well, or else the image. Everything here follows from the names
 * and from which images have objects, so it is the same for every entry of a data set.
 */
import { cellTypeOf, parseImageName, stem } from '#lib/livecell/cell-types.ts';
import { sha256 } from './sha256.ts';

/** A unit left out as a whole: a field of view, or a group of them if there are very many. */
interface Unit {
  /** `A172_C7_1`: cell type, well, location */
  name: string;
  /** the cell type as spelled in the file names; '' if they name none */
  cellType: string;
}

/** Units grouped into strata. */
export interface Strata {
  /** [units] stratum of each unit, 0 … count - 1 */
  of: number[];
  /** [strata] number of units in each */
  sizes: number[];
}

export interface Fields {
  /** sorted by name */
  units: Unit[];
  /** [images] unit of each image, -1 for images whose field has no objects */
  unitOf: Int32Array;
  strata: Strata;
}

interface Found extends Unit {
  images: number[];
}

/** A stratum with more units is divided into this many groups. */
export const MOST_UNITS = 20;

interface FieldOptions {
  /** use a single stratum, for outside data sets: their images are no sample of LIVECell's cell types */
  oneStratum?: boolean;
  /** wells registered with the images, by image; used if file names do not give the field */
  wells?: readonly (string | null | undefined)[];
}

/**
 * Find the units and strata of a data set.
 *
 * Images in fields without any object belong to no unit: leaving them out would remove no object.
 *
 * @param fileNames by image
 * @param countable objects that count, by image
 */
export function findFields(
  fileNames: readonly string[],
  countable: ArrayLike<number>,
  { oneStratum = false, wells }: FieldOptions = {},
): Fields {
  const fields = new Map<string, Found & { objects: number }>();
  fileNames.forEach((fileName, image) => {
    const parsed = parseImageName(fileName);
    const written = cellTypeOf(fileName) ?? (parsed ? stem(fileName).split('_Phase_')[0] : '');
    const cellType = oneStratum ? '' : written;
    const name = parsed ? `${written}_${parsed.well}_${parsed.location}` : wells?.[image] || stem(fileName);
    const key = `${cellType}\0${name}`;
    const field = fields.get(key) ?? { name, cellType, images: [], objects: 0 };
    field.images.push(image);
    field.objects += countable[image];
    fields.set(key, field);
  });
  const unitOf = new Int32Array(fileNames.length).fill(-1);
  const found = [...fields.values()].filter(({ objects }) => objects > 0);
  const grouped = groupUnits(found).sort((a, b) => compare(a.name, b.name) || compare(a.cellType, b.cellType));
  grouped.forEach(({ images }, unit) => {
    for (const image of images) unitOf[image] = unit;
  });
  const units = grouped.map(({ name, cellType }) => ({ name, cellType }));
  return { units, unitOf, strata: stratify(units) };
}

/**
 * Group the units of strata with more than `MOST_UNITS`: they are dealt out in the order of the SHA-256 of their names.
 */
function groupUnits(found: readonly Found[]): Found[] {
  const { of, sizes } = stratify(found);
  return sizes.flatMap((size, stratum) => {
    const units = found.filter((_, unit) => of[unit] === stratum);
    if (size <= MOST_UNITS) return units;
    const cellType = units.every((unit) => unit.cellType === units[0].cellType) ? units[0].cellType : '';
    const ordered = units
      .map((unit) => ({ unit, hash: sha256(new TextEncoder().encode(unit.name)) }))
      .sort((a, b) => compare(a.hash, b.hash));
    return Array.from({ length: MOST_UNITS }, (_, group) => {
      const dealt = ordered.filter((__, k) => k % MOST_UNITS === group).map(({ unit }) => unit);
      return {
        name: [cellType, 'group', String(group + 1).padStart(2, '0')].filter(Boolean).join(' '),
        cellType,
        images: dealt.flatMap(({ images }) => images),
      };
    });
  });
}

/**
 * Group units into strata by cell type. Types with a single unit are combined into one stratum, since one unit says
 * nothing about differences between units; if that leaves one unit alone, it joins the largest stratum.
 */
export function stratify(units: readonly Unit[]): Strata {
  const members = new Map<string, number[]>();
  units.forEach(({ cellType }, unit) => {
    const own = members.get(cellType);
    if (own) own.push(unit);
    else members.set(cellType, [unit]);
  });
  const several = [...members.values()].filter((own) => own.length > 1);
  const single = [...members.values()].filter((own) => own.length === 1).flat();
  if (single.length === 1 && several.length > 0) {
    const largest = several.reduce((best, own) => (own.length > best.length ? own : best));
    largest.push(...single);
  } else if (single.length > 0) {
    several.push(single);
  }
  const of = new Array<number>(units.length).fill(0);
  several.forEach((own, stratum) => {
    for (const unit of own) of[unit] = stratum;
  });
  return { of, sizes: several.map((own) => own.length) };
}

/** Return the number of units minus the number of strata: the degrees of freedom of an interval. */
export function degreesOfFreedom({ of, sizes }: Strata): number {
  return of.length - sizes.length;
}

/** Compare by code unit, the same on every machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

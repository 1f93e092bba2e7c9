/**
 * The design behind every interval (PROTOCOL, "Uncertainty"): which images were taken in one field of view, and which
 * fields stand for one another. A stratum is a cell type; its units are the fields, each with all time points and crops.
 *
 * Where file names do not tell the field, the unit is the well, else the image. Everything here follows from names and
 * from which images have objects, so it is the same for every entry of a data set.
 */
import { cellTypeOf, parseImageName, stem } from '#lib/livecell/cell-types.ts';
import { sha256 } from './sha256.ts';

/** A unit that is left out as a whole: a field of view, or several of them where there are very many. */
export interface Unit {
  /** `A172_C7_1`: cell type, well, location */
  name: string;
  /** the cell type as the file names spell it; '' where they name none */
  cellType: string;
}

/** Units grouped into strata. */
export interface Strata {
  /** [units] stratum of each unit, 0 … count - 1 */
  of: number[];
  /** [strata] how many units each has */
  sizes: number[];
}

export interface Fields {
  /** in the order of their names */
  units: Unit[];
  /** [images] unit of each image, -1 where the image belongs to none: its field has no objects */
  unitOf: Int32Array;
  strata: Strata;
}

interface Found extends Unit {
  images: number[];
}

/** More units than these of one stratum are put into so many groups. */
export const MOST_UNITS = 20;

export interface FieldOptions {
  /** one stratum, as outside data sets are: their images are no sample of LIVECell's cell types */
  oneStratum?: boolean;
  /** wells registered with the images, by image; they count where file names do not tell the field */
  wells?: readonly (string | null | undefined)[];
}

/**
 * The units and strata of a data set.
 *
 * Images without any object in their whole field are in no unit: leaving them out would leave out no object.
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

/** Strata of more than `MOST_UNITS` units: units in the order of the SHA-256 of their names are dealt to so many groups. */
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
 * The strata of some units: their cell types. Those with a single unit are put together into one, since one unit says
 * nothing about how units differ; if that leaves one unit alone, it joins the largest stratum.
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

/** Fields less strata: how much the differences between fields can say. */
export function degreesOfFreedom({ of, sizes }: Strata): number {
  return of.length - sizes.length;
}

/** By code unit, the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

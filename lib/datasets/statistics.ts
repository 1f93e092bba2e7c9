/**
 * Statistics of ground truth, computed once when it is registered: sizes, densities and shapes of its cells, by cell
 * type (Edlund et al. 2021, Table 1 and Figures 1 and 2); if its images are registered, intensities too.
 *
 * The results of `withoutImages` may be shown to anyone. For ground truth that is not public, nothing about a single
 * image may be revealed: its number of cells is half of what a counting method must predict, and thresholds could be
 * tuned on it. So `withoutImages` drops what counts or shows single images, and every number based on fewer than
 * `FEWEST` images.
 */

import { INTENSITY_METRICS, type IntensityMetric, measureIntensity } from '#lib/cells/intensity.ts';
import { measureShape, SHAPE_METRICS, type ShapeMetric } from '#lib/cells/shape.ts';
import { type Dataset, maskOf } from '#lib/coco/dataset.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { CELL_TYPES, type CellType, cellTypeOf, parseImageName, stem } from '#lib/livecell/cell-types.ts';
import { principalComponents } from '#lib/stats/principal-components.ts';

/** Minimum number of images behind a number if the ground truth is not public. */
export const FEWEST = 5;

/** Upper edges of the histogram of areas grow by this factor, ten to a decade. */
const AREA_STEP = 10 ** 0.1;
/** 10 to 100,000 pixels; smaller or larger areas are in the first or last bin. */
const AREA_BINS = { first: 10, count: 40 } as const;
const COUNT_BINS = 24;

const LIVECELL = ['livecell-paper', 'livecell-code'] as const;

interface Density {
  /** since seeding */
  hours: number;
  images: number;
  /** cells per image */
  mean: number;
  /** standard error of the mean; null for one image */
  sem: number | null;
}

export interface GroupStatistics {
  /** null: images whose names say no LIVECell type */
  cellType: CellType | null;
  images: number;
  /** number of distinct file names: 52 of the official test set occur twice */
  files: number;
  /** number of cells, without crowd regions */
  objects: number;
  wells: string[];
  /** hours since seeding of the first and last image, and number of time points */
  time: { first: number; last: number; points: number } | null;
  /** the histogram counts images: only for public ground truth */
  cellsPerImage: { mean: number; sd: number | null; histogram?: number[] };
  /** of the annotations' own `area`, in pixels */
  area: { median: number | null; histogram: number[] };
  /** number of small, medium and large cells; an area at a limit belongs to both classes, as in scoring */
  sizeClasses: Record<(typeof LIVECELL)[number], [small: number, medium: number, large: number]>;
  density: Density[];
  /** means over images with cells, of the images' means */
  shape: Record<ShapeMetric, number> | null;
  /** the same over images with a picture and cells; absent if there are none */
  intensity?: Record<IntensityMetric, number> & { images: number };
}

type CellMetric = ShapeMetric | IntensityMetric;

export interface ShapeComponents {
  images: number;
  /** share of the variance explained by each component */
  explained: number[];
  /** [component][metric], in the order of `metrics`; the first two components */
  loadings: number[][];
  metrics: readonly CellMetric[];
  /** mean and spread of each group's images, in the order of `groups` */
  groups: ({ mean: [number, number]; sd: [number, number] } | null)[];
  /** one per image: group, first and second component. Only for public ground truth */
  scores?: [group: number, first: number, second: number][];
}

export interface DatasetStatistics {
  schema: 1;
  /** lower edges of the bins, then the last bin's upper edge */
  areaEdges: number[];
  countEdges: number[];
  groups: GroupStatistics[];
  /** null: fewer than three images with cells, or no variation */
  components: ShapeComponents | null;
  /** what is withheld because it would reveal single images */
  withheld?: { images: number };
}

/** [images]: the means of `INTENSITY_METRICS` over an image's cells; null if it has no picture or no cells. */
export type Intensities = readonly (readonly number[] | null)[];

/** Return the mean brightness of an image's cells, in the order of `INTENSITY_METRICS`. Null without cells. */
export function intensitiesOf(
  { images, objectStart, objects }: Dataset,
  image: number,
  pixels: Uint8Array,
): number[] | null {
  const picture = { width: images.width[image], height: images.height[image], pixels };
  const sums = INTENSITY_METRICS.map(() => 0);
  const one = new Float64Array(sums.length);
  let measured = 0;
  for (let k = objectStart[image]; k < objectStart[image + 1]; k++) {
    if (objects.crowd[k]) continue;
    if (!measureIntensity(maskOf(objects, k), picture, one, 0)) continue;
    measured++;
    for (let m = 0; m < one.length; m++) sums[m] += one[m];
  }
  return measured > 0 ? sums.map((sum) => sum / measured) : null;
}

/**
 * Compute all statistics; for ground truth that is not public, apply `withoutImages` to the result.
 *
 * @param intensities for registered images. They enter the principal components only if every image with cells has
 *   them: a component of a few images would say nothing about the others
 */
export function datasetStatistics(dataset: Dataset, intensities: Intensities = []): DatasetStatistics {
  const { images, objectStart, objects } = dataset;
  const typeOf = images.fileNames.map(cellTypeOf);
  const types = [...CELL_TYPES, null].filter((type) => typeOf.includes(type));
  const groupOf = typeOf.map((type) => types.indexOf(type));

  const cells = new Uint32Array(images.ids.length);
  const shapes = new Float64Array(images.ids.length * SHAPE_METRICS.length);
  const measured = new Uint32Array(images.ids.length);
  const one = new Float64Array(SHAPE_METRICS.length);
  for (let i = 0; i < images.ids.length; i++) {
    for (let k = objectStart[i]; k < objectStart[i + 1]; k++) {
      if (objects.crowd[k]) continue;
      cells[i]++;
      if (!measureShape(maskOf(objects, k), images.height[i], one, 0)) continue;
      measured[i]++;
      for (let m = 0; m < one.length; m++) shapes[i * one.length + m] += one[m];
    }
  }
  const shapeOf = (image: number): number[] =>
    SHAPE_METRICS.map((_, m) => shapes[image * SHAPE_METRICS.length + m] / measured[image]);

  const areaEdges = Array.from({ length: AREA_BINS.count + 1 }, (_, k) => AREA_BINS.first * AREA_STEP ** k);
  const countEdges = roundEdges(cells.reduce((most, n) => Math.max(most, n), 0));
  const groups = types.map((cellType, group): GroupStatistics => {
    const members = [...groupOf.keys()].filter((image) => groupOf[image] === group);
    const areas = areasOf(dataset, members);
    const counts = members.map((image) => cells[image]);
    const names = members.map((image) => parseImageName(images.fileNames[image]));
    const known = names.filter((name) => name !== null);
    const withCells = members.filter((image) => measured[image] > 0).map(shapeOf);
    const bright = members.flatMap((image) => (intensities[image] ? [intensities[image]] : []));
    const density = densityOf(names, counts);
    const { mean, sd } = spread(counts);
    return {
      cellType,
      images: members.length,
      files: new Set(members.map((image) => stem(images.fileNames[image]))).size,
      objects: areas.length,
      wells: [...new Set(known.map(({ well }) => well))].sort(),
      time:
        density.length > 0
          ? { first: density[0].hours, last: density[density.length - 1].hours, points: density.length }
          : null,
      cellsPerImage: { mean, sd, histogram: histogram(counts, countEdges) },
      area: { median: median(areas), histogram: histogram(areas, areaEdges) },
      sizeClasses: {
        'livecell-paper': classSizes(areas, 'livecell-paper'),
        'livecell-code': classSizes(areas, 'livecell-code'),
      },
      density,
      shape:
        withCells.length > 0
          ? (Object.fromEntries(
              SHAPE_METRICS.map((metric, m) => [metric, spread(withCells.map((shape) => shape[m])).mean]),
            ) as Record<ShapeMetric, number>)
          : null,
      ...(bright.length > 0 && {
        intensity: {
          ...(Object.fromEntries(
            INTENSITY_METRICS.map((metric, m) => [metric, spread(bright.map((means) => means[m])).mean]),
          ) as Record<IntensityMetric, number>),
          images: bright.length,
        },
      }),
    };
  });

  const shown = [...measured.keys()].filter((image) => measured[image] > 0);
  const pictured = shown.length > 0 && shown.every((image) => intensities[image]);
  const components = principalComponents(
    shown.map((image) => (pictured ? [...shapeOf(image), ...(intensities[image] ?? [])] : shapeOf(image))),
  );
  return {
    schema: 1,
    areaEdges: areaEdges.map(round),
    countEdges,
    groups,
    components: components && {
      images: shown.length,
      explained: components.explained,
      loadings: components.loadings.slice(0, 2),
      metrics: pictured ? [...SHAPE_METRICS, ...INTENSITY_METRICS] : SHAPE_METRICS,
      groups: types.map((_, group) => {
        const own = components.scores.filter((__, s) => groupOf[shown[s]] === group);
        if (own.length === 0) return null;
        const [x, y] = [0, 1].map((c) => spread(own.map((score) => score[c])));
        return { mean: [x.mean, y.mean], sd: [x.sd ?? 0, y.sd ?? 0] };
      }),
      scores: components.scores.map(([x, y], s) => [groupOf[shown[s]], round(x), round(y)]),
    },
  };
}

/**
 * Remove everything based on fewer than `FEWEST` images. What is removed also covers at least that many in total:
 * otherwise it would follow from the totals.
 */
export function withoutImages(statistics: DatasetStatistics): DatasetStatistics {
  const keep = shown(statistics.groups.map(({ images }) => images));
  const groups = statistics.groups.filter((_, g) => keep[g]);
  const { components } = statistics;
  const images = statistics.groups.reduce((sum, group, g) => sum + (keep[g] ? 0 : group.images), 0);
  return {
    ...statistics,
    groups: groups.map(({ intensity, ...group }) => {
      const times = shown(group.density.map(({ images }) => images));
      const { mean, sd } = group.cellsPerImage;
      const { median, histogram } = group.area;
      return {
        ...group,
        cellsPerImage: { mean, sd },
        // a median is the area of one or two cells, which their annotators wrote with all digits
        area: { median: median === null ? null : Math.round(median), histogram },
        density: group.density.filter((_, t) => times[t]),
        ...(intensity && intensity.images >= FEWEST && { intensity }),
      };
    }),
    components:
      components && components.images >= FEWEST
        ? { ...components, groups: components.groups.filter((_, g) => keep[g]), scores: undefined }
        : null,
    ...(images > 0 && { withheld: { images: images + (statistics.withheld?.images ?? 0) } }),
  };
}

/** Decide which of several image counts may be shown: remove the smallest until none or enough are removed. */
function shown(images: readonly number[]): boolean[] {
  const keep = images.map(() => true);
  let gone = 0;
  for (const at of [...images.keys()].sort((a, b) => images[a] - images[b])) {
    if (images[at] >= FEWEST && (gone === 0 || gone >= FEWEST)) break;
    keep[at] = false;
    gone += images[at];
  }
  return keep;
}

function areasOf({ objectStart, objects }: Dataset, images: readonly number[]): Float64Array {
  const areas = new Float64Array(images.reduce((sum, i) => sum + objectStart[i + 1] - objectStart[i], 0));
  let n = 0;
  for (const image of images) {
    for (let k = objectStart[image]; k < objectStart[image + 1]; k++)
      if (!objects.crowd[k]) areas[n++] = objects.area[k];
  }
  return areas.subarray(0, n).sort();
}

function classSizes(areas: Float64Array, id: (typeof LIVECELL)[number]): [number, number, number] {
  const [, ...classes] = PROTOCOLS[id].areaRanges;
  const counts = classes.map(({ min, max }) => areas.reduce((n, area) => (area >= min && area <= max ? n + 1 : n), 0));
  return counts as [number, number, number];
}

function densityOf(names: readonly ({ minutes: number } | null)[], counts: readonly number[]): Density[] {
  const byTime = new Map<number, number[]>();
  names.forEach((name, i) => {
    if (!name) return;
    const found = byTime.get(name.minutes);
    if (found) found.push(counts[i]);
    else byTime.set(name.minutes, [counts[i]]);
  });
  return [...byTime]
    .sort(([a], [b]) => a - b)
    .map(([minutes, counts]) => {
      const { mean, sd } = spread(counts);
      return {
        hours: minutes / 60,
        images: counts.length,
        mean,
        sem: sd === null ? null : sd / Math.sqrt(counts.length),
      };
    });
}

/** Return the mean, and the sample standard deviation if there are at least two values. */
function spread(values: readonly number[]): { mean: number; sd: number | null } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, sd: null };
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)) };
}

function median(sorted: Float64Array): number | null {
  const n = sorted.length;
  return n === 0 ? null : (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
}

/** Count the values in each bin [low, high); the first and the last bin include values beyond. */
function histogram(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const bins = edges.length - 1;
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    let low = 0;
    let high = bins - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (edges[middle] <= values[i]) low = middle;
      else high = middle - 1;
    }
    counts[low]++;
  }
  return counts;
}

/** Return bins of a round width for counts up to the largest, at most `COUNT_BINS` of them. */
function roundEdges(largest: number): number[] {
  const wanted = (largest + 1) / COUNT_BINS;
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
  const width = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= wanted) ?? 1;
  return Array.from({ length: Math.floor(largest / width) + 2 }, (_, k) => k * width);
}

/** Round to enough digits for drawing. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}

/** The charts of a data set's page for files: exactly the numbers that the page shows, and no further digits. */
import { fromZero } from '#app/_components/charts/plot.tsx';
import type { NamedCharts } from '#app/_server/chart-response.ts';
import type { Dataset } from '#db/schema.ts';
import type { PanelPoint, PanelsFile } from '#lib/charts/panels.ts';
import type { SeriesFile } from '#lib/charts/svg.ts';
import type { DatasetStatistics, GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES, type CellType } from '#lib/livecell/cell-types.ts';
import { countedGroups, countsSentence } from './_figures/cells-per-image.tsx';
import { densitySentence, timedGroups } from './_figures/density-over-time.tsx';
import { readComponents, WEIGHTS_SENTENCE, WEIGHTS_TITLE } from './_figures/shapes.tsx';
import { areaScale, groupsWithCells, SIZE_RULES, sizesSentence } from './_figures/sizes.tsx';
import type { DatasetChart } from './chart-address.ts';
import { named, nameOf } from './tables.tsx';

/** Return the charts that the page of a data set has. @param statistics as `getStatistics` tells them */
export function datasetCharts(dataset: Dataset, statistics: DatasetStatistics | null): NamedCharts {
  const told = statistics && named(statistics);
  const charts: Record<DatasetChart, PanelsFile | SeriesFile | null> = {
    images: told ? byGroup(told.groups, 'images') : imagesByType(dataset.cellTypes),
    cells: told && byGroup(told.groups, 'objects'),
    sizes: told && sizes(told),
    'cells-per-image': told && cellsPerImage(told),
    density: told && density(told.groups),
    components: told && components(told),
    weights: told && weights(told),
  };
  return Object.fromEntries(Object.entries(charts).flatMap(([name, chart]) => (chart ? [[name, chart]] : [])));
}

/** Say what the charts are made of. */
export function datasetSource({ name, images, demo }: Dataset): string {
  return `${name}${demo ? ' (synthetic demo data)' : ''}, ${integer(images)} images.`;
}

/** The colours of cell types on white, as in app/styles/tokens.css. */
export const TYPE_COLOURS: Readonly<Record<CellType, string>> = {
  A172: '#0072b2',
  BT474: '#b25a00',
  BV2: '#007a5a',
  Huh7: '#9c3f76',
  MCF7: '#6b5800',
  SHSY5Y: '#2f7fa3',
  SkBr3: '#b3312c',
  SKOV3: '#3d4650',
};
const colourOf = ({ cellType }: GroupStatistics) => (cellType ? TYPE_COLOURS[cellType] : '#0072b2');
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

function bars(title: string, what: string, rows: readonly (readonly [string, number])[]): SeriesFile | null {
  if (rows.length === 0) return null;
  const [label, most] = [...rows].sort((a, b) => b[1] - a[1])[0];
  const total = rows.reduce((sum, [, value]) => sum + value, 0);
  return {
    kind: 'dots',
    unit: 'count',
    series: {
      ...{ title, xLabel: 'Cell type', yLabel: what, better: 'higher', names: [what] },
      sentence: `${integer(total)} in all; ${label} has ${integer(most)} of them.`,
      rows: rows.map(([label, value]) => ({ label, values: [value] })),
    },
  };
}

function byGroup(groups: readonly GroupStatistics[], field: 'images' | 'objects'): SeriesFile | null {
  const what = field === 'images' ? 'Images' : 'Cells';
  return bars(
    `${what} by cell type`,
    what,
    groups.map((group) => [nameOf(group), group[field]] as const),
  );
}

function imagesByType(cellTypes: Readonly<Record<string, number>>): SeriesFile | null {
  const rows = Object.entries(cellTypes).map(
    ([type, count]) => [CELL_TYPE_NAMES[type as CellType] ?? type, count] as const,
  );
  return bars('Images by cell type', 'Images', rows);
}

/** The bins that hold something, with their share of all. */
function binsOf(counts: readonly number[], edges: readonly number[], all: number): PanelPoint[] {
  const [first, last] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)];
  return counts.flatMap((count, k) =>
    k < first || k > last || first < 0 ? [] : [{ x: edges[k], end: edges[k + 1], y: count / all, count }],
  );
}

function sizes({ groups, areaEdges }: DatasetStatistics): PanelsFile | null {
  const withCells = groupsWithCells(groups);
  if (withCells.length === 0) return null;
  const x = areaScale(withCells, areaEdges);
  const top = Math.max(...withCells.map(({ area, objects }) => Math.max(...area.histogram) / objects));
  const y = { ...fromZero(top, 'Cells, %'), fraction: true };
  return {
    kind: 'panels',
    series: { title: 'Sizes of cells', sentence: sizesSentence(withCells) },
    panels: withCells.map((group) => ({
      ...{ name: nameOf(group), x, y, rules: SIZE_RULES.filter(({ at }) => at > x.from && at < x.to) },
      marks: [
        {
          ...{ name: nameOf(group), as: 'bins', colour: colourOf(group) },
          points: binsOf(group.area.histogram, areaEdges, group.objects),
        },
      ],
    })),
  };
}

function cellsPerImage(statistics: DatasetStatistics): PanelsFile | null {
  const groups = countedGroups(statistics);
  if (groups.length === 0) return null;
  const { countEdges } = statistics;
  const x = fromZero(countEdges[countEdges.length - 1], 'Cells per image');
  const top = Math.max(...groups.map(({ histogram, images }) => Math.max(...histogram) / images));
  const y = { ...fromZero(top, 'Images, %'), fraction: true };
  return {
    kind: 'panels',
    series: { title: 'Cells per image', sentence: countsSentence(groups) },
    panels: groups.map((group) => ({
      ...{ name: nameOf(group), x, y },
      marks: [
        {
          ...{ name: nameOf(group), as: 'bins', colour: colourOf(group) },
          points: binsOf(group.histogram, countEdges, group.images),
        },
      ],
    })),
  };
}

function density(groups: readonly GroupStatistics[]): PanelsFile | null {
  const timed = timedGroups(groups);
  if (timed.length === 0) return null;
  const x = fromZero(Math.max(...timed.map(({ density }) => density.at(-1)!.hours)), 'Hours since seeding');
  return {
    kind: 'panels',
    series: { title: 'Density over time', sentence: densitySentence(timed) },
    panels: timed.map((group) => ({
      ...{ name: nameOf(group), x },
      y: fromZero(Math.max(...group.density.map(({ mean, sem }) => mean + (sem ?? 0))), 'Cells per image'),
      marks: [
        {
          ...{ name: nameOf(group), as: 'both', colour: colourOf(group) },
          points: group.density.map(({ hours, images, mean, sem }) => ({
            ...{ x: rounded(hours, 1), y: rounded(mean, 1), count: images },
            ...(sem !== null && { low: rounded(mean - sem, 1), high: rounded(mean + sem, 1) }),
          })),
        },
      ],
    })),
  };
}

function components({ components: found, groups }: DatasetStatistics): PanelsFile | null {
  const read = found && readComponents(found, groups);
  if (!read) return null;
  const { present, x, y, title, sentence, drawn } = read;
  return {
    kind: 'panels',
    series: { title, sentence: `${sentence} ${drawn}` },
    panels: [
      {
        ...{ x, y },
        marks: present.map(({ g, name, mean: [mx, my], sd }) => ({
          ...{ name, as: 'dots', colour: colourOf(groups[g]) },
          points: found.scores
            ? found.scores.flatMap(([group, px, py]) => (group === g ? [{ x: rounded(px, 2), y: rounded(py, 2) }] : []))
            : [
                {
                  ...{ x: rounded(mx, 2), y: rounded(my, 2), label: `± ${rounded(sd[0], 2)} along component 1` },
                  ...{ low: rounded(my - sd[1], 2), high: rounded(my + sd[1], 2) },
                },
              ],
        })),
      },
    ],
  };
}

function weights({ components: found, groups }: DatasetStatistics): PanelsFile | null {
  const read = found && readComponents(found, groups);
  if (!read) return null;
  const [first, second] = found.loadings;
  return {
    kind: 'panels',
    series: { title: WEIGHTS_TITLE, sentence: WEIGHTS_SENTENCE },
    panels: [
      {
        x: { ...read.weights, label: 'Weight in component 1' },
        y: { ...read.weights, label: 'Weight in component 2' },
        marks: found.metrics.map((_, m) => ({
          ...{ name: read.metricName(m), as: 'both', colour: '#3d4650', beside: true },
          points: [
            { x: 0, y: 0 },
            { x: rounded(first[m], 2), y: rounded(second[m], 2) },
          ],
        })),
      },
    ],
  };
}

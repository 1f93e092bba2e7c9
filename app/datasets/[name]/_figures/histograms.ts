/** Functions that the histograms of a data set's page share. */
import type { Numbers } from '#app/_components/charts/numbers-table.tsx';
import type { GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { nameOf } from '../tables.tsx';
import { bins } from './bins.ts';

/** The outline of a histogram, closed at the bottom. */
export function steps(counts: readonly number[], edges: readonly number[], of: number): [number, number][] {
  const points: [number, number][] = [[edges[0], 0]];
  counts.forEach((count, k) => {
    points.push([edges[k], (100 * count) / of], [edges[k + 1], (100 * count) / of]);
  });
  points.push([edges[counts.length], 0]);
  return points;
}

export function histogramNumbers(
  groups: readonly GroupStatistics[],
  histograms: readonly (readonly number[])[],
  edges: readonly number[],
  head: string,
): Numbers {
  const [from, to] = bins(histograms);
  return {
    head: [head, ...groups.map(nameOf)],
    rows: Array.from({ length: to - from }, (_, i) => [
      `${integer(edges[from + i])} to ${integer(edges[from + i + 1])}`,
      ...histograms.map((counts) => integer(counts[from + i])),
    ]),
  };
}

/** Return the groups with the smallest and the largest value. */
export function extremes(groups: readonly GroupStatistics[], value: (group: GroupStatistics) => number) {
  const sorted = [...groups].sort((a, b) => value(a) - value(b));
  return [sorted[0], sorted[sorted.length - 1]];
}

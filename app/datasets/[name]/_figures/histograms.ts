/** Functions that the histograms of a data set's page share. */
import type { Numbers } from '#app/_components/charts/plot.tsx';
import type { GroupStatistics } from '#lib/datasets/statistics.ts';
import { integer } from '#lib/format.ts';
import { nameOf } from '../tables.tsx';

/** The outline of a histogram, closed at the bottom. */
export function steps(counts: readonly number[], edges: readonly number[], of: number): [number, number][] {
  const points: [number, number][] = [[edges[0], 0]];
  counts.forEach((count, k) => {
    points.push([edges[k], (100 * count) / of], [edges[k + 1], (100 * count) / of]);
  });
  points.push([edges[counts.length], 0]);
  return points;
}

/** Return the range from the first to the last bin that holds anything in any group. */
export function bins(histograms: readonly (readonly number[])[]): [from: number, to: number] {
  const used = histograms.flatMap((counts) => counts.flatMap((count, k) => (count > 0 ? [k] : [])));
  return used.length > 0 ? [Math.min(...used), Math.max(...used) + 1] : [0, 1];
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

/**
 * Time against object count: how much longer an image takes with more cells in it. Edlund et al. found that processing
 * time grows linearly with the cells of an image.
 */
import type { ImageTime } from '#lib/livecell/image-time.ts';
import { leastSquaresLine, mean } from '../stats/regression.ts';
import type { ImageRow } from './image-table.ts';

/** What is counted in an image: its annotated cells, or the entry's detections at or above its score threshold. */
export type CellCounts = 'annotated' | 'detected';

export interface Timing {
  counts: CellCounts;
  /** files with a time and a count */
  images: number;
  /** slope of the least-squares line, in milliseconds per 100 cells; null: all images have as many cells */
  msPer100Cells: number | null;
  /** the line at no cells, in seconds; null with the slope */
  secondsWithoutCells: number | null;
  /** mean over the files, in seconds */
  secondsPerImage: number;
}

/**
 * Return what may be counted. Annotated cells only of public ground truth: whoever chooses the times could read the
 * counts of a private one from the line.
 */
export function countsFor(truth: { public: boolean }): CellCounts {
  return truth.public ? 'annotated' : 'detected';
}

export interface TimedImage {
  cells: number;
  seconds: number;
}

/** Pair times with counts by file name, once per file: of a file listed twice, the first image counts. */
export function timedImages(
  images: readonly Pick<ImageRow, 'name' | 'objects' | 'detections'>[],
  times: readonly ImageTime[],
  counts: CellCounts,
): TimedImage[] {
  const byName = new Map<string, number>();
  for (const { name, objects, detections } of images)
    if (!byName.has(name)) byName.set(name, counts === 'annotated' ? objects : detections);
  return times.flatMap(({ image, seconds }) => {
    const cells = byName.get(image);
    return cells === undefined ? [] : [{ cells, seconds }];
  });
}

/** Fit the line through the images; null without any. */
export function fitTiming(points: readonly TimedImage[], counts: CellCounts): Timing | null {
  if (points.length === 0) return null;
  const cells = points.map((point) => point.cells);
  const seconds = points.map((point) => point.seconds);
  const varies = cells.some((count) => count !== cells[0]);
  const line = varies ? leastSquaresLine(cells, seconds) : null;
  return {
    counts,
    images: points.length,
    msPer100Cells: line === null ? null : line.slope * 1000 * 100,
    secondsWithoutCells: line === null ? null : line.intercept,
    secondsPerImage: mean(seconds),
  };
}

/** Formats the numbers that other papers report as a table for a terminal. */
import { integer } from '#lib/format.ts';
import type { Report } from '#lib/tasks/report.ts';

type Families = NonNullable<Report['families']>;

const VARIANTS = { 'flat-large': 'larger on top', 'flat-cellpose': 'as Cellpose paints' } as const;
/** Places of IoU 0.50, 0.75 and 0.90 in lists by threshold. */
const [AT_50, AT_75, AT_90] = [0, 5, 8];

/** Return a line per number, with a column for each way of flattening the ground truth. */
export function familiesTable({ labelThreshold, ...families }: Families): string {
  const shown = Object.keys(VARIANTS) as (keyof typeof VARIANTS)[];
  const per = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : (100 * value).toFixed(2);
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(34) + cells.map((cell) => cell.padStart(20)).join('');
  type Family = Families[keyof typeof VARIANTS];
  const rows: [string, (family: Family) => string][] = [
    ['Cellpose AP at IoU 0.50', ({ cellposeAp }) => per(cellposeAp[AT_50])],
    ['Cellpose AP at IoU 0.75', ({ cellposeAp }) => per(cellposeAp[AT_75])],
    ['Cellpose AP at IoU 0.90', ({ cellposeAp }) => per(cellposeAp[AT_90])],
    ['mean segmentation accuracy (mSA)', ({ msa }) => per(msa)],
    ['error rate at IoU 0.50', ({ errorRate }) => per(errorRate[AT_50])],
    ['F1 at IoU 0.50, pooled', ({ f1Pooled }) => per(f1Pooled[AT_50])],
    ['F1 at IoU 0.50, mean of images', ({ f1PerImage }) => per(f1PerImage[AT_50])],
    ['panoptic quality (PQ)', ({ pq }) => per(pq)],
    ['SEG', ({ seg }) => per(seg)],
    ['aggregated Jaccard index (AJI)', ({ aji }) => per(aji)],
    ['objects', ({ objects }) => integer(objects)],
    ['labels painted', ({ labels }) => integer(labels)],
  ];
  return [
    line(
      'Ground truth, flattened',
      shown.map((id) => VARIANTS[id]),
    ),
    ...rows.map(([name, cell]) =>
      line(
        name,
        shown.map((id) => cell(families[id])),
      ),
    ),
    '',
    labelThreshold === null
      ? 'In per cent. The predictions have no scores: all of them were painted.'
      : `In per cent. Detections with a score of at least ${labelThreshold} were painted.`,
  ].join('\n');
}

/** Our numbers of one slice beside the reference's. */
import { PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import type { GoldenSlice } from './golden-files.ts';

export const TOLERANCE = 1e-9;

type Value = number | null | undefined;

/** [name, ours, theirs] of every number that both have; null where there is nothing to average (-1 in the reference). */
export function* numbersOf(
  ours: Metrics,
  theirs: GoldenSlice,
  protocol: ProtocolId,
): Generator<[name: string, ours: Value, theirs: number | null]> {
  const reference = (value: number | null): number | null => (value === -1 ? null : value);
  for (const name of ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'ARs', 'ARm', 'ARl', 'AFNR'] as const)
    yield [name, ours[name], reference(theirs[name])];
  const { maxDets } = PROTOCOLS[protocol];
  for (const most of maxDets) yield [`AR@${most}`, ours.AR[most], reference(theirs.AR[most])];
  for (let t = 0; t < 10; t++) {
    yield [`AP at IoU ${50 + 5 * t}`, ours.apPerIou[t], reference(theirs.AP_per_iou[t])];
    yield [`FNR at IoU ${50 + 5 * t}`, ours.fnrPerIou[t], reference(theirs.FNR_per_iou[t])];
  }
  yield ['objects', ours.objects, theirs.n_gt_not_ignored.all];
  yield ['detections', ours.detections, theirs.n_dt_considered[maxDets[2]]];
  yield ['images', ours.images, theirs.n_images];
}

/** How far apart two numbers are; infinitely where only one of them is null. */
export function distance(a: Value, b: Value): number {
  if (a == null || b == null) return a === b ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(a - b);
}

/** The numbers of a slice that differ by more than 1e-9, in words. */
export function differences(
  ours: Metrics | undefined,
  theirs: GoldenSlice,
  protocol: ProtocolId,
  where: string,
): string[] {
  if (!ours) return [`${where}: missing`];
  return [...numbersOf(ours, theirs, protocol)]
    .filter(([, a, b]) => !(distance(a, b) <= TOLERANCE))
    .map(([name, a, b]) => `${where}, ${name}: ${a} instead of ${b}`);
}

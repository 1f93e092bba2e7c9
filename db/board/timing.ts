/** Time against object count of an entry: the times of its submission beside the cells of its current score. */
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { findTimes } from '#db/submissions/times.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import type { PublicEntry } from '#lib/public-entry.ts';
import { countsFor, fitTiming, type TimedImage, type Timing, timedImages } from '#lib/scoring/timing.ts';
import { outcomesOf } from './outcomes.ts';
import { getReports } from './reports.ts';

export interface EntryTiming extends Timing {
  /** in the submitter's words; null while the entry is sealed: a machine may give its owner away */
  hardware: string | null;
  points: TimedImage[];
}

/** Return it for an entry that the reader may see; null without times, or until the images of the score are counted. */
export async function timingOf(
  entry: Pick<PublicEntry, 'anonymous'>,
  { id, dataset }: Pick<SubmissionDetail, 'id' | 'dataset'>,
): Promise<EntryTiming | null> {
  const found = await findTimes(id);
  const report = found && (await getReports(id))[PRIMARY_PROTOCOL];
  const images = report && (await outcomesOf(id, report))?.images;
  if (!images) return null;
  const counts = countsFor(dataset);
  const points = timedImages(images, found.times, counts);
  const timing = fitTiming(points, counts);
  const sealed = entry.anonymous !== null && !entry.anonymous.identityShown;
  return timing && { ...timing, hardware: sealed ? null : found.hardware, points };
}

/** What an entry did on each image, and its quality control: only on ground truth that is public. */
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { findTimes } from '#db/submissions/times.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import { type QualityFinding, SEVERITIES } from '#lib/scoring/quality-control.ts';
import type { Report } from '#lib/tasks/report.ts';
import { outcomesOf } from './outcomes.ts';
import { getReports } from './reports.ts';

/** What an entry did on one image, with the time it took if the submission says. */
export type TimedRow = ImageRow & { seconds?: number };

export interface EntryImages {
  rows: TimedRow[];
  quality: QualityFinding[];
}

/**
 * Return the images of an entry; or a sentence that says why there are none.
 *
 * @param submission one that the reader may see
 */
export async function imagesOfEntry(
  submission: Pick<SubmissionDetail, 'id' | 'dataset'>,
): Promise<EntryImages | string> {
  if (!submission.dataset.public)
    return 'The ground truth of this data set is not public, so nothing is told of single images.';
  const report = (await getReports(submission.id))[PRIMARY_PROTOCOL];
  const found = report && (await outcomesOf(submission.id, report));
  if (!report || !found)
    return 'Nothing is stored of single images. Entries of LIVECell-wide get it when they are scored again.';
  if (!found.images) return found.failure ?? 'The images are being looked at: this is done after the score.';
  const times = new Map((await findTimes(submission.id))?.times.map(({ image, seconds }) => [image, seconds]));
  const rows = found.images.map((row) => {
    const seconds = times.get(row.name);
    return seconds === undefined ? row : { ...row, seconds };
  });
  return { rows, quality: withWarnings(found.quality ?? [], report) };
}

/** Add what the reader of the file found. */
function withWarnings(quality: readonly QualityFinding[], { warnings, predictions }: Report): QualityFinding[] {
  const outside = warnings.find(({ code }) => code === 'masks-outside-boxes');
  const all = predictions.reduce((sum, { detections }) => sum + detections, 0);
  const found: QualityFinding[] = outside
    ? [...quality, { code: 'masks-against-boxes', severity: 'notable', count: outside.count ?? 1, of: all }]
    : [...quality];
  return found.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

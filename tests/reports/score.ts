/** Scores and checks the files of public bug reports, in this process. */
import { resolve } from 'node:path';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import { checkFiles } from '#workers/scoring/check-files.ts';
import scoreTask from '#workers/scoring/task.ts';

/** Path of a report's file, of one in the folder of neighbours, or of any other by its absolute path. */
export function reportFile(name: string): string {
  return resolve(import.meta.dirname, '../fixtures/reports', name);
}

export interface Found {
  /** AP with the paper's settings; null where nothing was scored */
  masks: number | null;
  boxes: number | null;
  problems: Problem[];
  warnings: Warning[];
}

/** Scores predictions and checks them: both have to find the same. */
export async function scoreAndCheck(groundTruth: string, predictions: string): Promise<Found> {
  const given = { slot: 'all', path: reportFile(predictions) };
  const job = { task: 'livecell-wide', groundTruth: { path: reportFile(groundTruth) }, files: [given] };
  const scored = await scoreTask({
    ...job,
    protocols: ['livecell-paper'],
    intervals: false,
    errors: false,
    threads: 1,
  });
  const { problems, warnings } = await checkFiles({
    task: TASKS['livecell-wide'],
    groundTruth: job.groundTruth.path,
    files: [given],
  }).catch((error) => {
    // what is wrong with ground truth is thrown, since it is no problem of the predictions
    if (error instanceof FileRejected) return error;
    throw error;
  });
  if (!scored.ok) {
    if (JSON.stringify(problems) !== JSON.stringify(scored.problems)) throw new Error('Checking finds other problems.');
    return { masks: null, boxes: null, problems: scored.problems, warnings: scored.warnings };
  }
  if (problems.length > 0) throw new Error(`Checking refuses what is scored: ${problems[0].message}`);
  const { segm, bbox } = reportOf(scored.reports[0], 'livecell-wide').results;
  return { masks: segm?.overall.AP ?? null, boxes: bbox?.overall.AP ?? null, problems: [], warnings };
}

export interface FoundCounts {
  /** R² of the two series */
  A172: number | null;
  A549: number | null;
  problems: Problem[];
}

/** Scores counts of A172, with those of A549 that are right. */
export async function scoreCounts(predictions: string): Promise<FoundCounts> {
  const files = [
    { slot: 'A172', path: predictions, groundTruth: reportFile('00-A172-counts.json') },
    { slot: 'A549', path: reportFile('00-A549.csv'), groundTruth: reportFile('00-A549-counts.json') },
  ];
  const scored = await scoreTask({
    task: 'fluorescence-counts',
    groundTruth: { path: '' },
    files,
    protocols: ['livecell-paper'],
  });
  if (!scored.ok) return { A172: null, A549: null, problems: scored.problems };
  const { counts } = (scored.reports[0] as ReportOf<'fluorescence-counts'>).results;
  return { A172: counts.A172?.r2 ?? null, A549: counts.A549?.r2 ?? null, problems: [] };
}

/**
 * The report of any task, told apart by `task`: `Report` and, of one task, `ReportOf<'transferability'>`. What comes
 * from outside (the database, a file) becomes a `Report` in `report-schema.ts`.
 */
import type { ReportEnvelope } from '#lib/scoring/report.ts';
import { parseTask, type TASKS, type TaskId } from './index.ts';
import type { Task } from './task.ts';

type ResultsOf<T extends TaskId> = (typeof TASKS)[T] extends Task<infer Results> ? Results : never;

export type Report = { [T in TaskId]: ReportEnvelope & { task: T; results: ResultsOf<T> } }[TaskId];

/** The report of one task. */
export type ReportOf<T extends TaskId> = Extract<Report, { task: T }>;

/** Whether a report is of this task: narrows `Report`. */
export function isReportOf<T extends TaskId>(report: Report, task: T): report is ReportOf<T> {
  return report.task === task;
}

/** The data sets a report has results of: its own, or, where slots are data sets, those. */
export function datasetsOf(report: Report, own: string): string[] {
  return parseTask(report.task)?.datasets?.(report.results) ?? [own];
}

/** A report that says of each data set it has results of, which ground truth that was; others stay as they are. */
export function withDatasets(
  report: Report,
  datasets: readonly { name: string; sha256: string; images: number; objects: number }[],
): Report {
  const names = parseTask(report.task)?.datasets?.(report.results);
  if (!names) return report;
  const own = datasets.filter(({ name }) => names.includes(name));
  const facts = own.map(({ name, sha256, images, objects }) => [name, { sha256, images, objects }]);
  return { ...report, groundTruth: { ...report.groundTruth, datasets: Object.fromEntries(facts) } };
}

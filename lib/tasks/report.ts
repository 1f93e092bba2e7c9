/**
 * The report of any task, discriminated by `task`: `Report`, or for one task `ReportOf<'transferability'>`.
 * `report-schema.ts` turns documents from outside (the database, a file) into a `Report`.
 */
import type { ReportEnvelope } from '#lib/scoring/report.ts';
import { parseTask, type TASKS, type TaskId } from './index.ts';
import type { Task } from './task.ts';

type ResultsOf<T extends TaskId> = (typeof TASKS)[T] extends Task<infer Results> ? Results : never;

export type Report = { [T in TaskId]: ReportEnvelope & { task: T; results: ResultsOf<T> } }[TaskId];

/** The report of one task. */
export type ReportOf<T extends TaskId> = Extract<Report, { task: T }>;

/** Tell whether a report belongs to this task; narrows `Report`. */
export function isReportOf<T extends TaskId>(report: Report, task: T): report is ReportOf<T> {
  return report.task === task;
}

/** List the data sets that a report has results for: its own, or, if slots are data sets, theirs. */
export function datasetsOf(report: Report, own: string): string[] {
  return parseTask(report.task)?.datasets?.(report.results) ?? [own];
}

/** Return the report with the ground truth of each of its data sets; other tasks' reports stay as they are. */
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

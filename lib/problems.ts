/** What is wrong or suspicious about a submitted file: one shape for readers, pages, reports and terminals. */
import type { CheckCode } from './checks/checks.ts';

/** Legal but suspicious: reported once per file, with the number of cases and some examples. */
export interface Warning {
  code: CheckCode;
  message: string;
  count?: number;
  examples?: string[];
}

/** One problem of a file. `record` counts detections from 1, in file order. */
export interface Problem {
  code: CheckCode;
  message: string;
  record?: number;
  image?: string;
  /** number of further problems of the same kind, on the last one listed */
  more?: number;
}

/** A file that cannot be used, with all its problems: the only error that readers throw about content. */
export class FileRejected extends Error {
  readonly problems: Problem[];
  readonly warnings: Warning[];

  constructor(problems: Problem | readonly Problem[], warnings: readonly Warning[] = []) {
    const list = Array.isArray(problems) ? [...problems] : [problems as Problem];
    super(list[0]?.message ?? 'The file cannot be used.');
    this.problems = list;
    this.warnings = [...warnings];
  }
}

/** Return the address of the explanation of a code, from the site's root. */
export function helpOn(code: CheckCode): string {
  return `/docs/problems#${code}`;
}

/** Return how many problems there are, with those that the list only counts. */
export function countProblems(problems: readonly Problem[]): number {
  return problems.reduce((sum, { more = 0 }) => sum + 1 + more, 0);
}

/** Return the first problem's message and the number of others, as one line. */
export function summarizeProblems(problems: readonly Problem[]): string {
  const more = countProblems(problems) - 1;
  return `${problems[0]?.message ?? 'The file is wrong.'}${more > 0 ? ` (and ${more} more)` : ''}`;
}

/** What is wrong or suspicious about a submitted file: the one shape from a reader to a page, a report and a terminal. */

/** Legal but suspicious: said once for the file, with how often and some examples. */
export interface Warning {
  code: string;
  message: string;
  count?: number;
  examples?: string[];
}

/** One thing wrong with a file. `record` counts detections from 1, in file order. */
export interface Problem {
  code: string;
  message: string;
  record?: number;
  image?: string;
  /** how many more of the same kind there are, on the last one listed */
  more?: number;
}

/** A file that cannot be used, with everything that is wrong with it: the only error that readers throw about content. */
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

/** Return how many problems there are, with those that the list only counts. */
export function countProblems(problems: readonly Problem[]): number {
  return problems.reduce((sum, { more = 0 }) => sum + 1 + more, 0);
}

/** Return the first problem's message and the number of others, as one line. */
export function summarizeProblems(problems: readonly Problem[]): string {
  const more = countProblems(problems) - 1;
  return `${problems[0]?.message ?? 'The file is wrong.'}${more > 0 ? ` (and ${more} more)` : ''}`;
}

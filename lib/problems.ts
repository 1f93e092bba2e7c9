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

/** Collects the problems of a file: the first hundred of each kind with their records, the rest as counts. */
import type { CheckCode } from '#lib/checks/checks.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { LIMITS } from './limits.ts';

/** Quote text from a submitted file for use in a message: printable and short. */
export function quoted(text: string): string {
  return `“${shortened(text).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '\ufffd')}”`;
}

/** Shorten a text, such as a number of thousands of digits, to its beginning and end. */
export function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 40)}…${text.slice(-39)}` : text;
}

export class ProblemList {
  private readonly byCode = new Map<CheckCode, { listed: Problem[]; count: number }>();
  private readonly warningsByCode = new Map<CheckCode, Warning>();

  get count(): number {
    let sum = 0;
    for (const { count } of this.byCode.values()) sum += count;
    return sum;
  }

  countOf(code: CheckCode): number {
    return this.byCode.get(code)?.count ?? 0;
  }

  /** `explain` is called only for problems that are listed: a file may have millions. */
  add(code: CheckCode, explain: () => Omit<Problem, 'code'>): void {
    let kind = this.byCode.get(code);
    if (!kind) {
      kind = { listed: [], count: 0 };
      this.byCode.set(code, kind);
    }
    if (kind.count++ < LIMITS.problemsPerKind) kind.listed.push({ code, ...explain() });
  }

  /** Count problems beyond those listed. */
  addMore(code: CheckCode, count: number): void {
    const kind = this.byCode.get(code);
    if (kind) kind.count += count;
  }

  /** Add a warning (legal but suspicious): counted, with up to five examples. */
  warn(code: CheckCode, message: string, example?: string, count = 1): void {
    const warning = this.warningsByCode.get(code);
    if (!warning) this.warningsByCode.set(code, { code, message, count, examples: example ? [example] : undefined });
    else {
      warning.count = (warning.count ?? 0) + count;
      if (example && (warning.examples?.length ?? 0) < 5) warning.examples = [...(warning.examples ?? []), example];
    }
  }

  /** Remove a warning that a better one replaces. */
  withdrawWarning(code: CheckCode): void {
    this.warningsByCode.delete(code);
  }

  /** Add the findings from another part of the same file. */
  merge(problems: Problem[], warnings: Warning[]): void {
    for (const { more, ...problem } of problems) {
      this.add(problem.code, () => problem);
      const kind = this.byCode.get(problem.code)!;
      if (more) kind.count += more;
    }
    for (const { code, message, count, examples } of warnings) {
      this.warn(code, message, undefined, count ?? 1);
      const warning = this.warningsByCode.get(code)!;
      if (examples) warning.examples = [...(warning.examples ?? []), ...examples].slice(0, 5);
    }
  }

  /** Return all listed problems; the last of each kind has the number of `more`. */
  problems(): Problem[] {
    return [...this.byCode.values()].flatMap(({ listed, count }) =>
      count > listed.length
        ? [...listed.slice(0, -1), { ...listed[listed.length - 1], more: count - listed.length }]
        : listed,
    );
  }

  warnings(): Warning[] {
    return [...this.warningsByCode.values()];
  }

  /** Return the rejection of the file for all problems so far, listed after those of `first`. */
  rejection(first: readonly Problem[] = []): FileRejected {
    return new FileRejected([...first, ...this.problems()], this.warnings());
  }
}

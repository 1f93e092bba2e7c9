/** What reports say about the code that made them. */
import { buildCommit } from '#lib/build.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import type { Report } from '#lib/tasks/report.ts';

/** The version changes only when numbers can; the build, a commit, with every change of the code. */
export function describeEvaluator(): Report['evaluator'] {
  const build = buildCommit();
  return { name: 'livecell-benchmark', version: EVALUATOR_VERSION, ...(build && { build }) };
}

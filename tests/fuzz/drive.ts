/**
 * One of the processes that read damaged files: takes numbers of files, makes each, drives it through the real reader
 * and scorer, and tells how it ended. It may crash, hang or grow: whoever started it watches.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem, Warning } from '#lib/problems.ts';
import { reportSchema } from '#lib/tasks/report-schema.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import type { ScoreOutcome } from '#workers/scoring/job.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';
import { damagedFile, goodGroundTruth } from './damage.ts';

export interface Ending {
  file: number;
  story: string;
  /** `scored`, or the code of the first problem */
  result: string;
  /** what is wrong with how it ended: it threw, or said something no person should read */
  failure?: string;
  milliseconds: number;
  /** most this process has ever held */
  megabytes: number;
}

/** Words of a program, not of a reader. */
const INTERNAL =
  /undefined|\[object|is not a function|Cannot read|RangeError|TypeError|ENOENT|Maximum call stack|Invalid array/;

const dir = mkdtempSync(join(tmpdir(), 'livecell-fuzz-'));
const good = join(dir, 'good.json');
writeFileSync(good, goodGroundTruth());

/** Drives one file. */
export async function drive(seed: number, file: number): Promise<Ending> {
  const { bytes, story, groundTruth } = damagedFile(seed, file);
  const path = join(dir, 'damaged');
  writeFileSync(path, bytes);
  const started = performance.now();
  const ending = (result: string, failure?: string): Ending => ({
    file,
    story,
    result,
    failure,
    milliseconds: performance.now() - started,
    megabytes: process.resourceUsage().maxRSS / 1024,
  });
  try {
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: groundTruth ? path : good },
      files: [{ slot: 'all', path: groundTruth ? good : path }],
      protocols: ['livecell-paper', 'coco'],
      // the costly ways now and then
      intervals: file % 10 === 0,
      anyCategory: file % 5 === 0,
      threads: file % 50 === 0 ? 2 : 1,
      together: file % 50 === 0,
    });
    return ending(outcome.ok ? 'scored' : (outcome.problems[0]?.code ?? 'nothing'), wrongWith(outcome));
  } catch (error) {
    return ending('threw', (error as Error).stack ?? String(error));
  }
}

function wrongWith(outcome: ScoreOutcome): string | undefined {
  if (outcome.ok) {
    for (const report of outcome.reports) {
      const parsed = reportSchema.safeParse(report);
      if (!parsed.success) return `not a report: ${parsed.error.message}`;
      const { AP } = reportOf(report, 'livecell-wide').results.bbox.overall;
      if (AP !== null && !(AP >= 0 && AP <= 1)) return `AP is ${AP}`;
    }
    return wrongWords(outcome.reports[0].warnings);
  }
  if (outcome.problems.length === 0) return 'rejected without a problem';
  return wrongWords(outcome.problems) ?? wrongWords(outcome.warnings);
}

function wrongWords(said: (Problem | Warning)[]): string | undefined {
  for (const { code, message, ...rest } of said) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code)) return `code “${code}”`;
    if (message.length < 20 || message.length > 1000)
      return `message of ${message.length} characters: ${message.slice(0, 200)}`;
    const words = [message, ...Object.values(rest).flat()].join(' ');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(words)) return `unprintable: ${JSON.stringify(words)}`;
    if (INTERNAL.test(words)) return `not for people: “${words}”`;
  }
  return undefined;
}

if (process.send) {
  process.on('message', async ({ seed, file }: { seed: number; file: number }) => {
    process.send!(await drive(seed, file));
  });
  process.on('disconnect', async () => {
    await dismissHelpers();
    rmSync(dir, { recursive: true, force: true });
    process.exit();
  });
}

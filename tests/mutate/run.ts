/**
 * `npm run mutate`: changes a file in one small place, runs the tests that should notice, and lists the changes that none
 * noticed. It works on a copy in a temporary folder, so the checkout stays as it is.
 *
 *   npm run mutate -- --files lib/quota.ts                 every mutant of a file
 *   npm run mutate -- --files lib/quota.ts --lines 20-60   those of some lines
 *   npm run mutate -- --sample 10 --seed 1                 ten of each file in tests/mutate/files.ts
 *   npm run mutate -- --files lib/x.ts --tests tests/y     a file that is not in the list
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '#tests/parity/random-case.ts';
import { copyOfCheckout, runVitest } from './copy.ts';
import { FILES } from './files.ts';
import { applyMutant, type Mutant, mutantsOf } from './mutants.ts';

const root = join(import.meta.dirname, '..', '..');
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: Object.keys(FILES).join(',') },
    tests: { type: 'string' },
    lines: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '120' },
  },
});

type Fate = 'noticed' | 'survived' | 'too slow';

const NEEDS_DATABASE = /^tests\/(app|attacks|db|faults|http|workers)\b/;

const copy = copyOfCheckout();
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

let survivors = 0;
for (const file of values.files.split(',')) {
  const tests = values.tests?.split(',') ?? FILES[file];
  if (!tests) throw new Error(`tests/mutate/files.ts has no ${file}: say which tests should notice with --tests.`);
  const source = readFileSync(join(root, file), 'utf8');
  if ((await runTests(tests)) !== 'survived') throw new Error(`The tests of ${file} fail as it is: ${tests.join(' ')}`);
  const chosen = choose(mutantsOf(file, source));
  const counts: Record<Fate, number> = { noticed: 0, survived: 0, 'too slow': 0 };
  for (const mutant of chosen) {
    writeFileSync(join(copy, file), applyMutant(source, mutant));
    const fate = await runTests(tests);
    counts[fate]++;
    if (fate === 'survived') console.log(`survived: ${inWords(file, mutant)}`);
  }
  writeFileSync(join(copy, file), source);
  survivors += counts.survived;
  console.log(
    `${file}: ${chosen.length} mutants, ${counts.noticed} noticed, ${counts['too slow']} ran into the time limit, ${counts.survived} survived`,
  );
}
process.exitCode = survivors > 0 ? 1 : 0;

function choose(mutants: Mutant[]): Mutant[] {
  const [from, to = from] = (values.lines ?? '').split('-').map(Number);
  const within = values.lines ? mutants.filter(({ line }) => line >= from && line <= to) : mutants;
  if (!values.sample) return within;
  const sample = new Random(Number(values.seed)).shuffled(within).slice(0, Number(values.sample));
  return sample.sort((a, b) => a.start - b.start);
}

/** Test files one after the other, the closest first, until one fails. */
async function runTests(tests: readonly string[]): Promise<Fate> {
  for (const test of tests) {
    const config = NEEDS_DATABASE.test(test) ? 'vitest.config.ts' : 'tests/mutate/without-databases.config.ts';
    const status = await runVitest(
      copy,
      ['run', '--bail=1', '--reporter=dot', '--config', config, test],
      Number(values.seconds),
    );
    if (status === null) return 'too slow';
    if (status !== 0) return 'noticed';
  }
  return 'survived';
}

function inWords(file: string, { line, before, after }: Mutant): string {
  const short = (text: string) => text.replace(/\s+/g, ' ').slice(0, 60) || '(nothing)';
  return `${file}:${line}: ${short(before)} → ${short(after)}`;
}

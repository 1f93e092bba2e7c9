/**
 * `npm run bench:threads`: how long scoring would take on more cores than this machine has.
 *
 *   npm run bench:threads                    full size, imported ground truth and two JSON files
 *   npm run bench:threads -- --size tiny     another size of `npm run bench`
 *
 * Measured: the processor time of each step when one thread does all of its work, of the digest, and of everything
 * between the steps, which no other thread can share. Modelled: with n threads a step takes its time divided by n, but
 * at least as long as its longest piece; the digest runs beside reading; the rest is serial. The model knows nothing of
 * memory that all cores share, of clocks that fall when all are busy, or of two threads on one core.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunOptions } from '#lib/scoring/steps.ts';
import { runStep, type StepInputs, type StepName } from '#workers/scoring/steps.ts';
import scoreTask from '#workers/scoring/task.ts';
import { ThreadTeam } from '#workers/scoring/threads.ts';
import { makeData, SIZES } from './make-data.ts';

const { values } = parseArgs({
  options: { size: { type: 'string', default: 'full' }, repeat: { type: 'string', default: '5' } },
});
const THREADS = [1, 2, 4, 8, 16];
const CACHE = fileURLToPath(new URL('../../.cache/bench', import.meta.url));

/** Milliseconds of processor time. */
interface Step {
  work: number;
  /** of the piece that takes longest: one thread has to do it */
  longest: number;
}

/** Milliseconds of the main thread; JavaScript's compiler and collector work beside it in any case. */
function clock(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

let steps = new Map<string, Step>();

/** Do the work of all threads in this one, and measure it. */
async function measure<Name extends StepName>(name: Name, input: StepInputs[Name], options: RunOptions = {}) {
  const began = clock();
  let before = began;
  let longest = 0;
  const output = await runStep(name, input, (piece) => {
    const now = clock();
    longest = Math.max(longest, now - before);
    before = now;
    options.onProgress?.(piece);
  });
  const step = steps.get(name) ?? { work: 0, longest: 0 };
  step.work += clock() - began;
  step.longest = Math.max(step.longest, longest);
  steps.set(name, step);
  return output;
}

// two, so that files are read in parts; but this thread does the work of both
Object.assign(ThreadTeam.prototype, {
  warmUp() {},
  run: async (name: StepName, input: StepInputs[StepName], options?: RunOptions) => [
    await measure(name, input, options),
  ],
  // by itself, below: it would take turns with reading
  digest: async () => '0'.repeat(64),
});

async function scoreOnce(groundTruth: string, predictions: string): Promise<number> {
  steps = new Map();
  const began = clock();
  const outcome = await scoreTask({
    task: 'livecell-wide',
    groundTruth: { path: groundTruth },
    files: [{ slot: 'all', path: predictions }],
    protocols: ['livecell-paper', 'livecell-code'],
    threads: 2,
    intervals: false,
    errors: false,
  });
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  const total = clock() - began;
  let shared = 0;
  for (const { work } of steps.values()) shared += work;
  steps.set('serial', { work: total - shared, longest: total - shared });
  // imported ground truth knows its own digest
  for (const path of groundTruth.endsWith('.json') ? [groundTruth, predictions] : [predictions])
    await measure('digest', { path });
  return total + digest();
}

function timeOn(threads: number): number {
  let time = 0;
  for (const [name, { work, longest }] of steps) {
    if (name === 'serial') time += work;
    // the digest of a file is made by one thread while the others read
    else if (name === 'read') time += Math.max((work + digest()) / threads, digest(), longest);
    else if (name !== 'digest') time += Math.max(work / threads, longest);
  }
  return time;
}

const digest = (): number => steps.get('digest')?.work ?? 0;

const size = SIZES[values.size];
if (!size) throw new Error(`There is no size ${values.size}; there are ${Object.keys(SIZES).join(', ')}.`);
const { groundTruth, predictions } = await makeData(CACHE, size);
const { importGroundTruth } = await import('#lib/datasets/import-ground-truth.ts');
const pack = groundTruth.replace(/json$/, 'pack');
await importGroundTruth(groundTruth, pack);

for (const [what, truth] of [
  ['ground truth imported', pack],
  ['from two JSON files', groundTruth],
]) {
  // once to compile, then the run of median length
  const runs: { total: number; steps: Map<string, Step> }[] = [];
  for (let round = 0; round <= Number(values.repeat); round++) {
    const total = await scoreOnce(truth, predictions);
    if (round > 0) runs.push({ total, steps });
  }
  runs.sort((a, b) => a.total - b.total);
  const median = runs[runs.length >> 1];
  steps = median.steps;
  console.log(`\n${values.size}, ${what}: ${median.total.toFixed(0)} ms of processor time in one warm thread`);
  for (const [name, { work, longest }] of steps) {
    const share = `${((100 * work) / median.total).toFixed(1)} %`;
    console.log(
      `  ${name.padEnd(10)} ${work.toFixed(0).padStart(6)} ms ${share.padStart(7)}   longest piece ${longest.toFixed(1)} ms`,
    );
  }
  console.log('  threads   modelled ms   times one');
  for (const threads of THREADS) {
    const time = timeOn(threads);
    const times = (timeOn(1) / time).toFixed(1);
    console.log(`  ${String(threads).padStart(7)} ${time.toFixed(0).padStart(13)} ${times.padStart(11)}`);
  }
}

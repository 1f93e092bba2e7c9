/**
 * `npm run fuzz`: damaged files through reader and scorer. Each has to end in a score or in a named reason; none in a
 * crash, a hang or more memory than the budget.
 *
 *   npm run fuzz -- --files 10000 --seed 1     as many files as that, of that row
 *   npm run fuzz -- --seed 1 --only 4711       one of them, and all that is said about it
 *   npm run fuzz -- --seed 1 --only 4711 --keep FILE   also writes it there
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { damagedFile } from './damage.ts';
import { fuzz } from './watch.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    only: { type: 'string' },
    keep: { type: 'string' },
  },
});
const seed = Number(values.seed);

if (values.only) {
  const { drive } = await import('./drive.ts');
  if (values.keep) writeFileSync(values.keep, damagedFile(seed, Number(values.only)).bytes);
  console.log(await drive(seed, Number(values.only)));
  process.exit();
}

const started = performance.now();
const figures = await fuzz({
  files: Number(values.files),
  seed,
  processes: Number(values.processes),
  onEnding: ({ file, story, failure, result, milliseconds }) => {
    if (failure) console.log(`file ${file} ${result} after ${Math.round(milliseconds)} ms (${story}):\n  ${failure}\n`);
  },
});

const { scored, rejected, failures, slowest, megabytes } = figures;
const codes = [...rejected].sort(([, a], [, b]) => b - a);
const total = codes.reduce((sum, [, n]) => sum + n, 0);
console.log(`${figures.files.toLocaleString('en')} damaged files (seed ${seed}) in ${Math.round((performance.now() - started) / 1000)} s
  scored     ${scored.toLocaleString('en')}
  rejected   ${total.toLocaleString('en')}, for ${codes.length} reasons
${codes.map(([code, n]) => `    ${String(n).padStart(6)}  ${code}`).join('\n')}
  failures   ${failures.length}
  slowest    ${Math.round(slowest?.milliseconds ?? 0)} ms (file ${slowest?.file}: ${slowest?.story})
  peak       ${Math.round(megabytes)} MB in one process`);
process.exitCode = failures.length > 0 ? 1 : 0;

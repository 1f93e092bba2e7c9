/** One whole process from file to report, as `npm run bench` measures it: prints what it cost as a line of JSON. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { programFile } from '../../workers/program.mjs';

// as the `livecell` program does, which also begins in JavaScript
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)));

const [groundTruth, predictions, threads, what] = process.argv.slice(2);

if (what === 'floor') {
  // the physical floor: read the file's bytes once, and walk over every character of every run-length string
  const started = performance.now();
  const bytes = readFileSync(predictions);
  const read = performance.now();
  let runs = 0;
  for (let i = bytes.indexOf('"counts"'); i >= 0; i = bytes.indexOf('"counts"', i)) {
    let x = 0;
    for (i = bytes.indexOf(34, i + 8) + 1; bytes[i] !== 34; i++) {
      const c = bytes[i] - 48;
      x = (x << 5) | (c & 31);
      if (!(c & 32)) {
        runs++;
        x = 0;
      }
    }
  }
  const decoded = performance.now();
  print({ read: (read - started) / 1000, decode: (decoded - read) / 1000, runs });
} else if (what === 'families-job') {
  // as a scoring process does it after the first entry of a data set: the flattened ground truth is kept
  const load = (source) => import(pathToFileURL(programFile(source)).href);
  const { default: computeFamilies } = await load('workers/scoring/families-task.ts');
  const job = {
    task: 'livecell-wide',
    groundTruth: { path: groundTruth },
    files: [{ slot: 'all', path: predictions }],
    threads: Number(threads) || undefined,
    threshold: 0.5,
  };
  await computeFamilies(job);
  const before = process.cpuUsage();
  const started = performance.now();
  await computeFamilies(job);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const { maxRSS } = process.resourceUsage();
  const again = { cpu: (user + system) / 1e6, megabytes: maxRSS / 1024, wall: seconds, stages: { total: seconds } };
  process.stdout.write(`${JSON.stringify(again)}\n`);
  process.exit(); // its helpers stay warm
} else {
  const load = (source) => import(pathToFileURL(programFile(source)).href);
  const { dismissHelpers, ThreadTeam } = await load('workers/scoring/threads.ts');
  new ThreadTeam({ size: Number(threads) || undefined }).warmUp([predictions]);
  const { default: scoreTask } = await load('workers/scoring/task.ts');
  const protocols = ['livecell-paper', 'livecell-code'];
  const everything = ['everything', 'outcomes', 'families'].includes(what);
  const outcome = await scoreTask({
    task: 'livecell-wide',
    groundTruth: { path: groundTruth },
    files: [{ slot: 'all', path: predictions }],
    protocols,
    threads: Number(threads) || undefined,
    intervals: everything,
    errors: everything || what === 'errors',
    families: what === 'families',
    ...(['outcomes', 'families'].includes(what) && { outcomes: `${predictions}.outcomes` }),
  });
  await dismissHelpers();
  if (!outcome.ok) throw new Error(outcome.problems[0].message);
  const [, code] = outcome.reports;
  print({
    ...code.seconds,
    segmAP: code.results.segm?.overall.AP ?? null,
    bboxAP: code.results.bbox.overall.AP,
  });
}

function print(stages) {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.stdout.write(
    `${JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024, stages })}\n`,
  );
}

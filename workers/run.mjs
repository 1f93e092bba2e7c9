// Runs one process of a site: node workers/run.mjs web|worker|seed. The launcher starts its processes with it, as
// compiled code where there is any (`workers/program.mjs`): a source is one of 900 files that are read at a start.
import { pathToFileURL } from 'node:url';
import { programFile } from './program.mjs';

const PROCESSES = {
  web: 'workers/site/web.ts',
  worker: 'workers/scoring/process.ts',
  seed: 'workers/demo/seed.ts',
};

const source = PROCESSES[/** @type {keyof typeof PROCESSES} */ (process.argv[2])];
if (!source) throw new Error(`One of ${Object.keys(PROCESSES).join(', ')} is needed, not ${process.argv[2]}.`);
const { run } = await import(pathToFileURL(programFile(source)).href);
await run();

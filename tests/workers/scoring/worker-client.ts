/** A scoring process with the stand-in for its threads' work; `CLOCKS` in its environment are its clocks, as JSON. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { programFile } from '#workers/program.mjs';

// as compiled, since many tests wait for its start
const { runWorker }: typeof import('#workers/scoring/process.ts') = await import(
  pathToFileURL(programFile('workers/scoring/process.ts')).href
);
await runWorker({
  handler: fileURLToPath(new URL('./stand-in-task.ts', import.meta.url)),
  // the stand-in makes reports as other tests do
  readable: ['tests', 'db'].map((name) => fileURLToPath(new URL(`../../../${name}`, import.meta.url))),
  clocks: JSON.parse(process.env.CLOCKS ?? '{}'),
});
process.exit();

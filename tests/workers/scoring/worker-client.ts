/** A scoring process with the stand-in for its threads' work. */
import { fileURLToPath } from 'node:url';
import { runWorker } from '#workers/scoring/process.ts';

await runWorker({ handler: fileURLToPath(new URL('./stand-in-task.ts', import.meta.url)) });
process.exit();

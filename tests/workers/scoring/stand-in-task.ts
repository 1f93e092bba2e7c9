/** Stands in for the scoring thread: its "predictions" say how long to take and how to end. */
import { appendFile, readFile } from 'node:fs/promises';
import { someReports } from '#tests/db/fixtures.ts';
import type { ScoreJob, ScoreOutcome } from '#workers/scoring/job.ts';

export interface Instructions {
  /** a file that gets a line per attempt */
  diary?: string;
  milliseconds?: number;
  end: 'score' | 'reject' | 'throw' | 'exit' | 'kill' | 'throw-once' | 'throw-three';
}

export default async function standIn(job: ScoreJob): Promise<ScoreOutcome> {
  const instructions = JSON.parse(await readFile(job.files[0].path, 'utf8')) as Instructions;
  const before = instructions.diary ? await readFile(instructions.diary, 'utf8').catch(() => '') : '';
  if (instructions.diary) await appendFile(instructions.diary, `${process.pid} ${Date.now()}\n`);
  const steps = Math.ceil((instructions.milliseconds ?? 0) / 20);
  for (let step = 1; step <= steps; step++) {
    job.port?.postMessage({ phase: 'matching', fraction: step / steps });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  switch (instructions.end) {
    case 'reject':
      return {
        ok: false,
        problems: [{ code: 'bad-segmentation', message: 'It is wrong.', record: 1, more: 4 }],
        warnings: [],
      };
    case 'throw-once':
      if (before !== '') break;
      throw new Error('something broke');
    case 'throw-three':
      if (before.split('\n').length > 3) break;
      throw new Error('something broke in /srv/livecell/storage/submissions');
    case 'throw':
      throw new Error('something broke');
    case 'exit':
      process.exit(1);
      break;
    case 'kill':
      process.kill(process.pid, 'SIGKILL'); // the whole child, not the thread
  }
  return { ok: true, reports: someReports(), exactGroundTruth: { count: 7, detections: 9 } };
}

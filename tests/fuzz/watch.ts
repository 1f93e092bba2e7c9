/** Drives damaged files in processes of their own, with a limit on time and memory for each file. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Ending } from './drive.ts';

export interface Watch {
  files: number;
  seed: number;
  processes?: number;
  /** milliseconds that one file may take */
  patience?: number;
  /** megabytes that a process may hold at its peak: the budget of such small files */
  megabytes?: number;
  onEnding?: (ending: Ending) => void;
}

export interface Figures {
  files: number;
  scored: number;
  /** how often each code of a first problem came */
  rejected: Map<string, number>;
  failures: Ending[];
  slowest: Ending | null;
  megabytes: number;
}

export async function fuzz({
  files,
  seed,
  processes = 1,
  patience = 20_000,
  megabytes = 700,
  onEnding,
}: Watch): Promise<Figures> {
  const figures: Figures = { files: 0, scored: 0, rejected: new Map(), failures: [], slowest: null, megabytes: 0 };
  let next = 0;

  function count(ending: Ending): void {
    figures.files++;
    // a process remembers its peak: only the file that raised it above the budget is to blame
    if (!ending.failure && ending.megabytes > megabytes && ending.megabytes > figures.megabytes)
      ending.failure = `memory: ${Math.round(ending.megabytes)} MB`;
    if (ending.failure) figures.failures.push(ending);
    else if (ending.result === 'scored') figures.scored++;
    else figures.rejected.set(ending.result, (figures.rejected.get(ending.result) ?? 0) + 1);
    if (!figures.slowest || ending.milliseconds > figures.slowest.milliseconds) figures.slowest = ending;
    figures.megabytes = Math.max(figures.megabytes, ending.megabytes);
    onEnding?.(ending);
  }

  await Promise.all(
    Array.from({ length: processes }, async () => {
      let child: ChildProcess | null = null;
      while (next < files) {
        const file = next++;
        child ??= fork(join(import.meta.dirname, 'drive.ts'), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
        const ending = await take(child, seed, file, patience);
        count(ending);
        if (ending.result === 'crashed' || ending.result === 'hung') child = null;
      }
      child?.disconnect();
    }),
  );
  return figures;
}

function take(child: ChildProcess, seed: number, file: number, patience: number): Promise<Ending> {
  const failed = (result: string, failure: string): Ending => ({
    file,
    story: '',
    result,
    failure,
    milliseconds: patience,
    megabytes: 0,
  });
  let said = '';
  return new Promise<Ending>((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      end(failed('hung', `no answer in ${patience / 1000} s`));
    }, patience);
    const hear = (chunk: Buffer): void => {
      said = (said + chunk).slice(-2000);
    };
    const crash = (code: number | null, signal: string | null): void =>
      end(failed('crashed', `the process ended (${signal ?? code}): ${said}`));
    const end = (ending: Ending): void => {
      clearTimeout(timer);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      child.stderr?.off('data', hear);
      resolve(ending);
    };
    child.stderr?.on('data', hear);
    child.once('exit', crash);
    child.once('message', (ending) => end(ending as Ending));
    child.send({ seed, file });
  });
}

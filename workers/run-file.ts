/** Finds the site running on this machine through the file it writes to its data folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RunFile {
  pid: number;
  databaseUrl: string;
  siteUrl: string;
  /** people sign in with a link printed on this machine; absent: through a service */
  signsInAtHome?: boolean;
}

/** Return the running site of this data folder, or null. A file left behind by a crash does not count. */
export async function runningSite(): Promise<RunFile | null> {
  const { env } = await import('#lib/env.ts'); // with a library for schemas, which most commands do without
  try {
    const run = JSON.parse(await readFile(join(env().LIVECELL_DATA, 'run.json'), 'utf8')) as RunFile;
    return isAlive(run.pid) ? run : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

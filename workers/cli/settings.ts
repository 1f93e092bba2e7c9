/** What the command line remembers of a person: the sites they signed in to, with their tokens. */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InputError } from './command.ts';

interface Settings {
  /** the site that `login` was used for last: the default of --server */
  server?: string;
  /** by the address of the site */
  tokens: Record<string, { token: string; name: string | null; expiresAt: string | null }>;
}

/** Return the folder for settings: XDG_CONFIG_HOME, APPDATA on Windows, else `.config` in the home folder. */
export function settingsFolder(environment: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const { XDG_CONFIG_HOME, APPDATA } = environment;
  const base = XDG_CONFIG_HOME || (platform === 'win32' && APPDATA) || join(homedir(), '.config');
  return join(base, 'livecell');
}

function settingsFile(): string {
  return join(settingsFolder(), 'sites.json');
}

/** Return the settings; empty ones if there are none yet. @throws InputError for a file that is no longer JSON */
export async function readSettings(): Promise<Settings> {
  const path = settingsFile();
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { tokens: {} };
    if (code === 'EACCES') throw new InputError(`${path} may not be read.`);
    throw error;
  }
  try {
    const found = JSON.parse(text) as Partial<Settings> | null;
    return { server: found?.server, tokens: found?.tokens ?? {} };
  } catch {
    throw new InputError(`${path} is damaged. Delete it and run: livecell login`);
  }
}

/** Replace the settings. Only their owner can read the file (0600), from its first byte on. Return its path. */
export async function writeSettings(settings: Settings): Promise<string> {
  const path = settingsFile();
  await mkdir(settingsFolder(), { recursive: true, mode: 0o700 });
  const part = `${path}.${process.pid}.part`;
  await rm(part, { force: true });
  await writeFile(part, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await chmod(part, 0o600);
  await rename(part, path);
  return path;
}

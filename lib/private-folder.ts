/**
 * Keeps the data folder private to the user who runs the site: it contains sessions, uploads, ground truth and the
 * database. Like PostgreSQL with its own folder, the site refuses to start if somebody else could write or read it; for
 * its own files it corrects the rights itself.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from './errors.ts';

/** Permission bits of the group and of all others. */
const OTHERS = 0o077;

/** Make this process, and each one it starts, create files that only its user can read. */
export function keepFilesPrivate(): void {
  process.umask(OTHERS);
}

/**
 * Create the folder if it is missing, for this user only, and remove everybody else's rights from its content.
 *
 * @returns number of files and folders that were open to others until now
 * @throws AppError `unavailable` for a folder, or something in it, that belongs to another user; says how to mend it
 */
export function makePrivate(folder: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const user = process.getuid?.();
  if (user === undefined) return 0; // Windows: a folder in the user's profile is the user's
  const top = realpathSync(folder);
  let mended = 0;
  const mend = (path: string) => {
    const { uid, mode } = lstatSync(path);
    if (uid !== user)
      throw new AppError(
        'unavailable',
        `${path} belongs to another user (uid ${uid}; this is uid ${user}), who could read and change what the site keeps there. ` +
          `Start the site as that user, or make the folder yours: sudo chown -R ${user} '${resolve(folder)}'`,
      );
    if ((mode & OTHERS) === 0) return;
    try {
      chmodSync(path, mode & 0o700);
    } catch (cause) {
      throw new AppError(
        'unavailable',
        `${path} can be read or changed by other users of this machine, and its rights could not be taken back. Run: chmod -R go-rwx '${resolve(folder)}'`,
        { cause },
      );
    }
    if (lstatSync(path).mode & OTHERS)
      throw new AppError(
        'unavailable',
        `${path} can be read or changed by other users of this machine, and its file system does not keep rights. ` +
          'Put the data folder on another one: LIVECELL_DATA=/path/to/folder npm start',
      );
    mended++;
  };
  mend(top);
  // close the folder before examining its content: then nobody can swap anything meanwhile
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop())
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue; // points elsewhere, and has no rights of its own
      const inside = join(path, entry.name);
      mend(inside);
      if (entry.isDirectory()) waiting.push(inside);
    }
  return mended;
}

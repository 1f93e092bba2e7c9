/**
 * The data folder belongs to whoever runs the site: sessions, uploads, ground truth and the database are in it. As
 * PostgreSQL does with its own folder, a start refuses one that somebody else could write or read; what is ours it
 * mends by itself.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from './errors.ts';

/** Rights of the group and of all others. */
const OTHERS = 0o077;

/** From here on this process, and each one it starts, makes files that only its user can read. */
export function keepFilesPrivate(): void {
  process.umask(OTHERS);
}

/**
 * Make the folder where it is missing, for this user alone, and take the rights of everybody else from what is in it.
 *
 * @returns how many files and folders were open to others until now
 * @throws AppError `unavailable` for a folder, or something in it, that belongs to another user; says what mends it
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
  // the folder is closed before its content is looked at: nobody can swap anything while it is mended
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop())
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue; // leads elsewhere, and has no rights of its own
      const inside = join(path, entry.name);
      mend(inside);
      if (entry.isDirectory()) waiting.push(inside);
    }
  return mended;
}

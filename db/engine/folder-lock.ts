/**
 * A lock on a folder. The operating system holds it (SQLite's own file lock), so it ends with the process however that
 * ends: kill -9 leaves nothing behind, and no reused process id can be mistaken for the owner.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '#lib/errors.ts';

export interface FolderLock {
  release(): void;
}

export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const ownerFile = join(folder, 'lock.pid');
  const lock = new DatabaseSync(join(folder, 'lock'));
  try {
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    throw new AppError('unavailable', `${resolve(folder)} is already in use by ${ownerOf(ownerFile)}.`, { cause });
  }
  // the file's content serves only the message above; it plays no part in the lock
  writeFileSync(ownerFile, String(process.pid));
  return {
    release() {
      rmSync(ownerFile, { force: true });
      lock.close();
    },
  };
}

const SQLITE_BUSY = 5;

function ownerOf(file: string): string {
  try {
    return `process ${Number.parseInt(readFileSync(file, 'utf8'), 10)}`;
  } catch {
    return 'another process';
  }
}

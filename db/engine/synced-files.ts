/**
 * The files of the embedded database, written so that they survive a power cut.
 *
 * PGlite starts PostgreSQL without fsync, and its file system ignores the calls: Emscripten's NODEFS has no `fsync`, and
 * its `fdatasync` returns at once. Here `fsync` reaches the disk, for files and folders, and PostgreSQL is started with
 * the settings that use it: commits flush the write-ahead log (`wal_sync_method=fsync`), checkpoints the data files.
 */
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** PostgreSQL's parameters as PGlite has them, but with fsync. */
export const SYNCED_PARAMETERS: readonly string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['-c', 'fsync=on', '-c', 'synchronous_commit=on', '-c', 'wal_sync_method=fsync'],
];

/** The parts of Emscripten's NODEFS that are used here. */
interface EmscriptenNodeFs {
  realPath(node: unknown): string;
  stream_ops: { fsync?: (stream: { nfd?: number; node: unknown }) => number };
}

const EIO = 29; // in Emscripten's numbering

export class SyncedNodeFS extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options);
    return {
      emscriptenOpts: {
        ...emscriptenOpts,
        preRun: [
          ...(emscriptenOpts.preRun ?? []),
          (module: unknown) => {
            const files = (module as { NODEFS: EmscriptenNodeFs }).NODEFS;
            files.stream_ops.fsync = (stream) => {
              try {
                // folders are not opened by NODEFS
                if (stream.nfd === undefined) syncPath(files.realPath(stream.node));
                else fsyncSync(stream.nfd);
                return 0;
              } catch {
                return EIO; // PostgreSQL stops, as it must when a flush fails
              }
            };
          },
        ],
      },
    };
  }
}

/** Flush a whole folder: every file in it, every folder, and its own name in the folder above. */
export function syncFolder(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) syncPath(join(entry.parentPath, entry.name));
  syncPath(folder);
  syncPath(dirname(folder));
}

function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

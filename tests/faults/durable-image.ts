/**
 * What a power cut would leave of a folder. Every `fsync` of a process copies what it made durable into an image: the
 * bytes of a file, the names in a folder. Restoring the image afterwards drops all writes that were never flushed.
 *
 * The model follows ext4, XFS and btrfs: flushing a new file also keeps its name; a rename or a deletion is kept once its
 * folder is flushed; a file whose name was kept but whose bytes were not is empty.
 *
 * Import this file first (`--import`), with DURABLE_ROOT and DURABLE_IMAGE set, and everything that uses Node's `fs` is
 * recorded.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

/** Names in a folder: an identity of a file, or `dir`. */
type Names = Record<string, string>;

const { DURABLE_ROOT: root, DURABLE_IMAGE: image } = process.env;
const { copyFileSync, existsSync, lstatSync, mkdirSync } = fs;
const { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } = fs;

/** An identity that a later file with the same inode does not share. */
function identityOf(path: string): string {
  const { ino, birthtimeNs } = lstatSync(path, { bigint: true });
  return `${ino}-${birthtimeNs}`;
}

const mapOf = (image: string, folder: string) => join(image, 'names', `${encodeURIComponent(folder || '.')}.json`);

function readNames(image: string, folder: string): Names | null {
  const path = mapOf(image, folder);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Names) : null;
}

function writeNames(image: string, folder: string, names: Names): void {
  const path = mapOf(image, folder);
  writeFileSync(`${path}.part`, JSON.stringify(names));
  renameSync(`${path}.part`, path);
}

function keepBytes(image: string, path: string): string {
  const identity = identityOf(path);
  const target = join(image, 'bytes', identity);
  copyFileSync(path, `${target}.part`);
  renameSync(`${target}.part`, target);
  return identity;
}

/** Record that a folder inside the root exists, and those above it. */
function keepName(image: string, path: string, what: string): void {
  if (path === '') return;
  const folder = dirname(path) === '.' ? '' : dirname(path);
  const names = readNames(image, folder) ?? {};
  if (names[basename(path)] === what) return;
  names[basename(path)] = what;
  writeNames(image, folder, names);
  keepName(image, folder, 'dir');
}

/** Record one flush of a file or a folder. */
function recordSync(image: string, root: string, path: string): void {
  const inside = relative(root, path);
  if (inside.startsWith('..') || !existsSync(path)) return;
  if (!lstatSync(path).isDirectory()) {
    keepName(image, inside, keepBytes(image, path));
    return;
  }
  const names: Names = {};
  for (const entry of readdirSync(path, { withFileTypes: true }))
    names[entry.name] = entry.isDirectory() ? 'dir' : identityOf(join(path, entry.name));
  writeNames(image, inside, names);
  keepName(image, inside, 'dir');
}

/** Make an image of a folder that counts as flushed completely. */
export function makeImage(root: string, image: string): void {
  rmSync(image, { recursive: true, force: true });
  for (const name of ['names', 'bytes']) mkdirSync(join(image, name), { recursive: true });
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) keepBytes(image, join(entry.parentPath, entry.name));
  recordSync(image, root, root);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) recordSync(image, root, join(entry.parentPath, entry.name));
}

/** Replace a folder by what its image has. */
export function restoreImage(root: string, image: string): void {
  rmSync(root, { recursive: true, force: true });
  const restore = (folder: string) => {
    mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
    for (const [name, what] of Object.entries(readNames(image, folder) ?? {})) {
      const path = folder ? `${folder}/${name}` : name;
      if (what === 'dir') restore(path);
      else if (existsSync(join(image, 'bytes', what))) copyFileSync(join(image, 'bytes', what), join(root, path));
      else writeFileSync(join(root, path), '');
    }
  };
  restore('');
}

/** Record every flush of this process from now on. */
function record(root: string, image: string): void {
  const pathOf = (fd: number) => readlinkSync(`/proc/self/fd/${fd}`);
  const kept = (fd: number) => recordSync(image, root, pathOf(fd));
  const { fsyncSync, fdatasyncSync, fsync, fdatasync } = fs;
  fs.fsyncSync = (fd) => {
    fsyncSync(fd);
    kept(fd);
  };
  fs.fdatasyncSync = (fd) => {
    fdatasyncSync(fd);
    kept(fd);
  };
  for (const [name, original] of [
    ['fsync', fsync],
    ['fdatasync', fdatasync],
  ] as const)
    Object.assign(fs, {
      [name]: (fd: number, done: (error: NodeJS.ErrnoException | null) => void) =>
        original(fd, (error) => {
          if (!error) kept(fd);
          done(error);
        }),
    });
  syncBuiltinESMExports();
  // all handles share a prototype, which only a handle leads to
  void fs.promises.open(root, 'r').then(async (handle) => {
    const prototype = Object.getPrototypeOf(handle) as { sync(): Promise<void>; datasync(): Promise<void> };
    for (const name of ['sync', 'datasync'] as const) {
      const original = prototype[name];
      prototype[name] = async function (this: { fd: number }) {
        await original.call(this as never);
        kept(this.fd);
      };
    }
    await handle.close();
  });
}

if (root && image) record(root, image);

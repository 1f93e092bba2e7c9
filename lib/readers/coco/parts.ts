/**
 * Splits a large file of annotations at record boundaries, so that threads can read its parts at the same time.
 *
 * A boundary is guessed: after a `}`, a comma and white space, a `{` begins a record, because our records contain no
 * list of objects. The guess is confirmed when the preceding part is read: its reader must stop exactly there. If it
 * does not, or if anything is wrong with the file, the file is read again in one piece, so that every message has the
 * right record number; only valid files are read in parts.
 */

import { type FileHandle, open } from 'node:fs/promises';
import type { Images } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import type { OpenedFile } from '#lib/readers/opened-file.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { DocumentReader } from './document.ts';
import { NEED_MORE } from './json-scanner.ts';
import type { FirstRecord, ImageRecord } from './reading.ts';

export interface Part {
  from: number;
  to: number;
  /** the file continues after `to` */
  more: boolean;
  insideArray: 'of-file' | 'of-document';
}

export interface Plan {
  parts: Part[];
  firstHas: FirstRecord;
  /** a document's images and categories, which precede its annotations */
  images: ImageRecord[];
  categories: { id: number; name: string }[];
}

/** Bytes searched for the first record if it does not begin in the file's head. */
const LONG_PREFIX = 1 << 22;

/** Bytes searched for a boundary: nearly always the first, smaller number is enough. */
const WINDOW = [1 << 13, 1 << 18];

/**
 * Plan the parts of a file.
 *
 * @returns null if the file should be read in one piece: its records do not begin in the first 4 MB, they are keyed
 *   by id, or a predictions document lists its own images
 */
export async function planParts(
  { path, bytes, head: first }: Pick<OpenedFile, 'path' | 'bytes' | 'head'>,
  count: number,
  kind: 'predictions' | 'ground-truth',
  known: { images: Images | null; category: number },
): Promise<Plan | null> {
  const file = await open(path, 'r');
  try {
    let head: ReturnType<typeof readHead> = null;
    // nearly always the first record is in what has already been read
    const looked = new Uint8Array(first.length + 1);
    looked.set(first);
    head = readHead(looked, first.length, kind, known);
    if (!head && bytes > first.length) {
      const prefix = new Uint8Array(Math.min(LONG_PREFIX, bytes) + 1);
      const { bytesRead } = await file.read(prefix, 0, prefix.length - 1, 0);
      head = readHead(prefix, bytesRead, kind, known);
    }
    if (!head) return null;
    const { start } = head;
    const places = Array.from({ length: count - 1 }, (_, k) => start + Math.floor(((bytes - start) * (k + 1)) / count));
    const boundaries = await Promise.all(places.map((at) => findBoundary(file, at)));
    const starts = [start];
    for (const at of boundaries) if (at > starts[starts.length - 1]) starts.push(at);
    return {
      ...head,
      parts: starts.map((from, k) => ({
        from,
        to: k + 1 < starts.length ? starts[k + 1] : bytes,
        more: k + 1 < starts.length,
        insideArray: head.insideArray,
      })),
    };
  } finally {
    await file.close();
  }
}

/** Find where the first record starts, and what the file contains before and in it. */
function readHead(
  prefix: Uint8Array<ArrayBuffer>,
  length: number,
  kind: 'predictions' | 'ground-truth',
  { images, category }: { images: Images | null; category: number },
): (Omit<Plan, 'parts'> & { start: number; insideArray: Part['insideArray'] }) | null {
  const problems = new ProblemList();
  const reader = new DocumentReader({ kind, problems, images, index: null, category, stopAt: 0 });
  const { scanner } = reader;
  scanner.bytes = prefix;
  scanner.end = length;
  try {
    reader.run();
    const head = reader.result();
    const start = head.stoppedAt;
    // a predictions document that lists images may use its own ids
    if (problems.count > 0 || !reader.place || (kind === 'predictions' && head.images.length > 0)) return null;
    const has = reader.examineNext();
    return { start, insideArray: reader.place, firstHas: has, images: head.images, categories: head.categories };
  } catch (error) {
    if (error === NEED_MORE || error instanceof FileRejected) return null;
    throw error;
  }
}

const CLOSE = 125;
const COMMA = 44;
const OPEN = 123;

/** Return the offset of the first record that begins after `at`, or -1. */
async function findBoundary(file: FileHandle, at: number): Promise<number> {
  for (const length of WINDOW) {
    const window = new Uint8Array(length);
    const { bytesRead } = await file.read(window, 0, length, at);
    const boundary = boundaryIn(window, bytesRead);
    if (boundary >= 0) return at + boundary;
  }
  return -1;
}

function boundaryIn(bytes: Uint8Array, length: number): number {
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== CLOSE) continue;
    let p = i + 1;
    const white = (): void => {
      while (p < length && (bytes[p] === 32 || (bytes[p] >= 9 && bytes[p] <= 13))) p++;
    };
    white();
    if (bytes[p] !== COMMA) continue;
    p++;
    white();
    if (p < length && bytes[p] === OPEN) return p;
  }
  return -1;
}

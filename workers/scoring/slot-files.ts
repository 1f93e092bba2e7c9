/**
 * The files of a submission by slot: given individually, or as members of one zip archive named by slot. A member is
 * unpacked for its turn and deleted afterwards, so that eight large files are never on disk together.
 */

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { lookAtFile } from '#lib/readers/files.ts';
import { imageKind } from '#lib/readers/labels/decode.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import type { OpenedFile } from '#lib/readers/opened-file.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { limitUnpacked } from '#lib/readers/unpack-limit.ts';
import type { ZipMember } from '#lib/readers/zip.ts';
import { matchSlot, missingSlots } from '#lib/tasks/slots.ts';
import type { Task } from '#lib/tasks/task.ts';

export interface GivenFile {
  /** in a task with several slots, any other name means an archive with one member per slot */
  slot: string;
  path: string;
  sha256?: string;
  /** the owner's name for it */
  name?: string;
  /** if slots are data sets: the slot's own ground truth */
  groundTruth?: string;
  /**
   * For a single file without a slot: the ground truth of every data set. If slots are data sets, the file is an
   * archive named by data set, or else a file for the first of them.
   */
  datasets?: readonly { slot: string; groundTruth: string }[];
}

export interface SlotFile {
  slot: string;
  path: string;
  sha256?: string;
  /** name for messages */
  name: string;
}

/** A slot whose file can be used in its turn. */
interface SlotTurn {
  readonly slot: string;
  /** Unpack the file if necessary and pass it to `use`, which must not keep it. */
  withFile<Result>(use: (file: SlotFile) => Promise<Result>): Promise<Result>;
}

type Turns<File> = { turns: (SlotTurn & { given: File })[]; close(): void };

/**
 * List the slots in the task's order.
 *
 * @throws FileRejected if the slots are not those that the task requires
 */
export async function requireSlots<File extends GivenFile>(
  task: Task | null,
  files: readonly File[],
): Promise<Turns<File>> {
  const { problems, ...opened } = await openSlots(task, files);
  if (problems.length === 0) return opened;
  opened.close();
  throw new FileRejected(problems);
}

/** Like `requireSlots`, but returns the problems with the slots, so that the existing ones can be checked. */
export async function openSlots<File extends GivenFile>(
  task: Task | null,
  files: readonly File[],
): Promise<Turns<File> & { problems: Problem[] }> {
  const [first] = files;
  const archive = task ? await archiveOf(task, files) : null;
  if (archive) {
    const { zip, slots } = archive;
    const { found, problems } = membersBySlot(task!, slots, zip.members);
    const turns = [...found].map(([slot, members]) => ({
      slot,
      given: { ...first, slot, ...first.datasets?.find((own) => own.slot === slot) },
      withFile: <Result>(use: (file: SlotFile) => Promise<Result>) => withUnpacked(slot, members, use),
    }));
    return { turns, problems, close: zip.close };
  }
  const order = task?.slots.map(({ id }) => id) ?? [];
  const single = order.length === 0 ? first.datasets?.[0] : undefined;
  const inOrder = (a: File, b: File) =>
    order.length > 0 ? order.indexOf(a.slot) - order.indexOf(b.slot) : a.slot < b.slot ? -1 : 1;
  const turns = files
    .map((file) => ({ ...file, ...single }))
    .sort(inOrder)
    .map((given) => ({
      slot: given.slot,
      given,
      withFile: <Result>(use: (file: SlotFile) => Promise<Result>) =>
        use({
          slot: given.slot,
          path: given.path,
          sha256: given.sha256,
          name: given.name ?? basename(given.path),
        }),
    }));
  const several = task !== null && task.slots.length > 1;
  const problems = several
    ? missingSlots(
        task,
        files.map(({ slot }) => slot),
      )
    : [];
  return { turns, problems, close() {} };
}

/** Return a message about one of several files, beginning with its slot. */
export function prefixSlot(slot: string, name: string, message: string): string {
  return `Slot ${slot}, ${quoted(name)}: ${message}`;
}

/** Open the only file as an archive whose members are the slots' files; null if each slot has its own file. */
async function archiveOf(
  task: Task,
  files: readonly GivenFile[],
): Promise<{ zip: OpenedFile; slots: readonly string[] } | null> {
  const [{ slot, path, datasets = [] }] = files;
  const free = task.slots.length === 0;
  const slots = free ? datasets.map((own) => own.slot) : task.slots.map(({ id }) => id);
  if (files.length > 1 || slots.length < (free ? 1 : 2) || slots.includes(slot)) return null;
  const opened = await lookAtFile(path, task.kind.filesAre);
  if (opened.kind === 'zip') {
    if (opened.members.length === 0 && opened.problem) throw new FileRejected(opened.problem);
    // if slots are optional, any other archive contains label images, or one file
    if (!free || opened.members.some(({ name }) => slotInPath(slots, name))) return { zip: opened, slots };
  }
  opened.close();
  if (free) return null;
  throw new FileRejected({
    code: 'not-a-zip',
    message: `${task.name} takes a file per slot, or one zip archive whose files are named by slot (${slots.join(', ')}). This is one file and no archive.`,
  });
}

/** Return the slot in a member's path: its first matching part, since a folder around everything is common. */
function slotInPath(slots: readonly string[], name: string): { slot: string; entry: string; folder: boolean } | null {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  for (const [i, part] of parts.entries()) {
    const folder = i < parts.length - 1;
    const slot = matchSlot(slots, folder ? part : withoutEnding(part));
    if (slot) return { slot, entry: parts.slice(0, i + 1).join('/'), folder };
  }
  return null;
}

/** Assign an archive's members to slots: files named by slot, or in folders named by slot. */
function membersBySlot(
  task: Task,
  slots: readonly string[],
  members: readonly ZipMember[],
): { found: Map<string, ZipMember[]>; problems: Problem[] } {
  const problems = new ProblemList();
  const found = new Map<string, { entry: string; folder: boolean; members: ZipMember[] }>();
  for (const member of members) {
    const place = slotInPath(slots, member.name);
    if (!place) {
      problems.add('zip-extra-member', () => ({
        message: `${quoted(member.name)} in the archive is named after no slot of ${task.name}: ${slots.join(', ')}. Rename it, or leave it out.`,
      }));
      continue;
    }
    const { slot, entry, folder } = place;
    const before = found.get(slot);
    if (!before) found.set(slot, { entry, folder, members: [member] });
    else if (before.folder && folder && before.entry === entry) before.members.push(member);
    else {
      problems.add('zip-duplicate-member', () => ({
        message: `${quoted(member.name)} and ${quoted(before.members[0].name)} in the archive are both for slot ${slot}. Keep one of them.`,
      }));
    }
  }
  const sorted = slots.flatMap((id) => (found.has(id) ? [[id, found.get(id)!.members] as const] : []));
  return { found: new Map(sorted), problems: [...problems.problems(), ...missingSlots(task, [...found.keys()])] };
}

function withoutEnding(name: string): string {
  return name.replace(/(\.(json|jsonl|csv|zip|gz|txt))+$/i, '');
}

/** Unpack a slot's file while `use` runs. The label images in a slot's folder are packed into an archive again. */
async function withUnpacked<Result>(
  slot: string,
  members: readonly ZipMember[],
  use: (file: SlotFile) => Promise<Result>,
): Promise<Result> {
  const dir = await mkdtemp(join(tmpdir(), 'livecell-slot-'));
  const path = join(dir, 'file');
  try {
    const { createHash } = await import('node:crypto');
    const digest = createHash('sha256');
    const pictures = members.length > 1 || (await isPicture(members[0]));
    const bytes = pictures ? packed(members) : limitUnpacked(members[0].chunks(), members[0]);
    const source = async function* () {
      for await (const chunk of bytes) {
        digest.update(chunk);
        yield chunk;
      }
    };
    await pipeline(Readable.from(source()), createWriteStream(path));
    const name = pictures ? members[0].name.split('/').slice(0, -1).join('/') : members[0].name;
    return await use({ slot, path, sha256: digest.digest('hex'), name });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Tell whether the only file of a folder is a label image: a test set can have a single image of a type. */
async function isPicture(member: ZipMember): Promise<boolean> {
  if (!member.name.includes('/')) return false;
  for await (const first of member.chunks()) return imageKind(first) !== null;
  return false;
}

/** Size in bytes of the largest label image that is read; none may unpack to more. */
const LARGEST_PICTURE = 4 * LIMITS.labelImagePixels + LIMITS.labelImageSpare;

async function* packed(members: readonly ZipMember[]): AsyncGenerator<Uint8Array> {
  const large = members.find(({ bytes }) => bytes > LARGEST_PICTURE);
  if (large) {
    throw new FileRejected({
      code: 'label-image-too-large',
      message: `${quoted(large.name)} unpacks to ${large.bytes.toLocaleString('en')} bytes; a label image has at most ${LARGEST_PICTURE.toLocaleString('en')}.`,
    });
  }
  const { Zip, ZipPassThrough } = await import('fflate');
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  for (const member of members) {
    const entry = new ZipPassThrough(member.name.split('/').at(-1)!);
    // a fixed time, so that the same members always give the same archive and digest
    entry.mtime = new Date(1980, 0, 2);
    zip.add(entry);
    entry.push(await member.read(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}

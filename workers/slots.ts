/**
 * The files of a submission, slot by slot: as they were given, or as members of one zip archive named by slot. Members
 * are unpacked when their turn comes and deleted after it, so that eight large files never lie on the disk together.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LIMITS } from '#lib/readers/limits.ts';
import { firstBytes } from '#lib/readers/open.ts';
import { FatalProblem, quoted } from '#lib/readers/problems.ts';
import { sniff } from '#lib/readers/sniff.ts';
import { openZip, type ZipMember } from '#lib/readers/zip.ts';
import type { Problem } from '#lib/scoring/report.ts';
import { missingSlots, parseSlot, type Task } from '#lib/scoring/tasks.ts';

export interface GivenFile {
  /** of a task with several slots, anything but one of them: an archive with a member per slot */
  slot: string;
  path: string;
  sha256?: string;
  /** what its owner called it */
  name?: string;
}

export interface SlotFile {
  slot: string;
  path: string;
  sha256?: string;
  /** how messages call it */
  name: string;
}

/** One slot whose turn will come. */
export interface SlotTurn {
  readonly slot: string;
  /** the file is there as long as `use` runs */
  take<Result>(use: (file: SlotFile) => Promise<Result>): Promise<Result>;
}

/**
 * Which slots there are, in the task's order.
 *
 * @throws FatalProblem, or a list of them, when an archive's members are not what the task asks for
 */
export async function slotTurns<File extends GivenFile>(
  task: Task | null,
  files: readonly File[],
): Promise<{ turns: (SlotTurn & { given: File })[]; close(): void }> {
  const [first] = files;
  if (!task || !(await isArchiveOfSlots(task, files))) {
    const order = task?.slots.map(({ id }) => id) ?? [];
    const sorted = [...files].sort((a, b) => order.indexOf(a.slot) - order.indexOf(b.slot));
    const turns = sorted.map((given) => ({
      ...{ slot: given.slot, given },
      take: <Result>(use: (file: SlotFile) => Promise<Result>) =>
        use({ ...given, name: given.name ?? basename(given.path) }),
    }));
    if (task && task.slots.length > 1)
      refuse(
        missingSlots(
          task,
          files.map(({ slot }) => slot),
        ),
      );
    return { turns, close() {} };
  }
  const zip = await openZip(first.path);
  try {
    const found = membersBySlot(task, zip.members);
    const turns = [...found].map(([slot, members]) => ({
      ...{ slot, given: { ...first, slot } },
      take: <Result>(use: (file: SlotFile) => Promise<Result>) => unpacked(slot, members, use),
    }));
    return { turns, close: zip.close };
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** Several things wrong with the slots, all said at once. */
export class WrongSlots extends Error {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map(({ message }) => message).join(' '));
    this.problems = problems;
  }
}

function refuse(problems: Problem[]): void {
  if (problems.length > 0) throw new WrongSlots(problems);
}

async function isArchiveOfSlots(task: Task, files: readonly GivenFile[]): Promise<boolean> {
  if (task.slots.length < 2 || files.length !== 1 || task.slots.some(({ id }) => id === files[0].slot)) return false;
  const { first } = await firstBytes(files[0].path);
  if (sniff(first).kind === 'zip') return true;
  throw new FatalProblem({
    code: 'not-a-zip',
    message: `${task.name} takes a file per slot, or one zip archive whose files are named by slot (${names(task)}). This is one file and no archive.`,
  });
}

function names(task: Task): string {
  return task.slots.map(({ id }) => id).join(', ');
}

/** Files of an archive are named by slot, or lie in folders that are. */
function membersBySlot(task: Task, members: readonly ZipMember[]): Map<string, ZipMember[]> {
  const problems: Problem[] = [];
  const found = new Map<string, { entry: string; folder: boolean; members: ZipMember[] }>();
  for (const member of members) {
    const parts = member.name.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
    // a folder around everything is common; the first part that is a slot's name counts
    const at = parts.findIndex((part, i) => parseSlot(task, i < parts.length - 1 ? part : withoutEnding(part)));
    if (at < 0) {
      problems.push({
        code: 'zip-extra-member',
        message: `${quoted(member.name)} in the archive is named after no slot of ${task.name}: ${names(task)}. Rename it, or leave it out.`,
      });
      continue;
    }
    const folder = at < parts.length - 1;
    const entry = parts.slice(0, at + 1).join('/');
    const slot = parseSlot(task, folder ? parts[at] : withoutEnding(parts[at]))!;
    const before = found.get(slot);
    if (!before) found.set(slot, { entry, folder, members: [member] });
    else if (before.folder && folder && before.entry === entry) before.members.push(member);
    else {
      problems.push({
        code: 'zip-duplicate-member',
        message: `${quoted(member.name)} and ${quoted(before.members[0].name)} in the archive are both for slot ${slot}. Keep one of them.`,
      });
    }
  }
  const extra = problems.length > 20 ? problems.length - 20 : 0;
  if (extra > 0) problems.splice(20, extra, { ...problems[20], more: extra - 1 });
  problems.push(...missingSlots(task, [...found.keys()]));
  refuse(problems);
  const sorted = task.slots.flatMap(({ id }) => (found.has(id) ? [[id, found.get(id)!.members] as const] : []));
  return new Map(sorted);
}

function withoutEnding(name: string): string {
  return name.replace(/(\.(json|jsonl|csv|zip|gz|txt))+$/i, '');
}

/** Several files in a slot's folder are its label images: they become an archive again, since that is what is read. */
async function unpacked<Result>(
  slot: string,
  members: readonly ZipMember[],
  use: (file: SlotFile) => Promise<Result>,
): Promise<Result> {
  const dir = await mkdtemp(join(tmpdir(), 'livecell-slot-'));
  const path = join(dir, 'file');
  try {
    const digest = createHash('sha256');
    const bytes = members.length === 1 ? checked(members[0]) : packed(members);
    const source = async function* () {
      for await (const chunk of bytes) {
        digest.update(chunk);
        yield chunk;
      }
    };
    await pipeline(Readable.from(source()), createWriteStream(path));
    const name = members.length === 1 ? members[0].name : members[0].name.split('/').slice(0, -1).join('/');
    return await use({ slot, path, sha256: digest.digest('hex'), name });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A member's bytes, up to what is read of any file. */
async function* checked(member: ZipMember): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of member.chunks()) {
    total += chunk.length;
    const most = Math.min(LIMITS.inflatedBytes, Math.max(LIMITS.inflationStart, member.packed * LIMITS.inflationRatio));
    if (total > most) {
      throw new FatalProblem({
        code: 'inflates-too-far',
        message: `${quoted(member.name)} unpacks to more than ${most.toLocaleString('en')} bytes; it is not read further.`,
      });
    }
    yield chunk;
  }
}

async function* packed(members: readonly ZipMember[]): AsyncGenerator<Uint8Array> {
  const { Zip, ZipPassThrough } = await import('fflate');
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  for (const member of members) {
    const entry = new ZipPassThrough(member.name.split('/').at(-1)!);
    // the same members give the same archive, and so the same digest, whenever they are unpacked
    entry.mtime = new Date(1980, 0, 2);
    zip.add(entry);
    entry.push(await member.read(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}

/**
 * What kind a file is, and its bytes as a stream, unpacked if they are compressed; wherever the file is, on disk or
 * chosen in a browser. All of that is determined once and handed to the readers, so that no file is examined twice.
 */
import { FileRejected, type Problem } from '#lib/problems.ts';
import type { FileBytes, Unpacking } from './file-bytes.ts';
import { begins, type Purpose, type Sniffed, sniff, wanted } from './kinds.ts';
import { imageKind } from './labels/decode.ts';
import { splitScores } from './labels/label-scores.ts';
import { LIMITS } from './limits.ts';
import { quoted } from './problem-list.ts';
import { checkUnpacked } from './unpack-limit.ts';
import { type OpenZip, openZip, type ZipMember } from './zip.ts';

/** Bytes examined: they nearly always include the first record of a document. */
const HEAD = 1 << 18;

const ZIP = [0x50, 0x4b, 0x03, 0x04];
const GZIP = [0x1f, 0x8b];

export interface OpenedFile {
  readonly path: string;
  readonly kind: Sniffed['kind'];
  /** `coco-json`: `chunks` are text; `label-images`: an archive of label images */
  readonly format: 'coco-json' | 'label-images';
  /** size as uploaded */
  readonly bytes: number;
  /** the first bytes, as they are on disk */
  readonly head: Uint8Array;
  /** for an archive: its directory, read once */
  readonly members: readonly ZipMember[];
  /** why it cannot be read as one file; an archive with one file per slot can still be read */
  readonly problem?: Problem;
  readonly unpacking: Unpacking;
  /** Start the stream of unpacked bytes; may be called again. */
  chunks(): AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * Determine how to read a file: a stream of text, unpacked, or an archive of label images. The problem of a file that
 * cannot be read for this purpose, or exceeds a budget, is returned with it.
 */
export async function lookAtBytes(file: FileBytes, purpose: Purpose): Promise<OpenedFile> {
  const { path, size: bytes, unpacking } = file;
  const head = await readHead(file);
  const { kind, problem } =
    bytes > LIMITS.bytes ? { kind: 'unknown' as const, problem: tooLarge(bytes) } : await sniff(head, purpose);
  let zip: OpenZip | null = null;
  let inside: { format: OpenedFile['format']; problem?: Problem } = { format: 'coco-json', problem };
  if (kind === 'zip' && !problem) {
    try {
      zip = await openZip(file);
      inside = await lookIntoZip(zip.members, purpose);
    } catch (error) {
      if (!(error instanceof FileRejected)) {
        zip?.close();
        throw error;
      }
      inside.problem = error.problems[0];
    }
  }
  const members = zip?.members ?? [];
  return {
    path,
    kind,
    bytes,
    head,
    members,
    unpacking,
    ...inside,
    chunks() {
      if (kind === 'gzip') return gunzip(file.range(0, bytes), bytes, unpacking);
      if (kind === 'zip') return unpackOnlyMember(members, bytes, purpose, unpacking);
      return file.range(0, bytes);
    },
    close: () => zip?.close(),
  };
}

async function readHead(file: FileBytes): Promise<Uint8Array> {
  const head = new Uint8Array(Math.min(HEAD, file.size));
  let at = 0;
  for await (const chunk of file.range(0, head.length)) {
    head.set(chunk, at);
    at += chunk.length;
  }
  return head.subarray(0, at);
}

function tooLarge(bytes: number): Problem {
  return {
    code: 'file-too-large',
    message: `The file has ${bytes.toLocaleString('en')} bytes; at most ${LIMITS.bytes.toLocaleString('en')} are read. Gzip it, or raise the score threshold.`,
  };
}

async function* gunzip(
  packed: AsyncIterable<Uint8Array>,
  compressed: number,
  unpacking: Unpacking,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    for await (const chunk of unpacking.gunzip(packed)) {
      total += chunk.length;
      checkUnpacked(total, { packed: compressed });
      yield chunk;
    }
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (typeof code !== 'string' || !code.startsWith('Z_')) throw error;
    throw new FileRejected({
      code: code === 'Z_BUF_ERROR' ? 'cut-off' : 'bad-gzip',
      message:
        code === 'Z_BUF_ERROR'
          ? `The gzip file ends in the middle, after ${total.toLocaleString('en')} unpacked bytes: it was cut off while it was written or copied. Write it again.`
          : `The gzip file is damaged after ${total.toLocaleString('en')} unpacked bytes. Write it again.`,
    });
  }
}

/** Determine what an archive contains from the first bytes of its members, whatever their names. */
async function lookIntoZip(
  members: readonly ZipMember[],
  purpose: Purpose,
): Promise<{ format: OpenedFile['format']; problem?: Problem }> {
  if (members.length === 0) throw new FileRejected({ code: 'empty-zip', message: 'The zip archive holds no file.' });
  let bytes = 0;
  let packed = 0;
  for (const member of members) {
    bytes += member.bytes;
    packed += member.packed;
  }
  let images = 0;
  let others = 0;
  const archive = splitScores(members);
  for (const { name, chunks } of archive.labels) {
    // a few members are enough to tell the kind; the readers examine every one
    if (images + others === 3) break;
    let first: Uint8Array = new Uint8Array();
    try {
      for await (first of chunks()) break;
    } catch (error) {
      // damaged: go by its name
      const damaged = error instanceof FileRejected && error.problems[0].code === 'bad-zip';
      if (!damaged || !/\.(tiff?|png|npy)$/i.test(name)) throw error;
      images++;
      continue;
    }
    if (imageKind(first)) images++;
    else others++;
    if (begins(first, ZIP)) {
      throw new FileRejected({
        code: 'zip-in-zip',
        message: /\.npz$/i.test(name)
          ? `${quoted(name)} is an archive inside the zip archive. Put the .npy files into one archive, or all arrays into one .npz.`
          : `${quoted(name)} is a zip archive inside the zip archive. Send one of them alone.`,
      });
    }
  }
  const format = images > 0 ? 'label-images' : 'coco-json';
  // a table of scores may lie beside label images
  const beside = images > 0 ? archive.labels : members;
  const text = beside.find(({ name }) => /\.(json|jsonl|geojson|csv)(\.gz)?$/i.test(name));
  if (members.length > 1 && (images === 0 || text || purpose === 'ground-truth')) {
    const names = `(${quoted(members[0].name)}, ${quoted(members[1].name)})`;
    const message =
      purpose === 'ground-truth'
        ? `The ground truth is a zip archive with several files ${names}. ${wanted(purpose)}`
        : `The zip archive has several files ${names}. Send one file of predictions, alone in its archive or gzipped, or one label image per test image and nothing else but one table of their scores, image,label,score.`;
    return { format, problem: { code: 'zip-with-several-files', message } };
  }
  if (purpose === 'ground-truth' && images > 0) {
    const message = `The ground truth is an archive of images. ${wanted(purpose)}`;
    return { format, problem: { code: 'wrong-kind', message } };
  }
  checkUnpacked(bytes, { packed, ratio: images > 0 ? LIMITS.labelInflationRatio : LIMITS.inflationRatio });
  return { format };
}

/** Unpack the only member of a zip archive. */
async function* unpackOnlyMember(
  [member]: readonly ZipMember[],
  compressed: number,
  purpose: Purpose,
  unpacking: Unpacking,
): AsyncGenerator<Uint8Array> {
  const unpacked = member.chunks();
  const first = await unpacked.next();
  if (first.done) throw new FileRejected({ code: 'empty-zip', message: `${quoted(member.name)} is empty.` });
  const all = async function* (): AsyncGenerator<Uint8Array> {
    let total = 0;
    for (let next: IteratorResult<Uint8Array> = first; !next.done; next = await unpacked.next()) {
      total += next.value.length;
      checkUnpacked(total, { packed: compressed });
      yield next.value;
    }
  };
  if (begins(first.value, GZIP)) {
    yield* gunzip(all(), compressed, unpacking);
    return;
  }
  const { problem } = await sniff(first.value, purpose);
  if (problem) throw new FileRejected(problem);
  yield* all();
}

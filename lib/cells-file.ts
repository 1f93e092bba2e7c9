/**
 * Files with the cells of every image of an entry, of which one image is read at a time: magic, number of images,
 * positions, then the JSON of each image (`viewer/image-cells.ts`), gzipped by itself.
 */
import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Storage } from './storage.ts';
import { type CellSources, collectEntryCells, type EntryCells } from './viewer/image-cells.ts';

const MAGIC = 'LCCELLS1';
/** magic and number of images */
const HEAD = 12;
/** bytes of a position */
const POSITION = 6;
/** Images that are compressed at the same time. */
const AT_ONCE = 16;
/** A block that grows beyond this when it is unpacked is damaged. */
const MOST_UNPACKED = 256 << 20;

/** Write the cells of all images of an entry to a path. */
export async function writeCells(sources: CellSources, path: string): Promise<void> {
  const images = sources.outcomes.entryStart.length - 1;
  const head = Buffer.alloc(HEAD + POSITION * (images + 1));
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(images, 8);
  let at = head.length;
  const file = await open(path, 'w', 0o600);
  try {
    head.writeUIntLE(at, HEAD, POSITION);
    for (let first = 0; first < images; first += AT_ONCE) {
      const blocks = await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, images - first) }, (_, k) =>
          promisify(gzip)(JSON.stringify(collectEntryCells(sources, first + k)), { level: 6 }),
        ),
      );
      for (const [k, block] of blocks.entries()) {
        await file.write(block, 0, block.length, at);
        at += block.length;
        head.writeUIntLE(at, HEAD + POSITION * (first + k + 1), POSITION);
      }
    }
    await file.write(head, 0, head.length, 0);
  } finally {
    await file.close();
  }
}

/**
 * Read the cells of one image; null if the entry has no such image.
 *
 * @throws Error if the file is damaged
 */
export async function readCells(
  store: Pick<Storage, 'createReadStream'>,
  key: string,
  image: number,
): Promise<EntryCells | null> {
  const read = (start: number, length: number) =>
    buffer(store.createReadStream(key, { start, end: start + length - 1 }));
  const head = await read(0, HEAD);
  if (head.toString('latin1', 0, 8) !== MAGIC) throw new Error(`The file ${key} holds no cells.`);
  if (!Number.isSafeInteger(image) || image < 0 || image >= head.readUInt32LE(8)) return null;
  const positions = await read(HEAD + POSITION * image, 2 * POSITION);
  const [from, to] = [positions.readUIntLE(0, POSITION), positions.readUIntLE(POSITION, POSITION)];
  const text = await promisify(gunzip)(await read(from, to - from), { maxOutputLength: MOST_UNPACKED });
  // as `writeCells` wrote it
  return JSON.parse(text.toString('utf8')) as EntryCells;
}

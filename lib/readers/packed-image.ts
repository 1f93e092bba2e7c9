/**
 * Reads single images of a packed ground truth (`coco/dataset.ts`) without reading the others: names and sizes of all,
 * and the objects of one.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type Images, type Objects, openPackedHead, packedHeadLength } from '#lib/coco/dataset.ts';

/** A packed ground truth of which images are read one at a time. */
export interface PackedImages {
  images: Images;
  sha256: string;
  /** [images + 1] */
  objectStart: Uint32Array;
  /** Return the objects of an image, with masks and crowd flags; other columns are empty. */
  read(image: number): Promise<Objects>;
}

/** Recently opened ground truth, oldest first. */
const opened = new Map<string, Promise<PackedImages>>();
const MOST_OPENED = 4;

/** Open packed ground truth. A file never changes: replaced ground truth is another file. */
export async function openPackedImages(path: string): Promise<PackedImages> {
  const { size, mtimeMs } = await stat(path);
  const key = `${path} ${size} ${mtimeMs}`;
  const found = opened.get(key) ?? openHead(path);
  opened.delete(key);
  opened.set(key, found);
  found.catch(() => opened.delete(key));
  if (opened.size > MOST_OPENED)
    for (const oldest of opened.keys()) {
      opened.delete(oldest);
      break;
    }
  return found;
}

async function openHead(path: string): Promise<PackedImages> {
  return withFile(path, async (file) => {
    const length = packedHeadLength(await readBytes(file, 0, 12));
    const { meta, ids, fileNames, columns } = openPackedHead(await readBytes(file, 0, length));
    const column = async (name: string): Promise<Uint32Array> => {
      const { offset, length: numbers } = columns.get(name)!;
      return new Uint32Array((await readBytes(file, offset, 4 * numbers)).buffer);
    };
    const [width, height, objectStart] = [await column('width'), await column('height'), await column('objectStart')];
    return {
      images: { ids, fileNames, width, height },
      sha256: meta.sha256,
      objectStart,
      read: (image) => readObjects(path, columns, [objectStart[image], objectStart[image + 1]]),
    };
  });
}

type Columns = ReturnType<typeof openPackedHead>['columns'];

async function readObjects(path: string, columns: Columns, [from, to]: [number, number]): Promise<Objects> {
  const count = to - from;
  return withFile(path, async (file) => {
    const part = async (name: string, bytes: number, first = from, end = to): Promise<ArrayBuffer> => {
      const found = columns.get(name)!;
      return (await readBytes(file, found.offset + first * bytes, (end - first) * bytes)).buffer;
    };
    const maskStart = new Uint32Array(await part('maskStart', 4));
    const maskEnd = new Uint32Array(await part('maskEnd', 4));
    const box = new Float64Array(await part('box', 8, 4 * from, 4 * to));
    const area = new Float64Array(await part('area', 8));
    const crowd = new Uint8Array(await part('crowd', 1));
    const maskArea = new Uint32Array(await part('maskArea', 4));
    const maskExtent = new Int32Array(await part('maskExtent', 4, 4 * from, 4 * to));
    // masks are joined in the order of the objects
    const [first, end] = count > 0 ? [maskStart[0], maskEnd[count - 1]] : [0, 0];
    const intervals = new Uint32Array(await part('intervals', 4, first, end));
    return {
      count,
      image: new Int32Array(count),
      box,
      area,
      crowd,
      score: new Float64Array(0),
      maskScore: new Float64Array(0),
      maskArea,
      maskExtent,
      part: new Uint8Array(count),
      maskStart: maskStart.map((at) => at - first),
      maskEnd: maskEnd.map((at) => at - first),
      intervals: [intervals],
    };
  });
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new Error('The packed ground truth ends early.');
    at += bytesRead;
  }
  return bytes;
}

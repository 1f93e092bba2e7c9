/**
 * Annotations in columns. Ground truth and detections have the same shape: typed arrays with one element (or four) per
 * object, and one array of intervals for all masks. No object per annotation exists between the bytes of a file and the
 * bytes of a report.
 *
 * Everything that threads share lies in shared memory where the platform has it (`allocate`).
 */
import type { Warning } from '#lib/problems.ts';
import { allocate, IntervalBuffer, type Mask } from './rle.ts';

export { allocate };

export type ImageId = number | string;

/** Images in ascending order of id, as `np.unique` sorts them: this order resolves ties between images. */
export interface Images {
  ids: ImageId[];
  fileNames: string[];
  width: Uint32Array;
  height: Uint32Array;
}

/** Objects of many images. Shapes: n objects, boxes [n × 4] as x, y, w, h in pixels. */
export interface Objects {
  count: number;
  /** index of the image, or -1 - g for group g of images with the same file name */
  image: Int32Array;
  box: Float64Array;
  /** ground truth: the annotation's `area` field; detections: the area that decides size classes for `bbox` */
  area: Float64Array;
  /** ground truth: 1 for a crowd region */
  crowd: Uint8Array;
  /** detections: confidence */
  score: Float64Array;
  /** detections: confidence for `segm` where the file has `mask_score`; else the same array as `score` */
  maskScore: Float64Array;
  /** pixels of the mask */
  maskArea: Uint32Array;
  /** [n × 4] extent of the mask as x0, y0, x1, y1, ends excluded; zeros when it has no pixels */
  maskExtent: Int32Array;
  /** [n] index into `intervals`: a file that was read in parts keeps one array per part */
  part: Uint8Array;
  /** [n] where the mask starts and ends in that array */
  maskStart: Uint32Array;
  maskEnd: Uint32Array;
  intervals: Uint32Array[];
}

/** Ground truth: objects sorted by image, in file order within an image. */
export interface Dataset {
  images: Images;
  /** [images + 1] */
  objectStart: Uint32Array;
  objects: Objects;
  meta: DatasetMeta;
}

/** Predictions as read: detections in columns, and the groups of images with the same file name. */
export interface Predictions {
  detections: Objects;
  /** images of each ambiguous file name */
  groups: number[][];
  /** false if any detection lacks a mask: then only boxes are scored */
  hasMasks: boolean;
  /** masks have their own scores (`mask_score`) */
  hasMaskScores: boolean;
  /** the file has no scores, as label images do: see `Ranking.unscored` */
  unscored?: boolean;
}

interface DatasetMeta {
  sha256: string;
  /** the category of cells */
  category: number;
  warnings: Warning[];
  /** annotations are boxes without masks, so only boxes are scored */
  boxesOnly?: boolean;
  /** of a part (`part.ts`): the images that are scored, ascending; absent: all */
  scored?: number[];
  /** of a part of divided ground truth: what its list of wells or fields needs (`lib/datasets/part-list.ts`) */
  part?: { name: 'public' | 'private'; by: 'well' | 'field'; of: string; key: string };
}

type Column = Float64Array | Uint32Array | Int32Array | Uint8Array | Uint16Array;
const TYPES = { Float64Array, Uint32Array, Int32Array, Uint8Array, Uint16Array } as const;
type TypeName = keyof typeof TYPES;

/** Copy a column into shareable memory. */
export function share<T extends Column>(column: T): T {
  return grow(column, column.length);
}

/** Objects to append, in columns as in `Objects`. */
export interface AppendedObjects {
  image: Int32Array;
  box: Float64Array;
  area: Float64Array;
  crowd?: Uint8Array;
  score?: Float64Array;
  maskScore?: Float64Array;
  maskArea: Int32Array;
  maskExtent: Int32Array;
  /** [n] where each mask ends in `intervals` */
  maskEnd: Int32Array;
  intervals: Int32Array;
}

/** Columns of objects that grow as objects are appended. */
export class ObjectsBuilder {
  count = 0;
  capacity: number;
  image: Int32Array;
  box: Float64Array;
  area: Float64Array;
  crowd: Uint8Array;
  score: Float64Array;
  maskScore: Float64Array;
  maskArea: Uint32Array;
  maskExtent: Int32Array;
  maskStart: Uint32Array;
  maskEnd: Uint32Array;
  intervals: IntervalBuffer;
  readonly hasScores: boolean;

  constructor(hasScores: boolean, capacity = 256) {
    this.hasScores = hasScores;
    this.capacity = capacity;
    this.image = new Int32Array(allocate(4 * capacity));
    this.box = new Float64Array(allocate(32 * capacity));
    this.area = new Float64Array(allocate(8 * capacity));
    this.crowd = new Uint8Array(allocate(hasScores ? 0 : capacity));
    this.score = new Float64Array(allocate(hasScores ? 8 * capacity : 0));
    this.maskScore = new Float64Array(allocate(hasScores ? 8 * capacity : 0));
    this.maskArea = new Uint32Array(allocate(4 * capacity));
    this.maskExtent = new Int32Array(allocate(16 * capacity));
    this.maskStart = new Uint32Array(allocate(4 * capacity));
    this.maskEnd = new Uint32Array(allocate(4 * capacity));
    this.intervals = new IntervalBuffer(capacity * 48);
  }

  /** Make room for more objects. */
  reserve(extra = 1): void {
    if (this.count + extra <= this.capacity) return;
    const capacity = Math.ceil(this.capacity * 1.5) + 16 + extra;
    this.image = grow(this.image, capacity);
    this.box = grow(this.box, capacity * 4);
    this.area = grow(this.area, capacity);
    if (this.hasScores) {
      this.score = grow(this.score, capacity);
      this.maskScore = grow(this.maskScore, capacity);
    } else {
      this.crowd = grow(this.crowd, capacity);
    }
    this.maskArea = grow(this.maskArea, capacity);
    this.maskExtent = grow(this.maskExtent, capacity * 4);
    this.maskStart = grow(this.maskStart, capacity);
    this.maskEnd = grow(this.maskEnd, capacity);
    this.capacity = capacity;
  }

  /** Append objects whose masks' intervals lie back to back. */
  append(objects: AppendedObjects): void {
    const { count: from, intervals } = this;
    const { image, maskEnd } = objects;
    this.reserve(image.length);
    this.image.set(image, from);
    this.box.set(objects.box, 4 * from);
    this.area.set(objects.area, from);
    if (objects.crowd) this.crowd.set(objects.crowd, from);
    if (objects.score) this.score.set(objects.score, from);
    if (objects.maskScore) this.maskScore.set(objects.maskScore, from);
    this.maskArea.set(objects.maskArea, from);
    this.maskExtent.set(objects.maskExtent, 4 * from);
    intervals.reserve(objects.intervals.length);
    intervals.data.set(objects.intervals, intervals.length);
    let start = intervals.length;
    for (let k = 0; k < image.length; k++) {
      this.maskStart[from + k] = start;
      start = intervals.length + maskEnd[k];
      this.maskEnd[from + k] = start;
    }
    intervals.length = start;
    this.count += image.length;
  }

  /** Return the columns at their final length, without copying: the underlying buffers stay larger. */
  finish(): Objects {
    const n = this.count;
    return {
      count: n,
      image: this.image.subarray(0, n),
      box: this.box.subarray(0, 4 * n),
      area: this.area.subarray(0, n),
      crowd: this.crowd.subarray(0, n),
      score: this.score.subarray(0, n),
      maskScore: this.maskScore.subarray(0, n),
      maskArea: this.maskArea.subarray(0, n),
      maskExtent: this.maskExtent.subarray(0, 4 * n),
      part: new Uint8Array(allocate(n)),
      maskStart: this.maskStart.subarray(0, n),
      maskEnd: this.maskEnd.subarray(0, n),
      intervals: [this.intervals.data.subarray(0, this.intervals.length)],
    };
  }
}

/** Copy a column into a longer one in shareable memory. */
function grow<T extends Column>(column: T, length: number): T {
  const grown = newColumn(column, length);
  grown.set(column);
  return grown;
}

const OBJECT_COLUMNS = [
  'image',
  'box',
  'area',
  'crowd',
  'score',
  'maskScore',
  'maskArea',
  'maskExtent',
  'part',
  'maskStart',
  'maskEnd',
] as const;

type ColumnName = (typeof OBJECT_COLUMNS)[number];

/** Make each column anew from the one of the same name and type. */
function mapColumns(
  objects: Objects,
  make: <T extends Column>(column: T, name: ColumnName) => T,
): Pick<Objects, ColumnName> {
  return {
    image: make(objects.image, 'image'),
    box: make(objects.box, 'box'),
    area: make(objects.area, 'area'),
    crowd: make(objects.crowd, 'crowd'),
    score: make(objects.score, 'score'),
    maskScore: make(objects.maskScore, 'maskScore'),
    maskArea: make(objects.maskArea, 'maskArea'),
    maskExtent: make(objects.maskExtent, 'maskExtent'),
    part: make(objects.part, 'part'),
    maskStart: make(objects.maskStart, 'maskStart'),
    maskEnd: make(objects.maskEnd, 'maskEnd'),
  };
}

/** Concatenate lists of objects, in shareable memory. The masks stay where they are. */
export function concatObjects(parts: Objects[]): Objects {
  if (parts.length === 1) return parts[0];
  const joined = roomForAll(parts);
  for (let column = 0; column < JOINED_COLUMNS; column++) joinColumn(parts, joined, column);
  return joined;
}

export const JOINED_COLUMNS = OBJECT_COLUMNS.length;

/** Allocate columns for all objects; `joinColumn` fills each one, so that threads can share the work. */
export function roomForAll(parts: Objects[]): Objects {
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    intervals: parts.flatMap(({ intervals }) => intervals),
    ...mapColumns(parts[0], (column, name) =>
      newColumn(
        column,
        parts.reduce((sum, part) => sum + part[name].length, 0),
      ),
    ),
  };
}

/** Copy the parts' column c (0 to `JOINED_COLUMNS` - 1) into the joined one. */
export function joinColumn(parts: Objects[], joined: Objects, c: number): void {
  const name = OBJECT_COLUMNS[c];
  const column = joined[name];
  let at = 0;
  let lots = 0;
  for (const part of parts) {
    column.set(part[name], at);
    if (name === 'part' && lots > 0) for (let k = at; k < at + part.count; k++) column[k] += lots;
    at += part[name].length;
    lots += part.intervals.length;
  }
}

/** Allocate a column of the same type in shareable memory. */
function newColumn<T extends Column>(like: T, length: number): T {
  // `constructor` has no type of its own: the name finds the array type it is
  const type = TYPES[like.constructor.name as TypeName] as unknown as { new (buffer: ArrayBuffer): T };
  return new type(allocate(length * like.BYTES_PER_ELEMENT));
}

/** Return the mask of object `k`, or detection `k`. */
export function maskOf({ intervals, part, maskStart, maskEnd }: Objects, k: number): Mask {
  return { data: intervals[part[k]], from: maskStart[k], to: maskEnd[k] };
}

/** Build ground truth from objects in file order: a stable counting sort by image. Objects of no image are left out. */
export function buildDataset(images: Images, objects: Objects, meta: DatasetMeta): Dataset {
  const n = images.ids.length;
  const objectStart = new Uint32Array(allocate((n + 1) * 4));
  let sorted = true;
  for (let k = 0; k < objects.count; k++) {
    objectStart[objects.image[k] + 1]++;
    if (k > 0 && objects.image[k] < objects.image[k - 1]) sorted = false;
  }
  for (let i = 0; i < n; i++) objectStart[i + 1] += objectStart[i];
  return { images, objectStart, objects: sorted ? objects : sortByImage(objects, objectStart), meta };
}

function sortByImage(objects: Objects, objectStart: Uint32Array): Objects {
  const next = objectStart.slice();
  const from = new Uint32Array(objects.count);
  for (let k = 0; k < objects.count; k++) from[next[objects.image[k]]++] = k;
  return orderObjects(objects, from);
}

/** Return the objects on the images for which `stays` is true, in their order. */
export function pickObjects(objects: Objects, stays: (image: number) => boolean): Objects {
  const from: number[] = [];
  for (let k = 0; k < objects.count; k++) if (stays(objects.image[k])) from.push(k);
  return orderObjects(objects, Uint32Array.from(from));
}

/** Return objects in another order. `from`: for each of the new ones, the index of the old one. */
function orderObjects(objects: Objects, from: Uint32Array): Objects {
  const columns = mapColumns(objects, (column) => {
    // numbers per object: 4, 1, or 0 if there is no such column
    const wide = objects.count === 0 ? 0 : column.length / objects.count;
    const moved = newColumn(column, wide * from.length);
    for (let k = 0; wide > 0 && k < from.length; k++) {
      for (let c = 0; c < wide; c++) moved[k * wide + c] = column[from[k] * wide + c];
    }
    return moved;
  });
  return { count: from.length, intervals: objects.intervals, ...columns };
}

/** Join all masks into one array, in the order of the objects, as they are written to a file. */
function joinMasks(objects: Objects): { maskStart: Uint32Array; maskEnd: Uint32Array; intervals: Uint32Array } {
  const { count, part, maskStart, maskEnd } = objects;
  const joined = { maskStart: new Uint32Array(count), maskEnd: new Uint32Array(count) };
  let length = 0;
  for (let k = 0; k < count; k++) {
    joined.maskStart[k] = length;
    length += maskEnd[k] - maskStart[k];
    joined.maskEnd[k] = length;
  }
  const intervals = new Uint32Array(length);
  for (let k = 0; k < count; k++) {
    intervals.set(objects.intervals[part[k]].subarray(maskStart[k], maskEnd[k]), joined.maskStart[k]);
  }
  return { ...joined, intervals };
}

// --- one buffer with a header: the same bytes serve as file, as message to a thread and as shared memory ---

const MAGIC = 'LIVECELL';
const VERSION = 2;

interface Header {
  version: number;
  meta: DatasetMeta;
  ids: ImageId[];
  fileNames: string[];
  columns: { name: string; type: TypeName; offset: number; length: number }[];
}

/** Pack ground truth into one buffer: magic, header length, JSON header (names, digests, column offsets), columns. */
export function packDataset(dataset: Dataset): Uint8Array {
  const { maskStart, maskEnd, intervals } = joinMasks(dataset.objects);
  const objects = { ...dataset.objects, part: new Uint8Array(dataset.objects.count), maskStart, maskEnd };
  const columns: [string, Column][] = [
    ['width', dataset.images.width],
    ['height', dataset.images.height],
    ['objectStart', dataset.objectStart],
    ...OBJECT_COLUMNS.map((name): [string, Column] => [name, objects[name]]),
    ['intervals', intervals],
  ];
  let offset = 0;
  const header: Header = {
    version: VERSION,
    meta: dataset.meta,
    ids: dataset.images.ids,
    fileNames: dataset.images.fileNames,
    columns: columns.map(([name, column]) => {
      const entry = { name, type: column.constructor.name as TypeName, offset, length: column.length };
      offset += Math.ceil(column.byteLength / 8) * 8;
      return entry;
    }),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((12 + text.length) / 8) * 8;
  const packed = new Uint8Array(start + offset);
  packed.set(new TextEncoder().encode(MAGIC));
  new DataView(packed.buffer).setUint32(8, text.length, true);
  packed.set(text, 12);
  columns.forEach(([, column], i) => {
    packed.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), start + header.columns[i].offset);
  });
  return packed;
}

/** Tell whether these bytes start a packed ground truth. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && MAGIC.split('').every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/**
 * Return the length in bytes of a packed ground truth up to its columns, from its first twelve bytes; at most the
 * file's length.
 */
export function packedHeadLength(bytes: Uint8Array): number {
  if (bytes.length < 12) return bytes.length;
  return 12 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
}

/** Where a column of a packed ground truth is: its first byte in the file, and its length in numbers. */
export interface PackedColumn {
  offset: number;
  length: number;
}

/**
 * Read the head of a packed ground truth, for callers that read parts of its columns from the file.
 *
 * @throws Error when the bytes are not the head of a packed ground truth of this version
 */
export function openPackedHead(
  bytes: Uint8Array,
): Pick<Header, 'meta' | 'ids' | 'fileNames'> & { columns: Map<string, PackedColumn> } {
  const { header, start } = readHead(bytes);
  const { meta, ids, fileNames } = header;
  const columns = header.columns.map(({ name, offset, length }) => [name, { offset: start + offset, length }] as const);
  return { meta, ids, fileNames, columns: new Map(columns) };
}

function readHead(bytes: Uint8Array): { header: Header; start: number } {
  if (!isPacked(bytes)) throw new Error('Not a packed ground truth: it starts with other bytes.');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  // TextDecoder refuses shared memory
  const header = JSON.parse(new TextDecoder().decode(bytes.slice(12, 12 + length))) as Header;
  if (header.version !== VERSION) {
    throw new Error(`Packed ground truth has version ${header.version}, expected ${VERSION}: import it again.`);
  }
  return { header, start: Math.ceil((12 + length) / 8) * 8 };
}

/**
 * Open a packed ground truth in place: the columns are views of `buffer`, which may be shared by threads.
 *
 * @throws Error when the bytes are not a packed ground truth of this version
 */
export function openDataset(buffer: ArrayBuffer): Dataset {
  const bytes = new Uint8Array(buffer);
  const { header, start } = readHead(bytes);
  const columns: Record<string, Column> = {};
  for (const { name, type, offset, length } of header.columns) {
    columns[name] = new TYPES[type](buffer, start + offset, length);
  }
  return {
    images: {
      ids: header.ids,
      fileNames: header.fileNames,
      width: columns.width as Uint32Array,
      height: columns.height as Uint32Array,
    },
    objectStart: columns.objectStart as Uint32Array,
    // the header names the columns that `packDataset` wrote
    objects: { ...columns, count: columns.crowd.length, intervals: [columns.intervals] } as unknown as Objects,
    meta: header.meta,
  };
}

/**
 * Annotations in columns. Ground truth and detections have one shape: typed arrays with an element (or four) per
 * object, and all masks' intervals in one array. No object per annotation exists anywhere between the bytes of a file
 * and the bytes of a report.
 *
 * Everything that threads look at together lies in shared memory where the platform has it (`allocate`).
 */
import { allocate, IntervalBuffer } from './rle.ts';

export { allocate };

export type ImageId = number | string;

/** Images in ascending order of id, as `np.unique` sorts them: the order in which ties between images are resolved. */
export interface Images {
  ids: ImageId[];
  fileNames: string[];
  width: Uint32Array;
  height: Uint32Array;
}

/** Objects of many images. Shapes: n objects, boxes [n × 4] as x, y, w, h in pixels. */
export interface Objects {
  count: number;
  /** index of the image, or -1 - g for group g of images that share a file name */
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
  /** [n + 1] where each mask's intervals start in `intervals` */
  maskStart: Uint32Array;
  intervals: Uint32Array;
}

/** Ground truth: objects sorted by image, in file order within an image. */
export interface Dataset {
  images: Images;
  /** [images + 1] */
  objectStart: Uint32Array;
  objects: Objects;
  meta: DatasetMeta;
}

export interface DatasetMeta {
  sha256: string;
  /** the category that counts as a cell */
  category: number;
  warnings: { code: string; message: string; count?: number; examples?: string[] }[];
}

export type Column = Float64Array | Uint32Array | Int32Array | Uint8Array | Uint16Array;
const TYPES = { Float64Array, Uint32Array, Int32Array, Uint8Array, Uint16Array } as const;
type TypeName = keyof typeof TYPES;

/** A copy of a column in shareable memory. */
export function share<T extends Column>(column: T): T {
  return grow(column, column.length);
}

/** Objects being collected: columns that grow. */
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
    this.maskStart = new Uint32Array(allocate(4 * (capacity + 1)));
    this.intervals = new IntervalBuffer(capacity * 32);
  }

  /** Makes room for one more object. */
  reserve(): void {
    if (this.count < this.capacity) return;
    const capacity = Math.ceil(this.capacity * 1.5) + 16;
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
    this.maskStart = grow(this.maskStart, capacity + 1);
    this.capacity = capacity;
  }

  /** The columns at their final length, without copying: the arrays stay larger underneath. */
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
      maskStart: this.maskStart.subarray(0, n + 1),
      intervals: this.intervals.data.subarray(0, this.intervals.length),
    };
  }
}

/** A longer copy of a column, in shareable memory. */
function grow<T extends Column>(column: T, length: number): T {
  const type = TYPES[column.constructor.name as TypeName] as unknown as { new (buffer: ArrayBuffer): T };
  const grown = new type(allocate(length * column.BYTES_PER_ELEMENT));
  grown.set(column as never);
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
  'maskStart',
  'intervals',
] as const;

/** Several lots of objects behind one another, in shareable memory: what threads read from the parts of one file. */
export function concatObjects(parts: Objects[]): Objects {
  if (parts.length === 1) return parts[0];
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const joined = { count } as Record<string, unknown>;
  for (const name of OBJECT_COLUMNS) {
    const type = TYPES[parts[0][name].constructor.name as TypeName];
    const length =
      parts.reduce((sum, part) => sum + part[name].length, 0) - (name === 'maskStart' ? parts.length - 1 : 0);
    const column = new type(allocate(length * type.BYTES_PER_ELEMENT));
    let at = 0;
    let intervals = 0;
    for (const part of parts) {
      if (name === 'maskStart') {
        for (let i = 0; i <= part.count; i++) column[at + i] = part.maskStart[i] + intervals;
        at += part.count;
        intervals += part.intervals.length;
      } else {
        column.set(part[name] as never, at);
        at += part[name].length;
      }
    }
    joined[name] = column;
  }
  return joined as unknown as Objects;
}

/** Ground truth from objects in file order: a stable counting sort by image. Objects of no image are left out. */
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

  const count = objects.count;
  const sorted: Objects = {
    count,
    image: new Int32Array(allocate(4 * count)),
    box: new Float64Array(allocate(32 * count)),
    area: new Float64Array(allocate(8 * count)),
    crowd: new Uint8Array(allocate(count)),
    score: new Float64Array(allocate(0)),
    maskScore: new Float64Array(allocate(0)),
    maskArea: new Uint32Array(allocate(4 * count)),
    maskExtent: new Int32Array(allocate(16 * count)),
    maskStart: new Uint32Array(allocate(4 * (count + 1))),
    intervals: new Uint32Array(allocate(4 * objects.intervals.length)),
  };
  let at = 0;
  for (let k = 0; k < count; k++) {
    const j = from[k];
    sorted.image[k] = objects.image[j];
    sorted.area[k] = objects.area[j];
    sorted.crowd[k] = objects.crowd[j];
    sorted.maskArea[k] = objects.maskArea[j];
    for (let c = 0; c < 4; c++) {
      sorted.box[4 * k + c] = objects.box[4 * j + c];
      sorted.maskExtent[4 * k + c] = objects.maskExtent[4 * j + c];
    }
    for (let p = objects.maskStart[j]; p < objects.maskStart[j + 1]; p++) sorted.intervals[at++] = objects.intervals[p];
    sorted.maskStart[k + 1] = at;
  }
  return sorted;
}

// --- one buffer with a header: a file, a message to a thread and shared memory are the same bytes ---

const MAGIC = 'LIVECELL';
const VERSION = 1;

interface Header {
  version: number;
  meta: DatasetMeta;
  ids: ImageId[];
  fileNames: string[];
  columns: { name: string; type: TypeName; offset: number; length: number }[];
}

/** Ground truth as one buffer: magic, header length, JSON header (names, digests, where the columns lie), columns. */
export function packDataset(dataset: Dataset): Uint8Array {
  const columns: [string, Column][] = [
    ['width', dataset.images.width],
    ['height', dataset.images.height],
    ['objectStart', dataset.objectStart],
    ...OBJECT_COLUMNS.map((name): [string, Column] => [name, dataset.objects[name]]),
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

/** Whether these bytes start a packed ground truth. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && MAGIC.split('').every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/**
 * Opens a packed ground truth in place: the columns are views of `buffer`, which may be shared by threads.
 *
 * @throws Error when the bytes are not a packed ground truth of this version
 */
export function openDataset(buffer: ArrayBuffer): Dataset {
  const bytes = new Uint8Array(buffer);
  if (!isPacked(bytes)) throw new Error('Not a packed ground truth: it starts with other bytes.');
  const length = new DataView(buffer).getUint32(8, true);
  // TextDecoder refuses shared memory
  const header = JSON.parse(new TextDecoder().decode(bytes.slice(12, 12 + length))) as Header;
  if (header.version !== VERSION) {
    throw new Error(`Packed ground truth has version ${header.version}, expected ${VERSION}: import it again.`);
  }
  const start = Math.ceil((12 + length) / 8) * 8;
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
    objects: { count: columns.crowd.length, ...columns } as unknown as Objects,
    meta: header.meta,
  };
}

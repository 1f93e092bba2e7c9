/**
 * The fast path through a file of annotations: valid records written like the one before go from bytes to columns in
 * one call of WebAssembly (`lib/kernels/assembly/records.ts`). It stops before the first other record, and
 * `DocumentReader` reads that one the general way, which is also how the keys are learned.
 */
import type { AppendedObjects, Images } from '#lib/coco/dataset.ts';
import { records as MODULE } from '#lib/kernels/built.ts';
import { instantiate, type Kernel } from '#lib/kernels/kernel.ts';
import type { ImageResolver } from '#lib/readers/resolver.ts';
import { FIELDS, type Field, type Learned, LONGEST_KEY } from './annotation-record.ts';
import type { JsonScanner } from './json-scanner.ts';
import type { FirstRecord } from './reading.ts';
import type { Screening } from './screening.ts';

/** Bytes of a file held in the kernel's memory at a time. */
const WINDOW = 3 << 20;

/** Fields as the kernel numbers them. */
const NUMBERED: readonly (Field | '')[] = ['', ...FIELDS];

/** Bytes of a learned key, its mask, its length and its field; see `KEYS` in the kernel. */
const ENTRY = 2 * LONGEST_KEY + 8;

type RecordsKernel = Kernel<
  | 'keys'
  | 'KEYS'
  | 'HEAD'
  | 'TAIL'
  | 'maskHeight'
  | 'maskWidth'
  | 'groundTruth'
  | 'firstHasBox'
  | 'firstHasMaskScore'
  | 'category'
  | 'images'
  | 'pos'
  | 'end'
  | 'stop'
  | 'most'
  | 'batch'
  | 'withoutMask'
  | 'screened'
  | 'zeroBoxes'
  | 'unfit'
  | 'outside'
  | 'large'
  | 'hollow'
  | 'scattered'
  | 'windowAt'
  | 'outImage'
  | 'outBox'
  | 'outArea'
  | 'outCrowd'
  | 'outId'
  | 'outScore'
  | 'outMaskScore'
  | 'outMaskArea'
  | 'outExtent'
  | 'outMaskEnd'
  | 'outIntervals',
  { layout(images: number, window: number): number; take(): number }
>;

/** What is known about the file so far. */
export interface Target {
  groundTruth: boolean;
  category: number;
  images: Images;
  index: ImageResolver;
  /** a predictions document's own image ids */
  fileImages: ReadonlyMap<unknown, number> | null;
}

/** Columns of the records read; for ground truth also their ids. */
export type Taken = AppendedObjects & { withoutMask: number; screening: Screening; ids?: Float64Array };

export class OrdinaryRecords {
  private readonly kernel: RecordsKernel;
  private learned: Learned | null = null;
  private version = 0;
  private table: Target | null = null;

  constructor() {
    this.kernel = instantiate(MODULE) as unknown as RecordsKernel;
    this.kernel.layout(0, WINDOW);
  }

  /** Size of the kernel's memory in bytes. */
  get bytes(): number {
    return this.kernel.memory.buffer.byteLength;
  }

  /** Return memory for a scanner's window; larger windows must be read the general way. */
  window(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > WINDOW) return new Uint8Array(bytes);
    const { memory, windowAt } = this.kernel;
    return new Uint8Array(memory.buffer as ArrayBuffer, windowAt.value, WINDOW);
  }

  /**
   * Read ordinary records, each with the comma before it, from the scanner's position up to the first other record or
   * the window's end.
   *
   * @param options.stopAt offset in the file from which no record may begin
   * @param options.most maximum number of records
   * @returns their columns, valid until the next call, or null if there are none
   */
  takeRecords(
    scanner: JsonScanner,
    {
      stopAt,
      most,
      learned,
      firstHas,
      target,
    }: { stopAt: number; most: number; learned: Learned; firstHas: FirstRecord; target: Target },
  ): Taken | null {
    const { kernel } = this;
    const { buffer } = kernel.memory;
    if (scanner.bytes.buffer !== buffer) return null;
    if (this.learned !== learned || this.version !== learned.version) this.learn(learned);
    if (this.table !== target) this.setTarget(target);
    const window = scanner.bytes.byteOffset;
    kernel.firstHasBox.value = firstHas.box ? 1 : 0;
    kernel.firstHasMaskScore.value = firstHas.maskScore ? 1 : 0;
    kernel.pos.value = window + scanner.pos;
    kernel.end.value = window + scanner.end;
    kernel.stop.value = window + Math.max(0, Math.min(stopAt - scanner.base, WINDOW));
    kernel.most.value = most;
    const count = kernel.take();
    if (count === 0) return null;
    scanner.pos = kernel.pos.value - window;
    const doubles = ({ value }: WebAssembly.Global<'i32'>, length = count) => new Float64Array(buffer, value, length);
    const ints = ({ value }: WebAssembly.Global<'i32'>, length = count) => new Int32Array(buffer, value, length);
    const maskEnd = ints(kernel.outMaskEnd);
    return {
      image: ints(kernel.outImage),
      box: doubles(kernel.outBox, 4 * count),
      area: doubles(kernel.outArea),
      maskArea: ints(kernel.outMaskArea),
      maskExtent: ints(kernel.outExtent, 4 * count),
      maskEnd,
      intervals: ints(kernel.outIntervals, maskEnd[count - 1]),
      withoutMask: kernel.withoutMask.value,
      screening: {
        screened: kernel.screened.value,
        unscreened: 0,
        bare: kernel.withoutMask.value,
        zeroBoxes: kernel.zeroBoxes.value,
        unfit: kernel.unfit.value,
        outside: kernel.outside.value,
        large: kernel.large.value,
        hollow: kernel.hollow.value,
        scattered: kernel.scattered.value,
      },
      ...(target.groundTruth
        ? { crowd: new Uint8Array(buffer, kernel.outCrowd.value, count), ids: doubles(kernel.outId) }
        : { score: doubles(kernel.outScore), maskScore: doubles(kernel.outMaskScore) }),
    };
  }

  private learn(learned: Learned): void {
    const { kernel } = this;
    const { version, keys, mask } = learned;
    const bytes = new Uint8Array(kernel.memory.buffer);
    const put = (at: number, pattern: Uint8Array, field: number): void => {
      bytes.fill(0, at, at + ENTRY);
      bytes.set(pattern, at);
      bytes.fill(255, at + LONGEST_KEY, at + LONGEST_KEY + pattern.length);
      new DataView(kernel.memory.buffer).setInt32(at + 2 * LONGEST_KEY, pattern.length, true);
      new DataView(kernel.memory.buffer).setInt32(at + 2 * LONGEST_KEY + 4, field, true);
    };
    for (const [i, key] of keys.entries()) put(kernel.KEYS.value + ENTRY * i, key.bytes, NUMBERED.indexOf(key.field));
    kernel.keys.value = keys.length;
    // a size that no image has, so that no mask is ordinary
    kernel.maskHeight.value = mask?.height ?? -1;
    kernel.maskWidth.value = mask?.width ?? -1;
    if (mask) {
      put(kernel.HEAD.value, mask.head, 0);
      put(kernel.TAIL.value, mask.tail, 0);
    }
    this.learned = learned;
    this.version = version;
  }

  private setTarget(target: Target): void {
    const { kernel } = this;
    const { images, index, fileImages } = target;
    const byId = new Map<number, number>();
    for (const id of images.ids) {
      const number = Number(id);
      // larger ids may coincide after rounding: such records are read the general way
      if (Math.abs(number) > Number.MAX_SAFE_INTEGER) continue;
      if (typeof id === 'number' || String(number) === id) byId.set(number, index.ofNumber(number));
    }
    for (const [id, image] of fileImages ?? []) if (typeof id === 'number') byId.set(id, image);
    let listed = [...byId].filter(([, image]) => image >= 0).sort(([a], [b]) => a - b);
    const at = kernel.layout(listed.length, WINDOW);
    if (at === 0) listed = []; // too many images for the table
    const view = new DataView(kernel.memory.buffer);
    for (const [k, [id, image]] of listed.entries()) {
      view.setFloat64(at + 24 * k, id, true);
      view.setInt32(at + 24 * k + 8, image, true);
      view.setInt32(at + 24 * k + 12, images.height[image], true);
      view.setInt32(at + 24 * k + 16, images.width[image], true);
    }
    kernel.images.value = listed.length;
    kernel.groundTruth.value = target.groundTruth ? 1 : 0;
    (kernel.category as unknown as WebAssembly.Global<'f64'>).value = target.category;
    this.table = target;
  }
}

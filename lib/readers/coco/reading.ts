/** Options and results of reading a file of annotations: the types that the reader's parts share. */
import type { ImageId, Images, Objects } from '#lib/coco/dataset.ts';
import type { ProblemList } from '#lib/readers/problem-list.ts';
import type { ImageResolver } from '#lib/readers/resolver.ts';
import type { AnnotationRecord } from './annotation-record.ts';
import { addScreening, newScreening, type Screening } from './screening.ts';

/** An image as a document lists it. */
export interface ImageRecord {
  id: ImageId;
  /** its id was a number too large to be exact, and is kept as digits */
  largeNumber?: boolean;
  fileName: string;
  width: number;
  height: number;
}

export interface ReadOptions {
  kind: 'predictions' | 'ground-truth';
  problems: ProblemList;
  /** ids, sizes and names of the images; for ground truth they come from the file itself, before the annotations */
  images: Images | null;
  index: ImageResolver | null;
  /** the category of cells; others are counted and left out */
  category: number;
  /** every category counts as cells; others are still counted */
  anyCategory?: boolean;
  /** for ground truth: called once, at the first annotation, with the images read so far */
  onImages?: (records: ImageRecord[]) => { images: Images; index: ImageResolver } | null;
  /** receives each record instead of the columns, with the images of a document by its own ids: used to count cells */
  onRecord?: (record: AnnotationRecord, number: number, fileImages: ReadonlyMap<ImageId, number> | null) => void;
  /** images of a predictions document by its own ids, if known from an earlier pass */
  fileImages?: Map<ImageId, number>;
  /** start inside the array of records of this kind: another reader has read the bytes before */
  insideArray?: 'of-file' | 'of-document';
  /** offset in the file of the first byte */
  from?: number;
  /** stop before the first record that starts at or after this offset in the file */
  stopAt?: number;
  capacity?: number;
  /** fields of the file's first detection, for readers that start in the middle */
  firstHas?: FirstRecord;
}

/** The first detection's fields, which decide how the whole file is read, as in pycocotools' `loadRes`. */
export interface FirstRecord {
  /** masks have their own scores */
  maskScore: boolean;
  /** boxes are given; otherwise size classes use the masks' pixels for `bbox` too */
  box: boolean;
}

/** A record that lacks something, to be judged once the whole file is known. */
interface RecordPlace {
  record: number;
  image: string;
}

/** Observations about single records, to be judged together at the end. */
export interface Tally {
  /** accepted records without a mask */
  withoutMask: number;
  /** record numbers of the first of them, within the part */
  withoutMaskRecords: number[];
  /** accepted records with neither a mask nor a box, up to a limit */
  withNothing: RecordPlace[];
  /** examples of records with polygons of too few points beside others, and the number of such parts */
  dropped: RecordPlace[];
  droppedCount: number;
  withNothingCount: number;
  /** ground truth without a mask, up to a limit */
  annotationsWithoutMask: RecordPlace[];
  /** masks given as polygons, if read the general way; likewise run lengths */
  polygons: number;
  runLengths: number;
  /** polygons whose coordinates are all at most 1 */
  fractions: number;
  /** polygons that reach beyond their image, and that would with width and height swapped */
  beyond: number;
  beyondExchanged: number;
  /** digit strings that are the name of one image and the id of another */
  twoMeanings: number;
  screening: Screening;
}

export function newTally(): Tally {
  return {
    withoutMask: 0,
    withoutMaskRecords: [],
    withNothing: [],
    dropped: [],
    droppedCount: 0,
    withNothingCount: 0,
    annotationsWithoutMask: [],
    polygons: 0,
    runLengths: 0,
    fractions: 0,
    beyond: 0,
    beyondExchanged: 0,
    twoMeanings: 0,
    screening: newScreening(),
  };
}

/** The result of reading, besides the problems. */
export interface ReadResult {
  objects: Objects;
  ids: Float64Array;
  records: number;
  otherCategories: Map<number, number>;
  tally: Tally;
  /** offset in the file at which reading stopped: the end, or a record's start */
  stoppedAt: number;
  /** the document's categories, if it has any */
  categories: { id: number; name: string }[];
  images: ImageRecord[];
  /** annotations came before images and could not be interpreted: read again with what is known now */
  needsImages: boolean;
  /** a predictions document's own image ids */
  fileImages?: Map<ImageId, number>;
  /** the first file name of a predictions document that lists images, if none of the names is known */
  unknownFileName?: string;
  /** lowest and highest image id that the data set lacks */
  unknownIds: { min: number; max: number };
  firstHas?: FirstRecord;
}

/** Add up the tallies of a file's parts; record numbers become those of the whole file. */
export function addTallies(parts: readonly Pick<ReadResult, 'tally' | 'records'>[]): Tally {
  const sum = newTally();
  let before = 0;
  for (const { tally, records } of parts) {
    for (const key of Object.keys(sum) as (keyof Tally)[]) {
      if (typeof sum[key] === 'number') (sum[key] as number) += tally[key] as number;
    }
    addScreening(sum.screening, tally.screening);
    for (const record of tally.withoutMaskRecords) sum.withoutMaskRecords.push(record + before);
    const inFile = <Found extends { record: number }>(found: Found): Found => ({
      ...found,
      record: found.record + before,
    });
    sum.withNothing.push(...tally.withNothing.map(inFile));
    sum.dropped.push(...tally.dropped.map(inFile));
    sum.annotationsWithoutMask.push(...tally.annotationsWithoutMask.map(inFile));
    before += records;
  }
  return sum;
}

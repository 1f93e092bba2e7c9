/** What a file of annotations is read with, and what comes out of it: the types that the reader's parts share. */
import type { ImageId, Images, Objects } from '#lib/coco/dataset.ts';
import type { ProblemList } from '#lib/readers/problem-list.ts';
import type { ImageResolver } from '#lib/readers/resolver.ts';
import type { AnnotationRecord } from './annotation-record.ts';

/** An image as a document lists it. */
export interface ImageRecord {
  id: ImageId;
  /** its id was a number too large for one, and is kept as its digits */
  largeNumber?: boolean;
  fileName: string;
  width: number;
  height: number;
}

export interface ReadOptions {
  kind: 'predictions' | 'ground-truth';
  problems: ProblemList;
  /** sizes and names of the images; for ground truth they come from the file itself, before the annotations */
  images: Images | null;
  index: ImageResolver | null;
  /** the category that is a cell; others are counted and left out */
  category: number;
  /** every category is a cell: others are counted all the same */
  anyCategory?: boolean;
  /** for ground truth: called once, at the first annotation, with the images read so far */
  onImages?: (records: ImageRecord[]) => { images: Images; index: ImageResolver } | null;
  /** takes each record instead of the columns, and with it the images of a document by its own ids: to count cells */
  onRecord?: (record: AnnotationRecord, number: number, fileImages: ReadonlyMap<ImageId, number> | null) => void;
  /** images of a predictions document by its own ids, when they are known from an earlier look */
  fileImages?: Map<ImageId, number>;
  /** start inside the array of records (of a document?): the bytes before have been read by somebody else */
  insideArray?: 'of-file' | 'of-document';
  /** offset of the file at which the bytes begin */
  from?: number;
  /** stop before the first record that starts at or after this offset of the file */
  stopAt?: number;
  capacity?: number;
  /** what the file's first detection has, for readers that start in the middle */
  firstHas?: FirstRecord;
}

/** What the first detection has decides how the whole file is read, as in pycocotools' `loadRes`. */
export interface FirstRecord {
  /** masks have scores of their own */
  maskScore: boolean;
  /** boxes are given; else size classes go by the masks' pixels for `bbox` too */
  box: boolean;
}

/** A record that lacks something, to be judged when the whole file is known. */
export interface RecordPlace {
  record: number;
  image: string;
}

/** What single records showed, to be judged together when the file has been read. */
export interface Tally {
  /** accepted records without a mask */
  withoutMask: number;
  /** the first of them, by number within the part */
  withoutMaskRecords: number[];
  /** accepted records with neither a mask nor a box, up to a limit */
  withNothing: RecordPlace[];
  withNothingCount: number;
  /** ground truth without a mask, up to a limit */
  annotationsWithoutMask: RecordPlace[];
  /** masks given as polygons, where the long way read them; run lengths likewise */
  polygons: number;
  runLengths: number;
  /** polygons whose coordinates are all at most 1 */
  fractions: number;
  /** polygons that reach beyond their image, and that would with width and height exchanged */
  beyond: number;
  beyondExchanged: number;
  /** texts of digits that are the name of one image and the id of another */
  twoMeanings: number;
}

export function newTally(): Tally {
  return {
    withoutMask: 0,
    withoutMaskRecords: [],
    withNothing: [],
    withNothingCount: 0,
    annotationsWithoutMask: [],
    polygons: 0,
    runLengths: 0,
    fractions: 0,
    beyond: 0,
    beyondExchanged: 0,
    twoMeanings: 0,
  };
}

/** What reading found, beside the problems. */
export interface ReadResult {
  objects: Objects;
  ids: Float64Array;
  records: number;
  otherCategories: Map<number, number>;
  tally: Tally;
  /** offset of the file at which reading stopped: the end, or a record's start */
  stoppedAt: number;
  /** the document's categories, when it had any */
  categories: { id: number; name: string }[];
  images: ImageRecord[];
  /** annotations came before images, so that they could not be understood: read again with what is known now */
  needsImages: boolean;
  /** a predictions document's own numbering of images */
  fileImages?: Map<ImageId, number>;
  /** a predictions document lists images, but no name of them is known; the first of them */
  unknownFileName?: string;
  /** lowest and highest image id that is not in the data set */
  unknownIds: { min: number; max: number };
  firstHas?: FirstRecord;
}

/** Add the tallies of a file's parts up; numbers of records become those of the whole file. */
export function addTallies(parts: readonly Pick<ReadResult, 'tally' | 'records'>[]): Tally {
  const sum = newTally();
  let before = 0;
  for (const { tally, records } of parts) {
    for (const key of Object.keys(sum) as (keyof Tally)[]) {
      if (typeof sum[key] === 'number') (sum[key] as number) += tally[key] as number;
    }
    for (const record of tally.withoutMaskRecords) sum.withoutMaskRecords.push(record + before);
    sum.withNothing.push(...tally.withNothing);
    sum.annotationsWithoutMask.push(...tally.annotationsWithoutMask);
    before += records;
  }
  return sum;
}

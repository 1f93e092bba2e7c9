/**
 * Judges records one by one and stores the correct ones in columns. Problems are reported with the record's number;
 * what can only be judged with the whole file is tallied.
 */
import type { CheckCode } from '#lib/checks/checks.ts';
import { type ImageId, type Images, ObjectsBuilder } from '#lib/coco/dataset.ts';
import { maskBox, maskExtent } from '#lib/coco/rle.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { type ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import { ABSENT, type AnnotationRecord, NO_MASK, POLYGONS, PRESENT, WRONG } from './annotation-record.ts';
import type { Taken } from './fast-records.ts';
import { appendMask, FARTHEST, newMaskNotes } from './masks.ts';
import { count, idNotExact, RECORD_MESSAGES, titleOf, unknownImage } from './messages.ts';
import { type FirstRecord, newTally, type ReadOptions, type ReadResult, type Tally } from './reading.ts';
import { addScreening } from './screening.ts';

/** Number of records kept as examples. */
const EXAMPLES = 5;

export class RecordAcceptor {
  records = 0;
  images: Images | null;
  index: ImageResolver | null;
  /** fields of the first detection, which decide for the whole file, as in the reference (`loadRes`) */
  firstHas: FirstRecord | null;
  /** images of a predictions document by its own ids */
  fileImages: Map<ImageId, number> | null;
  /** lowest and highest unknown numeric id, which reveal re-indexed files */
  readonly unknownIds = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  readonly otherCategories = new Map<number, number>();
  readonly tally: Tally = newTally();
  private readonly record: AnnotationRecord;
  private readonly options: ReadOptions;
  private readonly problems: ProblemList;
  private readonly predictions: boolean;
  private readonly builder: ObjectsBuilder;
  private readonly notes = newMaskNotes();
  private perImage: Uint32Array;
  private ids = new Float64Array(256);
  /** detections of the same image are nearly always contiguous */
  private lastId = Number.NaN;
  private lastImage = UNKNOWN_IMAGE;

  constructor(record: AnnotationRecord, options: ReadOptions) {
    this.record = record;
    this.options = options;
    this.problems = options.problems;
    this.predictions = options.kind === 'predictions';
    this.builder = new ObjectsBuilder(this.predictions, options.capacity);
    this.images = options.images;
    this.index = options.index;
    this.perImage = new Uint32Array(options.images?.ids.length ?? 0);
    this.firstHas = options.firstHas ?? null;
    this.fileImages = options.fileImages ?? null;
  }

  /** Set the images that records refer to, once a document has listed them. */
  setImages(images: Images, index: ImageResolver): void {
    this.images = images;
    this.index = index;
    this.perImage = new Uint32Array(images.ids.length);
  }

  result(): Pick<ReadResult, 'objects' | 'ids' | 'records' | 'otherCategories' | 'tally' | 'unknownIds'> & {
    fileImages?: Map<ImageId, number>;
    firstHas?: FirstRecord;
  } {
    return {
      objects: this.builder.finish(),
      ids: this.ids.subarray(0, this.builder.count),
      records: this.records,
      otherCategories: this.otherCategories,
      tally: this.tally,
      fileImages: this.fileImages ?? undefined,
      unknownIds: this.unknownIds,
      firstHas: this.firstHas ?? undefined,
    };
  }

  /** Return how messages refer to a record. */
  title(record: number): string {
    return titleOf(this.options.kind, record);
  }

  private problem(code: CheckCode, what: () => string, image?: number): void {
    this.problems.add(code, () => {
      const problem: Omit<Problem, 'code'> = {
        record: this.records,
        message: `${this.title(this.records)}: ${what()}`,
      };
      if (image !== undefined) problem.image = this.imageName(image);
      return problem;
    });
  }

  private imageName(image: number): string {
    return this.images!.fileNames[this.index!.firstOf(image)];
  }

  /** Append records that the fast path has read. */
  acceptRecords(taken: Taken): void {
    const { tally } = this;
    if (taken.ids) this.roomForIds(taken.image.length).set(taken.ids, this.builder.count);
    const { image } = taken;
    const { records } = this;
    for (let k = 0; k < image.length; k++) {
      this.records = records + k + 1;
      if (++this.perImage[image[k]] > LIMITS.detectionsPerImage) this.refuseCrowded(image[k]);
      if (taken.withoutMask > 0 && taken.maskArea[k] === 0) this.noteWithoutMask();
    }
    tally.withoutMask += taken.withoutMask;
    addScreening(tally.screening, taken.screening);
    this.builder.append(taken);
    this.checkIntervals();
  }

  /** Judge the record that was just parsed and append it to the columns. */
  accept(): void {
    const { record, builder } = this;
    this.records++;
    if (this.options.onRecord) {
      this.options.onRecord(record, this.records, this.fileImages);
      return;
    }
    this.firstHas ??= { maskScore: record.maskScoreState === PRESENT, box: record.boxState === PRESENT };
    if (!this.checkCategory()) return;
    const image = this.resolveImage();
    if (image === UNKNOWN_IMAGE) return;
    const any = this.index!.firstOf(image);
    const height = this.images!.height[any];
    const width = this.images!.width[any];
    if (image < 0 && !this.index!.haveOneSize(image, this.images!)) {
      this.problem('ambiguous-image', () => RECORD_MESSAGES['ambiguous-image'], image);
      return;
    }
    if (this.predictions && !this.checkScores(image)) return;
    if (!this.checkBox(image)) return;

    builder.reserve();
    const n = builder.count;
    const { intervals } = builder;
    const from = intervals.length;
    const boxAt = 4 * n;
    if (record.mask === NO_MASK) {
      // if no record has a box, one without a mask may be a mask without pixels
      if (record.boxState !== PRESENT && this.firstHas.box) {
        this.problem('nothing-to-score', () => RECORD_MESSAGES['nothing-to-score'], image);
        return;
      }
      this.tallyWithoutMask(image);
    } else {
      const wrong = appendMask(record, { height, width }, intervals, this.notes);
      if (wrong) {
        this.problem(wrong.code, wrong.say, image);
        intervals.length = from;
        return;
      }
      this.tallyMask(image);
    }
    this.checkIntervals();
    this.countIn(any);

    const to = intervals.length;
    builder.maskStart[n] = from;
    builder.maskEnd[n] = to;
    // the mask's own extent selects pairs to compare; its box [x, y, w, h] is for detections without one
    const extent = builder.maskExtent;
    const mask = { data: intervals.data, from, to };
    builder.maskArea[n] = maskExtent(mask, height, extent, boxAt);
    this.tally.screening.unscreened++;
    if (builder.maskArea[n] === 0) this.tally.screening.bare++;
    if (record.boxState === PRESENT) for (let k = 0; k < 4; k++) builder.box[boxAt + k] = record.box[k];
    else if (record.mask === NO_MASK) builder.box.fill(0, boxAt, boxAt + 4);
    else maskBox(mask, { height, width, hadForegroundRuns: this.notes.foregroundRuns }, builder.box, boxAt);
    builder.image[n] = image;
    if (builder.box[boxAt + 2] === 0 || builder.box[boxAt + 3] === 0) this.tally.screening.zeroBoxes++;
    const boxArea = builder.box[boxAt + 2] * builder.box[boxAt + 3];
    if (this.predictions) {
      builder.area[n] = this.firstHas.box || record.mask === NO_MASK ? boxArea : builder.maskArea[n];
      builder.score[n] = record.score;
      builder.maskScore[n] = this.firstHas.maskScore ? record.maskScore : record.score;
      this.warnOfOddities(n, to === from, { width, height }, image);
    } else {
      const ownArea = record.mask === NO_MASK ? boxArea : builder.maskArea[n];
      builder.area[n] = record.areaState === PRESENT && Number.isFinite(record.area) ? record.area : ownArea;
      builder.crowd[n] = record.crowd;
      this.roomForIds(1)[n] = record.id;
    }
    builder.count++;
  }

  // --- checks of one record ---

  private checkCategory(): boolean {
    const { record, otherCategories } = this;
    if (record.categoryState === WRONG) {
      this.problem('category-not-a-number', () => RECORD_MESSAGES['category-not-a-number']);
      return false;
    }
    if (record.categoryState === PRESENT && Math.abs(record.category) > Number.MAX_SAFE_INTEGER) {
      this.problem('id-not-exact', () => idNotExact('category_id', record.categoryText));
      return false;
    }
    if (record.categoryState !== PRESENT || record.category === this.options.category) return true;
    otherCategories.set(record.category, (otherCategories.get(record.category) ?? 0) + 1);
    if (otherCategories.size > LIMITS.categories) {
      throw new FileRejected({
        code: 'too-many-categories',
        record: this.records,
        message: `The file has more than ${count(LIMITS.categories)} different values of category_id.`,
      });
    }
    return this.options.anyCategory === true;
  }

  private resolveImage(): number {
    const { record, index } = this;
    if (record.imageState !== PRESENT) {
      const how = record.imageState === ABSENT ? 'missing' : 'not a number or a name';
      this.problem('image-id-missing', () => `image_id is ${how}. Use the data set's own image ids or its file names.`);
      return UNKNOWN_IMAGE;
    }
    if (!record.imageIsText && record.imageNumber === this.lastId) return this.lastImage;
    const id = record.imageIsText ? record.imageText : record.imageNumber;
    const mapped = this.fileImages?.get(id);
    const image = mapped ?? (typeof id === 'string' ? index!.ofText(id) : index!.ofNumber(id));
    if (image === UNKNOWN_IMAGE) this.reportUnknown(id, mapped !== undefined);
    else if (typeof id === 'number') {
      this.lastId = id;
      this.lastImage = image;
    } else if (mapped === undefined && index!.otherMeaning(id) !== UNKNOWN_IMAGE) this.tally.twoMeanings++;
    return image;
  }

  private reportUnknown(id: ImageId, listed: boolean): void {
    if (!this.predictions) {
      this.problems.warn(
        'annotation-without-image',
        'Annotations of images that “images” does not list are never evaluated.',
        typeof id === 'string' ? quoted(id) : String(id),
      );
      return;
    }
    if (typeof id === 'string' && !listed && this.record.imageIsInexact) {
      this.problem('id-not-exact', () => idNotExact('image_id', id));
      return;
    }
    if (typeof id === 'number' && !listed) {
      if (id < this.unknownIds.min) this.unknownIds.min = id;
      if (id > this.unknownIds.max) this.unknownIds.max = id;
    }
    const candidates = typeof id === 'string' && !listed ? this.index!.candidates(id) : [];
    this.problem(candidates.length > 1 ? 'ambiguous-image' : 'unknown-image', () =>
      unknownImage(id, { listed, candidates }),
    );
  }

  private checkScores(image: number): boolean {
    const { record } = this;
    if (record.scoreState !== PRESENT) {
      const code = record.scoreState === ABSENT ? 'score-missing' : 'score-not-a-number';
      this.problem(code, () => RECORD_MESSAGES[code], image);
      return false;
    }
    if (!Number.isFinite(record.score)) {
      this.problem('score-not-finite', () => `score is ${record.score}; it has to be a finite number.`, image);
      return false;
    }
    if (this.firstHas!.maskScore && (record.maskScoreState !== PRESENT || !Number.isFinite(record.maskScore))) {
      this.problem('mask-score-missing', () => RECORD_MESSAGES['mask-score-missing'], image);
      return false;
    }
    return true;
  }

  private checkBox(image: number): boolean {
    const { record } = this;
    if (record.boxState === ABSENT) return true;
    const finite = record.boxState === PRESENT && record.box.every((number) => Math.abs(number) <= FARTHEST);
    if (!finite) {
      this.problem('bad-box', () => RECORD_MESSAGES['bad-box'], image);
      return false;
    }
    if (record.box[2] >= 0 && record.box[3] >= 0) return true;
    this.problem(
      'negative-box',
      () =>
        `bbox [${record.box.join(', ')}] has a negative size; write [x, y, width, height], not two corners in another order.`,
      image,
    );
    return false;
  }

  private warnOfOddities(n: number, empty: boolean, size: { width: number; height: number }, image: number): void {
    const { record, builder } = this;
    const example = (): string => this.imageName(image);
    if (empty && record.mask !== NO_MASK) {
      this.problems.warn('empty-mask', RECORD_MESSAGES['empty-mask'], example());
    } else if (this.notes.emptyRuns && record.mask !== NO_MASK) {
      this.problems.warn('empty-runs', RECORD_MESSAGES['empty-runs'], example());
    }
    if (record.boxState !== PRESENT) return;
    const [x, y, w, h] = builder.box.subarray(4 * n, 4 * n + 4);
    if (w === 0 || h === 0) {
      // boxes of zeros are counted and judged at the end: all of them may be zero
      if (x !== 0 || y !== 0 || w !== 0 || h !== 0) {
        this.problems.warn('empty-box', RECORD_MESSAGES['empty-box'], example());
      }
    } else if (x < -1 || y < -1 || x + w > size.width + 1 || y + h > size.height + 1) {
      this.problems.warn('box-beyond-border', RECORD_MESSAGES['box-beyond-border'], example());
    }
  }

  // --- judged at the end ---

  private noteWithoutMask(): void {
    const { withoutMaskRecords } = this.tally;
    if (withoutMaskRecords.length < EXAMPLES) withoutMaskRecords.push(this.records);
  }

  private tallyWithoutMask(image: number): void {
    const { record, tally } = this;
    const place = () => ({ record: this.records, image: this.imageName(image) });
    tally.withoutMask++;
    this.noteWithoutMask();
    if (record.boxState !== PRESENT) {
      tally.withNothingCount++;
      if (tally.withNothing.length < LIMITS.problemsPerKind) tally.withNothing.push(place());
    } else if (!this.predictions && tally.annotationsWithoutMask.length < LIMITS.problemsPerKind) {
      tally.annotationsWithoutMask.push(place());
    }
  }

  private tallyMask(image: number): void {
    const { record, tally, notes } = this;
    if (record.mask !== POLYGONS) {
      tally.runLengths++;
      return;
    }
    tally.polygons++;
    if (notes.largest <= 1) tally.fractions++;
    // a box already shows it
    if (record.boxState !== PRESENT) {
      if (notes.beyond) tally.beyond++;
      if (notes.beyondExchanged) tally.beyondExchanged++;
    }
    if (notes.droppedParts > 0) {
      tally.droppedCount += notes.droppedParts;
      if (tally.dropped.length < EXAMPLES) {
        tally.dropped.push({ record: this.records, image: this.imageName(image) });
      }
    }
  }

  // --- limits ---

  private checkIntervals(): void {
    if (this.builder.intervals.length / 2 <= LIMITS.intervals) return;
    throw new FileRejected({
      code: 'too-many-runs',
      message: `The masks have more than ${count(LIMITS.intervals)} runs together. Raise the score threshold.`,
    });
  }

  /** Count one more record for an image. */
  private countIn(image: number): void {
    if (++this.perImage[image] > LIMITS.detectionsPerImage) this.refuseCrowded(image);
  }

  private refuseCrowded(image: number): never {
    const advice = this.predictions ? '. Raise the score threshold: the densest image of LIVECell has 3,015 cells' : '';
    const noun = this.predictions ? 'detections' : 'annotations';
    throw new FileRejected({
      code: 'too-many-detections-in-image',
      record: this.records,
      image: this.imageName(image),
      message: `${this.title(this.records)}: image ${this.imageName(image)} has more than ${count(LIMITS.detectionsPerImage)} ${noun}${advice}.`,
    });
  }

  private roomForIds(extra: number): Float64Array {
    const needed = this.builder.count + extra;
    if (needed > this.ids.length) {
      const grown = new Float64Array(Math.max(needed, this.ids.length * 2));
      grown.set(this.ids);
      this.ids = grown;
    }
    return this.ids;
  }
}

/** Counts detections per image above a score, from a stream; memory holds one number per image. */
import type { ImageId, Objects } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { type AnnotationRecord, PRESENT } from '#lib/readers/coco/annotation-record.ts';
import { readAnnotations } from '#lib/readers/coco/document.ts';
import { CELL_CATEGORY } from '#lib/readers/coco/ground-truth.ts';
import type { ReadResult } from '#lib/readers/coco/reading.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { compareCounts, type ReadCounts } from './compare.ts';
import type { Chunks, Counts } from './table.ts';

interface CountOptions {
  /** detections with at least this score are counted */
  scoreThreshold: number;
  /** count detections of every category, not only cells */
  anyCategory?: boolean;
}

/**
 * Count the detections of every image with at least the given score. An image without any has a count of 0.
 *
 * @throws FileRejected with all problems
 */
export async function readCountsFromDetections(
  chunks: Chunks,
  reference: Counts,
  options: CountOptions,
  onBytes?: (bytes: number) => void,
): Promise<ReadCounts> {
  const problems = new ProblemList();
  const counter = new DetectionCounter(reference, options, problems);
  let result: ReadResult;
  try {
    result = await readAnnotations(
      chunks,
      {
        kind: 'predictions',
        problems,
        // known only by name
        images: { ids: [], fileNames: [...reference.files], width: new Uint32Array(), height: new Uint32Array() },
        index: counter.resolver,
        category: CELL_CATEGORY,
        onRecord: (record, number, fileImages) => counter.count(record, number, fileImages),
      },
      onBytes,
    );
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    throw problems.rejection(error.problems);
  }
  if (result.needsImages) {
    throw new FileRejected({
      code: 'annotations-before-images',
      message:
        'The document lists “annotations” before “images”, so that their image ids mean nothing yet. Write “images” first, or a list of detections whose image_id is the file name.',
    });
  }
  if (problems.count > 0) throw problems.rejection();
  counter.warn(result.records);
  return compareCounts(counter.counts, reference, { format: 'coco-json', warnings: problems.warnings() });
}

/**
 * Count detections that have already been read, per image of their data set.
 *
 * @param groups images that share a file name: a detection that names the file counts for each
 */
export function countDetections(
  detections: Pick<Objects, 'count' | 'image' | 'score'>,
  groups: readonly (readonly number[])[],
  images: number,
  scoreThreshold: number,
): Uint32Array {
  const counts = new Uint32Array(images);
  const { count, image, score } = detections;
  for (let d = 0; d < count; d++) {
    if (!(score[d] >= scoreThreshold)) continue;
    if (image[d] >= 0) counts[image[d]]++;
    else for (const i of groups[-1 - image[d]]) counts[i]++;
  }
  return counts;
}

class DetectionCounter {
  readonly counts: Uint32Array;
  readonly resolver: ImageResolver;
  private readonly reference: Counts;
  private readonly options: CountOptions;
  private readonly problems: ProblemList;
  private cells = 0;
  private readonly otherCategories = new Map<number, number>();

  constructor(reference: Counts, options: CountOptions, problems: ProblemList) {
    this.reference = reference;
    this.options = options;
    this.problems = problems;
    this.resolver = new ImageResolver({ ids: [], fileNames: [...reference.files] });
    this.counts = new Uint32Array(reference.files.length);
  }

  count(record: AnnotationRecord, number: number, fileImages: ReadonlyMap<ImageId, number> | null): void {
    const { problems, options, otherCategories } = this;
    if (record.categoryState === PRESENT && record.category !== CELL_CATEGORY) {
      const { category } = record;
      if (otherCategories.size < LIMITS.categories || otherCategories.has(category)) {
        otherCategories.set(category, (otherCategories.get(category) ?? 0) + 1);
      }
      if (!options.anyCategory) return;
    }
    this.cells++;
    const where = `Detection ${number.toLocaleString('en')}`;
    if (record.imageState !== PRESENT) {
      problems.add('no-image', () => ({ record: number, message: `${where} has no image_id.` }));
      return;
    }
    const id = record.imageIsText ? record.imageText : record.imageNumber;
    const image = fileImages?.get(id) ?? this.resolver.ofText(String(id));
    if (!(image >= 0)) this.reportUnknown(id, { number, where, inDocument: fileImages !== null });
    else if (record.scoreState !== PRESENT || !Number.isFinite(record.score)) {
      problems.add('no-score', () => ({
        record: number,
        image: this.reference.files[image],
        message: `${where} has no score, so that it cannot be told whether it counts. Give each detection its score, or send counts per image.`,
      }));
    } else if (record.score >= options.scoreThreshold) this.counts[image]++;
  }

  private reportUnknown(
    id: ImageId,
    { number, where, inDocument }: { number: number; where: string; inDocument: boolean },
  ): void {
    const byNumber = typeof id === 'number' && !inDocument;
    this.problems.add('unknown-image', () => ({
      record: number,
      image: typeof id === 'string' ? id : undefined,
      message: byNumber
        ? `${where}: the images of this series are known by file name, not by number. Write the file name as image_id instead of ${id}.`
        : `${where}: image ${typeof id === 'string' ? quoted(id) : id} is not in this series. Leave other images out.`,
    }));
  }

  /** Warn about the whole file, which has been read without problems. @throws FileRejected if it contains no cells */
  warn(records: number): void {
    const { problems, reference, counts } = this;
    const { anyCategory, scoreThreshold } = this.options;
    if (records === 0) {
      const message = 'The file holds no detections at all. Was the wrong file written?';
      throw new FileRejected({ code: 'no-detections', message });
    }
    if (this.cells === 0) {
      const ids = [...this.otherCategories.keys()].slice(0, 5).join(', ');
      const message = `None of the ${records.toLocaleString('en')} detections has category_id ${CELL_CATEGORY}, a cell (they have ${ids}). Several frameworks count categories from 0: set it to ${CELL_CATEGORY}, leave it out, or ask to count detections of every category as cells: a box to tick in the form, anyCategory in the API, --any-category on the command line.`;
      throw new FileRejected({ code: 'no-detections-of-category', message });
    }
    for (const [id, count] of this.otherCategories) {
      problems.warn(
        anyCategory ? 'category-counted-as-cell' : 'category-not-scored',
        anyCategory
          ? `Detections whose category_id is not ${CELL_CATEGORY} are counted as cells, as asked.`
          : `Detections whose category_id is not ${CELL_CATEGORY} are not counted. If they are cells, ask to count every category (a box to tick in the form, --any-category on the command line).`,
        `category ${id}: ${count.toLocaleString('en')}`,
        count,
      );
    }
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] > 0) continue;
      problems.warn(
        'image-without-detections',
        `Images without a detection of score ${scoreThreshold} or more: their count is 0.`,
        reference.files[i],
      );
    }
  }
}

/** Counts of detections: those of each image from a score on, read as a stream for their image, category and score alone. */
import type { Objects } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { CELL_CATEGORY } from '#lib/readers/coco/ground-truth.ts';
import { JsonScanner, NEED_MORE, scanStream } from '#lib/readers/coco/json-scanner.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { compareCounts, indexImages, type ReadCounts } from './compare.ts';
import type { Chunks, Counts } from './table.ts';

const [QUOTE, COMMA, COLON] = [34, 44, 58];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [123, 125, 91, 93];

/**
 * Counts the detections of every image: those with at least the stated score. An image without any has a count of 0.
 *
 * @param options.anyCategory count detections of every category, not only the cell's
 * @throws FileRejected with all problems
 */
export async function readCountsFromDetections(
  chunks: Chunks,
  reference: Counts,
  options: { scoreThreshold: number; anyCategory?: boolean },
  onBytes?: (bytes: number) => void,
): Promise<ReadCounts> {
  const problems = new ProblemList();
  const reader = new DetectionReader(reference, options.scoreThreshold, options.anyCategory ?? false, problems);
  try {
    await scanStream(reader.scanner, chunks, () => reader.run(), onBytes);
  } catch (error) {
    if (!(error instanceof FileRejected)) throw error;
    throw problems.rejection(error.problems);
  }
  if (problems.count > 0) throw problems.rejection();
  reader.warn();
  return compareCounts(reader.counts, reference, { format: 'coco-json', warnings: problems.warnings() });
}

/**
 * The same for detections that have been read already, per image of their data set.
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

const key = (name: string): Uint8Array => new TextEncoder().encode(name);
const KEYS = {
  id: key('id'),
  fileName: key('file_name'),
  imageId: key('image_id'),
  score: key('score'),
  category: key('category_id'),
};

/** Reads a list of detections, or a COCO document whose images come before its annotations, and counts. */
class DetectionReader {
  readonly scanner = new JsonScanner();
  readonly counts: Uint32Array;
  private readonly reference: Counts;
  private readonly scoreThreshold: number;
  private readonly anyCategory: boolean;
  private readonly problems: ProblemList;
  private readonly imageOf: (file: string) => number | undefined;
  /** a document's own ids */
  private readonly ids = new Map<number | string, string>();
  private state: 'start' | 'document' | 'images' | 'annotations' | 'end' = 'start';
  private inDocument = false;
  private first = true;
  private records = 0;
  private cells = 0;
  private readonly otherCategories = new Map<number, number>();
  /** the image of the detection before: most files are in order of images */
  private last: { id: number | string | null; file?: string; image?: number } = { id: null };

  constructor(reference: Counts, scoreThreshold: number, anyCategory: boolean, problems: ProblemList) {
    this.reference = reference;
    this.scoreThreshold = scoreThreshold;
    this.anyCategory = anyCategory;
    this.problems = problems;
    this.imageOf = indexImages(reference);
    this.counts = new Uint32Array(reference.files.length);
  }

  /** Consumes records until the window or the file ends; see `scanStream`. */
  run(): void {
    const { scanner } = this;
    for (;;) {
      const { pos } = scanner;
      const { state, first } = this;
      try {
        if (this.step()) return;
      } catch (error) {
        if (error === NEED_MORE) {
          scanner.pos = pos;
          this.state = state;
          this.first = first;
        } else if (error instanceof FileRejected && this.state === 'annotations') {
          error.problems[0].record ??= this.records + 1;
        }
        throw error;
      }
    }
  }

  /** One record, or one key of the document. @returns whether the file has ended */
  private step(): boolean {
    const { scanner } = this;
    switch (this.state) {
      case 'start':
        if (scanner.base === 0 && scanner.pos === 0) {
          if (scanner.end < 3 && !scanner.final) throw NEED_MORE;
          if (scanner.bytes[0] === 0xef && scanner.bytes[1] === 0xbb && scanner.bytes[2] === 0xbf) scanner.pos = 3;
        }
        if (scanner.take(OPEN_BRACE)) {
          this.inDocument = true;
          this.state = 'document';
        } else {
          scanner.expect(OPEN_BRACKET, 'a list of detections');
          this.state = 'annotations';
        }
        return false;
      case 'document':
        if (!this.first) {
          if (scanner.take(CLOSE_BRACE)) {
            this.state = 'end';
            return false;
          }
          scanner.expect(COMMA, 'a comma or the end of the document');
        } else if (scanner.take(CLOSE_BRACE)) {
          this.state = 'end';
          return false;
        }
        this.openKey();
        return false;
      case 'images':
      case 'annotations':
        if (scanner.take(CLOSE_BRACKET)) {
          this.state = this.inDocument ? 'document' : 'end';
          this.first = false;
          return false;
        }
        if (!this.first) scanner.expect(COMMA, `a comma or the end of the list`);
        if (this.state === 'images') this.readImage();
        else this.readDetection();
        this.first = false;
        return false;
      default:
        if (!scanner.atEnd()) scanner.fail('expected the end of the file');
        return true;
    }
  }

  private openKey(): void {
    const { scanner } = this;
    scanner.string();
    const key = scanner.text();
    scanner.expect(COLON, 'a colon');
    const isList = scanner.peek() === OPEN_BRACKET;
    if (isList && (key === 'images' || key === 'annotations')) {
      if (key === 'annotations' && this.ids.size === 0) {
        throw new FileRejected({
          code: 'annotations-before-images',
          message:
            'The document lists “annotations” before “images”, so that their image ids mean nothing yet. Write “images” first, or a list of detections whose image_id is the file name.',
        });
      }
      scanner.pos++;
      this.state = key;
      this.first = true;
    } else {
      scanner.skip();
      this.first = false;
    }
  }

  /** The value of a key that is an id: a number or a text; anything else is skipped. */
  private id(): number | string | null {
    const { scanner } = this;
    if (scanner.peek() === QUOTE) {
      scanner.string();
      return scanner.text();
    }
    if (scanner.atNumber()) return scanner.number();
    scanner.skip();
    return null;
  }

  /** Goes through an object; `read` takes the value of the key that `scanner.is` tells. */
  private fields(read: () => void): void {
    const { scanner } = this;
    scanner.expect(OPEN_BRACE, 'an object');
    for (let first = true; !scanner.take(CLOSE_BRACE); first = false) {
      if (!first) scanner.expect(COMMA, 'a comma or the end of the object');
      scanner.string();
      scanner.expect(COLON, 'a colon');
      read();
    }
  }

  private readImage(): void {
    let id: number | string | null = null;
    let file: number | string | null = null;
    this.fields(() => {
      if (this.scanner.is(KEYS.id)) id = this.id();
      else if (this.scanner.is(KEYS.fileName)) file = this.id();
      else this.scanner.skip();
    });
    if (id !== null && file !== null) this.ids.set(id, String(file));
  }

  private readDetection(): void {
    const { scanner, problems } = this;
    let id: number | string | null = null;
    let score = Number.NaN;
    let category = CELL_CATEGORY;
    this.fields(() => {
      if (scanner.is(KEYS.imageId)) id = this.id();
      else if (scanner.is(KEYS.score) && scanner.atNumber()) score = scanner.number();
      else if (scanner.is(KEYS.category) && scanner.atNumber()) category = scanner.number();
      else scanner.skip();
    });
    const record = ++this.records;
    if (record > LIMITS.detections) {
      throw new FileRejected({
        code: 'too-many-detections',
        message: `The file has more than ${LIMITS.detections.toLocaleString('en')} detections. Leave out those below the score threshold.`,
      });
    }
    if (category !== CELL_CATEGORY) {
      if (this.otherCategories.size < LIMITS.categories || this.otherCategories.has(category)) {
        this.otherCategories.set(category, (this.otherCategories.get(category) ?? 0) + 1);
      }
      if (!this.anyCategory) return;
    }
    this.cells++;
    const where = `Detection ${record.toLocaleString('en')}`;
    if (id === null) {
      problems.add('no-image', () => ({ record, message: `${where} has no image_id.` }));
      return;
    }
    if (id !== this.last.id) {
      const file = this.inDocument ? this.ids.get(id) : String(id);
      this.last = { id, file, image: file === undefined ? undefined : this.imageOf(file) };
    }
    const { file, image } = this.last;
    if (image === undefined) {
      const byNumber = typeof id === 'number' && !this.inDocument;
      problems.add('unknown-image', () => ({
        record,
        image: file,
        message: byNumber
          ? `${where}: the images of this series are known by file name, not by number. Write the file name as image_id instead of ${id}.`
          : `${where}: image ${file === undefined ? id : quoted(file)} is not in this series. Leave other images out.`,
      }));
    } else if (!Number.isFinite(score)) {
      problems.add('no-score', () => ({
        record,
        image: file,
        message: `${where} has no score, so that it cannot be told whether it counts. Give each detection its score, or send counts per image.`,
      }));
    } else if (score >= this.scoreThreshold) this.counts[image]++;
  }

  /** What is legal but odd, once the file has been read without problems. @throws FileRejected */
  warn(): void {
    const { problems, reference, counts } = this;
    if (this.records === 0) {
      const message = 'The file holds no detections at all. Was the wrong file written?';
      throw new FileRejected({ code: 'no-detections', message });
    }
    if (this.cells === 0) {
      const ids = [...this.otherCategories.keys()].slice(0, 5).join(', ');
      const message = `None of the ${this.records.toLocaleString('en')} detections has category_id ${CELL_CATEGORY}, a cell (they have ${ids}). Several frameworks count categories from 0: set it to ${CELL_CATEGORY}, leave it out, or ask to count detections of every category as cells: a box to tick in the form, anyCategory in the API, --any-category on the command line.`;
      throw new FileRejected({ code: 'no-detections-of-category', message });
    }
    for (const [id, count] of this.otherCategories) {
      problems.warn(
        this.anyCategory ? 'category-counted-as-cell' : 'category-not-scored',
        this.anyCategory
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
        `Images without a detection of score ${this.scoreThreshold} or more: their count is 0.`,
        reference.files[i],
      );
    }
  }
}

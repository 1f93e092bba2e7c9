/**
 * Cell counts per image: `{"<file name>": <count>}` as JSON, `image,count` as CSV, or detections that are counted from a
 * score on. Images are found by the stem of their file name, since `.tif` and `.png` name the same image.
 *
 * A table of counts is small (a line per image) and read in one piece; detections are read as a stream, for their
 * image, category and score alone.
 */
import type { Objects } from '../coco/dataset.ts';
import { cellTypeOf, stem } from '../scoring/cell-types.ts';
import type { CountRow } from '../scoring/fluorescence.ts';
import type { Problem, Warning } from '../scoring/report.ts';
import { CELL_CATEGORY, WrongFile } from './ground-truth.ts';
import { JsonScanner, NEED_MORE, scanStream } from './json-scanner.ts';
import { LIMITS } from './limits.ts';
import { FatalProblem, ProblemList, quoted } from './problems.ts';

/** Bytes of a table of counts: enough for hundreds of thousands of images. */
export const MOST_COUNT_BYTES = 64 * 1024 ** 2;

/** More than the pixels of any image that is counted: a typing error, or another column. */
export const MOST_CELLS = 1_000_000;

/** Counts of a series, in file order. */
export interface Counts {
  readonly files: readonly string[];
  readonly counts: Float64Array;
  readonly format: 'counts-json' | 'counts-csv';
}

/** What was submitted, beside the reference. */
export interface ReadCounts {
  /** in the order of the reference */
  readonly rows: CountRow[];
  readonly format: 'counts-json' | 'counts-csv' | 'coco-json';
  /** cells that were counted */
  readonly detections: number;
  /** images with any */
  readonly images: number;
  readonly warnings: Warning[];
}

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads the reference counts of a series. @throws WrongFile with all problems */
export async function readReferenceCounts(chunks: Chunks): Promise<Counts> {
  const problems = new ProblemList();
  const entries = await readEntries(chunks, problems);
  if (problems.count > 0) throw new WrongFile(problems.problems(), []);
  return {
    files: entries.list.map(({ file }) => file),
    counts: Float64Array.from(entries.list, ({ count }) => count),
    format: entries.format,
  };
}

/** Reads submitted counts: one for every image of the reference, and for no other. @throws WrongFile with all problems */
export async function readCounts(chunks: Chunks, reference: Counts): Promise<ReadCounts> {
  const problems = new ProblemList();
  const { list, format } = await readEntries(chunks, problems);
  const index = indexOf(reference);
  const predicted = new Float64Array(reference.files.length).fill(Number.NaN);
  let found = 0;
  for (const { file, count, record, where } of list) {
    const image = index.get(stem(file));
    if (image !== undefined) {
      found++;
      predicted[image] = count;
    } else {
      problems.add('unknown-image', () => ({
        record,
        image: file,
        message: `${where}: image ${quoted(file)} is not in this series. Use the series' own file names, and leave other images out.`,
      }));
    }
  }
  if (found === 0) throw new WrongFile([noneKnown(list, reference), ...problems.problems()], []);
  const given = new Set(list.map(({ file }) => stem(file)));
  const wrong = problems.countOf('count-not-a-number') + problems.countOf('duplicate-image') > 0;
  for (const file of reference.files) {
    // an image whose count could not be read has been spoken of
    if (given.has(stem(file)) || (wrong && problems.has(file))) continue;
    problems.add('missing-image', () => ({
      image: file,
      message: `There is no count for image ${quoted(file)}. Every image of the series needs one; write 0 where no cell was found.`,
    }));
  }
  if (problems.count > 0) throw new WrongFile(problems.problems(), []);
  return finish(predicted, reference, format, []);
}

/** Compares submitted counts with the reference: one row per image of the series, or the problems of the file. */
import { cellTypeOf, stem } from '#lib/livecell/cell-types.ts';
import type { CountRow } from '#lib/livecell/count-row.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import type { Entry } from './lines.ts';
import { type Chunks, type Counts, readEntries } from './table.ts';

/** Submitted counts with their reference. */
export interface ReadCounts {
  /** in the order of the reference */
  readonly rows: CountRow[];
  readonly format: 'counts-json' | 'counts-csv' | 'coco-json';
  /** number of counted cells */
  readonly detections: number;
  /** number of images with any cells */
  readonly images: number;
  readonly warnings: Warning[];
}

/**
 * Read submitted counts, which must cover exactly the images of the reference. @throws FileRejected with all problems
 */
export async function readCounts(chunks: Chunks, reference: Counts): Promise<ReadCounts> {
  const problems = new ProblemList();
  const imageOf = indexImages(reference);
  const { list, format } = await readEntries(chunks, problems, (file) => imageOf(file) ?? file);
  const predicted = new Float64Array(reference.files.length).fill(Number.NaN);
  const given = new Uint8Array(reference.files.length);
  let found = 0;
  for (const { file, value, record, where } of list) {
    const image = imageOf(file);
    if (image !== undefined) {
      found++;
      predicted[image] = value;
      given[image] = 1;
    } else {
      problems.add('unknown-image', () => ({
        record,
        image: file,
        message: `${where}: image ${quoted(file)} is not in this series. Use the series' own file names, and leave other images out.`,
      }));
    }
  }
  if (found === 0) throw new FileRejected([explainNoneKnown(list, reference), ...problems.problems()]);
  reference.files.forEach((file, image) => {
    if (given[image]) return;
    problems.add('missing-image', () => ({
      image: file,
      message: `There is no count for image ${quoted(file)}. Every image of the series needs one; write 0 where no cell was found.`,
    }));
  });
  if (problems.count > 0) throw problems.rejection();
  return compareCounts(predicted, reference, { format, warnings: problems.warnings() });
}

/**
 * Return one row per image of the reference.
 *
 * @param predicted counts in the order of the reference
 */
export function compareCounts(
  predicted: ArrayLike<number>,
  reference: Counts,
  { format, warnings }: Pick<ReadCounts, 'format' | 'warnings'>,
): ReadCounts {
  const rows = reference.files.map((file, i) => ({ file, reference: reference.counts[i], predicted: predicted[i] }));
  let detections = 0;
  let images = 0;
  for (const { predicted: count } of rows) {
    detections += count;
    if (count > 0) images++;
  }
  return { rows, format, detections, images, warnings };
}

/**
 * Return a function that finds images of a series by name, like `ImageResolver`; undefined if none or several match.
 */
function indexImages({ files }: Counts): (file: string) => number | undefined {
  const resolver = new ImageResolver({ ids: [], fileNames: [...files] });
  return (file) => {
    const image = resolver.ofText(file);
    return image >= 0 ? image : undefined;
  };
}

/** Explain that no name matches: reported first, because it explains all other problems. */
function explainNoneKnown(list: readonly Entry[], reference: Counts): Problem {
  const [{ file }] = list;
  const [theirs, ours] = [file, reference.files[0]].map((name) => cellTypeOf(name) ?? stem(name).split('_')[0]);
  const of =
    list.length === 1
      ? 'The one image of the file is not in this series'
      : `None of the ${list.length.toLocaleString('en')} images is in this series`;
  return {
    code: 'wrong-series',
    message:
      theirs.toLowerCase() !== ours.toLowerCase() && file.includes('_')
        ? `${of}: the file's begin with ${quoted(theirs)}, the series' with ${quoted(ours)}. Is the file in the wrong slot?`
        : `${of}. Use its file names, such as ${quoted(reference.files[0])}; the file has ${quoted(file)}.`,
  };
}

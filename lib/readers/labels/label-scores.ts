/**
 * Scores of label images: a table beside them in their archive, with the columns `image`, `label` and `score`, in any
 * order and with any usual separator. With it, label images are ranked like any other predictions.
 */

import type { Images, Objects } from '#lib/coco/dataset.ts';
import { CsvError, readCsv } from '#lib/csv.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { type ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import { imageOf, type LabelFile } from './label-files.ts';

/** A table of scores as it is in the archive. */
export interface ScoreTable {
  name: string;
  bytes: Uint8Array;
}

const COLUMNS = ['image', 'label', 'score'] as const;
const WANTED = 'Expected a table with the columns image, label and score, one line per cell.';
/** Characters of a line, at most: the name of an image, a label and a score, with room for columns that are ignored. */
const LINE = 400;

/** Tell the table of scores from label images by its name: the only one that ends in `.csv` or `.tsv`. */
export function splitScores<File extends { name: string }>(
  files: readonly File[],
): { labels: File[]; scores: File | null } {
  const tables = files.filter(({ name }) => /\.[ct]sv$/i.test(name));
  // several tables, or nothing but tables: their reader says what is wrong
  if (tables.length !== 1 || files.length === 1) return { labels: [...files], scores: null };
  return { labels: files.filter((file) => file !== tables[0]), scores: tables[0] };
}

/** Read a table's bytes; null, with a problem, if they are too many. */
export async function readScoreTable(file: LabelFile, problems: ProblemList): Promise<ScoreTable | null> {
  const { name, bytes } = file;
  const most = LIMITS.detections * LINE;
  if (bytes > Math.min(most, 2 ** 28)) {
    problems.add('file-too-large', () => ({
      message: `${quoted(name)} has ${bytes.toLocaleString('en')} bytes; at most ${Math.min(most, 2 ** 28).toLocaleString('en')} are read. Leave out columns other than image, label and score.`,
    }));
    return null;
  }
  return { name, bytes: await file.read() };
}

/**
 * Give each object the score of its line.
 *
 * @param labels [objects] the number of each object in its label image
 * @param problems receives what is wrong, with the line or the cell
 */
export function applyScores(
  { name, bytes }: ScoreTable,
  { objects, labels }: { objects: Objects; labels: Uint32Array },
  { index, images, problems }: { index: ImageResolver; images: Images; problems: ProblemList },
): void {
  const text = new TextDecoder().decode(bytes).replace(/^\uFEFF/, '');
  const separator =
    [',', ';', '\t'].find((one) =>
      text
        .slice(0, LINE)
        .split(/[\r\n]/)[0]
        .includes(one),
    ) ?? ',';
  const place = (line: number) => `${quoted(name)}, line ${line.toLocaleString('en')}`;
  const nameOf = (image: number) => images.fileNames[index.firstOf(image)];

  const byImage = new Map<number, Map<number, number>>();
  for (let n = 0; n < objects.count; n++) {
    const image = objects.image[n];
    const own = byImage.get(image) ?? new Map<number, number>();
    byImage.set(image, own.set(labels[n], n));
  }
  const known = new Map<string, number>();
  /** line that gave the object its score */
  const givenIn = new Uint32Array(objects.count);
  let at: Record<(typeof COLUMNS)[number], number> | null = null;
  try {
    for (const { fields, line } of readCsv(text, { separator })) {
      if (fields.length === 1 && fields[0].trim() === '') continue;
      if (!at) {
        const names = fields.map((field) => field.trim().toLowerCase());
        const [image, label, score] = COLUMNS.map((column) => names.indexOf(column));
        if (Math.min(image, label, score) < 0) {
          problems.add('scores-header', () => ({
            record: line,
            message: `${place(line)} is ${quoted(fields.join(separator))}. ${WANTED}`,
          }));
          return;
        }
        at = { image, label, score };
        continue;
      }
      const [imageText = '', labelText = '', scoreText = ''] = [at.image, at.label, at.score].map((k) =>
        fields[k]?.trim(),
      );
      const image = known.get(imageText) ?? imageOf(imageText, index);
      known.set(imageText, image);
      if (image === UNKNOWN_IMAGE) {
        problems.add('unknown-image', () => ({
          record: line,
          message: `${place(line)}: ${quoted(imageText)} is no image of this data set. Name images as the label images do.`,
        }));
        continue;
      }
      const n = labelText === '' ? undefined : byImage.get(image)?.get(Number(labelText));
      if (n === undefined) {
        problems.add('label-without-cell', () => ({
          record: line,
          image: nameOf(image),
          message: `${place(line)}: the label image of ${nameOf(image)} has no label ${quoted(labelText)}. Write the numbers of its cells as whole numbers.`,
        }));
        continue;
      }
      if (givenIn[n] > 0) {
        problems.add('two-scores', () => ({
          record: line,
          image: nameOf(image),
          message: `${place(line)}: label ${labelText} of ${nameOf(image)} has a score already, in line ${givenIn[n].toLocaleString('en')}. Keep one of them.`,
        }));
        continue;
      }
      givenIn[n] = line;
      const score = scoreText === '' ? Number.NaN : Number(scoreText);
      if (!Number.isFinite(score)) {
        const infinite = /^[+-]?(nan|inf(inity)?)$/i.test(scoreText);
        problems.add(infinite ? 'score-not-finite' : 'score-not-a-number', () => ({
          record: line,
          image: nameOf(image),
          message: `${place(line)}: the score is ${quoted(scoreText)}; expected a ${infinite ? 'finite ' : ''}number, such as 0.93.`,
        }));
        continue;
      }
      objects.score[n] = objects.maskScore[n] = score;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    problems.add('scores-header', () => ({ record: error.line, message: `${quoted(name)}: ${error.message}` }));
    return;
  }
  if (!at) {
    problems.add('scores-header', () => ({ message: `${quoted(name)} is empty. ${WANTED}` }));
    return;
  }
  for (let n = 0; n < objects.count; n++) {
    if (givenIn[n] > 0) continue;
    const image = nameOf(objects.image[n]);
    problems.add('score-missing', () => ({
      image,
      message: `${quoted(name)} has no score for label ${labels[n]} of ${image}. Write a line for every cell, or leave the table out: then the entry is ranked among those without scores.`,
    }));
  }
}

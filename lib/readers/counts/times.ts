/** Reads how long a method took for each image: a table with the header `image,seconds` and a line per file. */
import type { CheckCode } from '#lib/checks/checks.ts';
import type { Images } from '#lib/coco/dataset.ts';
import type { ImageTime } from '#lib/livecell/image-time.ts';
import { FileRejected } from '#lib/problems.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver, UNKNOWN_IMAGE } from '#lib/readers/resolver.ts';
import { entriesOf } from './entries.ts';
import { plainHeader, readLines, type ValueColumn } from './lines.ts';

/** A day: more for one image is another unit. */
const MOST_SECONDS = 86_400;

const WANTED = 'Write CSV with the header image,seconds and a line per image.';

const SECONDS: ValueColumn = {
  name: 'seconds',
  isNamed: (name) => /^(seconds?|secs?|time|times|duration)$/.test(plainHeader(name)),
  // a decimal comma is refused: where it separates columns as well, a line has two meanings
  parse: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN),
  empty: { code: 'no-times', message: `The file holds no times. ${WANTED}` },
};

/**
 * Read the times of all images of a data set, in its order. A file that it lists twice has one time.
 *
 * @throws FileRejected with all problems, each with its line
 */
export function readTimes(text: string, { ids, fileNames }: Pick<Images, 'ids' | 'fileNames'>): ImageTime[] {
  const problems = new ProblemList();
  const resolver = new ImageResolver({ ids, fileNames });
  const { list, accept } = entriesOf(problems, {
    noun: 'time',
    keyOf: (file) => {
      const image = resolver.ofText(file);
      return image === UNKNOWN_IMAGE ? file : resolver.firstOf(image);
    },
    whatIsWrong,
  });
  readLines(text.replace(/^\uFEFF/, ''), SECONDS, accept);
  if (list.length === 0 && problems.count === 0) throw new FileRejected(SECONDS.empty);

  const seconds = new Float64Array(fileNames.length).fill(Number.NaN);
  const given = new Uint8Array(fileNames.length);
  for (const { file, value, record, where } of list) {
    const image = resolver.ofText(file);
    if (image === UNKNOWN_IMAGE) {
      problems.add('unknown-image', () => ({
        record,
        image: file,
        message: `${where}: ${explainUnknown(file, resolver, fileNames)}`,
      }));
      continue;
    }
    for (const member of resolver.members(image)) {
      seconds[member] = value;
      given[member] = 1;
    }
  }
  const files = new Map(fileNames.map((name, image) => [name, image]));
  for (const [name, image] of files) {
    if (given[image]) continue;
    problems.add('missing-image', () => ({
      image: name,
      message: `There is no time for image ${quoted(name)}. Every image of the data set needs one.`,
    }));
  }
  if (problems.count > 0) throw problems.rejection();
  return [...files].map(([image, index]) => ({ image, seconds: seconds[index] }));
}

function whatIsWrong(value: number, given: string): [code: CheckCode, message: string] | null {
  if (!Number.isFinite(value)) {
    const why = given === '' ? 'the time is missing.' : `${quoted(given)} is not a number.`;
    return ['time-not-a-number', `${why} Write seconds with a decimal point, such as 0.42.`];
  }
  if (value <= 0) return ['time-not-positive', `${given} is not above 0. Write how many seconds the image took.`];
  if (value > MOST_SECONDS)
    return ['time-too-long', `${given} seconds are more than a day. Is it another unit, or a sum?`];
  return null;
}

function explainUnknown(file: string, resolver: ImageResolver, fileNames: readonly string[]): string {
  const [one, two] = resolver.candidates(file);
  if (one !== undefined && two !== undefined)
    return `image ${quoted(file)} could be ${quoted(one)} or ${quoted(two)}. Write the whole name.`;
  return `image ${quoted(file)} is not in this data set. Use its file names, such as ${quoted(fileNames[0] ?? '')}, and leave other images out.`;
}

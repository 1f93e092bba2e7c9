/**
 * Converts label images to packed detections: each number other than 0 is an object, whose pixels need not touch. If the
 * archive has a table of scores (`label-scores.ts`), objects have those; otherwise all scores are 1, and the entry is
 * marked unscored (see `Ranking.unscored`).
 *
 * Images are processed one at a time, so memory holds one of them and the masks. Objects are ordered by their first
 * pixel, column by column, whatever their numbers, and images as in the data set: renaming labels or reordering the
 * archive changes nothing.
 */

import type { CheckCode } from '#lib/checks/checks.ts';
import { concatObjects, type Objects, ObjectsBuilder } from '#lib/coco/dataset.ts';
import { maskArea, maskBox } from '#lib/coco/rle.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { keepingAccepted } from '#lib/readers/accepted.ts';
import { type ReadPredictions, type Target, warnOfSuspicions } from '#lib/readers/coco/predictions.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { checkLabels } from './check-labels.ts';
import { decodeLabelImage } from './decode.ts';
import { chooseFiles, type LabelFile } from './label-files.ts';
import { ImageProblem, type Inflate, type LabelImage } from './label-image.ts';
import { applyScores, readScoreTable, type ScoreTable, splitScores } from './label-scores.ts';

/** Result of one thread. */
export interface LabelPart {
  objects: Objects;
  /** [objects] the number of each in its label image */
  labels: Uint32Array;
  /** the table of scores, read by the first part */
  scores: ScoreTable | null;
  problems: Problem[];
  warnings: Warning[];
  /** number of images with one label, and with several */
  labelled: { single: number; several: number };
  /** the problem that stopped reading, if any */
  fatal: Problem | null;
}

/**
 * Read all files, or one of several parts with equal numbers of images.
 *
 * @param options.inflate unpacks zlib streams on this platform
 * @param options.onFile called after each file
 */
export async function readLabelPart(
  files: readonly LabelFile[],
  target: Target,
  options: { inflate: Inflate; part?: number; parts?: number; onFile?: () => void },
): Promise<LabelPart> {
  const { inflate, part = 0, parts = 1, onFile } = options;
  const { images } = target;
  const index = new ImageResolver(images);
  const problems = new ProblemList();
  const builder = new ObjectsBuilder(true, 4096);
  const numbers: number[] = [];
  const archive = splitScores(files);
  // only the first part reports problems with names
  const chosen = chooseFiles(archive.labels, target, index, part === 0 ? problems : new ProblemList());
  const from = Math.floor((chosen.length * part) / parts);
  const to = Math.floor((chosen.length * (part + 1)) / parts);
  const labelled = { single: 0, several: 0 };
  let fatal: Problem | null = null;
  for (let k = from; k < to && !fatal; k++) {
    const { file, image } = chosen[k];
    const any = image >= 0 ? image : index.groups[-1 - image][0];
    const size = { width: images.width[any], height: images.height[any] };
    const say = (what: string) => ({ image: images.fileNames[any], message: `${quoted(file.name)}: ${what}` });
    try {
      const labels = decodeLabelImage(await readFile(file, size.width * size.height), size, inflate);
      const found = checkLabels(labels);
      if (found.labels === 1) labelled.single++;
      if (found.labels > 1) labelled.several++;
      if (found.parts > 1) {
        problems.warn(
          'label-in-parts',
          'Label images whose only label has separate parts: are they several cells with one value? Each cell needs its own number.',
          file.name,
        );
      }
      for (const n of appendLabels(labels, image, builder, (code, why) => problems.add(code, () => say(why))))
        numbers.push(n);
    } catch (error) {
      if (error instanceof ImageProblem) problems.add(error.code, () => say(error.message));
      else if (error instanceof FileRejected) fatal = { ...error.problems[0], ...say(error.message) };
      else throw error;
    }
    onFile?.();
  }
  const scores = part === 0 && archive.scores ? await readScoreTable(archive.scores, problems) : null;
  return {
    objects: builder.finish(),
    labels: Uint32Array.from(numbers),
    scores,
    problems: problems.problems(),
    warnings: problems.warnings(),
    labelled,
    fatal,
  };
}

/** Join the parts of an archive. @throws FileRejected with all problems */
export function finishLabels(parts: LabelPart[], files: readonly LabelFile[], target: Target): ReadPredictions {
  const { images } = target;
  const index = new ImageResolver(images);
  const problems = new ProblemList();
  for (const part of parts) problems.merge(part.problems, part.warnings);
  const fatal = parts.find((part) => part.fatal)?.fatal;
  if (fatal) throw new FileRejected([fatal, ...problems.problems()], []);
  if (problems.count > 0) throw new FileRejected(problems.problems(), []);
  const detections = concatObjects(parts.map(({ objects }) => objects));
  const refuse = (code: CheckCode, message: string): never => {
    throw new FileRejected([{ code, message }], []);
  };
  if (detections.count === 0) refuse('no-detections', 'No label image has a label other than 0, the background.');
  if (detections.count > LIMITS.detections)
    refuse('too-many-detections', `The label images have more than ${LIMITS.detections.toLocaleString('en')} labels.`);
  const scores = parts[0].scores;
  if (scores) {
    applyScores(scores, { objects: detections, labels: joinLabels(parts) }, { index, images, problems });
    if (problems.count > 0) throw problems.rejection();
  }
  const single = parts.reduce((sum, { labelled }) => sum + labelled.single, 0);
  if (single >= 2 && parts.every(({ labelled }) => labelled.several === 0)) {
    problems.warn(
      'one-label-per-image',
      'No image has more than one label: each is scored as a single cell. Masks need a number of its own for each cell.',
      undefined,
      single,
    );
  }
  const covered = new Set(
    chooseFiles(splitScores(files).labels, target, index, new ProblemList()).flatMap(({ image }) =>
      image >= 0 ? [image] : index.groups[-1 - image],
    ),
  );
  const withDetections = warnOfSuspicions(
    detections,
    { index, images, problems },
    { unscored: !scores, note: (i) => (covered.has(i) ? '' : ' (no label image)') },
  );
  return {
    detections,
    groups: index.groups,
    hasMasks: true,
    hasMaskScores: false,
    ...(!scores && { unscored: true }),
    format: 'label-images',
    images: withDetections,
    warnings: problems.warnings(),
  };
}

function joinLabels(parts: readonly LabelPart[]): Uint32Array {
  const joined = new Uint32Array(parts.reduce((sum, { labels }) => sum + labels.length, 0));
  let at = 0;
  for (const { labels } of parts) {
    joined.set(labels, at);
    at += labels.length;
  }
  return joined;
}

/** Read all files in one go. @throws FileRejected with all problems */
export async function readLabelMasks(
  files: readonly LabelFile[],
  target: Target,
  options: { inflate: Inflate; onFile?: () => void },
): Promise<ReadPredictions> {
  const part = await readLabelPart(files, target, options);
  const { groups } = new ImageResolver(target.images);
  return keepingAccepted({ detections: part.objects, groups }, () => finishLabels([part], files, target));
}

async function readFile(file: LabelFile, pixels: number): Promise<Uint8Array> {
  const most = Math.min(pixels, LIMITS.labelImagePixels) * LIMITS.labelImagePixelBytes + LIMITS.labelImageSpare;
  if (file.bytes > most) {
    throw new ImageProblem(
      'label-image-too-large',
      `it has ${file.bytes.toLocaleString('en')} bytes; a label image of this size has at most ${most.toLocaleString('en')}. Write one page of 16 or 32 bits per pixel.`,
    );
  }
  try {
    return await file.read();
  } catch (error) {
    const damaged = error instanceof FileRejected && error.problems[0].code === 'bad-zip';
    throw damaged ? new ImageProblem('label-image-damaged', error.message) : error;
  }
}

/** Scratch space of `appendLabels`: the runs of one image in order, and a table of labels. */
const scratch = {
  /** object of each run */
  object: new Uint32Array(4096),
  start: new Uint32Array(4096),
  end: new Uint32Array(4096),
  /** label → object + 1, for labels within the table; zero between images */
  table: new Uint32Array(1 << 16),
};

/**
 * Append the objects of one image, in one pass down its columns: a run ends where the label changes and, as in COCO's
 * masks, continues from the foot of one column to the head of the next. Runs of different objects are interleaved; a
 * counting sort groups them by object.
 *
 * @returns the label of each object that was appended
 */
export function appendLabels(
  { width, height, labels }: LabelImage,
  image: number,
  builder: ObjectsBuilder,
  onProblem: (code: CheckCode, why: string) => void,
): number[] {
  const { table } = scratch;
  const large = new Map<number, number>(); // labels beyond the table
  const found: number[] = []; // label of each object
  const runsOf: number[] = [];
  let { object, start, end } = scratch;
  let runs = 0;
  let before = 0;
  let position = 0;
  for (let x = 0; x < width; x++) {
    for (let p = x; p < labels.length; p += width, position++) {
      const label = labels[p];
      if (label === before) continue;
      if (before !== 0) end[runs - 1] = position;
      before = label;
      if (label === 0) continue;
      let o = (label < table.length ? table[label] : (large.get(label) ?? 0)) - 1;
      if (o < 0) {
        o = found.length;
        if (label < table.length) table[label] = o + 1;
        else large.set(label, o + 1);
        found.push(label);
        runsOf.push(0);
      }
      if (runs === object.length) {
        for (const name of ['object', 'start', 'end'] as const) {
          const grown = new Uint32Array(runs * 2);
          grown.set(scratch[name]);
          scratch[name] = grown;
        }
        ({ object, start, end } = scratch);
      }
      object[runs] = o;
      start[runs++] = position;
      runsOf[o]++;
    }
  }
  if (before !== 0) end[runs - 1] = position;
  for (const label of found) if (label < table.length) table[label] = 0;

  if (found.length > LIMITS.detectionsPerImage) {
    throw new FileRejected({
      code: 'too-many-detections-in-image',
      message: `it has ${found.length.toLocaleString('en')} labels; at most ${LIMITS.detectionsPerImage.toLocaleString('en')} are read. Is it a label image at all?`,
    });
  }
  if (builder.count + found.length > LIMITS.detections) {
    throw new FileRejected({
      code: 'too-many-detections',
      message: `with it the file has more than ${LIMITS.detections.toLocaleString('en')} labels.`,
    });
  }
  const { intervals } = builder;
  if (intervals.length / 2 + runs > LIMITS.intervals) {
    throw new FileRejected({
      code: 'too-many-runs',
      message: `with it the masks have more than ${LIMITS.intervals.toLocaleString('en')} runs together.`,
    });
  }
  const longest = runsOf.findIndex((n) => n > LIMITS.runsPerMask);
  if (longest >= 0) {
    onProblem(
      'mask-too-long',
      `label ${found[longest]} has more than ${LIMITS.runsPerMask.toLocaleString('en')} runs of pixels.`,
    );
    return [];
  }

  intervals.reserve(2 * runs);
  const { data } = intervals;
  const next = new Uint32Array(found.length);
  for (let o = 0, at = intervals.length; o < found.length; o++) {
    next[o] = at;
    at += 2 * runsOf[o];
  }
  for (let r = 0; r < runs; r++) {
    const at = next[object[r]];
    data[at] = start[r];
    data[at + 1] = end[r];
    next[object[r]] = at + 2;
  }
  for (let o = 0, from = intervals.length; o < found.length; o++) {
    const to = next[o];
    builder.reserve();
    const n = builder.count++;
    builder.image[n] = image;
    builder.maskStart[n] = from;
    builder.maskEnd[n] = to;
    builder.maskArea[n] = maskArea(data, from, to);
    maskBox({ data, from, to }, { height, width, hadForegroundRuns: false }, builder.box, 4 * n);
    const { box, maskExtent } = builder;
    maskExtent[4 * n] = box[4 * n];
    maskExtent[4 * n + 1] = box[4 * n + 1];
    maskExtent[4 * n + 2] = box[4 * n] + box[4 * n + 2];
    maskExtent[4 * n + 3] = box[4 * n + 1] + box[4 * n + 3];
    // as for COCO results without boxes: size classes use the mask's pixels, even for `bbox`
    builder.area[n] = builder.maskArea[n];
    builder.score[n] = builder.maskScore[n] = 1;
    from = to;
  }
  intervals.length += 2 * runs;
  return found;
}

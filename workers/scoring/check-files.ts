/**
 * Reads the files of a submission as scoring does, and reports everything wrong or suspicious in the same words.
 * Nothing is matched, so a list of the images can replace ground truth.
 */

import { requireDetectionsOnOwnType } from '#lib/local/trained-type.ts';
import { countProblems, FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import type { ReadPredictions, Target } from '#lib/readers/coco/predictions.ts';
import type { Counts } from '#lib/readers/counts/table.ts';
import { openTarget } from '#lib/readers/ground-truth-file.ts';
import { type Validated, validated } from '#lib/readers/validate.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import type { Kind } from '#lib/tasks/kinds.ts';
import { hasOneSlot, partialSlots } from '#lib/tasks/slots.ts';
import type { Task } from '#lib/tasks/task.ts';
import { readCountFile, readReferences } from './counts.ts';
import { type GivenFile, openSlots, prefixSlot } from './slot-files.ts';

interface CheckedFile {
  slot: string;
  format: string;
  /** number of detections or counted cells; 0 if there are problems */
  detections: number;
  /** number of images that have any */
  images: number;
  problems: number;
}

interface Checked {
  problems: Problem[];
  warnings: Warning[];
  files: CheckedFile[];
}

/** What the slots' files are checked against: by slot, or the same for all. */
interface CheckJob {
  task: Task;
  files: readonly (GivenFile & { scoreThreshold?: number })[];
  /** packed ground truth, COCO JSON or a list of images; for counts, a document of all series */
  groundTruth: string;
  /** for counts, if only the images are known: their file names, by slot */
  images?: ReadonlyMap<string, readonly string[]>;
  anyCategory?: boolean;
  /** number or name of the ground truth's category that is a cell, if another than usual was chosen */
  category?: number | string;
}

/** Return all problems and warnings of all files; in a task with several slots each begins with its slot. */
export async function checkFiles(job: CheckJob): Promise<Checked> {
  const { task, files } = job;
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  const checked: CheckedFile[] = [];
  const opened = await openSlots(task, files).catch(asProblems);
  if (Array.isArray(opened)) return { problems: opened, warnings, files: checked };
  problems.push(...opened.problems);
  const slots = opened.turns.map(({ slot }) => slot);
  if (opened.problems.length === 0) warnings.push(...partialSlots(task, slots));
  try {
    const read = await READERS[task.kind.id](job, opened.turns, warnings);
    for (const { slot, given, withFile } of opened.turns) {
      const found = await withFile(async (file) => {
        const say = <Said extends { message: string }>(said: Said): Said =>
          hasOneSlot(task) ? said : { ...said, message: prefixSlot(slot, file.name, said.message) };
        const result = await read({ ...given, path: file.path });
        return { ...result, problems: result.problems.map(say), warnings: result.warnings.map(say) };
      }).catch(async (error) => ({
        problems: asProblems(error),
        warnings: [],
        detections: 0,
        images: 0,
        format: 'unknown',
      }));
      problems.push(...found.problems);
      warnings.push(...found.warnings);
      const { format, detections, images } = found;
      const count = countProblems(found.problems);
      checked.push({ slot, format, detections, images, problems: count });
    }
  } finally {
    opened.close();
  }
  return { problems, warnings, files: checked };
}

type Read = (file: CheckJob['files'][number]) => Promise<Validated>;

/** By what the files hold; `warnings` receives those about the ground truth. */
const READERS: Record<
  Kind['id'],
  (job: CheckJob, turns: readonly { given: GivenFile }[], warnings: Warning[]) => Promise<Read>
> = { instances: predictionReader, counts: counter };

async function predictionReader(
  { task, groundTruth, anyCategory, category }: CheckJob,
  turns: readonly { given: GivenFile }[],
  warnings: Warning[],
): Promise<Read> {
  // before any file: problems of the ground truth are not problems of the files
  const targets = new Map<string, Target>();
  for (const { given } of turns) {
    const path = given.groundTruth ?? groundTruth;
    if (targets.has(path)) continue;
    const target = await openTarget(path, { category });
    targets.set(path, target);
    warnings.push(...target.warnings);
  }
  return async (file) => {
    const target = targets.get(file.groundTruth ?? groundTruth)!;
    const check = (read: ReadPredictions) => requireDetectionsOnOwnType(task.id, file.slot, read, target);
    return validateFile({ groundTruth: target, predictions: file.path, anyCategory, check });
  };
}

async function counter({ files, groundTruth, images, anyCategory }: CheckJob): Promise<Read> {
  const references = images
    ? new Map([...images].map(([slot, names]) => [slot, unknownCounts(names)]))
    : (await readReferences({ groundTruth: { path: groundTruth }, files })).references;
  return (file) => validated(() => readCountFile(file.path, references, { ...file, anyCategory }));
}

/** Return a series with unknown counts, of which only the image names are used. */
function unknownCounts(files: readonly string[]): Counts {
  return { files, counts: new Float64Array(files.length).fill(Number.NaN), format: 'counts-json' };
}

function asProblems(error: unknown): Problem[] {
  if (error instanceof FileRejected) return error.problems;
  throw error;
}

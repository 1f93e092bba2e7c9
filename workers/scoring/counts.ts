/** Scores cell counts against fluorescence counts: small files, read one after another in the current thread. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import type { ReadCounts } from '#lib/readers/counts/compare.ts';
import { readOpenedCounts } from '#lib/readers/counts/counts-file.ts';
import { type Counts, readReferenceCounts } from '#lib/readers/counts/table.ts';
import { openFile, sha256File } from '#lib/readers/files.ts';
import { scoreCounts } from '#lib/scoring/fluorescence.ts';
import { assembleReport } from '#lib/tasks/assemble.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { SlotResults } from '#lib/tasks/task.ts';
import { describeEvaluator } from './evaluator.ts';
import type { ScoreJob } from './job.ts';
import { type GivenFile, prefixSlot, requireSlots } from './slot-files.ts';

/** Registered reference counts: `{ "A172": { "<file name>": count } }`, one document for all series. */
type PackedReference = Record<string, Record<string, number>>;

interface PackedCounts {
  /** the document as stored */
  text: string;
  sha256: string;
  images: number;
  /** sum of all reference counts */
  objects: number;
  cellTypes: Record<string, number>;
}

/** Combine reference count files, one per cell type, into the one document that is registered. @throws FileRejected */
export async function packReferenceCounts(files: readonly { slot: string; path: string }[]): Promise<PackedCounts> {
  const document: Record<string, Record<string, number>> = {};
  const cellTypes: Record<string, number> = {};
  let images = 0;
  let objects = 0;
  for (const { slot, path } of [...files].sort((a, b) => (a.slot < b.slot ? -1 : 1))) {
    const opened = await openCounts(path);
    const reference = await readReferenceCounts(opened.chunks()).finally(opened.close);
    const order = [...reference.files.keys()].sort((a, b) => (reference.files[a] < reference.files[b] ? -1 : 1));
    document[slot] = Object.fromEntries(order.map((i) => [reference.files[i], reference.counts[i]]));
    cellTypes[slot] = reference.files.length;
    images += reference.files.length;
    objects += reference.counts.reduce((sum, count) => sum + count, 0);
  }
  const text = JSON.stringify(document);
  return { text, sha256: createHash('sha256').update(text).digest('hex'), images, objects, cellTypes };
}

export async function scoreCountFiles(job: ScoreJob): Promise<Report[]> {
  const started = performance.now();
  const { references, groundTruth } = await readReferences(job);
  const slots: SlotResults[] = [];
  const predictions: Report['predictions'] = [];
  const warnings: Warning[] = [];
  const problems: Problem[] = [];
  let read = performance.now();
  let reading = read - started;
  const { turns, close } = await requireSlots(parseTask(job.task), job.files);
  try {
    for (const [turn, { slot, given, withFile }] of turns.entries()) {
      job.port?.postMessage({ phase: 'reading', fraction: turn / turns.length });
      await withFile(async (file) => {
        const say = (message: string) => prefixSlot(slot, file.name, message);
        try {
          read = performance.now();
          const found = await readCountFile(file.path, references, { ...given, anyCategory: job.anyCategory });
          reading += performance.now() - read;
          const counts = {
            ...scoreCounts(found.rows),
            ...(found.format === 'coco-json' && { scoreThreshold: given.scoreThreshold }),
          };
          slots.push({ slot, evaluations: {}, counts });
          warnings.push(...found.warnings.map((warning) => ({ ...warning, message: say(warning.message) })));
          predictions.push({
            slot,
            sha256: file.sha256 ?? (await sha256File(file.path)),
            bytes: found.bytes,
            format: found.format,
            detections: found.detections,
            images: found.images,
            ...(job.anyCategory && { anyCategory: true }),
          });
        } catch (error) {
          if (!(error instanceof FileRejected)) throw error;
          problems.push(...error.problems.map((problem) => ({ ...problem, message: say(problem.message) })));
        }
      });
    }
  } finally {
    close();
  }
  if (problems.length > 0) throw new FileRejected(problems, warnings);
  const total = performance.now() - started;
  const seconds = { read: reading / 1000, match: 0, accumulate: (total - reading) / 1000, total: total / 1000 };
  const evaluator = describeEvaluator();
  return job.protocols.map((protocol) =>
    assembleReport(job.task, slots, { schema: 1, protocol, evaluator, groundTruth, predictions, warnings, seconds }),
  );
}

/** Open a file of counts. */
const openCounts = (path: string) => openFile(path, 'counts');

/**
 * Read counts directly, or count detections with the threshold stated for them.
 *
 * @param references for each slot that has one
 * @throws FileRejected with all problems
 */
export async function readCountFile(
  path: string,
  references: ReadonlyMap<string, Counts>,
  { slot, scoreThreshold, anyCategory }: { slot: string; scoreThreshold?: number; anyCategory?: boolean },
): Promise<ReadCounts & { bytes: number }> {
  const reference = references.get(slot);
  if (!reference) {
    throw new FileRejected({
      code: 'no-reference-counts',
      message: `there are no reference counts of ${slot}; there are of ${[...references.keys()].join(', ')}.`,
    });
  }
  const opened = await openCounts(path);
  try {
    return { ...(await readOpenedCounts(opened, reference, { scoreThreshold, anyCategory })), bytes: opened.bytes };
  } finally {
    opened.close();
  }
}

/** Read the registered document or (on the command line) one file per cell type. */
export async function readReferences({
  groundTruth,
  files,
}: {
  groundTruth: { path: string };
  files: readonly GivenFile[];
}) {
  const own = files.flatMap(
    ({ slot, groundTruth, datasets }) => datasets ?? (groundTruth ? [{ slot, groundTruth }] : []),
  );
  const packed =
    own.length > 0
      ? await packReferenceCounts(own.map(({ slot, groundTruth }) => ({ slot, path: groundTruth })))
      : await readPacked(groundTruth.path);
  const document = JSON.parse(packed.text) as PackedReference;
  const references = new Map(
    Object.entries(document).map(([slot, counts]): [string, Counts] => [
      slot,
      {
        files: Object.keys(counts),
        counts: Float64Array.from(Object.values(counts)),
        format: 'counts-json',
      },
    ]),
  );
  const { sha256, images, objects } = packed;
  return { references, groundTruth: { sha256, images, objects } };
}

async function readPacked(path: string): Promise<Omit<PackedCounts, 'cellTypes'>> {
  const text = await readFile(path, 'utf8');
  const all = Object.values(JSON.parse(text) as PackedReference);
  return {
    text,
    sha256: createHash('sha256').update(text).digest('hex'),
    images: all.reduce((sum, counts) => sum + Object.keys(counts).length, 0),
    objects: all.flatMap((counts) => Object.values(counts)).reduce((sum, count) => sum + count, 0),
  };
}

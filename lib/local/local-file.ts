/**
 * Checks one file in this thread alone and, where ground truth is at hand, scores it: what the site does after an
 * upload, for a browser before one. The same readers, checks and numbers.
 */
import type { Dataset } from '#lib/coco/dataset.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { type Accepted, acceptedOf } from '#lib/readers/accepted.ts';
import type { ReadPredictions, Target } from '#lib/readers/coco/predictions.ts';
import { readOpenedCounts } from '#lib/readers/counts/counts-file.ts';
import { countDetections } from '#lib/readers/counts/detections.ts';
import type { OpenedFile } from '#lib/readers/opened-file.ts';
import { readOpened } from '#lib/readers/predictions-file.ts';
import { type Validated, validated } from '#lib/readers/validate.ts';
import { evaluate } from '#lib/scoring/evaluate.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { assembleReport, slicesOf } from '#lib/tasks/assemble.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { Task } from '#lib/tasks/task.ts';
import { type Described, describePredictions } from './describe.ts';
import { requireDetectionsOnOwnType } from './trained-type.ts';
import { chooseImages, type WorthALook } from './worth-a-look.ts';

/** A file of a task's slot, and what it is read against. */
export interface LocalFile {
  task: Task;
  slot: string;
  /** @throws FileRejected */
  open(): Promise<OpenedFile>;
  /** the images; of a task of counts only the names are used */
  target: Target;
  /** for counts: detections with at least this score are counted */
  scoreThreshold?: number;
  /** `fraction` of the file read, 0 to 1 */
  onProgress?(fraction: number): void;
}

export interface LocalFindings extends Validated {
  problems: Problem[];
  warnings: Warning[];
  /** absent if the file has problems, and for counts */
  described?: Described;
  /** absent if the file has problems, and for counts */
  read?: ReadPredictions;
  /** what was read all the same, to be looked at; of a file without problems the same as `read`; absent for counts */
  drawable?: Drawable;
}

/** Detections that can be drawn. */
export interface Drawable {
  accepted: Accepted;
  /** [images] detections */
  perImage: Uint32Array;
  worth: WorthALook[];
}

/** Find everything wrong or suspicious in a file. */
export async function checkLocally(file: LocalFile): Promise<LocalFindings> {
  const { task, slot, target } = file;
  let read: ReadPredictions | undefined;
  let accepted: Accepted | undefined;
  const found = await validated(async () => {
    const opened = await file.open();
    try {
      if (!task.kind.outlines) {
        const files = target.images.fileNames;
        const unknown = {
          files,
          counts: new Float64Array(files.length).fill(Number.NaN),
          format: 'counts-json' as const,
        };
        return await readOpenedCounts(opened, unknown, file);
      }
      const predictions = await readOpened(opened, target, file.onProgress).catch((error: unknown) => {
        accepted = acceptedOf(error);
        throw error;
      });
      accepted = predictions;
      requireDetectionsOnOwnType(task.id, slot, predictions, target);
      read = predictions;
      return { ...predictions, detections: predictions.detections.count };
    } finally {
      opened.close();
    }
  });
  return {
    ...found,
    ...(read && { read, described: describePredictions(read, target) }),
    ...(accepted && { drawable: describeDrawable(accepted, found, target) }),
  };
}

function describeDrawable(accepted: Accepted, found: Validated, { images }: Target): Drawable {
  const { detections, groups } = accepted;
  const counts = countDetections(detections, groups, images.ids.length, Number.NEGATIVE_INFINITY);
  const perImage = Uint32Array.from(counts);
  return { accepted, perImage, worth: chooseImages(found, images.fileNames, perImage) };
}

/** The file as the report states it; a browser digests it by its own means. */
type FileStated = Pick<Report['predictions'][number], 'sha256' | 'bytes'>;

/**
 * Score predictions that were checked against this ground truth, under one protocol. The report is the one that the
 * site makes of the file, apart from seconds and errors by kind.
 */
export async function scoreLocally(
  { task, slot, target }: Pick<LocalFile, 'task' | 'slot' | 'target'>,
  read: ReadPredictions,
  dataset: Dataset,
  { protocol, file }: { protocol: ProtocolId; file: FileStated },
): Promise<Report> {
  const started = performance.now();
  const { results, uncertainty, seconds } = await evaluate(dataset, read, {
    protocols: [protocol],
    slices: slicesOf(task.id, slot, dataset.images.fileNames),
    oneStratum: task.slotsAreDatasets === true,
  });
  const [evaluations] = results;
  const fields = uncertainty && { fields: uncertainty.fields, replicates: uncertainty.replicates[0] };
  return assembleReport(task.id, [{ slot, evaluations, ...(fields && { uncertainty: fields }) }], {
    schema: 1,
    protocol,
    evaluator: { name: 'livecell-benchmark', version: EVALUATOR_VERSION },
    groundTruth: { sha256: dataset.meta.sha256, images: dataset.images.ids.length, objects: dataset.objects.count },
    predictions: [
      {
        slot,
        ...file,
        format: read.format,
        detections: read.detections.count,
        images: read.images,
        ...(target.anyCategory && { anyCategory: true }),
      },
    ],
    ...(read.unscored && { unscored: true }),
    warnings: read.warnings,
    seconds: { read: 0, ...seconds, total: (performance.now() - started) / 1000 },
  });
}

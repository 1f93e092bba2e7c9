/**
 * The thread's handler: scores one job. A plain function, so that the command line and tests call it without a pool.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { WrongFile } from '#lib/readers/ground-truth.ts';
import { openChunks, openGroundTruth, sha256File } from '#lib/readers/open.ts';
import { readPredictions } from '#lib/readers/predictions.ts';
import { FatalProblem } from '#lib/readers/problems.ts';
import type { Problem, ScoreReport, Warning } from '#lib/scoring/report.ts';
import { score } from '#lib/scoring/score.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';

export interface ScoreJob {
  task: string;
  /** packed ground truth or COCO JSON */
  groundTruth: { path: string };
  files: { slot: string; path: string; sha256?: string }[];
  /** reports come back in this order */
  protocols: ProtocolId[];
  /** receives { phase, fraction } */
  port?: MessagePort;
}

export type ScoreOutcome =
  | { ok: true; reports: ScoreReport[] }
  | { ok: false; problems: Problem[]; warnings: Warning[] };

export default async function scoreTask(job: ScoreJob): Promise<ScoreOutcome> {
  const started = performance.now();
  const tell = (phase: string, fraction: number): void => job.port?.postMessage({ phase, fraction });
  const [file] = job.files;
  try {
    const dataset = await openGroundTruth(job.groundTruth.path);
    const opened = await openChunks(file.path);
    const digest = file.sha256 ?? sha256File(file.path);
    tell('reading', 0);
    const predictions = await readPredictions(
      () => opened.chunks(),
      { images: dataset.images, category: dataset.meta.category },
      (bytes) => tell('reading', (0.6 * bytes) / opened.bytes),
    );
    const read = performance.now();
    tell('matching', 0.6);
    const results = score(dataset, predictions, job.protocols);
    const done = performance.now();
    const sha256 = await digest;
    return {
      ok: true,
      reports: job.protocols.map((protocol, p) => ({
        schema: 1,
        task: job.task,
        protocol,
        evaluator: { name: 'livecell-benchmark', version: EVALUATOR_VERSION },
        groundTruth: {
          sha256: dataset.meta.sha256,
          images: dataset.images.ids.length,
          objects: dataset.objects.count,
        },
        predictions: [
          {
            slot: file.slot,
            sha256,
            bytes: opened.bytes,
            format: 'coco-json',
            detections: predictions.detections.count,
            images: predictions.images,
          },
        ],
        warnings: predictions.warnings,
        results: results[p],
        seconds: {
          read: (read - started) / 1000,
          match: (done - read) / 1000,
          accumulate: 0,
          total: (performance.now() - started) / 1000,
        },
      })),
    };
  } catch (error) {
    if (error instanceof WrongFile) return { ok: false, problems: error.problems, warnings: error.warnings };
    if (error instanceof FatalProblem) return { ok: false, problems: [error.problem], warnings: [] };
    throw error;
  }
}

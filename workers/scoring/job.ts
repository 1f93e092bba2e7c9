/** A scoring job and its outcome: the message to the thread, and its reply. */

import type { MessagePort } from 'node:worker_threads';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { GivenFile } from './slot-files.ts';

/** A submitted file of a job. */
export interface JobFile extends GivenFile {
  /** detections with at least this score are counted */
  scoreThreshold?: number;
}

export interface ScoreJob {
  task: string;
  /** packed ground truth or COCO JSON */
  groundTruth: { path: string };
  files: JobFile[];
  /** count detections of every category as cells */
  anyCategory?: boolean;
  /** number or name of the ground truth's category that is a cell, if another than usual was chosen */
  category?: number | string;
  /** reports are returned in this order */
  protocols: ProtocolId[];
  /** compute intervals from the jackknife over fields of view; defaults to true */
  intervals?: boolean;
  /** name errors by kind; defaults to true */
  errors?: boolean;
  /** also compute the numbers that other papers report, from label images; defaults to false; LIVECell-wide only */
  families?: boolean;
  /** where to write what became of every object and detection; absent: nowhere. Of the first file, LIVECell-wide only */
  outcomes?: string;
  /** detections with at least this score are painted; defaults to the score of the best F1 */
  labelThreshold?: number;
  /** number of threads, including the leading one; defaults to one per core */
  threads?: number;
  /** share even small work, so that tests exercise the threads */
  together?: boolean;
  /** receives { phase, fraction } */
  port?: MessagePort;
}

export type ScoreOutcome =
  /** `exactGroundTruth` is for maintainers and not part of the report; absent if no file has masks */
  | { ok: true; reports: Report[]; exactGroundTruth?: CopiedMasks; groundTruthWarnings?: Warning[] }
  | { ok: false; problems: Problem[]; warnings: Warning[]; groundTruthWarnings?: Warning[] };

export type Phase = 'reading' | 'matching' | 'accumulating';

/** The reference’s numbers, made with pycocotools: `tests/fixtures/golden`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const repository = join(import.meta.dirname, '..', '..');
export const GOLDEN = join(repository, 'tests', 'fixtures', 'golden');

export function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

export function readJson<T>(path: string): T {
  return JSON.parse(readText(path)) as T;
}

export function readGolden<T>(name: string): T {
  return readJson<T>(join(GOLDEN, name));
}

/** One slice's numbers as the reference gives them; -1 where there is nothing to average. */
export interface GoldenSlice {
  AP: number;
  AP50: number;
  AP75: number;
  APs: number;
  APm: number;
  APl: number;
  AP_at: Record<string, number>;
  AR: Record<string, number>;
  ARs: number;
  ARm: number;
  ARl: number;
  AP_per_iou: number[];
  FNR_per_iou: (number | null)[];
  recall_per_iou: number[];
  AFNR: number | null;
  n_gt_not_ignored: Record<'all' | 'small' | 'medium' | 'large', number>;
  n_dt_considered: Record<string, number>;
  n_images: number;
}

export interface GoldenEvaluation {
  overall: GoldenSlice;
  by_type: Record<string, GoldenSlice>;
}

export type GoldenProtocol = { segm: GoldenEvaluation; bbox: GoldenEvaluation };

/**
 * What the viewer says of each cell at any score threshold. Found and false are exact at every threshold, because
 * matching goes by descending score: detections below a threshold change nothing above it. Splits and merges are those
 * named at the entry's own threshold (`scoring/errors-by-kind.ts`).
 */
import { ERROR_KINDS, NOT_COUNTED } from '../scoring/error-kinds.ts';
import type { EntryCells } from './image-cells.ts';

/** Codes of the lookup texture, in order; `hidden` is drawn by nothing. */
export const VERDICTS = ['hidden', 'plain', 'found', 'missed', 'false', 'split', 'merged', 'uncounted'] as const;
export type Verdict = (typeof VERDICTS)[number];

const SPLIT = 1 + ERROR_KINDS.indexOf('split');
const MERGE = 1 + ERROR_KINDS.indexOf('merge');

/** Verdicts of an image and its counts at a threshold. */
export interface Judged {
  /** [detections] */
  detections: Verdict[];
  /** [objects]; empty without verdicts */
  objects: Verdict[];
  /** absent without verdicts */
  counts?: ThresholdCounts;
}

export interface ThresholdCounts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  /** null: nothing to divide by */
  precision: number | null;
  recall: number | null;
  f1: number | null;
}

/** Judge every cell of an image at a score threshold, at IoU 0.5. */
export function judge({ scores, verdicts, unscored }: EntryCells, threshold: number): Judged {
  const shown = scores.map((score) => unscored || score >= threshold);
  if (!verdicts) return { detections: shown.map((is) => (is ? 'plain' : 'hidden')), objects: [] };
  const { object, kind, ignored, objectKind } = verdicts;
  const found = new Set<number>();
  let falsePositives = 0;
  const detections = scores.map((_, d): Verdict => {
    if (!shown[d]) return 'hidden';
    if (ignored[d]) return 'uncounted';
    if (object[d] >= 0) {
      found.add(object[d]);
      return 'found';
    }
    falsePositives++;
    return nameOf(kind[d], 'false');
  });
  let falseNegatives = 0;
  const objects = objectKind.map((code, g): Verdict => {
    if (code === NOT_COUNTED) return 'uncounted';
    if (found.has(g)) return 'found';
    falseNegatives++;
    return nameOf(code, 'missed');
  });
  const truePositives = found.size;
  return {
    detections,
    objects,
    counts: { truePositives, falsePositives, falseNegatives, ...rates(truePositives, falsePositives, falseNegatives) },
  };
}

function nameOf(kind: number, otherwise: Verdict): Verdict {
  return kind === SPLIT ? 'split' : kind === MERGE ? 'merged' : otherwise;
}

function rates(tp: number, fp: number, fn: number): Pick<ThresholdCounts, 'precision' | 'recall' | 'f1'> {
  const part = (of: number, all: number) => (all === 0 ? null : of / all);
  return { precision: part(tp, tp + fp), recall: part(tp, tp + fn), f1: part(2 * tp, 2 * tp + fp + fn) };
}

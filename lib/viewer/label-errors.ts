/**
 * Suspected label errors: places of an image where several entries agree with each other against the annotation, or on a
 * cell that nobody annotated. Read from stored cells (`image-cells.ts`); nothing is matched again.
 *
 * A candidate is a detection at or above its entry's own score threshold that matches no object at IoU 0.5 and is no
 * second outline of a found cell. Candidates of at least three entries agree if every two of them have IoU ≥ 0.7. Their
 * best IoU with an annotated cell then says what the annotation has there: below 0.1 nothing, else another outline.
 * Which entries count as strong and independent is decided by the caller.
 */
import { intersection, type Mask, maskArea } from '../coco/rle.ts';
import { ERROR_KINDS } from '../scoring/error-kinds.ts';
import { decodeMask } from './id-map.ts';
import type { EntryCells, TruthCells } from './image-cells.ts';

/** Entries that must agree. */
export const FEWEST_AGREEING = 3;
/** IoU of every two of their outlines, at least. */
const AGREEMENT_IOU = 0.7;
/** Best IoU with an annotated cell: below the first there is none, from the second on the annotation is confirmed. */
const NEAR_IOU = 0.1;
const SAME_IOU = 0.5;

const DUPLICATE = 1 + ERROR_KINDS.indexOf('duplicate');

export interface LabelSuspect {
  kind: 'outline' | 'unannotated';
  /** the annotated cell, counted within the image; null: none */
  object: number | null;
  /** x, y, width, height in pixels: medians over the entries */
  box: [number, number, number, number];
  /** least IoU of two of the entries */
  agreement: number;
  /** best IoU with an annotated cell */
  annotationIou: number;
  /** the entries that agree, as they were given */
  entries: number[];
}

interface Outline {
  mask: Mask;
  area: number;
  /** x0, y0, x1, y1, ends excluded */
  extent: [number, number, number, number];
}

/** Find the suspects of an image. @param entries with verdicts, the strongest first */
export function findLabelErrors(truth: TruthCells, entries: readonly EntryCells[]): LabelSuspect[] {
  const candidates = entries.map((entry) => candidatesOf(entry));
  if (candidates.filter((list) => list.length > 0).length < FEWEST_AGREEING) return [];
  const annotated = truth.masks.map((text) => outlineOf(text, truth));
  const used = new Set<Outline>();
  const suspects: LabelSuspect[] = [];
  for (const [k, list] of candidates.entries())
    for (const seed of list) {
      if (used.has(seed)) continue;
      const group = gatherAround(seed, { first: k, candidates, used });
      if (group.members.length < FEWEST_AGREEING) continue;
      for (const { outline } of group.members) used.add(outline);
      const [object, annotationIou] = bestOf(seed, annotated);
      if (annotationIou >= SAME_IOU || (object >= 0 && truth.crowd[object])) continue;
      const near = annotationIou >= NEAR_IOU;
      suspects.push({
        kind: near ? 'outline' : 'unannotated',
        object: near ? object : null,
        box: medianBox(group.members.map(({ outline }) => outline.extent)),
        agreement: group.agreement,
        annotationIou,
        entries: group.members.map(({ entry }) => entry),
      });
    }
  return suspects;
}

/** Name a suspect, so that looking again finds the same: by its annotated cell, or by where it is. */
export function keyOf(image: number, { kind, object, box: [x, y, w, h] }: LabelSuspect): string {
  const middle = (at: number, length: number) => Math.round((at + length / 2) / 8);
  return kind === 'outline' ? `${image} cell ${object}` : `${image} at ${middle(x, w)},${middle(y, h)}`;
}

function candidatesOf({ masks, scores, scoreThreshold, verdicts, ...size }: EntryCells): Outline[] {
  if (!verdicts) return [];
  return masks.flatMap((text, d) => {
    const { object, ignored, kind } = verdicts;
    if (object[d] >= 0 || ignored[d] || kind[d] === 0 || kind[d] === DUPLICATE) return [];
    if (scoreThreshold !== null && scores[d] < scoreThreshold) return [];
    return outlineOf(text, size) ?? [];
  });
}

function outlineOf(text: string, size: { width: number; height: number }): Outline | null {
  const mask = decodeMask(text, size);
  if (!mask || mask.from === mask.to) return null;
  const { data, from, to } = mask;
  let [y0, y1] = [size.height, 0];
  for (let k = from; k < to; k += 2) {
    const top = data[k] % size.height;
    const bottom = top + data[k + 1] - data[k];
    // an interval that passes a column's end
    if (bottom > size.height) [y0, y1] = [0, size.height];
    else [y0, y1] = [Math.min(y0, top), Math.max(y1, bottom)];
  }
  const [x0, x1] = [Math.floor(data[from] / size.height), Math.floor((data[to - 1] - 1) / size.height) + 1];
  return { mask, area: maskArea(data, from, to), extent: [x0, y0, x1, y1] };
}

function iouOf(one: Outline, other: Outline): number {
  const [a, b] = [one.extent, other.extent];
  if (a[0] >= b[2] || b[0] >= a[2] || a[1] >= b[3] || b[1] >= a[3]) return 0;
  const shared = intersection(one.mask, other.mask);
  return shared / (one.area + other.area - shared);
}

/** Gather the outlines of later entries that agree with a seed and with each other, one of each entry. */
function gatherAround(
  seed: Outline,
  { first, candidates, used }: { first: number; candidates: readonly Outline[][]; used: ReadonlySet<Outline> },
): { members: { entry: number; outline: Outline }[]; agreement: number } {
  const members = [{ entry: first, outline: seed }];
  let agreement = 1;
  for (let entry = first + 1; entry < candidates.length; entry++) {
    let best: { outline: Outline; least: number } | null = null;
    for (const outline of candidates[entry]) {
      if (used.has(outline)) continue;
      const least = Math.min(...members.map((member) => iouOf(member.outline, outline)));
      if (least >= AGREEMENT_IOU && least > (best?.least ?? 0)) best = { outline, least };
    }
    if (!best) continue;
    members.push({ entry, outline: best.outline });
    agreement = Math.min(agreement, best.least);
  }
  return { members, agreement };
}

function bestOf(outline: Outline, annotated: readonly (Outline | null)[]): [object: number, iou: number] {
  let best: [number, number] = [-1, 0];
  annotated.forEach((other, k) => {
    const iou = other ? iouOf(outline, other) : 0;
    if (iou > best[1]) best = [k, iou];
  });
  return best;
}

function medianBox(extents: readonly (readonly [number, number, number, number])[]): LabelSuspect['box'] {
  const median = (side: 0 | 1 | 2 | 3) => {
    const sorted = extents.map((extent) => extent[side]).sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  };
  const [x, y] = [median(0), median(1)];
  return [x, y, median(2) - x, median(3) - y];
}

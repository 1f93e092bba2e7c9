/** Shared by the tasks of predictions: slots, columns, explanations, and the way from slots to results. */
import { EVALUATIONS, type Evaluation } from '#lib/coco/protocol.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, parseCellType } from '#lib/livecell/cell-types.ts';
import type { Fields } from '#lib/scoring/fields.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import type { SliceName } from '#lib/scoring/slices.ts';
import type { ModelReplicates, ReplicatesBySlice } from '#lib/scoring/uncertainty.ts';
import type { Column } from './columns.ts';
import type { Scoring, Slot, SlotResults } from './task.ts';

/** Results for masks, if a file has any, and for boxes. */
export interface Evaluated<Results> {
  segm?: Results;
  bbox: Results;
}

// --- slots ---

/** Return one slot per cell type, for the model trained on it. */
export const cellTypeSlots = (required: boolean): Slot[] =>
  CELL_TYPES.map((id) => ({ id, label: `Trained on ${CELL_TYPE_NAMES[id]}`, required }));

/** Return the slots' results in the order of `ids`, whatever order the files came in. */
export function inOrder<Slots extends { slot: string }>(slots: readonly Slots[], ids: readonly string[]): Slots[] {
  return [...slots].sort((a, b) => ids.indexOf(a.slot) - ids.indexOf(b.slot));
}

// --- columns ---

/** Define a column, by default of fractions; for AFNR lower is better. A slot without a file has no number. */
export function slotColumn(
  key: string,
  column: Pick<Column, 'label' | 'title' | 'path'> &
    Partial<Pick<Column, 'better' | 'format' | 'group' | 'minus' | 'toggle' | 'interval'>>,
): Column {
  const better = key.startsWith('AFNR') ? 'lower' : 'higher';
  return { key, missing: null, better, format: 'percent', ...column };
}

// --- the command line ---

/** What tables for a terminal call masks and boxes. */
export const TERMINAL_NAMES: Readonly<Record<Evaluation, string>> = { segm: 'Masks', bbox: 'Boxes' };

// --- explanations ---

export const AP_SCORING: Scoring = {
  name: 'AP',
  formula: 'AP = mean over IoU thresholds t and recalls r of  max { precision(t, r′) : r′ ≥ r }',
  text: 'Average precision: 10 IoU thresholds from 0.50 to 0.95, 101 recalls from 0 to 1, all detections of all images in one list, best score first.',
  source: 'Lin et al. 2014 (COCO), as in Edlund et al. 2021',
};
export const AFNR_SCORING: Scoring = {
  name: 'AFNR',
  formula: 'AFNR = mean over IoU thresholds t of  1 − recall(t)',
  text: 'Average false-negative ratio: the share of annotated cells that no detection found.',
  source: 'Edlund et al. 2021',
};

// --- from slots to results ---

type Slices = Partial<Record<SliceName, Metrics>>;

/** The numbers of a slot under one evaluation, with the replicates behind its intervals. */
export interface SlotNumbers {
  slot: string;
  slices: Slices;
  fields?: Fields;
  replicates?: ReplicatesBySlice;
}

/** Apply `make` to each evaluation of a slot. */
export function byEvaluation<Results>(
  slot: SlotResults,
  make: (slices: Slices, numbers: SlotNumbers) => Results | undefined,
): Evaluated<Results> {
  return evaluated((evaluation) => {
    const numbers = numbersOf(slot, evaluation);
    return numbers && make(numbers.slices, numbers);
  });
}

/** Apply `make` to all slots together, for each evaluation that any of them has. */
export function acrossSlots<Results>(
  slots: readonly SlotResults[],
  make: (slots: SlotNumbers[]) => Results,
): Evaluated<Results> {
  return evaluated((evaluation) => {
    const have = slots.flatMap((slot) => numbersOf(slot, evaluation) ?? []);
    return have.length > 0 ? make(have) : undefined;
  });
}

function numbersOf({ slot, evaluations, uncertainty }: SlotResults, evaluation: Evaluation): SlotNumbers | undefined {
  const slices = evaluations[evaluation];
  return slices && { slot, slices, fields: uncertainty?.fields, replicates: uncertainty?.replicates[evaluation] };
}

/** Return the replicates of one model per cell type, by its training type; null if a model has none. */
export function modelReplicates(have: readonly SlotNumbers[]): ModelReplicates | null {
  const fields = have[0]?.fields;
  if (!fields) return null;
  const models: ModelReplicates['models'] = {};
  for (const { slot, replicates } of have) {
    const type = parseCellType(slot);
    if (!type || !replicates) return null;
    models[type] = replicates;
  }
  return { fields, models };
}

/** Apply `make` to both evaluations. Every file has boxes: its masks' boxes if it gives none. */
function evaluated<Results>(make: (evaluation: Evaluation) => Results | undefined): Evaluated<Results> {
  const [segm, bbox] = EVALUATIONS.map(make);
  if (bbox === undefined) throw new Error('a file was scored without boxes');
  return { ...(segm !== undefined && { segm }), bbox };
}

/**
 * From slots to a report: which images a slot's file is scored on, and what a task makes of its slots' numbers. One
 * entry per kind of result; a task that is assembled like another one needs only its literal in `tasks.ts`.
 */

import type { Evaluation } from '#lib/coco/protocol.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import type { Warning } from '#lib/problems.ts';
import type { Fields } from '#lib/scoring/fields.ts';
import type { AnyReport, Metrics, TransferabilityResults } from '#lib/scoring/report.ts';
import { singleCellType } from '#lib/scoring/single-cell-type.ts';
import { imageSlices, type SliceName } from '#lib/scoring/slices.ts';
import { type TransferMatrix, transferability } from '#lib/scoring/transferability.ts';
import { describeMeans, type ModelReplicates, type ReplicatesBySlice } from '#lib/scoring/uncertainty.ts';
import { parseTask, partialSlots, type TaskId } from './index.ts';

/** The numbers of a slot under one protocol, of the slices the task asks for. */
export interface SlotResults {
  readonly slot: string;
  readonly evaluations: Partial<Record<Evaluation, Partial<Record<SliceName, Metrics>>>>;
  /** the same slices without each field of view; absent where no intervals are wanted */
  readonly uncertainty?: {
    readonly fields: Fields;
    readonly replicates: Partial<Record<Evaluation, ReplicatesBySlice>>;
  };
}

type Results = AnyReport['results'];

interface Assembly {
  /** which slices of the images a slot is scored on */
  readonly slices: (slot: string) => 'all' | readonly SliceName[];
  /** one cell type's model: its file must have detections on that type's images */
  readonly home?: (slot: string) => CellType | null;
  readonly results: (slots: readonly SlotResults[]) => Results;
}

const overall = (): readonly SliceName[] => ['overall'];

const ASSEMBLIES: Readonly<Record<Exclude<TaskId, 'fluorescence-counts'>, Assembly>> = {
  'livecell-wide': {
    slices: () => 'all',
    results: ([slot]) =>
      byEvaluation([slot], (evaluation, { overall: all, ...cellTypes }) => {
        const replicates = slot.uncertainty?.replicates[evaluation];
        if (!slot.uncertainty || !replicates) return { overall: all, cellTypes };
        return { overall: all, cellTypes, ...describeMeans(cellTypes, replicates, slot.uncertainty.fields) };
      }) as Results,
  },
  'single-cell-type': {
    slices: (slot) => [slot as CellType],
    home: parseCellType,
    results: (slots) =>
      perEvaluation(slots, (have) =>
        singleCellType(
          Object.fromEntries(
            inOrder(have, CELL_TYPES).flatMap(({ slot, slices }) => {
              const metrics = slices[slot as CellType];
              return metrics ? [[slot, metrics]] : [];
            }),
          ),
          modelsOf(have),
        ),
      ) as Results,
  },
  transferability: {
    slices: () => CELL_TYPES,
    home: parseCellType,
    results: (slots) =>
      perEvaluation(slots, (have) => {
        const matrix: TransferMatrix = {};
        for (const { slot, slices } of inOrder(have, CELL_TYPES)) {
          matrix[slot as CellType] = Object.fromEntries(CELL_TYPES.map((type) => [type, slices[type]?.AP ?? null]));
        }
        return transferability(matrix, modelsOf(have));
      }) as Results,
  },
  'training-size': {
    slices: overall,
    results: (slots) => ({
      sizes: Object.fromEntries(slots.map((slot) => [slot.slot, byEvaluation([slot], (_, slices) => slices.overall)])),
    }),
  },
  'zero-shot': {
    slices: overall,
    results: (slots) => ({
      datasets: Object.fromEntries(
        slots.map((slot) => [slot.slot, byEvaluation([slot], (_, slices) => ({ overall: slices.overall }))]),
      ) as never,
    }),
  },
};

/** How a task is assembled; a name nobody knows is scored as LIVECell-wide. */
function assemblyOf(task: string): Assembly {
  return ASSEMBLIES[task as keyof typeof ASSEMBLIES] ?? ASSEMBLIES['livecell-wide'];
}

/** The images of each slice a slot is scored on. */
export function slicesOf(task: string, slot: string, fileNames: readonly string[]): Map<SliceName, Uint32Array> {
  const slices = imageSlices(fileNames);
  const wanted = assemblyOf(task).slices(slot);
  return wanted === 'all' ? slices : new Map([...slices].filter(([name]) => wanted.includes(name)));
}

/** The cell type a slot's model was trained on, where the task's slots are cell types. */
export function homeOf(task: string, slot: string): CellType | null {
  return assemblyOf(task).home?.(slot) ?? null;
}

/** Results of the slots as the task's own, with what is to be said about them. */
export function assemble(task: string, slots: readonly SlotResults[]): { results: Results; warnings: Warning[] } {
  const results = assemblyOf(task).results(slots);
  const known = parseTask(task);
  const given = slots.map(({ slot }) => slot);
  return {
    results,
    warnings: [
      ...(known ? partialSlots(known, given) : []),
      ...(task === 'transferability' ? whyNoIndex(results as never) : []),
    ],
  };
}

function whyNoIndex(results: Partial<Record<Evaluation, TransferabilityResults>>): Warning[] {
  return EVALUATIONS.flatMap((evaluation) => {
    const missing = results[evaluation]?.indexMissing;
    if (!missing) return [];
    return {
      code: 'no-transferability-index',
      message: `There is no index for ${evaluation === 'segm' ? 'masks' : 'boxes'}. ${missing.reason}`,
      count: missing.pairs.length,
      examples: missing.pairs
        .slice(0, 5)
        .map(({ trainedOn, evaluatedOn }) => `${CELL_TYPE_NAMES[trainedOn]} → ${CELL_TYPE_NAMES[evaluatedOn]}`),
    };
  });
}

type Slices = Partial<Record<SliceName, Metrics>>;
interface Having {
  slot: string;
  slices: Slices;
  fields?: Fields;
  replicates?: ReplicatesBySlice;
}

/** The replicates of one model per cell type, by the type it was trained on; null where a model has none. */
function modelsOf(have: readonly Having[]): ModelReplicates | null {
  const fields = have[0]?.fields;
  if (!fields || !have.every(({ replicates }) => replicates)) return null;
  return { fields, models: Object.fromEntries(have.map(({ slot, replicates }) => [slot, replicates!])) };
}

/** Of one slot: what `make` makes of each evaluation it has. */
function byEvaluation(
  [{ evaluations }]: readonly SlotResults[],
  make: (evaluation: Evaluation, slices: Slices) => unknown,
): Partial<Record<Evaluation, never>> {
  return Object.fromEntries(
    EVALUATIONS.flatMap((evaluation) => {
      const slices = evaluations[evaluation];
      return slices ? [[evaluation, make(evaluation, slices)]] : [];
    }),
  );
}

/** Of all slots together, per evaluation that any of them has. */
function perEvaluation(slots: readonly SlotResults[], make: (have: Having[]) => unknown): object {
  return Object.fromEntries(
    EVALUATIONS.flatMap((evaluation) => {
      const have = slots.flatMap(({ slot, evaluations, uncertainty }) => {
        const slices = evaluations[evaluation];
        const { fields, replicates } = uncertainty ?? {};
        return slices ? [{ slot, slices, fields, replicates: replicates?.[evaluation] }] : [];
      });
      return have.length > 0 ? [[evaluation, make(have)]] : [];
    }),
  );
}

function inOrder(have: readonly Having[], order: readonly string[]): Having[] {
  return [...have].sort((a, b) => order.indexOf(a.slot) - order.indexOf(b.slot));
}

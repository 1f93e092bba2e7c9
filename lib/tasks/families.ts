/** The numbers that other papers report (PROTOCOL, section 10), with their full names and what they mean. */
import type { Family } from '#lib/scoring/families.ts';
import { TRUTH_VARIANTS, type TruthVariant } from '#lib/scoring/flat-truth.ts';
import { type Column, EVALUATION } from './columns.ts';

interface FamilyNumber {
  /** the first part of the full name `family/truth` */
  readonly family: string;
  /** the family, told apart from others of it: `cellpose-ap@0.75`, `f1-pooled@0.50` */
  readonly exact: string;
  /** stable: part of the keys of columns */
  readonly key: string;
  readonly name: string;
  readonly text: string;
  readonly better: 'higher' | 'lower';
  /** path in a family of the report */
  readonly path: readonly string[];
  readonly of: (family: Family) => number | null;
}

const at = (t: number) => (t === 0 ? '0.50' : t === 5 ? '0.75' : '0.90');

const perThreshold = (
  family: string,
  field: 'cellposeAp' | 'errorRate' | 'f1Pooled' | 'f1PerImage',
  about: { key: string; name: string; text: string; better?: 'lower'; thresholds: readonly number[] },
): FamilyNumber[] =>
  about.thresholds.map((t) => ({
    family,
    exact: `${field === 'f1Pooled' ? 'f1-pooled' : field === 'f1PerImage' ? 'f1-per-image' : family}@${at(t)}`,
    key: `${about.key}${at(t).slice(2)}`,
    name: `${about.name} at IoU ${at(t)}`,
    text: about.text,
    better: about.better ?? 'higher',
    path: [field, String(t)],
    of: (numbers) => numbers[field][t],
  }));

const single = (
  family: string,
  field: 'msa' | 'pq' | 'seg' | 'aji',
  about: { name: string; text: string },
): FamilyNumber => ({
  family,
  exact: family,
  key: field,
  ...about,
  better: 'higher',
  path: [field],
  of: (numbers) => numbers[field],
});

/** In the order of the protocol's table. Lists are by IoU 0.50, 0.55 … 0.95. */
export const FAMILY_NUMBERS: readonly FamilyNumber[] = [
  ...perThreshold('cellpose-ap', 'cellposeAp', {
    key: 'cellposeAp',
    name: '“AP” of Cellpose and StarDist',
    text: 'Found cells over found, missed and false ones, per image, mean over images. Not average precision.',
    thresholds: [0, 5, 8],
  }),
  ...perThreshold('error-rate', 'errorRate', {
    key: 'errorRate',
    name: 'Error rate',
    text: 'Missed and false cells over annotated ones, per image, mean over images with cells. It can exceed 100 %.',
    better: 'lower',
    thresholds: [0],
  }),
  single('msa', 'msa', {
    name: 'Mean segmentation accuracy, mSA',
    text: 'Cellpose’s “AP”, mean over IoU 0.50 to 0.95: micro-sam, torch-em, Kaggle. SA50 and SA75 are the lines above.',
  }),
  ...perThreshold('f1', 'f1Pooled', {
    key: 'f1Pooled',
    name: 'F1, all images pooled,',
    text: 'Twice the found cells over annotated cells and labels together, counted over all images.',
    thresholds: [0],
  }),
  ...perThreshold('f1', 'f1PerImage', {
    key: 'f1PerImage',
    name: 'F1, mean over images,',
    text: 'The same per image, mean over images.',
    thresholds: [0],
  }),
  single('aji', 'aji', {
    name: 'Aggregated Jaccard index, AJI',
    text: 'Shared pixels over joined pixels of cells and their best labels; missed and false ones add to what is joined. Mean over images.',
  }),
  single('ctc', 'seg', {
    name: 'SEG of the Cell Tracking Challenge',
    text: 'IoU with the label that covers more than half of a cell, else 0. Mean over all cells.',
  }),
  single('pq', 'pq', {
    name: 'Panoptic quality, PQ',
    text: 'How many cells are found at IoU above 0.50, times how well they fit.',
  }),
];

/** What a truth variant is, in a few words and in a sentence. */
export const TRUTH_NAMES: Readonly<Record<TruthVariant, { name: string; text: string }>> = {
  'flat-large': {
    name: 'larger cells on top',
    text: 'overlaps are painted by annotated area, small cells first, and labels of fewer than 50 pixels removed, as in torch-em and micro-sam',
  },
  'flat-cellpose': {
    name: 'nearest centre',
    text: 'each shared pixel goes to the cell with the nearest centre, and cells mostly covered by others are dropped, as in Cellpose 2',
  },
};

/** Column groups of a board, one per truth variant. */
export const FAMILY_GROUPS = TRUTH_VARIANTS.map((variant) => ({
  id: variant,
  name: `Other papers, ${TRUTH_NAMES[variant].name}`,
  shown: false,
}));

/** The columns of a board, per truth variant. Their numbers are computed after the score (`board/values.ts`). */
export const FAMILY_COLUMNS: readonly Column[] = TRUTH_VARIANTS.flatMap((variant) =>
  FAMILY_NUMBERS.map(
    ({ exact, key, name, text, better, path }): Column => ({
      key: `${key}.${variant}`,
      label: exact,
      title: `${name.replace(/,$/, '')}. ${text} Ground truth ${variant}: ${TRUTH_NAMES[variant].text}`,
      path: ['families', EVALUATION, variant, ...path],
      group: `Other papers, on ${variant}`,
      prefix: variant,
      toggle: variant,
      onDemand: true,
      better,
      format: 'percent',
      exportedAs: `${exact}/${variant}`,
    }),
  ),
);

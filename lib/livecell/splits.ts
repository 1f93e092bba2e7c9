/** Training, validation and test set: which of them a data set is, and which data sets belong together. */

export const SPLITS = ['train', 'val', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export const SPLIT_NAMES: Readonly<Record<Split, string>> = { train: 'Training', val: 'Validation', test: 'Test' };

const WORDS: readonly [Split, RegExp][] = [
  ['train', /(?<![a-z])train(ing)?(?![a-z])/i],
  ['val', /(?<![a-z])val(idation)?(?![a-z])/i],
  ['test', /(?<![a-z])test(ing)?(?![a-z])/i],
];

/**
 * Return the split in a name: `LIVECell test`, `livecell_coco_train.json`. Null if it contains none, or more than one.
 */
export function splitOfName(name: string): Split | null {
  const found = WORDS.filter(([, word]) => word.test(name));
  return found.length === 1 ? found[0][0] : null;
}

/** Return a name without its split: `EVICAN train` and `evican_test` are one family. */
function family(name: string): string {
  return WORDS.reduce((text, [, word]) => text.replace(word, ''), name.toLowerCase()).replace(/[^\p{L}\p{N}]+/gu, '');
}

/** The fields of a data set needed to find its other splits. */
export interface Sibling {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  readonly demo: boolean;
  readonly split: Split | null;
}

/**
 * Return the data sets to show side by side with one of them, itself included, in the order of `SPLITS`: those of its
 * task with another known split, and the first of several with the same split.
 *
 * @param all newest first
 * @param options.byName only those whose names differ in the split alone: outside data sets share a task without having
 *   anything else in common
 */
export function splitsOf<T extends Sibling>(
  dataset: T,
  all: readonly T[],
  { byName = false }: { byName?: boolean } = {},
): T[] {
  if (dataset.split === null) return [dataset];
  return SPLITS.flatMap((split) => {
    if (split === dataset.split) return [dataset];
    const other = all.find(
      (set) =>
        set.split === split &&
        set.task === dataset.task &&
        set.demo === dataset.demo &&
        (!byName || family(set.name) === family(dataset.name)),
    );
    return other ? [other] : [];
  });
}

/** The shares of LIVECell's training images that come as annotation files of their own, in per cent. */
export const TRAINING_SIZES = ['2', '4', '5', '25', '50', '100'] as const;
export type TrainingSize = (typeof TRAINING_SIZES)[number];

import { describe, expect, test } from 'vitest';
import { type Sibling, type Split, splitOfName, splitsOf } from '#lib/livecell/splits.ts';

describe('the split a name says', () => {
  test.each([
    ['LIVECell test', 'test'],
    ['livecell_coco_train.json', 'train'],
    ['EVICAN-val', 'val'],
    ['Validation set', 'val'],
    ['Training', 'train'],
    ['latest', null],
    ['interval 3', null],
    ['train and test', null],
    ['a lab’s own', null],
  ])('%s: %s', (name, split) => expect(splitOfName(name)).toBe(split));
});

describe('data sets side by side', () => {
  const set = (name: string, changes: Partial<Sibling> = {}): Sibling => ({
    id: name,
    name,
    task: 'livecell-wide',
    demo: false,
    split: splitOfName(name) as Split | null,
    ...changes,
  });
  const names = (sets: readonly Sibling[]) => sets.map(({ name }) => name);

  test('training, validation and test of a task, in this order, whichever is asked for', () => {
    const all = [set('LIVECell test'), set('LIVECell val'), set('LIVECell train')];
    for (const one of all)
      expect(names(splitsOf(one, all))).toEqual(['LIVECell train', 'LIVECell val', 'LIVECell test']);
  });

  test('of several with one split the one asked for, else the first', () => {
    const all = [set('b test'), set('a test'), set('c train'), set('d train')];
    expect(names(splitsOf(all[1], all))).toEqual(['c train', 'a test']);
  });

  test('never with synthetic ones, those of another task, or of unknown split', () => {
    const all = [set('x test'), set('demo train', { demo: true }), set('y val', { task: 'zero-shot' }), set('z')];
    expect(names(splitsOf(all[0], all))).toEqual(['x test']);
    expect(names(splitsOf(all[3], all))).toEqual(['z']);
  });

  test('outside data sets only with those of their own name', () => {
    const all = ['EVICAN test', 'evican_train', 'Cellpose val'].map((name) => set(name, { task: 'zero-shot' }));
    expect(names(splitsOf(all[0], all, { byName: true }))).toEqual(['evican_train', 'EVICAN test']);
  });
});

import { expect, test } from 'vitest';
import { chooseExamples } from '#lib/datasets/examples.ts';

const at = (type: string, hours: number) =>
  `${type}_Phase_C7_1_0${Math.floor(hours / 24)}d${String(hours % 24).padStart(2, '0')}h00m_1.tif`;

test('an image of each cell type stands for the others: the middle one in time', () => {
  const names = [at('SKOV3', 8), at('A172', 32), at('A172', 0), at('A172', 12), at('SKOV3', 4)];
  expect(chooseExamples(names, [0, 1, 2, 3, 4]).map((i) => names[i])).toEqual([at('A172', 12), at('SKOV3', 8)]);
  // only of those that have a picture
  expect(chooseExamples(names, [1, 4]).map((i) => names[i])).toEqual([at('A172', 32), at('SKOV3', 4)]);
});

test('of images without a LIVECell name a few are shown, spread over all', () => {
  const names = Array.from({ length: 60 }, (_, i) => `field-${String(i).padStart(2, '0')}.png`);
  const all = names.map((_, i) => i);
  expect(chooseExamples(names, all)).toEqual([5, 15, 25, 35, 45, 55]);
  expect(chooseExamples(names, [3, 1])).toEqual([1, 3]);
  expect(chooseExamples([], [])).toEqual([]);
});

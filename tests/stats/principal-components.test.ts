/** Principal components against numpy (`tests/parity/make-shapes.py`). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { principalComponents, symmetricEigen } from '#lib/stats/principal-components.ts';

interface Components {
  rows: number[][];
  explained: number[];
  loadings: number[][];
  scores: number[][];
}
const { components: wanted } = JSON.parse(
  readFileSync(new URL('../fixtures/parity/shapes.json', import.meta.url), 'utf8'),
) as { components: Components };

const close = (found: number[][], wanted: number[][]) =>
  found.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(value).toBeCloseTo(wanted[i][j], 9);
    });
  });

test('agree with numpy', () => {
  const found = principalComponents(wanted.rows)!;
  close([found.explained], [wanted.explained]);
  close(found.loadings, wanted.loadings);
  close(found.scores, wanted.scores);
});

test('eigenvectors of a 2 × 2 matrix by hand', () => {
  const { values, vectors } = symmetricEigen([
    [2, 1],
    [1, 2],
  ]);
  close([values], [[3, 1]]);
  close(vectors, [
    [Math.SQRT1_2, Math.SQRT1_2],
    [Math.SQRT1_2, -Math.SQRT1_2],
  ]);
});

test('a variable that does not vary has no weight', () => {
  const { loadings, explained } = principalComponents([
    [1, 7],
    [2, 7],
    [4, 7],
  ])!;
  close([loadings[0]], [[1, 0]]);
  close([explained], [[1, 0]]);
});

test('too few rows, or none that differs, have none', () => {
  expect(
    principalComponents([
      [1, 2],
      [2, 1],
    ]),
  ).toBeNull();
  expect(principalComponents([[1], [1], [1]])).toBeNull();
});

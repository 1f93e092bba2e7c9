/** What a heat map says, also where there is nothing to be proud of. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { TaskFigures } from '#app/_components/tasks/results.tsx';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { type TransferMatrix, transferability } from '#lib/scoring/transferability.ts';
import { TASKS } from '#lib/tasks/index.ts';

type Methods = Parameters<typeof TASKS.transferability.draw>[0];

function render(methods: Methods): string {
  const groups = TASKS.transferability.draw(methods, { evaluation: 'segm' });
  return renderToStaticMarkup(createElement(TaskFigures, { groups }));
}

function shown(change: (matrix: TransferMatrix) => void = () => {}): string {
  const matrix: TransferMatrix = Object.fromEntries(
    CELL_TYPES.map((a) => [a, Object.fromEntries(CELL_TYPES.map((b) => [b, a === b ? 0.8 : 0.2]))]),
  );
  change(matrix);
  const results = { segm: transferability(matrix), bbox: transferability(matrix) };
  const methods = [{ name: 'Eight', results }];
  return render(methods).replace(/<[^>]+>/g, ' ');
}

test('the index stands with the matrix, and every pair in words behind it', () => {
  const text = shown();
  expect(text).toMatch(/The index is\s+2\.00\s*:\s+0 is as good as at home/);
  expect(text).toMatch(/BV-2, Huh7\s+20\.00 %\s+25 %\s+2\.00/);
  expect(text).toMatch(/BV-2, BV-2\s+80\.00 %\s+100 %\s+0\.00/);
  expect(text).not.toContain('An AP of 0 means');
});

test('maps that stand together are shaded on one scale', () => {
  const map = (home: number) => {
    const matrix = Object.fromEntries(
      CELL_TYPES.map((a) => [a, Object.fromEntries(CELL_TYPES.map((b) => [b, a === b ? home : 0.1]))]),
    );
    return { name: `home ${home}`, results: { segm: transferability(matrix), bbox: transferability(matrix) } };
  };
  const html = render([map(0.8), map(0.4)]);
  expect(new Set(html.match(/--heat:\d+%/g))).toEqual(new Set(['--heat:100%', '--heat:50%', '--heat:13%']));
});

test('an AP of zero is explained, not hidden', () => {
  const text = shown((matrix) => {
    matrix.A172!.BV2 = 0;
  });
  expect(text).toContain('trained on A172 and evaluated on BV-2, and a ratio to 0 has no logarithm.');
  expect(text).toContain('An AP of 0 means that no detection of that model');
  expect(text).toMatch(/A172, BV-2\s+0\.00 %\s+0 %\s+–/);
});

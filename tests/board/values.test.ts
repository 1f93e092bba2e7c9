/** What boards keep of a report: the same numbers as the report's own columns give. */
import { expect, test } from 'vitest';
import { boardValues, formatOf, readsOneType } from '#lib/board/values.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { columnNumber } from '#lib/tasks/columns.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { report } from '#tests/scoring/reports.ts';

const task: Task = TASKS['livecell-wide'];
const types = Object.fromEntries(CELL_TYPES.map((type, k) => [type, 0.3 + k / 20]));

test('a row for masks and boxes, of all images and of each cell type, with every column it reads', () => {
  const whole = report(0.5, types);
  const rows = boardValues(task, whole);
  expect(rows).toHaveLength(2 * (1 + CELL_TYPES.length));
  for (const { evaluation, slice, values } of rows) {
    const columns = slice === 'all' ? task.columns : task.typeBoards!.columns.filter(readsOneType);
    const view = { protocol: 'livecell-paper', evaluation, cellType: slice === 'all' ? null : slice } as const;
    for (const column of columns) expect(values[column.key]).toBe(columnNumber(column, whole.results, view));
  }
});

test('boxes alone have rows for masks too, without numbers: the entry stands on both boards', () => {
  const rows = boardValues(task, report(0.5, { A172: 0.4 }, { masks: false }));
  expect(rows.filter(({ slice }) => slice === 'all').map(({ evaluation }) => evaluation)).toEqual(['segm', 'bbox']);
  expect(rows[0].values.AP).toBeUndefined();
});

/** A report with fields: `fields` of BV-2 and two of each other type; BV-2's AP without field i is moved by `moves[i]`. */
function withFields(fields: number, moves: readonly number[]) {
  const whole = report(0.5, types);
  const { bbox } = whole.results;
  const units = CELL_TYPES.flatMap((cellType) =>
    Array.from({ length: cellType === 'BV2' ? fields : 2 }, (_, k) => ({ cellType, field: `${cellType}_${k}` })),
  );
  const aps = CELL_TYPES.map((type) => bbox.cellTypes[type]!.AP!);
  const mean = aps.reduce((sum, value) => sum + value, 0) / aps.length;
  const replicates = units.map(({ field, cellType }, i) => {
    const moved = cellType === 'BV2' ? moves[Number(field.split('_')[1])] : 0;
    return { without: field, AP: 0.2 + i / 100, AFNR: 0.1, meanAP: mean + moved / aps.length, meanAFNR: 0.1 };
  });
  const results = { ...bbox, fields: units, replicates, meanOfTypes: { AP: mean, AFNR: 0.1 } };
  return { ...whole, results: { bbox: results } };
}

test('replicates are kept for all images and for the mean, in the order of the fields', () => {
  const rows = boardValues(task, withFields(2, [0.01, -0.01]));
  const all = rows.find(({ evaluation, slice }) => evaluation === 'bbox' && slice === 'all')!;
  expect(Object.keys(all.replicates).sort()).toEqual(['AFNR', 'AP', 'meanAFNR', 'meanAP']);
  expect(all.replicates.AP.numbers).toEqual(Array.from({ length: 16 }, (_, i) => 0.2 + i / 100));
  expect(all.replicates.AP.strata).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
  // two fields are one degree of freedom: too few for a cell type's board
  expect(rows.filter(({ slice }) => slice === 'BV2').map(({ replicates }) => replicates)).toEqual([{}]);
});

test('a cell type with enough fields has replicates of its own, which follow from those of the mean', () => {
  const moves = [0.03, -0.02, 0.01, 0, 0.02, -0.04];
  const row = boardValues(task, withFields(6, moves)).find(
    ({ evaluation, slice }) => evaluation === 'bbox' && slice === 'BV2',
  )!;
  expect(row.replicates.AP.strata).toEqual([0, 0, 0, 0, 0, 0]);
  moves.forEach((moved, i) => {
    expect(row.replicates.AP.numbers[i]).toBeCloseTo(row.values.AP! + moved, 12);
  });
});

test('the format of a task changes with its columns', () => {
  expect(formatOf(task)).toBe(formatOf({ ...task }));
  expect(formatOf({ ...task, columns: task.columns.slice(1) })).not.toBe(formatOf(task));
});

test.each(Object.values(TASKS).map((one) => [one.id, one as Task] as const))(
  'columns of %s have distinct keys',
  (_, one) => {
    const keys = one.columns.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  },
);

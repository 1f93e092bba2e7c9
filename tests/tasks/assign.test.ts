/** Files to slots, by their names. */
import { expect, test } from 'vitest';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { assignByName } from '#lib/tasks/assign.ts';

const SIZES = ['2', '4', '5', '25', '50', '100'];
const slotOf = (name: string, slots: readonly string[] = CELL_TYPES) => [...assignByName([name], slots).slots.keys()];

test.each([
  ['A172.json', 'A172'],
  ['bt-474.json.gz', 'BT474'],
  ['model-1_sk-ov-3_final.json.gz', 'SKOV3'],
  ['Huh 7.zip', 'Huh7'],
  ['C:\\results\\sh_sy5y\\skbr3.json', 'SkBr3'],
  ['predictions.MCF7.npz', 'MCF7'],
])('%s is for %s', (name, slot) => {
  expect(slotOf(name)).toEqual([slot]);
});

test.each([
  ['25.json', '25'],
  ['train-25pct.json', '25'],
  ['train_5%.json', '5'],
  ['yolo_v8_100_percent.json', '100'],
])('%s is for %s %%', (name, slot) => {
  expect(slotOf(name, SIZES)).toEqual([slot]);
});

test('a data set whose name has another one’s within it', () => {
  expect(slotOf('mine-EVICAN 2 grey.json', ['EVICAN 2', 'EVICAN 2 grey'])).toEqual(['EVICAN 2 grey']);
});

test('eight files in any order', () => {
  const names = [...CELL_TYPES].reverse().map((type) => `run3-${type}.json`);
  const { slots, archive, problems } = assignByName(names, CELL_TYPES);
  expect([slots.size, archive, problems]).toEqual([8, null, []]);
  for (const [slot, index] of slots) expect(names[index]).toContain(slot);
});

test('one archive of no slot is for all of them; beside other files it is a riddle', () => {
  expect(assignByName(['everything.zip'], CELL_TYPES)).toMatchObject({ archive: 0, problems: [] });
  const { archive, problems } = assignByName(['everything.zip', 'A172.json'], CELL_TYPES);
  expect(archive).toBeNull();
  expect(problems).toEqual([expect.stringContaining('“everything.zip”: its name says none of A172')]);
});

test('names that say two, and two files for one', () => {
  const { slots, problems } = assignByName(['A172-on-BV2.json', 'MCF7.json', 'mcf-7 old.json'], CELL_TYPES);
  expect([...slots]).toEqual([['MCF7', 1]]);
  expect(problems).toEqual([
    expect.stringContaining('“A172-on-BV2.json”: its name says A172 and BV2'),
    expect.stringContaining('“mcf-7 old.json” and “MCF7.json” are both for MCF7'),
  ]);
});

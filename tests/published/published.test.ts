/** The ledger of published numbers, and the naming of a number by what is known of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkLedger, findDuplicates, readLedger } from '#lib/published/ledger.ts';
import { nameNumber, readNumberText } from '#lib/published/my-number.ts';
import { spreadOf } from '#lib/published/spread.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';

const HEADER = 'method,year,metric,value,split,protocol note,source';

describe('the ledger', () => {
  const rows = readLedger(readFileSync('db/datasets/published-2023-2026.csv', 'utf8'));

  test('holds every number with its source, its split and a reason', () => {
    expect(rows).toHaveLength(156);
    for (const { method, value, source, split, because } of rows) {
      for (const text of [method, value, source, split, because]) expect(text).not.toBe('');
    }
  });

  test('lets only automatic numbers of all test images on a known truth stand beside entries', () => {
    const beside = rows.filter((row) => row.beside !== null);
    expect(beside).toHaveLength(33);
    for (const { metric, split, protocol } of beside) {
      expect(metric).toMatch(/^(mSA|SA)/);
      expect(split).toBe('test (1512 files)');
      expect(protocol).not.toMatch(/INTERACTIVE/);
    }
    const interactive = rows.filter(({ protocol }) => protocol.includes('INTERACTIVE'));
    expect(interactive).toHaveLength(18);
    expect(new Set(interactive.map(({ because }) => because)).size).toBe(1);
  });

  test('“as above” is the protocol of the row before, with what follows', () => {
    const [first, second, third] = readLedger(
      `${HEADER}\nA,2024,mask AP,50,test,own evaluator,x\nB,2024,mask AP,51,test,as above,x\nC,2024,mask AP,52,test,as above (again),x`,
    );
    expect([first, second, third].map(({ protocol }) => protocol)).toEqual([
      'own evaluator',
      'own evaluator',
      'own evaluator; (again)',
    ]);
  });

  test.each([
    ['a,b', /first line/],
    [`${HEADER}\nA,2024,mask AP`, /3 fields in line 2/],
    [`${HEADER}\nA,soon,mask AP,50,test,,x`, /“soon” in line 2/],
    [`${HEADER}\nA,2024,mask AP,high,test,,x`, /“high” in line 2/],
    [`${HEADER}\nA,2024,mask AP,,test,,x`, /“” in line 2/],
  ])('a wrong table is refused by its line: %j', (csv, message) => {
    expect(() => readLedger(csv)).toThrow(message);
  });
});

describe('a table that is to be added', () => {
  const good = 'A,2025,mask AP,47.9,test,own evaluator,a paper';

  test('columns in any order, “as above”, numbers as sources write them', () => {
    const { rows, problems } = checkLedger(
      'source,method,year,metric,value,split,Protocol note\r\nx,A,2024,mSA,".3893 [.3533, .4259]",val,torch_em\r\n\r\ny,B,2025,mSA,~.49,val,as above (again)\r\n',
    );
    expect(problems).toEqual([]);
    expect(rows.map(({ line, method, protocol }) => [line, method, protocol])).toEqual([
      [2, 'A', 'torch_em'],
      [4, 'B', 'torch_em; (again)'],
    ]);
  });

  test('every wrong line is named, with its column and the remedy', () => {
    const wrong = ['B,soon,mask AP,high,test,,x', ',2025,mask AP,470,,as above,x', 'C,2025,mask AP'];
    const { rows, problems } = checkLedger([HEADER, good, ...wrong, `D,2025,AP,1,t,,${'x'.repeat(501)}`].join('\n'));
    expect(rows.map(({ method }) => method)).toEqual(['A']);
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [3, 'year'],
      [3, 'value'],
      [4, 'method'],
      [4, 'split'],
      [4, 'value'],
      [5, null],
      [6, 'source'],
    ]);
    for (const { message } of problems) expect(message).toMatch(/[.:] [A-Z].*\.$/s);
  });

  test.each([
    ['', 1, /missing: method, year/],
    ['method;year', 1, /Separate them by commas/],
    [HEADER, 1, /no row below/],
    [`${HEADER}\n"A,2025`, 2, /never closed/],
    [`${HEADER}\nA,2025,AP,1,t,as above,x`, 2, /no row above/],
    [[HEADER, ...Array(501).fill(good)].join('\n'), 502, /501 rows; at most 500/],
  ])('is refused whole where it cannot be read: %#', (csv, line, message) => {
    const { problems } = checkLedger(csv);
    expect(problems).toHaveLength(1);
    expect(problems[0].line).toBe(line);
    expect(problems[0].message).toMatch(message);
  });

  test('what is there already is told, with its line and any other value', () => {
    const lines = [good, good.replace('A,', 'a,').replace('47.9', '48'), good.replace('A', 'B')];
    const { rows } = checkLedger([HEADER, ...lines].join('\n'));
    const { fresh, duplicates } = findDuplicates(rows, [{ ...rows[2], value: '47.9' }]);
    expect(fresh.map(({ line }) => line)).toEqual([2]);
    expect(duplicates.map(({ line }) => line)).toEqual([3, 4]);
    expect(duplicates[0].message).toContain('it stands in line 2, with the value 47.9 in place of 48');
    expect(duplicates[1].message).toMatch(/the ledger has it$/);
  });
});

describe('what a number is', () => {
  test.each([
    ['mAP 0.5 from Cellpose', 'cellpose-ap@0.50/flat-cellpose/test'],
    ['AP@0.75 StarDist on the test images', 'cellpose-ap@0.75/flat-cellpose/test'],
    ['mSA of micro-sam', 'msa/flat-large/test'],
    ['SA50, torch-em, 1512 files', 'cellpose-ap@0.50/flat-large/test'],
    ['AP50 from detectron2', 'coco-ap@0.50/official/test'],
    ['mAP50-95 YOLOv8 Ultralytics', 'coco-ap/per-file/test'],
    ['mask AP, Mask R-CNN', 'coco-ap/official/test'],
    ['SEG of SAMCell', 'ctc-seg/flat-large/test'],
    ['PQ', 'pq/flat-large/test'],
    ['AJI on val', 'aji/flat-large/val'],
    ['error rate at 0.5', 'error-rate@0.50/flat-large/test'],
  ])('%s', (text, name) => {
    expect(nameNumber(readNumberText(text)).name).toBe(name);
  });

  test('the traps are named', () => {
    const warningsOf = (text: string) => nameNumber(readNumberText(text)).warnings.join(' ');
    expect(warningsOf('mAP 0.5 from Cellpose')).toContain('not average precision');
    expect(warningsOf('mAP from Ultralytics')).toContain('at most 300 detections');
    expect(warningsOf('AP from pycocotools')).toContain('at most 100 detections');
    expect(warningsOf('mSA with box prompts')).toContain('no benchmark entry');
    expect(warningsOf('AP by the evaluation script of LIVECell')).not.toContain('at most');
  });

  test('only automatic numbers of all test images have a column to stand beside', () => {
    expect(nameNumber({ tool: 'livecell', metric: 'ap', split: 'test' }).beside).toBe('AP of the board');
    expect(nameNumber({ tool: 'livecell', metric: 'ap', split: 'val' }).beside).toBeNull();
    expect(nameNumber({ tool: 'micro-sam', prompted: true }).beside).toBeNull();
  });

  test('what was not said is said to be assumed', () => {
    expect(nameNumber({ tool: 'cellpose', metric: 'ap' }).assumed).toEqual([
      'the IoU threshold',
      'the truth',
      'the images',
    ]);
    expect(
      nameNumber({ tool: 'cellpose', metric: 'ap', threshold: '0.5', truth: 'flat-large', split: 'test' }).assumed,
    ).toEqual([]);
  });
});

test('the spread of variants is the difference between both truths', () => {
  const family = (msa: number | null) => ({ cellposeAp: [], f1Pooled: [], msa, pq: null, seg: null, aji: null });
  const entry = (large: number | null, cellpose: number | null) =>
    ({ labelThreshold: null, 'flat-large': family(large), 'flat-cellpose': family(cellpose) }) as unknown as Families;
  const [msa] = spreadOf([entry(0.5, 0.25), entry(0.5, 0.5), entry(0.25, 1), entry(null, 0.5)]).filter(
    ({ number }) => number === 'mSA',
  );
  expect(msa).toEqual({ number: 'mSA', entries: 3, median: 0.25, largest: 0.75 });
});

/** The index from its definition on matrices whose answer is known, and what leaves it open. */

import { describe, expect, test } from 'vitest';
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { type TransferMatrix, transferability } from '#lib/scoring/transferability.ts';
import { TASKS } from '#lib/tasks/index.ts';
import { resultsSchemaOf } from '#lib/tasks/report-schema.ts';
import fc from '#tests/properties.ts';

type Full = Record<CellType, Record<CellType, number>>;

/** A matrix from the AP of each pair. */
function matrixOf(ap: (trainedOn: CellType, evaluatedOn: CellType) => number): Full {
  return Object.fromEntries(
    CELL_TYPES.map((a) => [a, Object.fromEntries(CELL_TYPES.map((b) => [b, ap(a, b)]))]),
  ) as Full;
}

describe('the index', () => {
  test('is 0 when a model is as good on every type as at home, and not -0', () => {
    const { index, meanTransferredAP } = transferability(matrixOf(() => 0.4));
    expect(index).toBe(0);
    expect(meanTransferredAP.BV2).toBeCloseTo(0.4, 15);
  });

  test('is 1 when AP halves away from home, whatever it is at home', () => {
    const at = (type: CellType) => (1 + CELL_TYPES.indexOf(type)) / 16;
    expect(transferability(matrixOf((a, b) => (a === b ? at(a) : at(a) / 2))).index).toBeCloseTo(1, 14);
  });

  test('is negative when models are better away', () => {
    expect(transferability(matrixOf((a, b) => (a === b ? 0.2 : 0.4))).index).toBe(-1);
  });

  // published: 0.98 anchor-based, 1.21 anchor-free
  test.each([0.98, 1.21])('reproduces %d from a matrix in which AP falls by as many halvings on average', (wanted) => {
    const falls = CELL_TYPES.map((_, a) => CELL_TYPES.map((_, b) => (a === b ? 0 : wanted + Math.sin(8 * a + b))));
    const average = falls.flat().reduce((sum, value) => sum + value, 0) / 56;
    const matrix = matrixOf((a, b) => {
      const [i, j] = [CELL_TYPES.indexOf(a), CELL_TYPES.indexOf(b)];
      return 0.3 * 2 ** -(i === j ? 0 : falls[i][j] - average + wanted);
    });
    expect(transferability(matrix).index).toBeCloseTo(wanted, 13);
  });

  test('one pair that falls to a quarter adds 2 / 56', () => {
    const matrix = matrixOf((a, b) => (a === 'A172' && b === 'BV2' ? 0.1 : 0.4));
    const { index, meanTransferredAP } = transferability(matrix);
    expect(index).toBeCloseTo(2 / 56, 14);
    expect(meanTransferredAP.A172).toBeCloseTo((6 * 0.4 + 0.1) / 7, 14);
    expect(meanTransferredAP.BV2).toBeCloseTo(0.4, 14);
  });

  test('is the definition, and does not change when all of a model doubles', () => {
    const cell = fc.double({ min: 0.001, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 64, maxLength: 64 }), fc.nat(7), (values, doubled) => {
        const matrix = matrixOf((a, b) => values[8 * CELL_TYPES.indexOf(a) + CELL_TYPES.indexOf(b)]);
        let sum = 0;
        for (const a of CELL_TYPES)
          for (const b of CELL_TYPES) if (a !== b) sum += Math.log2(matrix[a][b] / matrix[a][a]);
        const { index } = transferability(matrix);
        expect(index).toBeCloseTo(-sum / 56, 12);
        const better = matrixOf((a, b) => matrix[a][b] * (a === CELL_TYPES[doubled] ? 2 : 1));
        expect(transferability(better).index).toBeCloseTo(index!, 12);
      }),
      { seed: 4 },
    );
  });
});

describe('no index', () => {
  test('where an AP is 0: the pair is named, the mean counts the 0', () => {
    const matrix = matrixOf((a, b) => (a === 'BV2' && b === 'SKOV3' ? 0 : 0.35));
    const found = transferability(matrix);
    expect(found.index).toBeNull();
    expect(found.indexMissing).toEqual({
      reason: 'AP is 0 for the model trained on BV-2 and evaluated on SK-OV-3, and a ratio to 0 has no logarithm.',
      pairs: [{ trainedOn: 'BV2', evaluatedOn: 'SKOV3', AP: 0 }],
    });
    expect(found.meanTransferredAP.BV2).toBeCloseTo(0.3, 14);
    const results = { bbox: found };
    expect(resultsSchemaOf(TASKS.transferability).parse(results)).toEqual(results);
  });

  test('where a model is 0 at home', () => {
    const found = transferability(matrixOf((a, b) => (a === 'Huh7' && b === 'Huh7' ? 0 : 0.3)));
    expect(found.index).toBeNull();
    expect(found.indexMissing?.pairs).toEqual([{ trainedOn: 'Huh7', evaluatedOn: 'Huh7', AP: 0 }]);
  });

  test('where a cell or a whole model is missing, which is said once', () => {
    const matrix: TransferMatrix = matrixOf(() => 0.3);
    delete matrix.MCF7;
    matrix.A172 = { ...matrix.A172, Huh7: null };
    const found = transferability(matrix);
    expect(found.index).toBeNull();
    expect(found.indexMissing?.reason).toBe(
      'There is no AP of the model trained on MCF7. There is no AP for the model trained on A172 and evaluated on Huh7.',
    );
    expect(found.indexMissing?.pairs).toHaveLength(9);
    expect(found.meanTransferredAP.A172).toBeNull();
    expect(found.meanTransferredAP.BV2).toBeCloseTo(0.3, 15);
    expect('MCF7' in found.meanTransferredAP).toBe(false);
  });

  test('names three pairs and counts the rest', () => {
    const found = transferability(matrixOf((a, b) => (a === 'BV2' && b !== 'BV2' ? 0 : 0.3)));
    expect(found.indexMissing?.reason).toContain('trained on BV-2 and evaluated on Huh7 and 4 more pairs');
    expect(found.meanTransferredAP.BV2).toBe(0);
  });
});

/** Which images were taken together, and which fields stand for one another. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { degreesOfFreedom, findFields, MOST_UNITS, stratify } from '#lib/scoring/fields.ts';
import { sha256 } from '#lib/scoring/sha256.ts';
import fc from '#tests/properties.ts';

const ones = (names: readonly string[]) => names.map(() => 1);
const namesOf = (fileNames: string[], options?: Parameters<typeof findFields>[2]) =>
  findFields(fileNames, ones(fileNames), options).units.map(({ name }) => name);

/** File names of LIVECell's test set: its wells, two locations each, three time points, two crops. */
const livecell = [
  ['A172', 'C7'],
  ['BT474', 'D3'],
  ['BV2', 'A4'],
  ['Huh7', 'A12'],
  ['MCF7', 'H4'],
  ['SHSY5Y', 'A10'],
  ['SkBr3', 'G3'],
  ['SKOV3', 'E4'],
  ['SKOV3', 'F4'],
].flatMap(([type, well]) =>
  [1, 2].flatMap((location) =>
    ['00d00h00m', '02d04h00m', '05d00h00m'].flatMap((time) =>
      [1, 2].map((crop) => `${type}_Phase_${well}_${location}_${time}_${crop}.tif`),
    ),
  ),
);

describe('LIVECell', () => {
  const fields = findFields(livecell, ones(livecell));

  test('has 18 fields in 8 strata, four of them SK-OV-3: 10 degrees of freedom', () => {
    expect(fields.units).toHaveLength(18);
    expect(fields.strata.sizes.toSorted()).toEqual([2, 2, 2, 2, 2, 2, 2, 4]);
    expect(degreesOfFreedom(fields.strata)).toBe(10);
  });

  test('keeps all time points and crops of a field together', () => {
    livecell.forEach((fileName, image) => {
      const { name, cellType } = fields.units[fields.unitOf[image]];
      expect(fileName.startsWith(`${name.replace(cellType, `${cellType}_Phase`)}_`)).toBe(true);
    });
  });

  test('has its fields in the order of their names, by code unit', () => {
    const names = fields.units.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names[0]).toBe('A172_C7_1');
    expect(names.at(-1)).toBe('SkBr3_G3_2');
  });

  test('has the same fields whatever the order of its images', () => {
    const backwards = findFields([...livecell].reverse(), ones(livecell));
    expect(backwards.units).toEqual(fields.units);
    expect([...backwards.unitOf].reverse()).toEqual([...fields.unitOf]);
  });
});

describe('other data sets', () => {
  test('have the image as their unit, a file once, all in one stratum', () => {
    const fields = findFields(['b.png', 'a.png', 'a.tif'], [1, 1, 1]);
    expect(fields.units).toEqual([
      { name: 'a', cellType: '' },
      { name: 'b', cellType: '' },
    ]);
    expect([...fields.unitOf]).toEqual([1, 0, 0]);
    expect(fields.strata.sizes).toEqual([2]);
  });

  test('have the well as their unit where it is registered and file names tell no field', () => {
    const names = ['a.png', 'b.png', 'c.png', 'A549_Phase_B2_1_00d00h00m_1.tif'];
    expect(namesOf(names, { wells: ['B1', 'B1', null, 'B1'] })).toEqual(['A549_B2_1', 'B1', 'c']);
  });

  test('are one stratum when they are outside data sets, whatever their names', () => {
    expect(findFields(livecell, ones(livecell), { oneStratum: true }).strata.sizes).toEqual([18]);
  });

  test('have no unit without objects: nothing would be left out with it', () => {
    const fields = findFields(['a.png', 'b.png', 'c.png'], [2, 0, 1]);
    expect(fields.units.map(({ name }) => name)).toEqual(['a', 'c']);
    expect([...fields.unitOf]).toEqual([0, -1, 1]);
  });
});

describe('strata', () => {
  const unitsOf = (...counts: number[]) =>
    counts.flatMap((count, k) => Array.from({ length: count }, (_, i) => ({ name: `${k} ${i}`, cellType: `${k}` })));

  test('with one unit are put together', () => {
    expect(stratify(unitsOf(2, 1, 3, 1)).sizes).toEqual([2, 3, 2]);
  });

  test('that are alone with one unit join the largest', () => {
    expect(stratify(unitsOf(2, 1, 3))).toEqual({ of: [0, 0, 1, 1, 1, 1], sizes: [2, 4] });
    expect(stratify(unitsOf(1)).sizes).toEqual([1]);
    expect(stratify([])).toEqual({ of: [], sizes: [] });
  });

  test('have at least two units each, if there are two', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 10 }), (counts) => {
        const { of, sizes } = stratify(unitsOf(...counts));
        const total = counts.reduce((sum, count) => sum + count, 0);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total);
        if (total > 1) expect(Math.min(...sizes)).toBeGreaterThan(1);
        sizes.forEach((size, stratum) => {
          expect(of.filter((own) => own === stratum)).toHaveLength(size);
        });
      }),
    );
  });
});

test('more than 20 units of a stratum are dealt to 20 groups in the order of the SHA-256 of their names', () => {
  const names = Array.from({ length: 47 }, (_, k) => `image ${k} ü.png`);
  const { units, unitOf, strata } = findFields(names, ones(names));
  expect(strata.sizes).toEqual([MOST_UNITS]);
  const hash = (name: string) => createHash('sha256').update(name.replace('.png', ''), 'utf8').digest('hex');
  [...names]
    .sort((a, b) => (hash(a) < hash(b) ? -1 : 1))
    .forEach((name, k) => {
      const group = String((k % MOST_UNITS) + 1).padStart(2, '0');
      expect(units[unitOf[names.indexOf(name)]].name).toBe(`group ${group}`);
    });
});

test('groups of a stratum of several types belong to no type, so that the strata are found again from them', () => {
  const names = Array.from({ length: 30 }, (_, k) => `T${k}_Phase_A1_1_00d00h00m_1.tif`);
  const pairs = CELL_TYPES.slice(0, 2).flatMap((type) => [1, 2].map((k) => `${type}_Phase_A1_${k}_00d00h00m_1.tif`));
  const { units, strata } = findFields([...names, ...pairs], ones([...names, ...pairs]));
  expect(strata.sizes.toSorted((a, b) => a - b)).toEqual([2, 2, 20]);
  expect(stratify(units)).toEqual(strata);
});

test('SHA-256 is that of node:crypto', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
    }),
  );
});

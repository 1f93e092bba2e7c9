/** The list of checks and the readers of COCO files agree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS } from '#lib/readers/checks.ts';

const readers = join(import.meta.dirname, '../../lib/readers');
const files = [
  ...readdirSync(join(readers, 'coco')).map((name) => join('coco', name)),
  'files.ts',
  'ground-truth-file.ts',
  'kinds.ts',
  'unpack-limit.ts',
];
const sources = files.map((file) => readFileSync(join(readers, file), 'utf8')).join('\n');
const given = new Set(
  [...sources.matchAll(/(?:code: |code = |\.warn\(|\.add\(|\.addMore\(|this\.problem\()\s*'([a-z0-9-]+)'/g)].map(
    ([, code]) => code,
  ),
);
const ofArchives = [...given].filter((code) => /zip/.test(code));

test('every code that a reader gives is in the list', () => {
  expect([...given].filter((code) => !(code in CHECKS) && !ofArchives.includes(code))).toEqual([]);
});

test('every code of the list is given by a reader', () => {
  expect(Object.keys(CHECKS).filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});

test('each says what is wrong, with an example and a remedy', () => {
  for (const { says, example, remedy } of Object.values(CHECKS)) {
    expect(says).toMatch(/^\S.*\.$/);
    expect(example).not.toBe('');
    expect(remedy).toMatch(/^\S.*\.$/);
  }
});

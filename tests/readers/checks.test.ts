/** The list of checks and the code that makes findings agree, in both directions. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS, CHECKS_BY_ROOM } from '#lib/checks/checks.ts';

const root = join(import.meta.dirname, '../..');
const files = execFileSync('git', ['ls-files', 'lib', 'workers', 'db', 'app'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('lib/checks/'));
const sources = files.map((file) => readFileSync(join(root, file), 'utf8'));
const MAKES = /FileRejected|ProblemList|ImageProblem|Problem\b|Warning\b/;
// events of the log and remarks of conversions are no findings about a submitted file
const given = new Set(
  sources
    .filter((source) => MAKES.test(source))
    .flatMap((source) => [
      ...source.matchAll(
        /(?:(?<!\b(?:log|conversion))\.warn\(|\.add\(|\.addMore\(|this\.problem\(|refuse\(|onProblem\(|new ImageProblem\(|ed\(\{ code: |\{\s*code: |code = )\s*'([a-z0-9]+(?:-[a-z0-9]+)+)'/g,
      ),
    ])
    .map(([, code]) => code),
);

test('every code that the readers, tasks and workers give is in the list', () => {
  expect(given.size).toBeGreaterThan(80);
  const notAboutFiles = ['not-found', 'wrong-file', 'too-large', 'too-many', 'storage-full'];
  expect([...given].filter((code) => !(code in CHECKS) && !notAboutFiles.includes(code))).toEqual([]);
});

test('every code of the list is given somewhere', () => {
  const unused = Object.keys(CHECKS).filter((code) => !sources.some((source) => source.includes(`'${code}'`)));
  expect(unused).toEqual([]);
});

test('every code is in one room of the list', () => {
  const codes = CHECKS_BY_ROOM.flatMap(({ checks }) => Object.keys(checks));
  expect(codes.toSorted()).toEqual(Object.keys(CHECKS).toSorted());
});

test.each(Object.entries(CHECKS))('%s says what is wrong, with an example and a remedy', (code, check) => {
  expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  expect(check.says).toMatch(/^\S.*\.$/);
  expect(check.example).not.toBe('');
  expect(check.remedy).toMatch(/^\S.*\.$/);
});

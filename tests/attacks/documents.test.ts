/** What the threat model and the ASVS table name is there: every place in the code, and every test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** The rows of the table whose first column is called `first`: the cells of each. */
function rowsOf(page: string, first: string): string[][] {
  const cells = (line: string) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
  const lines = page.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${first} `));
  if (head < 0) return [];
  const end = lines.findIndex((line, i) => i > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map(cells);
}

const codeIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

/** Files of tests that a name means: a file below tests/attacks or tests/, or all in a folder. */
function testsNamed(name: string): string[] {
  for (const base of [`tests/attacks/${name}`, `tests/${name}`]) {
    for (const file of [`${base}.test.ts`, `${base}.test.tsx`, `${base}.spec.ts`])
      if (existsSync(join(ROOT, file))) return [file];
    if (existsSync(join(ROOT, base)) && base !== `tests/attacks/${name}`)
      return readdirSync(join(ROOT, base), { recursive: true })
        .map(String)
        .filter((file) => /\.(test|spec)\.tsx?$/.test(file))
        .map((file) => `${base}/${file}`);
  }
  return [];
}

/** Code that a cell names by a path. */
const pathsIn = (text: string) => codeIn(text).filter((code) => /^(\.?[\w-]+)(\/[[\]\w.-]+)+$/.test(code));

describe('docs/asvs.md', () => {
  const rows = rowsOf(read('docs/asvs.md'), 'requirement');

  test('is a table', () => expect(rows.length).toBeGreaterThan(40));

  test.each(rows)('%s', (requirement, place, tests) => {
    for (const path of pathsIn(place)) expect(existsSync(join(ROOT, path)), `${path} of ${requirement}`).toBe(true);
    for (const [, link] of place.matchAll(/\]\(([^)]+)\)/g)) expect(existsSync(join(ROOT, 'docs', link))).toBe(true);
    const named = codeIn(tests);
    for (const name of named) expect(testsNamed(name), `${name} of ${requirement}`).not.toEqual([]);
    if (named.length === 0) {
      expect(tests).toMatch(/^(CI|–|the findings table there)$/);
      // without a test, it has to say what is missing, or what checks it instead
      if (tests === '–') expect(place).toContain('open:');
      if (tests === 'CI') expect(pathsIn(place).some((path) => path.startsWith('.github/'))).toBe(true);
    }
  });
});

describe('docs/threat-model.md', () => {
  const page = read('docs/threat-model.md');
  const rows = rowsOf(page, 'finding');

  test('has a test for each finding of the review', () => {
    const numbered = (letter: string, last: number) => Array.from({ length: last }, (_, i) => `${letter}${i + 1}`);
    const all = [...numbered('C', 1), ...numbered('H', 7), ...numbered('M', 10), ...numbered('L', 13)];
    expect(rows.map(([finding]) => finding.split(' ')[0])).toEqual(all);
  });

  test.each(rows)('%s', (_finding, tests) => {
    const named = codeIn(tests);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(name.startsWith('.github/') ? [name] : testsNamed(name), name).not.toEqual([]);
    for (const path of named.filter((name) => name.startsWith('.github/')))
      expect(existsSync(join(ROOT, path))).toBe(true);
  });

  test('names code that is there', () => {
    for (const path of pathsIn(page).filter((path) => /\.(ts|tsx|yml)$/.test(path)))
      expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  test('leaves out no file of tests of attacks', () => {
    const tests = [
      ...rows.map(([, tests]) => tests),
      ...rowsOf(read('docs/asvs.md'), 'requirement').map((row) => row.at(-1)!),
    ];
    const named = tests.flatMap(codeIn);
    const own = readdirSync(import.meta.dirname).flatMap((file) => /^(.+)\.test\.ts$/.exec(file)?.[1] ?? []);
    for (const name of own.filter((name) => name !== 'documents'))
      expect(
        named.some((one) => one === name || one === `attacks/${name}`),
        name,
      ).toBe(true);
  });
});

test('the names of tests are found, and wrong ones are not', () => {
  expect(testsNamed('oracle')).toEqual(['tests/attacks/oracle.test.ts']);
  expect(testsNamed('convert').length).toBeGreaterThan(0);
  expect(testsNamed('no-such-test')).toEqual([]);
});

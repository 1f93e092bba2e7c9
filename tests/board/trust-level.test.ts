import { expect, test } from 'vitest';
import { hasLevel, LEVELS, type Level, levelOf, parseLevel } from '#lib/board/trust-level.ts';

const WHEN = new Date('2026-03-01');

test.each<[string, string | null, Date | null, Level]>([
  ['without code', null, null, 'scored'],
  ['with an empty link', '', null, 'scored'],
  ['with code', 'https://code.example', null, 'code'],
  ['re-run, with code', 'https://code.example', WHEN, 'verified'],
  ['re-run, without code', null, WHEN, 'verified'],
])('the level of an entry %s', (_, codeUrl, verifiedAt, level) => {
  expect(levelOf({ codeUrl, verifiedAt })).toBe(level);
});

test('a level includes the ones above it, and no level shows everything', () => {
  const shown = (wanted: Level | null) => [null, ...LEVELS].filter((level) => hasLevel({ level }, wanted));
  expect(shown(null)).toEqual([null, 'scored', 'code', 'verified']);
  expect(shown('scored')).toEqual(['scored', 'code', 'verified']);
  expect(shown('code')).toEqual(['code', 'verified']);
  expect(shown('verified')).toEqual(['verified']);
});

test('only the names of levels are levels', () => {
  expect(LEVELS.map((level) => parseLevel(level))).toEqual([...LEVELS]);
  for (const text of [undefined, '', 'Code', 'verified ']) expect(parseLevel(text)).toBeNull();
});

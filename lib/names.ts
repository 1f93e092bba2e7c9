/** Names of people, teams and methods as they are shown: nothing in them is invisible, and none speaks for the site. */
import unhomoglyph from 'unhomoglyph';
import { AppError } from './errors.ts';

/** Without control, format and direction marks (which can turn a name round or make two look alike), in one spelling. */
export function plainName(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u115F\u1160\u3164\uFFA0]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** What a text looks like: its letters, in their plain form, with one letter for all that look alike. */
const looks = (text: string): string => unhomoglyph(text.normalize('NFKD').toLowerCase().replace(/\P{L}/gu, ''));

/** Words with which somebody would speak for the site. */
const RESERVED = ['official', 'livecellbenchmark', 'benchmarkteam'].map(looks);
/** Those that a method’s name may not have; “official weights” is nothing bad. */
const RESERVED_FOR_METHODS = ['livecellbenchmark', 'benchmarkteam'].map(looks);

const lettersOf = (text: string): string =>
  plainName(text)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '');

/**
 * Tell how alike two names are: `same` letters and digits, whatever the case, spaces and accents; `look-alike` if they
 * differ only in characters that look like each other, as in “Ada Iovelace”; null otherwise.
 */
export function likeness(one: string, other: string): 'same' | 'look-alike' | null {
  if (lettersOf(one).toLowerCase() === lettersOf(other).toLowerCase()) return 'same';
  return skeletonOf(one) === skeletonOf(other) ? 'look-alike' : null;
}

/** What a name looks like, with one character for all that look alike: equal for `look-alike` names, case aside. */
export function skeletonOf(name: string): string {
  return unhomoglyph(lettersOf(name)).toLowerCase();
}

/** A word of Latin letters with look-alikes of another alphabet among them: nobody writes so by themselves. */
const MIXED =
  /(?=\S*\p{Script=Latin})(?=\S*[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}])\S+/u;

/** Single Greek letters stand in names of cells and methods, `β-Cell`, `Huh7α`; not those that look like Latin ones. */
const ONE_GREEK = /(?<!\p{Script=Greek})(?![ονρυι])[α-ω](?!\p{Script=Greek})/gu;

/**
 * A name for a person or a team.
 *
 * @throws AppError `invalid` for one that is empty once it is plain, sounds like the site's own, or mixes alphabets
 * within a word
 */
export function publicName(text: string): string {
  return checkedName(text, RESERVED);
}

/** The same for a method, whose name may have more words. @throws AppError `invalid` */
export function methodName(text: string): string {
  return checkedName(text, RESERVED_FOR_METHODS);
}

function checkedName(text: string, reserved: readonly string[]): string {
  const name = plainName(text);
  if (!name) throw new AppError('invalid', 'A name needs characters that can be seen.');
  if (reserved.some((word) => looks(name).includes(word)))
    throw new AppError('invalid', `“${name}” sounds as if it spoke for this site. Choose another name.`);
  if (MIXED.test(name.replace(ONE_GREEK, '')))
    throw new AppError('invalid', `“${name}” mixes letters of several alphabets in one word. Write it in one of them.`);
  return name;
}

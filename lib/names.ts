/** Names of people, teams and methods as they are shown: nothing in them is invisible, and none speaks for the site. */
import { AppError } from './errors.ts';

/** Without control, format and direction marks (which can turn a name round or make two look alike), in one spelling. */
export function plainName(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u115F\u1160\u3164\uFFA0]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** Words with which somebody would speak for the site, written as they look: letters alone, in their plain form. */
const RESERVED = /official|livecellbenchmark|benchmarkteam/;

/**
 * A name for a person or a team.
 *
 * @throws AppError `invalid` for one that is empty once it is plain, or sounds like the site's own
 */
export function publicName(text: string): string {
  const name = plainName(text);
  if (!name) throw new AppError('invalid', 'A name needs characters that can be seen.');
  const letters = name.normalize('NFKD').toLowerCase().replace(/\P{L}/gu, '');
  if (RESERVED.test(letters))
    throw new AppError('invalid', `“${name}” sounds as if it spoke for this site. Choose another name.`);
  return name;
}

/** Says in a sentence who leads a board, and whether the lead is real. */
import { list } from '#lib/format.ts';

/** More names than these are counted instead. */
const MOST_NAMES = 3;

/**
 * Return a sentence such as “A and B cannot be told apart on this test set; both are ahead of C.”; null for fewer than
 * two entries.
 *
 * @param isAhead whether the comparisons of entry `a` say that it is better than entry `b`
 */
export function verdictOn(
  entries: readonly { name: string; value: number }[],
  isAhead: (a: number, b: number) => boolean,
  better: 'higher' | 'lower',
): string | null {
  if (entries.length < 2) return null;
  const sign = better === 'higher' ? -1 : 1;
  const order = [...entries.keys()].sort((a, b) => sign * (entries[a].value - entries[b].value));
  const [leader, ...others] = order;
  const near = others.filter((other) => !isAhead(leader, other));
  const behind = others.filter((other) => isAhead(leader, other));
  const names = (of: readonly number[]) => {
    const told = of.length > MOST_NAMES ? of.slice(0, MOST_NAMES - 1) : of;
    const more = of.length - told.length;
    return list([...told.map((entry) => entries[entry].name), ...(more > 0 ? [`${more} others`] : [])]);
  };
  if (near.length === 0) return `${entries[leader].name} is ahead of ${names(behind)} on this test set.`;

  const group = [leader, ...near];
  const alike = group.every((a) => group.every((b) => !isAhead(a, b)));
  const first = alike
    ? `${names(group)} cannot be told apart on this test set`
    : `${entries[leader].name} cannot be told apart from ${names(near)} on this test set`;
  if (behind.length === 0) return `${first}.`;
  const all = group.every((a) => behind.every((b) => isAhead(a, b)));
  const who = all && alike ? (group.length === 2 ? 'both are' : 'all are') : `${entries[leader].name} is`;
  return `${first}; ${who} ahead of ${names(behind)}.`;
}

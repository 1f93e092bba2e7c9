/** What pages say of a divided data set. */
import { day } from '#lib/format.ts';
import { FEWEST_DEGREES_OF_FREEDOM } from '#lib/scoring/jackknife.ts';
import type { PartFacts } from './split-parts.ts';

/** Say which part is scored, until when, and whether it has intervals; null for a whole data set. */
export function partInWords(part: PartFacts | null): string | null {
  if (!part) return null;
  const { name, units, of, by, until, degreesOfFreedom: df } = part;
  const what = `Scores are of the ${name} part of this data set, ${units} of ${of} ${by}s`;
  const then = until ? ` until ${day(new Date(until))}, and of the private part from then on` : '';
  const few =
    df < FEWEST_DEGREES_OF_FREEDOM
      ? ` It has ${df} degrees of freedom; with fewer than ${FEWEST_DEGREES_OF_FREEDOM} there are no intervals.`
      : '';
  return `${what}${then}.${few}`;
}

/** How the best number of a task moved over time: entries by their publication, and those that were best when they came. */

/** An entry at the time of its publication. */
export interface Dated {
  name: string;
  at: Date;
  value: number;
}

/** Return the entries that were better than all before them, in order of time. Equal ones are not better. */
export function recordsOf<Row extends Dated>(rows: readonly Row[], better: 'higher' | 'lower'): Row[] {
  const sign = better === 'higher' ? 1 : -1;
  let best = Number.NEGATIVE_INFINITY;
  return [...rows]
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .filter(({ value }) => {
      if (sign * value <= best) return false;
      best = sign * value;
      return true;
    });
}

/** Return the corners of the line of the best so far: level until the next record. @param end where the line ends */
export function bestSoFar(records: readonly Dated[], end: Date): [time: number, value: number][] {
  const corners = records.flatMap(({ at, value }, k): [number, number][] =>
    k === 0
      ? [[at.getTime(), value]]
      : [
          [at.getTime(), records[k - 1].value],
          [at.getTime(), value],
        ],
  );
  const last = records.at(-1);
  return last && end > last.at ? [...corners, [end.getTime(), last.value]] : corners;
}

/** Ticks at the beginnings of years, of quarters where there are few years; between two times in milliseconds. */
export function timeTicks(from: number, to: number): number[] {
  const [first, last] = [new Date(from).getUTCFullYear(), new Date(to).getUTCFullYear()];
  const months = last - first > 2 ? [0] : [0, 3, 6, 9];
  const step = Math.max(1, Math.ceil((last - first) / 8));
  const ticks: number[] = [];
  for (let year = first; year <= last + 1; year += step)
    for (const month of months) {
      const at = Date.UTC(year, month, 1);
      if (at >= from && at <= to) ticks.push(at);
    }
  return ticks;
}

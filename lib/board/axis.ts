/** The axis that a board's dots share. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
}

/** At most this many ticks fit into a column. */
const MOST_TICKS = 4;

/** Return an axis with round ends that holds all numbers; null if there are none. */
export function axisOver(numbers: readonly number[]): Axis | null {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (!(most >= least) || !Number.isFinite(most - least)) return null;
  const span = Math.max(most - least, Math.abs(most) / 20, 1e-6);
  const power = 10 ** Math.floor(Math.log10(span / MOST_TICKS));
  const step = [1, 2, 5, 10, 20].map((factor) => factor * power).find((size) => span <= (MOST_TICKS - 1) * size)!;
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
  return { from: ticks[0], to: ticks[ticks.length - 1], ticks };
}

/** Return the position of a number on an axis, 0 to 100, with one decimal. */
export function placeOn({ from, to }: Axis, value: number): number {
  return Math.round((1000 * (value - from)) / (to - from)) / 10;
}

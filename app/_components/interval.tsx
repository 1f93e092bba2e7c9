import { exact, percent } from '#lib/format.ts';

export const INTERVAL_EXPLAINED = '95 % interval for these cell types, from the differences between fields of view';

/** `57.9–61.2`, small, beside or under the number it belongs to. */
export function Interval({ of: interval }: { of: readonly [number, number] | null | undefined }) {
  if (!interval) return null;
  const [low, high] = interval.map((end) => percent(end, 1));
  return (
    <small className="interval" title={`${INTERVAL_EXPLAINED}: ${exact(interval[0])} to ${exact(interval[1])}`}>
      <span className="visually-hidden">, 95 % interval </span>
      {low}–{high}
    </small>
  );
}

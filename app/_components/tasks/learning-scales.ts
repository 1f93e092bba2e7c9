import { TRAINING_SIZES } from '#lib/livecell/splits.ts';
import { fromZero, type Scale } from '../charts/plot.tsx';

/** Return the axes of learning curves: the share of the training images on a logarithmic one, and the numbers. */
export function learningScales(
  curves: readonly (readonly (readonly [share: number, value: number])[])[],
  metric: string,
): { x: Scale; y: Scale } {
  const x = {
    from: 1.6,
    to: 120,
    log: true,
    ticks: TRAINING_SIZES.map(Number).filter((size) => size !== 4),
    label: 'Share of the training images, % (log axis)',
  };
  return { x, y: fromZero(Math.max(1, ...curves.flat().map(([, value]) => value)), `${metric}, %`) };
}

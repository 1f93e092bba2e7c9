import type { Column } from '#lib/tasks/columns.ts';

/** Return `21.3 points ahead of Other model`, or that both have the same number. */
export function aheadOf(column: Pick<Column, 'format'>, best: number, next: number, name: string): string {
  const distance = Math.abs(best - next);
  if (distance === 0) return `the same as ${name}`;
  if (column.format === 'integer') return `${distance} ahead of ${name}`;
  const shown = column.format === 'percent' ? 100 * distance : distance;
  const digits = column.format === 'percent' ? 1 : 2;
  const text = shown < 10 ** -digits ? `less than ${10 ** -digits}` : shown.toFixed(digits);
  return `${text}${column.format === 'percent' ? ' points' : ''} ahead of ${name}`;
}

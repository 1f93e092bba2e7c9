/** How many digits of a board's numbers its intervals support. Files have every digit. */
import type { Column, ColumnNumber } from '#lib/tasks/columns.ts';

/** Decimals of percentages where a view has no intervals. */
const WITHOUT_INTERVALS = 1;
const MOST = 2;

/**
 * Return the decimals of a view's percentages: those with which the last digit is a tenth to a hundredth of the usual
 * interval's width, as numbers with an uncertainty of two digits are written.
 *
 * @param intervals of the ranking column, as fractions
 */
export function supportedDecimals(intervals: readonly (readonly [number, number])[]): number {
  const widths = intervals.map(([low, high]) => 100 * (high - low)).sort((a, b) => a - b);
  const half = widths[widths.length >> 1] / 2;
  if (!(half > 0)) return WITHOUT_INTERVALS;
  return Math.min(MOST, Math.max(0, 1 - Math.floor(Math.log10(half))));
}

/** Format a number of a board with the decimals of its view; absent numbers are empty. */
export function boardNumber(value: ColumnNumber, format: Column['format'], decimals: number): string {
  if (value === undefined) return '';
  if (value === null) return '–';
  if (format === 'percent') return padded((100 * value).toFixed(decimals), MOST);
  return format === 'integer' ? value.toLocaleString('en-US', { maximumFractionDigits: 0 }) : value.toFixed(3);
}

/** Format a published number with its published digits. */
export function publishedNumber(value: ColumnNumber, format: Column['format']): string {
  if (typeof value !== 'number' || format !== 'percent') return boardNumber(value ?? undefined, format, MOST);
  return padded((100 * value).toFixed(MOST).replace(/\.?0+$/, ''), MOST);
}

/** Fill up with spaces as wide as digits and a point, so that numbers of other lengths stand with their points aligned. */
function padded(text: string, decimals: number): string {
  const [whole, fraction] = text.split('.');
  if (fraction === undefined) return `${whole}\u2008${'\u2007'.repeat(decimals)}`;
  return text + '\u2007'.repeat(Math.max(0, decimals - fraction.length));
}

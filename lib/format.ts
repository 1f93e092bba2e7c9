/** Formats numbers and times for people; the same on the server, in the browser and in tests. */

/**
 * Format a fraction in per cent, `47.78`. `null` (nothing to average) and `undefined` (not published) look different.
 */
export function percent(value: number | null | undefined, decimals = 2): string {
  if (value === undefined) return '';
  if (value === null) return '–';
  return (value * 100).toFixed(decimals);
}

/** Format a fraction with every digit, for titles. */
export function exact(value: number | null | undefined): string {
  if (value === undefined) return 'not published';
  if (value === null) return 'nothing to average';
  return String(value);
}

/**
 * Format a number without decimals as 1,564: with commas, whatever the machine's language. `toLocaleString` would do the
 * same but loads tables for 15 ms first, more than scoring a small file takes.
 */
export function integer(value: number): string {
  const digits = Math.round(Math.abs(value)).toFixed(0);
  return (value < 0 ? '-' : '') + digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let amount = value;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toPrecision(2)} ${units[unit]}`;
}

export function seconds(value: number): string {
  if (value < 1) return `${Math.max(1, Math.round(value * 1000))} ms`;
  if (value < 60) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

/** Format a duration: `4 minutes`, `3 hours`, `12 days`; rounded down, below a minute `less than a minute`. */
export function age(seconds: number): string {
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return 'less than a minute';
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Format a date as 22 Nov 2025 (UTC). */
export function day(date: Date): string {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** Format a time as 22 Nov 2025, 10:18 UTC. */
export function moment(date: Date): string {
  return `${day(date)}, ${date.toISOString().slice(11, 16)} UTC`;
}

/** Join words: `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

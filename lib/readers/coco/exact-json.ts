/** Parses short JSON values without rounding large whole numbers. */

/**
 * Parse JSON like `JSON.parse`, but return whole numbers beyond ±(2^53 − 1) as BigInt instead of rounding them: two ids
 * of 19 digits may round to the same number.
 *
 * @throws SyntaxError
 */
export function parseExactly<T>(text: string): T {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as T;
  const keepDigits = (_key: string, value: unknown, { source }: { source?: string } = {}): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as T;
}

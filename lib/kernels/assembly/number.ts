/** Decimal numbers of JSON, correctly rounded, straight from bytes. */

/** The last number that `number` read. */
export let value: f64 = 0;

/** 10^0 … 10^22, all exact. */
const POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

/** Whole numbers below this are exact in float64. */
const EXACT: u64 = 1 << 53;

/**
 * Read a number in its usual form: up to nine digits, a point, up to twenty digits, at most nineteen significant digits
 * in total, no exponent. May read up to eight bytes past the text.
 *
 * @returns the address after it, or 0 for any other form
 */
export function number(p: usize): usize {
  const negative = load<u8>(p) === 45;
  if (negative) p++;
  const first = p;
  let mantissa: u64 = 0;
  let digit: u32 = <u32>load<u8>(p) - 48;
  while (digit <= 9) {
    mantissa = mantissa * 10 + digit;
    digit = <u32>load<u8>(++p) - 48;
  }
  const whole = p - first;
  if (whole === 0 || whole > 9) return 0;
  let decimals: usize = 0;
  if (digit === <u32>46 - 48) {
    const from = ++p;
    let room: usize = 19 - whole;
    if (mantissa === 0) {
      // leading zeros are not significant
      while (load<u8>(p) === 48) p++;
      room = 19;
    }
    const significant = p;
    for (let eight = load<u64>(p); p < significant + 16 && areDigits(eight); eight = load<u64>(p)) {
      mantissa = mantissa * 100000000 + eightDigits(eight);
      p += 8;
    }
    digit = <u32>load<u8>(p) - 48;
    while (digit <= 9 && p < significant + 19) {
      mantissa = mantissa * 10 + digit;
      digit = <u32>load<u8>(++p) - 48;
    }
    decimals = p - from;
    if (decimals === 0 || decimals > 20 || digit <= 9 || p - significant > room) return 0;
  }
  if ((load<u8>(p) | 32) === 101) return 0; // e
  let x: f64;
  if (mantissa < EXACT) {
    x = <f64>mantissa;
    if (decimals) x /= load<f64>(POWERS + (decimals << 3));
  } else x = divide(mantissa, load<f64>(POWERS + (decimals << 3)));
  value = negative ? -x : x;
  return p;
}

/**
 * Read a number that, with the byte after it, fits in eight bytes and has no sign and no exponent, such as a polygon
 * coordinate: all digits at once.
 *
 * @returns the address after it, or 0 for any other form
 */
export function shortNumber(p: usize): usize {
  // a digit becomes its value, anything else more than nine (a carry from a non-ASCII byte only affects bytes after it)
  const bytes = load<u64>(p) ^ 0x3030303030303030;
  let others = ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
  const whole = ctz(others) & 56; // in bits, like all positions here
  if (others === 0 || whole === 0) return 0;
  let digits = bytes;
  let length = whole;
  let decimals: u64 = 0;
  if (((bytes >> whole) & 0xff) === 0x1e) {
    // a point: the digits after it move up to those before it
    others &= others - 1;
    length = (ctz(others) & 56) - 8;
    decimals = length - whole;
    if (others === 0 || decimals === 0) return 0;
    const front = ((<u64>1) << whole) - 1;
    digits = (bytes & front) | ((bytes >> 8) & ~front);
    p++;
  }
  p += <usize>(length >> 3);
  if ((load<u8>(p) | 32) === 101) return 0; // e
  // align to the end of the eight bytes, with leading zeros
  const mantissa = <f64>eightDigits(digits << (64 - length));
  value = mantissa / load<f64>(POWERS + <usize>decimals);
  return p;
}

/** Tell whether eight bytes are all digits: none below '0', none above '9'. */
function areDigits(eight: u64): bool {
  return (
    ((eight & 0xf0f0f0f0f0f0f0f0) | (((eight + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) === 0x3333333333333333
  );
}

/** Return the number written by eight digits, most significant first: pairs, then fours, then all (Lemire 2018). */
function eightDigits(eight: u64): u64 {
  eight = ((eight & 0x0f0f0f0f0f0f0f0f) * 2561) >> 8;
  eight = ((eight & 0x00ff00ff00ff00ff) * 6553601) >> 16;
  return ((eight & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}

const SPLIT: f64 = 134217729; // 2^27 + 1

/**
 * Divide a whole number of up to 19 digits by a power of ten up to 10^20, correctly rounded: a quotient, the exact
 * remainder (Dekker 1971), and the remainder's quotient. A decimal with d digits after the point differs from the
 * midpoint of two doubles by at least 5^-d / 2 of their distance, or not at all: for d = 20 that is 5 · 10^-15, and the
 * second quotient is exact to 5 · 10^-16 of that distance.
 */
function divide(mantissa: u64, power: f64): f64 {
  const high = <f64>(mantissa & ~0x7ff); // 53 bits at most: exact, and so are the other eleven
  const low = <f64>(mantissa & 0x7ff);
  const q = high / power;
  const back = q * power;
  let t = SPLIT * q;
  const q1 = t - (t - q);
  const q2 = q - q1;
  t = SPLIT * power;
  const p1 = t - (t - power);
  const p2 = power - p1;
  const lost = q1 * p1 - back + q1 * p2 + q2 * p1 + q2 * p2; // what rounding took from `back`
  return q + (high - back - lost + low) / power;
}

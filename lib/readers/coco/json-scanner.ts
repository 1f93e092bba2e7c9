/**
 * Reads JSON tokens from a window of a byte stream. It creates no strings or objects: callers ask for what they expect
 * and get numbers or positions in the window.
 *
 * The window may end anywhere. Code that runs past its end throws NEED_MORE; the caller returns to the start of the
 * current record and tries again with more bytes. Records are short and the window long, so this is rare, and it keeps
 * the grammar an ordinary recursive descent instead of a state machine per token. `bytes[end]` is always a zero byte:
 * loops stop there without testing for the end at every step.
 *
 * Why not JSON.parse or a streaming parser: files have gigabytes, JSON.parse takes a string of at most 512 MB and
 * rounds ids above 2^53, and streaming parsers create a JavaScript value for every coordinate, only for it to be copied
 * into a typed array. The tests compare the results with JSON.parse.
 */
import { FileRejected } from '#lib/problems.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { quoted } from '#lib/readers/problem-list.ts';

/** Thrown when the window ends before the value does. */
export const NEED_MORE = new Error('more bytes needed');

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const CLOSE_BRACKET = 93;

/** Whole numbers below this are exact in float64. */
const EXACT = 2 ** 53;
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => 10 ** i); // all exact
const MAX_DEPTH = 64;

/** By byte: 2 within a number or a word, 1 between numbers of a list, 0 for any other. */
const SKIPPED = new Uint8Array(256);
for (const c of ', ') SKIPPED[c.charCodeAt(0)] = 1;
for (const c of '+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') SKIPPED[c.charCodeAt(0)] = 2;

export class JsonScanner {
  bytes = new Uint8Array(1);
  pos = 0;
  end = 0;
  /** offset in the file of bytes[0] */
  base = 0;
  /** no bytes follow the window */
  final = false;

  /** Return the next byte that is not white space, without consuming it. */
  peek(): number {
    const { bytes } = this;
    let p = this.pos;
    while (bytes[p] === 32 || bytes[p] === 10 || bytes[p] === 13 || bytes[p] === 9) p++;
    this.pos = p;
    if (p >= this.end) this.ranOut();
    return bytes[p];
  }

  /** Consume the next byte if it is `byte`. @returns whether it was */
  accept(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.pos++;
    return true;
  }

  expect(byte: number, what: string): void {
    if (!this.accept(byte)) this.fail(`expected ${what}`);
  }

  /** Tell whether only white space is left in the file. */
  atEnd(): boolean {
    const { bytes } = this;
    while (this.pos < this.end && (bytes[this.pos] === 32 || (bytes[this.pos] >= 9 && bytes[this.pos] <= 13)))
      this.pos++;
    if (this.pos < this.end) return false;
    if (!this.final) throw NEED_MORE;
    return true;
  }

  /** Skip a string and leave its content's bounds in `stringStart`, `stringEnd` (escapes not resolved). */
  string(): void {
    if (this.peek() !== QUOTE) this.fail('expected a string in double quotes');
    const { bytes } = this;
    let p = this.pos + 1;
    this.stringStart = p;
    this.escaped = false;
    for (;;) {
      const c = bytes[p];
      if (c === QUOTE) break;
      if (c === BACKSLASH) {
        this.escaped = true;
        p += 2;
        if (p > this.end) this.ranOut();
        continue;
      }
      if (c === 0 && p >= this.end) this.ranOut();
      p++;
    }
    this.stringEnd = p;
    this.pos = p + 1;
  }
  stringStart = 0;
  stringEnd = 0;
  escaped = false;

  /** Return the last string's text. */
  text(): string {
    const raw = new TextDecoder().decode(this.bytes.slice(this.stringStart, this.stringEnd));
    if (!this.escaped) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      return raw;
    }
  }

  /** Tell whether the last string is `word` (ASCII). */
  is(word: Uint8Array): boolean {
    if (this.escaped) return this.text() === new TextDecoder().decode(word);
    const { bytes, stringStart } = this;
    if (this.stringEnd - stringStart !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (bytes[stringStart + i] !== word[i]) return false;
    return true;
  }

  /**
   * Tell whether a number comes next; Python also writes NaN, Infinity and -Infinity, which `number` returns as such.
   */
  atNumber(): boolean {
    const c = this.peek();
    return (c >= 48 && c <= 57) || c === 45 || c === 78 || c === 73;
  }

  /**
   * Consume exactly these bytes if they come next. They must contain no zero byte, so the window's end never matches.
   * @returns whether they did
   */
  acceptBytes(expected: Uint8Array): boolean {
    const { bytes, pos } = this;
    for (let i = 0; i < expected.length; i++) if (bytes[pos + i] !== expected[i]) return false;
    this.pos = pos + expected.length;
    return true;
  }

  /**
   * Read the next number, correctly rounded. Numbers within 2^53 take one exact integer and one division (Clinger
   * 1990); up to 19 digits, as programs write doubles, use `divide`; the rest use the language's conversion.
   */
  number(): number {
    const { bytes } = this;
    let p = this.pos;
    while (bytes[p] === 32 || bytes[p] === 10 || bytes[p] === 13 || bytes[p] === 9) p++;
    const after = this.plain(p, this.one, 0);
    if (after < 0) return this.longNumber(p);
    this.pos = after;
    return this.one[0];
  }
  private readonly one = new Float64Array(1);

  /**
   * Read a number at `p` in its usual form (up to nine digits, a point, up to eighteen digits, no exponent) into
   * `into[at]`: returning a number from a function would cost an allocation.
   *
   * @returns the position after it, or -1 for any other form
   */
  private plain(p: number, into: Float64Array, at: number): number {
    const { bytes } = this;
    const negative = bytes[p] === 45;
    if (negative) p++;
    // nine digits at a time fit a machine integer
    let digit = (bytes[p] - 48) >>> 0;
    const first = p;
    let whole = 0;
    while (digit <= 9) {
      whole = (Math.imul(whole, 10) + digit) | 0;
      digit = (bytes[++p] - 48) >>> 0;
    }
    const digits = p - first;
    if (digits === 0 || digits > 9) return -1;
    let value = whole;
    if (bytes[p] === 46) {
      const from = p + 1;
      const ninth = from + 9;
      let high = 0;
      digit = (bytes[++p] - 48) >>> 0;
      while (digit <= 9 && p < ninth) {
        high = (Math.imul(high, 10) + digit) | 0;
        digit = (bytes[++p] - 48) >>> 0;
      }
      if (p === from) return -1;
      if (digit > 9) {
        const power = POWERS_OF_TEN[p - from];
        value = whole * power + high;
        if (value >= EXACT) return -1;
        value /= power;
      } else {
        let low = 0;
        while (digit <= 9 && p < ninth + 9) {
          low = (Math.imul(low, 10) + digit) | 0;
          digit = (bytes[++p] - 48) >>> 0;
        }
        if (digit <= 9) return -1;
        const behind = p - from;
        const scale = POWERS_OF_TEN[behind - 9];
        const power = POWERS_OF_TEN[behind];
        value = whole * power + (high * scale + low);
        if (value < EXACT) value /= power;
        else if (digits + behind <= 19 && whole * 1e9 + high < EXACT)
          value = divide(whole * 1e9 + high, scale, low, power);
        else return -1;
      }
    }
    if (p >= this.end || (bytes[p] | 32) === 101) return -1;
    into[at] = negative ? -value : value;
    return p;
  }

  /** Whether the last call of `numbers` reached the end of the list. */
  listEnded = false;

  /**
   * Read a list of numbers, from after its bracket or one of its commas, as long as they have the usual form, into
   * `into[at … limit)`. Stops before any other value, or after the closing bracket.
   *
   * @returns the index after the last number
   */
  numbers(into: Float64Array, at: number, limit: number): number {
    const { bytes } = this;
    this.listEnded = false;
    for (let n = at; n < limit; ) {
      let p = this.pos;
      while (bytes[p] === 32 || bytes[p] === 10) p++;
      p = this.plain(p, into, n);
      if (p < 0) return n;
      while (bytes[p] === 32 || bytes[p] === 10) p++;
      const c = bytes[p];
      if (c !== COMMA && c !== CLOSE_BRACKET) return n;
      n++;
      this.pos = p + 1;
      if (c === CLOSE_BRACKET) {
        this.listEnded = true;
        return n;
      }
    }
    return limit;
  }

  /** Read a number that has not the usual form. */
  private longNumber(start: number): number {
    const { bytes } = this;
    let p = start;
    const negative = bytes[p] === 45;
    if (negative) p++;
    let high = 0; // the first 15 digits
    let low = 0; // the digits after them
    let lowScale = 1;
    let digits = 0;
    let c = bytes[p];
    let point = -1;
    for (;;) {
      if (c >= 48 && c <= 57) {
        if (digits++ < 15) high = high * 10 + (c - 48);
        else {
          low = low * 10 + (c - 48);
          lowScale *= 10;
        }
      } else if (c === 46 && point < 0 && digits > 0) point = p;
      else break;
      c = bytes[++p];
    }
    if (digits === 0) return this.wordNumber(start, p);
    const decimals = point < 0 ? 0 : p - point - 1;
    let exponent = false;
    if (c === 101 || c === 69) {
      exponent = true;
      c = bytes[++p];
      if (c === 43 || c === 45) c = bytes[++p];
      while (c >= 48 && c <= 57) c = bytes[++p];
    }
    if (p >= this.end) this.ranOut();
    this.pos = p;
    if (!exponent && decimals <= 22) {
      const mantissa = high * lowScale + low;
      let value = -1;
      if (mantissa < EXACT) value = decimals === 0 ? mantissa : mantissa / POWERS_OF_TEN[decimals];
      else if (digits <= 19 && decimals <= 18) value = divide(high, lowScale, low, POWERS_OF_TEN[decimals]);
      if (value >= 0) return negative ? -value : value;
    }
    if (p - start > 4096) this.fail('a number with thousands of digits');
    let text = '';
    for (let i = start; i < p; i++) text += String.fromCharCode(bytes[i]);
    const value = Number(text);
    if (Number.isNaN(value)) this.fail(`${quoted(text)} is not a number`);
    return value;
  }

  private wordNumber(start: number, at: number): number {
    for (const [word, value] of [
      ['NaN', Number.NaN],
      ['Infinity', Number.POSITIVE_INFINITY],
    ] as const) {
      let i = 0;
      while (i < word.length && this.bytes[at + i] === word.charCodeAt(i)) i++;
      if (i < word.length) {
        if (at + i >= this.end) this.ranOut();
        continue;
      }
      this.pos = at + word.length;
      return at > start ? -value : value;
    }
    return this.fail('expected a number');
  }

  /** Skip any value. Its content is examined only as far as needed to find its end. */
  skip(): void {
    const { bytes } = this;
    let depth = 0;
    do {
      const c = this.peek();
      if (c === QUOTE) this.string();
      else if (c === 123 || c === 91) {
        if (++depth > MAX_DEPTH) this.fail(`nested more than ${MAX_DEPTH} levels deep`);
        this.pos++;
      } else if (c === 125 || c === 93) {
        if (depth-- === 0) this.fail('expected a value');
        this.pos++;
      } else if (c === 44 || c === 58) {
        if (depth === 0) this.fail('expected a value');
        this.pos++;
      } else {
        let p = this.pos;
        const start = p;
        // a number or true, false, null; inside a list as many of them as follow
        while (SKIPPED[bytes[p]] >= (depth > 0 ? 1 : 2)) p++;
        if (p >= this.end) this.ranOut();
        if (p === start) this.fail('expected a value');
        this.pos = p;
      }
    } while (depth > 0);
  }

  /** Throw because the window ended inside a value: NEED_MORE, or a rejection if the file is cut off. */
  ranOut(): never {
    if (!this.final) throw NEED_MORE;
    const offset = (this.base + this.end).toLocaleString('en');
    throw new FileRejected({
      code: 'cut-off',
      message: `The file ends in the middle, after byte ${offset}: it was cut off while it was written, copied or downloaded. Write it again and check its size.`,
    });
  }

  fail(what: string): never {
    if (this.pos >= this.end) this.ranOut();
    const c = this.bytes[this.pos];
    const seen = c >= 32 && c < 127 ? `“${String.fromCharCode(c)}”` : `a byte ${c}`;
    throw new FileRejected({
      code: 'not-json',
      message: `Not valid JSON at byte ${(this.base + this.pos).toLocaleString('en')}: ${what}, found ${seen}.`,
    });
  }
}

const SPLIT = 2 ** 27 + 1;
let productError = 0;

/** Return a * b rounded; set `productError` to what rounding removed (Dekker 1971). */
function product(a: number, b: number): number {
  const p = a * b;
  let t = SPLIT * a;
  const a1 = t - (t - a);
  const a2 = a - a1;
  t = SPLIT * b;
  const b1 = t - (t - b);
  const b2 = b - b1;
  productError = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
  return p;
}

/**
 * Return (high * scale + low) / power, correctly rounded, for up to 19 digits and a power of ten up to 10^18: a
 * quotient, the exact remainder, and the remainder's quotient. A decimal with d digits after the point differs from the
 * midpoint of two doubles by at least 5^-d / 2 of their distance, or not at all: for d = 18 that is 10^-13, and the
 * second quotient is exact to 10^-15 of that distance.
 */
function divide(high: number, scale: number, low: number, power: number): number {
  const h = product(high, scale);
  const l = productError + low; // exact: both are small whole numbers
  const q = h / power;
  const back = product(q, power);
  return q + (h - back - productError + l) / power;
}

/**
 * Run `parse` over a stream. `parse` consumes what it can and, at the end of the window, throws NEED_MORE with
 * `scanner.pos` at the start of what it must see again; when it returns, reading stops.
 *
 * @param options.onBytes called with the number of bytes of each chunk
 * @param options.memory minimum-size buffer for the window
 * @returns number of bytes taken from the stream
 */
export async function scanStream(
  scanner: JsonScanner,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  parse: () => void,
  {
    onBytes,
    memory = (bytes) => new Uint8Array(bytes),
  }: { onBytes?: (bytes: number) => void; memory?: (bytes: number) => Uint8Array<ArrayBuffer> } = {},
): Promise<number> {
  let window = memory(1 << 20);
  let total = 0;
  let wanted = 0; // minimum bytes before the next try, so that retries stay linear in a record's length
  const attempt = (): boolean => {
    window[scanner.end] = 0;
    scanner.bytes = window;
    try {
      parse();
      return true;
    } catch (error) {
      if (error !== NEED_MORE) throw error;
    }
    return false;
  };
  for await (const chunk of chunks) {
    total += chunk.length;
    const rest = scanner.end - scanner.pos;
    const needed = rest + chunk.length + 1;
    if (needed > window.length) {
      const next = memory(Math.max(needed, window.length * 2));
      next.set(window.subarray(scanner.pos, scanner.end));
      window = next;
    } else if (scanner.pos > 0) window.copyWithin(0, scanner.pos, scanner.end);
    scanner.base += scanner.pos;
    scanner.pos = 0;
    window.set(chunk, rest);
    scanner.end = rest + chunk.length;
    onBytes?.(total);
    if (scanner.end < wanted) continue;
    const before = scanner.base + scanner.pos;
    if (attempt()) return total;
    const stuck = scanner.base + scanner.pos === before;
    wanted = stuck ? Math.min(scanner.end * 2, LIMITS.recordBytes + 1) : 0;
    if (scanner.end - scanner.pos > LIMITS.recordBytes) {
      throw new FileRejected({
        code: 'record-too-large',
        message: `The value that starts at byte ${(scanner.base + scanner.pos).toLocaleString('en')} is longer than ${LIMITS.recordBytes / 1024 ** 2} MB; one detection has to be shorter.`,
      });
    }
  }
  scanner.final = true;
  attempt();
  return total;
}

/**
 * Deflate64 (method 9 of zip archives), which Windows writes for files above 2 GB: Deflate with a window of 64 KB, two
 * more distance codes, and a length code 285 with 16 extra bits. No package on npm unpacks it as a stream in bounded
 * memory.
 *
 * Sources: RFC 1951; APPNOTE.TXT of PKWARE, section 4.4.5; zlib's contrib/infback9 for the tables of the two codes.
 */

/** The stream is not Deflate64, or ends early. */
export class Deflate64Error extends Error {}

const WINDOW = 65_536;
/** Unpacked bytes passed on at a time. */
const PIECE = 1 << 18;
/** Maximum bytes of one symbol with its extra bits, and of a block's header with all its code lengths. */
const [SYMBOL, HEADER] = [8, 1024];
const MOST_BITS = 15;

const LENGTH_BASE = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3],
);
const LENGTH_BITS = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16],
);
const DISTANCE_BITS = Uint8Array.from({ length: 32 }, (_, code) => Math.max(0, (code >> 1) - 1));
const DISTANCE_BASE = new Uint32Array(32);
for (let code = 1; code < 32; code++) DISTANCE_BASE[code] = DISTANCE_BASE[code - 1] + (1 << DISTANCE_BITS[code - 1]);
DISTANCE_BASE.forEach((base, code) => {
  DISTANCE_BASE[code] = base + 1;
});
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A Huffman code: `count[n]` is the number of symbols with n bits; `symbol` lists them in order. */
interface Code {
  count: Uint16Array;
  symbol: Uint16Array;
  /** symbol × 16 + bits for codes of up to 10 bits, indexed by the next 10 bits; 0 for longer codes */
  fast: Uint16Array;
}

const FAST = 10;

function makeCode(lengths: Uint8Array): Code {
  const count = new Uint16Array(MOST_BITS + 1);
  for (const length of lengths) count[length]++;
  count[0] = 0;
  let left = 1;
  for (let bits = 1; bits <= MOST_BITS; bits++) {
    left = left * 2 - count[bits];
    if (left < 0) throw new Deflate64Error('a code has too many symbols');
  }
  const next = new Uint16Array(MOST_BITS + 2);
  const first = new Uint16Array(MOST_BITS + 2);
  for (let bits = 1; bits <= MOST_BITS; bits++) {
    next[bits + 1] = next[bits] + count[bits];
    first[bits + 1] = (first[bits] + count[bits]) << 1;
  }
  const symbol = new Uint16Array(lengths.length);
  const fast = new Uint16Array(1 << FAST);
  lengths.forEach((bits, value) => {
    if (bits === 0) return;
    symbol[next[bits]++] = value;
    const code = first[bits]++;
    if (bits > FAST) return;
    // codes are stored highest bit first, the stream's other bits lowest first
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= ((code >> bit) & 1) << (bits - 1 - bit);
    for (let entry = reversed; entry < fast.length; entry += 1 << bits) fast[entry] = value * 16 + bits;
  });
  return { count, symbol, fast };
}

const FIXED = {
  lengths: makeCode(
    Uint8Array.from({ length: 288 }, (_, i) => {
      if (i < 144) return 8;
      if (i < 256) return 9;
      return i < 280 ? 7 : 8;
    }),
  ),
  distances: makeCode(new Uint8Array(32).fill(5)),
};

/** Reads the packed bytes as bits, lowest first. */
class Bits {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private held = 0;
  private count = 0;
  private ended = false;
  private readonly source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Tell whether `bytes` bytes are available, or all that remain. */
  has(bytes: number): boolean {
    return this.ended || this.bytes.length - this.at >= bytes;
  }

  async fill(bytes: number): Promise<void> {
    while (!this.has(bytes)) {
      const next = await this.source.next();
      if (next.done) this.ended = true;
      else if (this.at === this.bytes.length) {
        this.bytes = next.value;
        this.at = 0;
      } else {
        const rest = this.bytes.subarray(this.at);
        const joined = new Uint8Array(rest.length + next.value.length);
        joined.set(rest);
        joined.set(next.value, rest.length);
        this.bytes = joined;
        this.at = 0;
      }
    }
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }

  /** Return the next bits, at most 16. @throws Deflate64Error at the end of the stream */
  readBits(bits: number): number {
    while (this.count < bits) {
      if (this.at >= this.bytes.length) throw new Deflate64Error('it ends in the middle');
      this.held |= this.bytes[this.at++] << this.count;
      this.count += 8;
    }
    const value = this.held & ((1 << bits) - 1);
    this.held >>>= bits;
    this.count -= bits;
    return value;
  }

  decode({ count, symbol, fast }: Code): number {
    while (this.count < MOST_BITS && this.at < this.bytes.length) {
      this.held |= this.bytes[this.at++] << this.count;
      this.count += 8;
    }
    const entry = fast[this.held & ((1 << FAST) - 1)];
    const known = entry & 15;
    if (known > 0 && known <= this.count) {
      this.held >>>= known;
      this.count -= known;
      return entry >> 4;
    }
    for (let bits = 1, code = 0, first = 0, index = 0; bits <= MOST_BITS; bits++) {
      if (bits > this.count) throw new Deflate64Error('it ends in the middle');
      code |= (this.held >> (bits - 1)) & 1;
      if (code - count[bits] < first) {
        this.held >>>= bits;
        this.count -= bits;
        return symbol[index + code - first];
      }
      index += count[bits];
      first = (first + count[bits]) << 1;
      code <<= 1;
    }
    throw new Deflate64Error('it has a code without a meaning');
  }

  /** Skip to the byte at which a stored block begins. */
  skipToByte(): void {
    this.held >>>= this.count & 7;
    this.count -= this.count & 7;
  }
}

/**
 * Unpack a Deflate64 stream piece by piece; the memory needed does not depend on its length.
 *
 * @param packed the stream's bytes, in pieces of any size
 * @throws Deflate64Error
 */
export async function* inflateDeflate64(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const input = new Bits(packed);
  // the last unpacked bytes stay before `start`, so that copies can reach back to them
  const buffer = new Uint8Array(WINDOW + PIECE + WINDOW + 512);
  let start = 0;
  let at = 0;
  const full = WINDOW + PIECE;
  const pass = (): Uint8Array => {
    const piece = buffer.slice(start, at);
    const kept = Math.min(at, WINDOW);
    buffer.copyWithin(0, at - kept, at);
    start = at = kept;
    return piece;
  };
  try {
    for (let last = false; !last; ) {
      await input.fill(HEADER);
      last = input.readBits(1) === 1;
      const type = input.readBits(2);
      if (type === 0) {
        input.skipToByte();
        const length = input.readBits(16);
        if ((input.readBits(16) ^ 0xffff) !== length) throw new Deflate64Error('a stored block has no length');
        await input.fill(length + SYMBOL);
        for (let i = 0; i < length; i++) buffer[at++] = input.readBits(8);
        if (at >= full) yield pass();
        continue;
      }
      if (type === 3) throw new Deflate64Error('a block has an unknown type');
      const { lengths, distances } = type === 1 ? FIXED : readCodes(input);
      for (;;) {
        if (!input.has(SYMBOL)) await input.fill(SYMBOL);
        const symbol = input.decode(lengths);
        if (symbol < 256) buffer[at++] = symbol;
        else if (symbol === 256) break;
        else {
          if (symbol > 285) throw new Deflate64Error('a length is unknown');
          const length = LENGTH_BASE[symbol - 257] + input.readBits(LENGTH_BITS[symbol - 257]);
          const code = input.decode(distances);
          const distance = DISTANCE_BASE[code] + input.readBits(DISTANCE_BITS[code]);
          if (distance > at) throw new Deflate64Error('a copy reaches back before the beginning');
          const end = at + length;
          for (; at < end; at++) buffer[at] = buffer[at - distance];
        }
        if (at >= full) yield pass();
      }
    }
    if (at > start) yield pass();
  } finally {
    await input.close();
  }
}

/** Read the two codes of a block, which are themselves compressed with a third. */
function readCodes(input: Bits): { lengths: Code; distances: Code } {
  const ofLengths = 257 + input.readBits(5);
  const ofDistances = 1 + input.readBits(5);
  const own = 4 + input.readBits(4);
  const bits = new Uint8Array(19);
  for (let i = 0; i < own; i++) bits[ORDER[i]] = input.readBits(3);
  const code = makeCode(bits);
  const all = new Uint8Array(ofLengths + ofDistances);
  for (let i = 0; i < all.length; ) {
    const symbol = input.decode(code);
    if (symbol < 16) {
      all[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) throw new Deflate64Error('a length is repeated before there is one');
    const value = symbol === 16 ? all[i - 1] : 0;
    const times =
      symbol === 16 ? 3 + input.readBits(2) : symbol === 17 ? 3 + input.readBits(3) : 11 + input.readBits(7);
    if (i + times > all.length) throw new Deflate64Error('a code has too many lengths');
    all.fill(value, i, i + times);
    i += times;
  }
  if (all[256] === 0) throw new Deflate64Error('a block has no end');
  return { lengths: makeCode(all.subarray(0, ofLengths)), distances: makeCode(all.subarray(ofLengths)) };
}

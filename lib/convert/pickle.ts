/**
 * Reads a Python pickle as data. A pickle is a program that can call any function; here nothing is called: classes and
 * functions stay names, and a call stays a note of what would have been called with what. That is enough to find the
 * arrays in Cellpose's `_seg.npy`.
 *
 * Source: Python's `pickletools`, protocols 2 to 5; `numpy.ndarray.__reduce__` and `__reduce_ex__`.
 */

/** A class or function by name. */
export class PickledName {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** A call that was not made. */
export class PickledCall {
  readonly callee: unknown;
  readonly args: unknown[];
  /** what `__setstate__` would have got */
  state: unknown;
  constructor(callee: unknown, args: unknown[]) {
    this.callee = callee;
    this.args = args;
  }
}

/** Dictionaries have keys of any kind. */
export type PickledDict = Map<unknown, unknown>;

const MARK = Symbol('mark');
const TUPLES: Readonly<Record<number, number>> = { 133: 1, 134: 2, 135: 3 };
const char = (letter: string) => letter.charCodeAt(0);
/** More than any output of Cellpose has: a pickle that counts on running forever is refused. */
const MOST_STEPS = 50_000_000;

/** @throws Error with a short reason if it is damaged or of another kind */
export function readPickle(bytes: Uint8Array): unknown {
  return new PickleReader(bytes).read();
}

class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): unknown {
    for (let step = 0; step < MOST_STEPS; step++) {
      const code = this.#byte();
      if (code === char('.')) return this.#pop();
      this.#run(code);
    }
    throw new Error('it is too long');
  }

  #run(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: // PROTO
        if (this.#byte() > 5) throw new Error('its version is newer than 5');
        return;
      case 0x95: // FRAME
        this.#length(8);
        return;
      case char('('):
        stack.push(MARK);
        return;
      case char('0'):
        this.#pop();
        return;
      case char('1'):
        this.#toMark();
        return;
      case char('2'):
        stack.push(stack.at(-1));
        return;
      case char('N'):
        stack.push(null);
        return;
      case 0x88:
      case 0x89:
        stack.push(code === 0x88);
        return;
      case char('J'):
        stack.push(this.#view.getInt32(this.#skip(4), true));
        return;
      case char('K'):
        stack.push(this.#byte());
        return;
      case char('M'):
        stack.push(this.#view.getUint16(this.#skip(2), true));
        return;
      case 0x8a:
      case 0x8b:
        stack.push(wholeNumber(this.#take(code === 0x8a ? this.#byte() : this.#length(4))));
        return;
      case char('G'):
        stack.push(this.#view.getFloat64(this.#skip(8), false));
        return;
      case 0x8c:
      case char('X'):
      case 0x8d:
        stack.push(text(this.#take(this.#length(code === 0x8c ? 1 : code === 0x8d ? 8 : 4))));
        return;
      case char('C'):
      case char('U'):
        stack.push(this.#take(this.#byte()));
        return;
      case char('B'):
      case char('T'):
        stack.push(this.#take(this.#length(4)));
        return;
      case 0x8e:
      case 0x96:
        stack.push(this.#take(this.#length(8)));
        return;
      case char(']'):
      case char(')'):
        stack.push([]);
        return;
      case char('a'):
        this.#append([this.#pop()]);
        return;
      case char('e'):
      case 0x90:
        this.#append(this.#toMark());
        return;
      case char('l'):
      case char('t'):
        stack.push(this.#toMark());
        return;
      case 0x85:
      case 0x86:
      case 0x87:
        if (stack.length < TUPLES[code]) throw new Error('it is damaged');
        stack.push(stack.splice(stack.length - TUPLES[code]));
        return;
      case char('}'):
        stack.push(new Map());
        return;
      case char('d'):
        stack.push(new Map());
        this.#set(this.#toMarkBelow());
        return;
      case char('s'): {
        const value = this.#pop();
        this.#set([this.#pop(), value]);
        return;
      }
      case char('u'):
        this.#set(this.#toMark());
        return;
      case 0x8f:
        stack.push([]);
        return;
      case 0x91:
        stack.push(this.#toMark());
        return;
      case char('h'):
        this.#recall(this.#byte());
        return;
      case char('j'):
        this.#recall(this.#length(4));
        return;
      case char('q'):
        this.#memo.set(this.#byte(), stack.at(-1));
        return;
      case char('r'):
        this.#memo.set(this.#length(4), stack.at(-1));
        return;
      case 0x94:
        this.#memo.set(this.#memo.size, stack.at(-1));
        return;
      case char('c'):
        stack.push(new PickledName(this.#line(), this.#line()));
        return;
      case 0x93: {
        const name = this.#pop();
        stack.push(new PickledName(String(this.#pop()), String(name)));
        return;
      }
      case char('R'):
      case 0x81: {
        const args = this.#pop();
        stack.push(called(this.#pop(), Array.isArray(args) ? args : []));
        return;
      }
      case 0x92: {
        this.#pop();
        const args = this.#pop();
        stack.push(called(this.#pop(), Array.isArray(args) ? args : []));
        return;
      }
      case char('b'): {
        const state = this.#pop();
        const target = stack.at(-1);
        if (target instanceof PickledCall) target.state = state;
        return;
      }
      default:
        throw new Error(`it has an instruction that is not read here (${code})`);
    }
  }

  #skip(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) throw new Error('it ends in the middle');
    this.#at += bytes;
    return at;
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)];
  }

  #take(bytes: number): Uint8Array {
    const at = this.#skip(bytes);
    return this.#bytes.subarray(at, at + bytes);
  }

  /** Read an unsigned length of 1, 4 or 8 bytes. */
  #length(bytes: 1 | 4 | 8): number {
    const at = this.#skip(bytes);
    if (bytes === 1) return this.#bytes[at];
    return bytes === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw new Error('it ends in the middle');
    const line = text(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return line;
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new Error('it is damaged');
    return this.#stack.pop();
  }

  #toMark(): unknown[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw new Error('it is damaged');
    const items = this.#stack.splice(at);
    items.shift();
    return items;
  }

  /** The items above the mark that lies below the newest value. */
  #toMarkBelow(): unknown[] {
    const top = this.#pop();
    const items = this.#toMark();
    this.#stack.push(top);
    return items;
  }

  #recall(key: number): void {
    if (!this.#memo.has(key)) throw new Error('it is damaged');
    this.#stack.push(this.#memo.get(key));
  }

  #append(items: unknown[]): void {
    const list = this.#stack.at(-1);
    // calls that make lists, such as sets, are only noted
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (!(list instanceof PickledCall)) throw new Error('it is damaged');
  }

  #set(items: unknown[]): void {
    const dict = this.#stack.at(-1);
    if (dict instanceof PickledCall) return;
    if (!(dict instanceof Map)) throw new Error('it is damaged');
    for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }
}

/** Note a call. Bytes of protocol 2 are written as text that a function encodes: that one is safe to do. */
function called(callee: unknown, args: unknown[]): unknown {
  const [first] = args;
  if (callee instanceof PickledName && callee.module === '_codecs' && typeof first === 'string')
    return Uint8Array.from(first, (letter) => letter.charCodeAt(0));
  return new PickledCall(callee, args);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A whole number of any length, two's complement, least significant byte first; inexact beyond 2^53. */
function wholeNumber(bytes: Uint8Array): number {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i];
  return bytes.length > 0 && bytes[bytes.length - 1] > 127 ? value - 256 ** bytes.length : value;
}

/** An array's numbers as NumPy wrote them. */
export interface PickledArray {
  /** byte order, kind and bytes, such as `<u2` */
  type: string;
  shape: number[];
  byColumns: boolean;
  data: Uint8Array;
}

/** Return a pickled `numpy.ndarray` of numbers; null for anything else. */
export function pickledArray(value: unknown): PickledArray | null {
  if (!(value instanceof PickledCall) || !(value.callee instanceof PickledName)) return null;
  const { name } = value.callee;
  if (name === '_reconstruct' && Array.isArray(value.state)) {
    const [, shape, type, byColumns, data] = value.state;
    return arrayOf(shape, type, byColumns === true, data);
  }
  if (name === '_frombuffer') {
    const [data, type, shape, order] = value.args;
    return arrayOf(shape, type, order === 'F', data);
  }
  return null;
}

function arrayOf(shape: unknown, type: unknown, byColumns: boolean, data: unknown): PickledArray | null {
  const described = typeOf(type);
  if (!Array.isArray(shape) || !described || !(data instanceof Uint8Array)) return null;
  return { type: described, shape: shape.map(Number), byColumns, data };
}

/** `dtype('u2', False, True)` with the state `(3, '<', …)`. */
function typeOf(type: unknown): string | null {
  if (!(type instanceof PickledCall) || typeof type.args[0] !== 'string') return null;
  const order = Array.isArray(type.state) && typeof type.state[1] === 'string' ? type.state[1] : '|';
  return order + type.args[0].replace(/^[<>|=]/, '');
}

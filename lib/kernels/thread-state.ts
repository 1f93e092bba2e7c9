/**
 * What a thread keeps between two pieces of work: kernel instances, and columns for intermediate results that have
 * grown to the size of the largest image so far. Creating them anew for every image would cost more than the work
 * itself.
 *
 * This is the only mutable state outside of function calls in the rooms that must run anywhere, and it has one rule:
 * `forgetLarge` drops what has become large, between two steps of work, when nothing uses it.
 */

/** Bytes that one kept value may hold. */
const MOST_KEPT = 48 << 20;

/** A value that is created on first use and kept until it has become large. */
export class Kept<Value> {
  private readonly make: () => Value;
  private readonly bytes: (value: Value) => number;
  private value: Value | null = null;

  constructor(make: () => Value, bytes: (value: Value) => number) {
    this.make = make;
    this.bytes = bytes;
  }

  get(): Value {
    this.value ??= this.make();
    return this.value;
  }

  forgetIfLarge(): void {
    if (this.value !== null && this.bytes(this.value) > MOST_KEPT) this.value = null;
  }
}

class ThreadState {
  private readonly kept = new Set<Kept<unknown>>();

  /**
   * @param make creates the value on first use
   * @param bytes memory it holds that cannot shrink
   */
  keep<Value>(make: () => Value, bytes: (value: Value) => number = () => 0): Kept<Value> {
    const kept = new Kept(make, bytes);
    this.kept.add(kept as Kept<unknown>);
    return kept;
  }

  /** Drop every value that has become large. None may be in use. */
  forgetLarge(): void {
    for (const kept of this.kept) kept.forgetIfLarge();
  }
}

/** State of this thread: every thread loads its own copy of this module. */
export const thread = new ThreadState();

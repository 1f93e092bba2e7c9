/** WebAssembly for the innermost loops: how a module that `npm install` has built is brought to life. */

/** A module's exports: numbers it keeps (addresses as numbers too), functions, and its memory. */
export type Kernel<Numbers extends string, Functions> = Readonly<Record<Numbers, WebAssembly.Global<'i32'>>> &
  Readonly<Functions> & { readonly memory: WebAssembly.Memory };

const compiled = new Map<string, WebAssembly.Module>();

/** A new instance with memory of its own. The engine compiles a module once for all threads of a process. */
export function instantiate(base64: string): WebAssembly.Exports {
  let module = compiled.get(base64);
  if (!module) {
    const text = atob(base64);
    module = new WebAssembly.Module(Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)));
    compiled.set(base64, module);
  }
  return new WebAssembly.Instance(module).exports;
}

const kept = new Map<string, WebAssembly.Exports>();

/** This thread's instance of a module, until `forgetLarge`. */
export function instanceOf(base64: string): WebAssembly.Exports {
  const instance = kept.get(base64) ?? instantiate(base64);
  kept.set(base64, instance);
  return instance;
}

/** Bytes of memory that an instance may keep. */
const MOST_KEPT = 48 << 20;

/** Lets go of instances whose memory has become large, for it cannot shrink; nobody may be using one. */
export function forgetLarge(): void {
  for (const [base64, { memory }] of kept) {
    if ((memory as WebAssembly.Memory).buffer.byteLength > MOST_KEPT) kept.delete(base64);
  }
}

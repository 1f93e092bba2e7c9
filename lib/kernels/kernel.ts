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

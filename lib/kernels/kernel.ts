/** WebAssembly for the innermost loops: how a module that `npm install` has built is brought to life. */
import { type Kept, thread } from './thread-state.ts';

/** A module's exports: numbers it keeps (addresses as numbers too), functions, and its memory. */
export type Kernel<Numbers extends string, Functions> = Readonly<Record<Numbers, WebAssembly.Global<'i32'>>> &
  Readonly<Functions> & { readonly memory: WebAssembly.Memory };

const modules = thread.keep(() => new Map<string, WebAssembly.Module>());
const instances = thread.keep(() => new Map<string, Kept<WebAssembly.Exports>>());

/** A new instance with memory of its own. */
export function instantiate(base64: string): WebAssembly.Exports {
  let module = modules.get().get(base64);
  if (!module) {
    const text = atob(base64);
    module = new WebAssembly.Module(Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)));
    modules.get().set(base64, module);
  }
  return new WebAssembly.Instance(module).exports;
}

/** This thread's instance of a module, until its memory has become large: it cannot shrink. */
export function instanceOf(base64: string): WebAssembly.Exports {
  let instance = instances.get().get(base64);
  if (!instance) {
    instance = thread.keep(
      () => instantiate(base64),
      ({ memory }) => (memory as WebAssembly.Memory).buffer.byteLength,
    );
    instances.get().set(base64, instance);
  }
  return instance.get();
}

/** Start the WebAssembly modules of the innermost loops, which `npm install` has built. */
import { type Kept, thread } from './thread-state.ts';

/** A module's exports: its globals (numbers and addresses), functions, and its memory. */
export type Kernel<Numbers extends string, Functions> = Readonly<Record<Numbers, WebAssembly.Global<'i32'>>> &
  Readonly<Functions> & { readonly memory: WebAssembly.Memory };

const modules = thread.keep(() => new Map<string, WebAssembly.Module>());
const instances = thread.keep(() => new Map<string, Kept<WebAssembly.Exports>>());

/** Create a new instance with its own memory. */
export function instantiate(base64: string): WebAssembly.Exports {
  let module = modules.get().get(base64);
  if (!module) {
    const text = atob(base64);
    module = new WebAssembly.Module(Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)));
    modules.get().set(base64, module);
  }
  return new WebAssembly.Instance(module).exports;
}

/**
 * Return this thread's instance of a module. It is replaced once its memory has become large, because memory cannot
 * shrink.
 */
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

// Compiles lib/kernels/assembly, which is AssemblyScript, to WebAssembly in lib/kernels/built.ts. `npm install` runs
// it; run `npm run kernels` after changing a kernel. It does nothing if the sources have not changed since the last
// build.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../lib/kernels/assembly', import.meta.url));
const built = fileURLToPath(new URL('../lib/kernels/built.ts', import.meta.url));
/** Entry modules; their imports are compiled into them. */
const KERNELS = ['curves', 'match', 'polygons', 'records', 'replicates'];
const FLAGS = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd,nontrapping-f2i,bulk-memory'];

const hash = createHash('sha256').update(KERNELS.join() + FLAGS.join());
for (const name of readdirSync(folder).sort()) {
  if (name.endsWith('.ts')) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
}
const stamp = `// built from ${hash.digest('hex')}`;
if (!existsSync(built) || readFileSync(built, 'utf8').split('\n', 1)[0] !== stamp) await build();

async function build() {
  const { default: asc } = await import('assemblyscript/asc');
  let text = `${stamp}\n`;
  for (const kernel of KERNELS) {
    let binary;
    let messages = '';
    const { error } = await asc.main([join(folder, `${kernel}.ts`), '-o', 'kernel.wasm', ...FLAGS], {
      stderr: { write: (chunk) => (messages += chunk) },
      writeFile: (_name, contents) => (binary = contents),
    });
    if (messages) process.stderr.write(messages);
    if (error || !binary) throw error ?? new Error(`${kernel} was not built`);
    text += `export const ${kernel} =\n  '${Buffer.from(binary).toString('base64')}';\n`;
  }
  // rename, so that a concurrent reader finds the old or the new file
  writeFileSync(`${built}.${process.pid}`, text);
  renameSync(`${built}.${process.pid}`, built);
}

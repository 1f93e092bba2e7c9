// What the two bundles have in common: the program of a checkout (`workers/bundle.mjs`) and the packed command line
// (`workers/pack-cli.mjs`).

/** Options of esbuild for modules that Node runs. */
export const FOR_NODE = /** @type {const} */ ({
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  // packages that have modules as well as CommonJS keep their names where they are imported late
  mainFields: ['module', 'main'],
  metafile: true,
  logLevel: 'warning',
});

/** Code for the beginning of each file: what packages in CommonJS use and modules lack. */
export const BANNER = `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/**
 * Refuse late imports of CommonJS packages: esbuild gives them a default export alone, so that
 * `const { open } = await import('package')` would be undefined. A module of our own that exports the names mends it.
 *
 * @param {import('esbuild').Metafile} metafile
 * @throws Error that names the packages
 */
export function refuseNamelessImports({ outputs }) {
  const nameless = Object.values(outputs)
    .filter(({ entryPoint, exports }) => entryPoint?.startsWith('node_modules/') && String(exports) === 'default')
    .map(({ entryPoint }) => entryPoint);
  if (nameless.length > 0) throw new Error(`Imported late, and has no names then: ${nameless.join(', ')}`);
}

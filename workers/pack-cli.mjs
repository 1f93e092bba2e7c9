// `npm run pack:cli [FOLDER]`: packs the command line with the scoring engine, without the site, as a package that
// installs by itself: npm install --global livecell-cli-<version>.tgz. It needs Node 20 and nothing from a registry.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BANNER, FOR_NODE, refuseNamelessImports } from './bundling.mjs';
import './kernels.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [folderGiven, ...more] = process.argv.slice(2);
if (more.length > 0 || folderGiven?.startsWith('-')) {
  const asked = ['-h', '--help'].includes(folderGiven) && more.length === 0;
  (asked ? console.log : console.error)(
    'Usage: npm run pack:cli [FOLDER]; the package is written into FOLDER, or here.',
  );
  process.exit(asked ? 0 : 2);
}
const target = resolve(process.env.INIT_CWD ?? '.', folderGiven ?? '.');
const { version, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
// what Node 20 lacks
const OLDER_NODE = `Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let i = 0;
  for (const item of items) {
    const key = keyOf(item, i++);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
};`;
const README = `# livecell

Scores cell segmentations as the LIVECell benchmark does, converts other tools' outputs, and sends submissions.

    livecell score --ground-truth livecell_coco_test.json --predictions mine.json.gz
    livecell --help
`;
const folder = mkdtempSync(join(tmpdir(), 'livecell-pack-'));
try {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { livecell: 'workers/cli/packed.ts', steps: 'workers/scoring/steps.ts' },
    outdir: join(folder, 'dist'),
    outExtension: { '.js': '.mjs' },
    ...FOR_NODE,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    target: 'node20',
    // it finds the file that its threads start with beside itself
    external: ['piscina'],
    banner: { js: `${BANNER}\n${OLDER_NODE}` },
    plugins: [{ name: 'packed', setup }],
  });
  refuseNamelessImports(metafile);
  writeFileSync(join(folder, 'dist/bin.mjs'), "#!/usr/bin/env node\nimport './livecell.mjs';\n", { mode: 0o755 });
  cpSync(join(ROOT, 'node_modules/piscina'), join(folder, 'node_modules/piscina'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'README.md'), README);
  const commit = commitOf();
  if (commit) writeFileSync(join(folder, '.build-commit'), `${commit}\n`);
  mkdirSync(target, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', target], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const [{ filename }] = Object.values(JSON.parse(packed));
  const file = join(target, filename);
  console.log(`${file} (${(statSync(file).size / 1e6).toFixed(1)} MB)\nInstall it: npm install --global ${file}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function setup(bundler) {
  bundler.onLoad({ filter: /scoring[/\\]threads\.ts$/ }, namePackedFile);
  // functions that Node 20 lacks are undefined there until they are called, instead of keeping the program from starting
  bundler.onResolve({ filter: /^node:zlib$/ }, () => ({ path: 'zlib', namespace: 'whole' }));
  bundler.onLoad({ filter: /.*/, namespace: 'whole' }, ({ path }) => ({
    contents: `module.exports = require('${path}')`,
  }));
}

/** Helper threads start with a file of the bundle. */
function namePackedFile({ path }) {
  const contents = readFileSync(path, 'utf8');
  const inCheckout = "programFile('workers/scoring/steps.ts')";
  if (!contents.includes(inCheckout)) throw new Error(`${path} starts its threads in another way.`);
  return {
    contents: `import { fileURLToPath as pathOf } from 'node:url';\n${contents.replace(inCheckout, "pathOf(new URL('./steps.mjs', import.meta.url))")}`,
    loader: 'ts',
  };
}

function manifest() {
  return {
    name: 'livecell-cli',
    version,
    description: 'Score cell segmentations as the LIVECell benchmark does, and send them to it.',
    license,
    type: 'module',
    bin: { livecell: 'dist/bin.mjs' },
    engines: { node: '>=20.19' },
    files: ['dist', '.build-commit'],
    dependencies: {
      piscina: JSON.parse(readFileSync(join(ROOT, 'node_modules/piscina/package.json'), 'utf8')).version,
    },
    bundleDependencies: ['piscina'],
  };
}

function commitOf() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return null; // an archive without git
  }
}

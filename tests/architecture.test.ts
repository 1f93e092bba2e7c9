/** The house keeps its shape: README's map, checked. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Tracked files, and new ones that are not ignored: what a commit would hold. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const sources = files.filter((file) => /^(app|lib|db|workers|tests)\/.*\.(ts|tsx|mjs)$/.test(file));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What a folder may import besides itself. Nothing imports app or workers. */
const MAY_IMPORT: Record<string, string[]> = {
  lib: [],
  db: ['lib'],
  app: ['lib', 'db'],
  workers: ['lib', 'db'],
};

/** Pure: they run in a thread, on the command line, in a test and in the browser. */
const PURE = ['lib/coco/', 'lib/stats/', 'lib/scoring/'];

interface Import {
  from: string;
  specifier: string;
  /** the file meant, from the top of the repository; null for packages and built-in modules */
  target: string | null;
}

function importsOf(file: string): Import[] {
  // comments may speak of imports
  const code = read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/gm;
  return [...code.matchAll(pattern)].map(([, , specifier]) => ({
    from: file,
    specifier,
    target: resolve(file, specifier),
  }));
}

function resolve(file: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(file), specifier));
  return null;
}

const imports = sources.flatMap(importsOf);
const show = ({ from, specifier }: Import) => `${from} imports ${specifier}`;

describe('the rooms', () => {
  test('the only folders at the top are app, lib, db, workers and tests, beside docs and deploy', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
    const around = ['.ci', '.github', 'deploy', 'docs'];
    expect([...folders].filter((name) => !around.includes(name)).sort()).toEqual(
      ['app', 'db', 'lib', 'tests', 'workers'].filter((name) => folders.has(name)),
    );
  });

  test('no folder is named for a kind of thing', () => {
    const kinds = ['components', 'utils', 'types', 'hooks', 'constants', 'helpers', 'common', 'misc'];
    expect(
      files.filter((file) =>
        dirname(file)
          .split('/')
          .some((part) => kinds.includes(part)),
      ),
    ).toEqual([]);
  });

  test('source files are named in kebab-case', () => {
    // [id] and [[...id]] are routes of Next, a leading _ keeps a folder out of them
    const name = /^(_?[a-z0-9]+(-[a-z0-9]+)*|\[{1,2}(\.\.\.)?[A-Za-z]+\]{1,2}|\([a-z-]+\))$/;
    const parts = (file: string) => [...dirname(file).split('/'), basename(file).split('.')[0]];
    // an address that is public interface, such as openapi.json
    const given = (part: string) => part.includes('.');
    expect(sources.filter((file) => !parts(file).every((part) => name.test(part) || given(part)))).toEqual([]);
  });
});

describe('the arrows', () => {
  test.each(Object.entries(MAY_IMPORT))('%s imports only itself and: %j', (folder, allowed) => {
    const wrong = imports.filter(({ from, target }) => {
      if (!from.startsWith(`${folder}/`) || target === null) return false;
      const to = target.split('/')[0];
      return to !== folder && !allowed.includes(to) && target !== 'package.json';
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test('masks, statistics and scoring reach no built-in module, whatever way the imports go', () => {
    const reached = new Set(sources.filter((file) => PURE.some((prefix) => file.startsWith(prefix))));
    for (const file of reached)
      for (const { target } of imports.filter(({ from }) => from === file)) if (target) reached.add(target);
    const wrong = imports.filter(({ from, specifier }) => reached.has(from) && specifier.startsWith('node:'));
    expect(wrong.map(show)).toEqual([]);
  });

  test('what is imported with a # or a dot is a file with its ending', () => {
    const known = new Set([...files, 'lib/kernels/built.ts']); // `npm install` makes that one
    const wrong = imports.filter(({ target }) => target !== null && target !== 'package.json' && !known.has(target));
    expect(wrong.map(show)).toEqual([]);
  });

  test('only the queue knows pg-boss', () => {
    const wrong = imports.filter(
      ({ from, specifier }) => specifier === 'pg-boss' && from !== 'db/queue/queue.ts' && !from.startsWith('tests/'),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('the tests', () => {
  test('property tests have a seed: only tests/properties.ts imports fast-check', () => {
    const wrong = imports.filter(({ from, specifier }) => specifier === 'fast-check' && from !== 'tests/properties.ts');
    expect(wrong.map(show)).toEqual([]);
  });

  test('no test reads outside the repository', () => {
    const self = 'tests/architecture.test.ts';
    const outside = /\.\.['"`]?[,/]\s*['"`]?shared\b|livecell-sample/;
    expect(sources.filter((file) => file !== self && outside.test(read(file)))).toEqual([]);
  });
});

describe('the house moves to any machine', () => {
  const text = files.filter(
    (file) =>
      !file.startsWith('tests/fixtures/') &&
      /\.(ts|tsx|mjs|js|json|md|css|sql|ya?ml|csv|sh)$|^\.ci\/|^\.[a-z]+rc$/.test(file),
  );

  test('no file holds the address of a package registry', () => {
    const registries = /registry\.[a-z]+js\.org|registry\.npmmirror|"resolved":\s*"http|_authToken/;
    const self = 'tests/architecture.test.ts';
    expect(text.filter((file) => file !== self && registries.test(read(file)))).toEqual([]);
  });

  test('no file holds a path of one machine', () => {
    const paths = /(?<![\w.~}-])\/(work|root|home|Users)\/[\w.-]+/;
    const self = 'tests/architecture.test.ts';
    expect(text.filter((file) => file !== self && file !== 'package-lock.json' && paths.test(read(file)))).toEqual([]);
  });
});

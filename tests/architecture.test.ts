/** The house keeps its shape: README's map, checked. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mayUse, PURE, ROOMS, roomOf } from './rooms.ts';

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
  const rooms = Object.keys(ROOMS);
  const inHouse = imports.filter(({ from, target }) => !from.startsWith('tests/') && target !== null);

  test('every source is in a room of the table', () => {
    const houses = sources.filter((file) => !file.startsWith('tests/'));
    expect(houses.filter((file) => roomOf(file) === null)).toEqual([]);
  });

  test('the table has one direction: a room may use only rooms above it', () => {
    const wrong = rooms.flatMap((room, at) =>
      ROOMS[room]
        .filter((other) => rooms.findLastIndex((name) => name === other || name.startsWith(`${other}/`)) >= at)
        .map((other) => `${room} may use ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  test.each(rooms)('%s imports only what the table allows', (room) => {
    const wrong = inHouse.filter(({ from, target }) => {
      if (roomOf(from) !== room || target === 'package.json') return false;
      const to = roomOf(target!);
      if (to === room) return false;
      return to === null || !mayUse(room, to);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test('no file imports itself by way of others', () => {
    const targets = Map.groupBy(inHouse, ({ from }) => from);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const { target } of targets.get(file) ?? []) visit(target!, [...path, file]);
      done.add(file);
    };
    for (const file of targets.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('README’s map has a line for every room, from the same table', () => {
    const map = read('README.md');
    const lined = rooms.filter((room) => !/\.(ts|mjs)$/.test(room) && !room.includes('/_'));
    expect(lined.filter((room) => !map.includes(`| \`${room}\``))).toEqual([]);
    const mentioned = [...map.matchAll(/^\| `((?:lib|db|workers)\/[a-z]+)` /gm)].map(([, room]) => room);
    expect(mentioned.filter((room) => !rooms.includes(room))).toEqual([]);
  });

  test('masks, statistics and scoring reach no built-in module, whatever way the imports go', () => {
    const reached = new Set(sources.filter((file) => PURE.includes(roomOf(file) ?? '')));
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

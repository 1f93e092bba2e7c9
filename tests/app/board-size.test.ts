/** What the table of a full page of a board weighs, however many entries there are. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { packRows } from '#app/leaderboards/[task]/packed-rows.ts';
import { shownEntry } from '#app/leaderboards/[task]/shown-rows.ts';
import { BoardTable, entriesOnPage } from '#app/leaderboards/[task]/table.tsx';
import { PAGE, parseView } from '#app/leaderboards/[task]/view.ts';
import type { BoardRow } from '#db/board/board.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { TASKS } from '#lib/tasks/index.ts';

const task = TASKS['livecell-wide'];
/** The rest of the page (header, choices, notes, foot) takes 38 kB of the 120 kB that a board may have. */
const MOST = 81_000;

/** An entry with everything that a row shows. */
function entry(n: number): BoardRow {
  const value = 0.3 + ((n * 7919) % 1000) / 2600;
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const keys = [...boardColumns(task, null).map(({ key }) => key), ...CELL_TYPES.map((type) => `AP-${type}`)];
  return {
    kind: 'entry',
    id,
    unscored: false,
    rank: n,
    rankRange: [Math.max(1, n - 3), n + 4],
    tier: 1,
    method: `A method with a name ${n}`,
    methodId: id,
    version: 2,
    submitter: 'Group of Ada Lovelace',
    team: null,
    authors: '',
    paperUrl: 'https://doi.org/10.1000/182',
    codeUrl: 'https://example.org/code',
    publishedAt: new Date('2026-11-30'),
    verifiedAt: null,
    verifiedBy: null,
    featured: false,
    demo: false,
    testImagesSeen: false,
    exposure: null,
    anonymous: false,
    level: 'scored',
    runs: 3,
    values: Object.fromEntries(keys.map((key, k) => [key, value + k / 7000])),
    intervals: { AP: [value - 0.0123456789, value + 0.0123456789] },
    metrics: {},
  };
}

test.each([500, 1000])('a page of %i entries has fifty of them, and its table stays below 81 kB', (count) => {
  const entries = Array.from({ length: count }, (_, n) => entry(n + 1));
  const view = parseView(task, {});
  const nobody = { drawn: [], mine: new Set<string>(), knownAs: new Map<string, string>() };
  const html = renderToStaticMarkup(createElement(BoardTable, { view, all: entries, entries, ...nobody }));
  expect(html.match(/name="entries"/g)).toHaveLength(PAGE);
  // what is sent once more for the scripts
  const columns = boardColumns(task, null).filter(({ toggle }) => !toggle);
  const shared = { view, columns, axis: null, ...nobody };
  const packed = packRows(entriesOnPage(view, entries).map((row) => shownEntry(row, undefined, shared)));
  expect(Buffer.byteLength(html) + Buffer.byteLength(JSON.stringify(packed))).toBeLessThan(MOST);
});

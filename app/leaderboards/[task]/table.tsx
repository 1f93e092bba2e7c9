import Link from 'next/link';
import type { ReactNode } from 'react';
import type { BoardRow } from '#db/board/board.ts';
import { axisOver, placeOn } from '#lib/board/axis.ts';
import { supportedDecimals } from '#lib/board/decimals.ts';
import { bestFirst } from '#lib/board/ranking.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { CELL_TYPE, type Column, fillLimits } from '#lib/tasks/columns.ts';
import { packRows } from './packed-rows.ts';
import { BoardRows } from './rows.tsx';
import { shownControl, shownEntry, shownReference } from './shown-rows.ts';
import { type BoardView, isOfSlices, isSliced, PAGE, viewHref } from './view.ts';

interface Props {
  view: BoardView;
  /** the whole board */
  all: readonly BoardRow[];
  /** the entries that the filters leave, in order */
  entries: readonly BoardRow[];
  /** ids of the entries in the charts, in their order there */
  drawn: readonly string[];
  mine: ReadonlySet<string>;
  knownAs: ReadonlyMap<string, string>;
}

/**
 * The board as a table that needs no script: a page of entries, then those from label images, then results published
 * elsewhere, by data set, with notes at its foot.
 */
export function BoardTable({ view, all, entries, drawn, mine, knownAs }: Props) {
  const { task, sort, page } = view;
  const columns = shownColumns(view);
  const references = page === null || page === 1 ? all.filter(({ kind }) => kind === 'reference') : [];
  const controls = page === null || page === 1 ? all.filter(({ kind }) => kind === 'control') : [];
  const subsets = [...new Set(references.map(({ subset }) => subset))].sort(
    (a, b) => Number(a !== undefined) - Number(b !== undefined) || (a ?? '').localeCompare(b ?? '', 'en'),
  );
  const notes = [...new Set(references.flatMap(({ note }) => note || []))];
  const onPage = entriesOnPage(view, entries);

  const ranked = all.filter(({ kind, unscored }) => kind === 'entry' && !unscored);
  const decimals = supportedDecimals(
    ranked.flatMap(({ intervals }) => (intervals[sort.key] ? [intervals[sort.key]] : [])),
  );
  const axis = axisOver(
    [...onPage, ...references.filter(({ subset }) => subset === undefined)].flatMap(({ values, intervals }) => [
      ...[values[sort.key]].filter((value) => typeof value === 'number'),
      ...(intervals[sort.key] ?? []),
    ]),
  );
  const strongest = Math.max(
    1e-9,
    ...all
      .filter(({ kind }) => kind !== 'control')
      .flatMap(({ values }) => CELL_TYPES.map((type) => values[`${task.strip?.metric}-${type}`] ?? 0)),
  );
  const shared = { view, columns, axis, drawn, mine, knownAs };
  const dots = axis ? columns.indexOf(sort) : -1;
  // slices have no numbers by type
  const tint = task.strip && !isSliced(view) ? 100 * strongest : null;
  const width = columns.length + 3 + Number(dots >= 0) + Number(tint !== null);
  const rows = (of: readonly BoardRow[]) => (
    <BoardRows
      rows={packRows(of.map((row) => shownEntry(row, entries[entries.indexOf(row) - 1], shared)))}
      {...{ decimals, dots, strongest: tint }}
      columns={columns.map(forRows(sort))}
    />
  );
  const scored = onPage.filter((row) => !row.unscored);
  const unscored = onPage.filter((row) => row.unscored);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
      <section id="board" className="table-scroll board" tabIndex={0} aria-label="Leaderboard table, scrolls sideways">
        <table>
          <caption className="visually-hidden">
            {[task.name, task.board?.caption].filter(Boolean).join(': ')}, ranked by{' '}
            {fillLimits(sort.title, view.protocol)}
          </caption>
          <thead>
            <GroupHeads columns={columns} cellType={view.cellType} dots={dots} after={Number(tint !== null) + 1} />
            <tr>
              <th scope="col" className="num">
                Rank
              </th>
              <th scope="col">Method</th>
              {columns.map((column, i) => [
                <ColumnHead key={column.key} column={column} view={view} />,
                i === dots && axis && (
                  <th key="dots" scope="col" className="dots">
                    <span className="visually-hidden">
                      {fillLimits(column.label, view.protocol)} with its interval, drawn
                    </span>
                    <span className="axis" aria-hidden="true">
                      {axis.ticks.map((tick) => (
                        <span key={tick} style={{ left: `${placeOn(axis, tick)}%` }}>
                          {Number((column.format === 'percent' ? 100 * tick : tick).toPrecision(6))}
                        </span>
                      ))}
                    </span>
                  </th>
                ),
              ])}
              {task.strip && (
                <th scope="col" className="strips">
                  <abbr
                    title={`${task.strip.name}, from left to right: ${CELL_TYPES.map((type) => CELL_TYPE_NAMES[type]).join(', ')}; the stronger the tint, the higher`}
                  >
                    By type
                  </abbr>
                </th>
              )}
              <th scope="col" className="num" title="Scored runs of the method on this test set, published or not">
                Runs
              </th>
            </tr>
          </thead>
          <tbody>
            {rows(scored)}
            {onPage.length === 0 && (
              <tr>
                <td colSpan={width} className="empty">
                  <NoEntries view={view} />
                </td>
              </tr>
            )}
          </tbody>
          {unscored.length > 0 && (
            <tbody>
              <RowsHead width={width}>
                Label images, which have no scores to rank detections by: ranked among themselves
              </RowsHead>
              {rows(unscored)}
            </tbody>
          )}
          {controls.length > 0 && (
            <tbody className="references controls">
              <RowsHead width={width}>
                Controls, made from the ground truth to give the numbers their scale: not ranked
              </RowsHead>
              <BoardRows
                rows={packRows(controls.map((row) => shownControl(row, { ...shared, axis: null })))}
                {...{ decimals, dots, strongest: tint }}
                columns={columns.map(forRows(sort))}
              />
            </tbody>
          )}
          {subsets.map((subset) => (
            <tbody key={subset ?? ''} className="references">
              <RowsHead width={width}>{publishedOn(subset, task.board?.published)}</RowsHead>
              <BoardRows
                rows={packRows(
                  references
                    .filter((row) => row.subset === subset)
                    .map((row) =>
                      shownReference(
                        row,
                        row.note ? letter(notes.indexOf(row.note)) : null,
                        subset === undefined ? shared : { ...shared, axis: null },
                      ),
                    ),
                )}
                {...{ decimals, dots, strongest: tint }}
                columns={columns.map(forRows(sort))}
              />
            </tbody>
          ))}
        </table>
      </section>
      <Pages view={view} count={entries.length} />
      {notes.length > 0 && (
        <details className="notes-fold">
          <summary>Notes to the published results</summary>
          <ol className="footnotes">
            {notes.map((note, i) => (
              <li key={letter(i)} id={`note-${letter(i)}`}>
                <b>{letter(i)}</b> <span>{remarks(note)}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

const forRows = (sort: Column) => (column: Column) => ({
  key: column.key,
  format: column.format,
  ...(column === sort && { sorted: true as const }),
});

/** Return the entries that a page of the board shows. */
export function entriesOnPage({ page }: BoardView, entries: readonly BoardRow[]): readonly BoardRow[] {
  // label images stand below, so they come on the last pages
  const ordered = [...entries.filter(({ unscored }) => !unscored), ...entries.filter(({ unscored }) => unscored)];
  return page === null ? ordered : ordered.slice((page - 1) * PAGE, page * PAGE);
}

/** Links to the other pages and to all rows at once, for printing. */
function Pages({ view, count }: { view: BoardView; count: number }) {
  const { page } = view;
  if (page === null || (count <= PAGE && page === 1)) return null;
  const pages = Math.ceil(count / PAGE);
  const first = (page - 1) * PAGE + 1;
  return (
    <nav className="pages" aria-label="Pages of the board">
      <span>
        {first <= count ? `Entries ${first}–${Math.min(count, page * PAGE)} of ${count}` : `There are ${count} entries`}
      </span>
      {page > 1 && <Link href={viewHref(view, { page: Math.min(page - 1, Math.max(1, pages)) })}>Previous {PAGE}</Link>}
      {page < pages && (
        <Link href={viewHref(view, { page: page + 1 })}>Next {Math.min(PAGE, count - page * PAGE)}</Link>
      )}
      <Link href={viewHref(view, { page: null })} prefetch={false}>
        Show all {count}
      </Link>
    </nav>
  );
}

function NoEntries({ view: { search, level, exposure } }: { view: BoardView }) {
  if (search) return `No method here has “${search}” in its name.`;
  if (exposure) return 'No entry here declares this.';
  if (level) return 'No entry here has this level (yet).';
  return (
    <>
      No entry is published here yet. <Link href="/submit">Submit predictions</Link> to be the first.
    </>
  );
}

/** Return the board's visible columns, group by group; the column that sorts the board is always visible. */
function shownColumns({ task, cellType, groups, sort, slice }: BoardView): readonly Column[] {
  const columns = boardColumns(task, cellType);
  if (isSliced({ slice })) return columns.filter(isOfSlices);
  if (!task.groups) return columns;
  const shown = [undefined, ...groups].flatMap((group) => columns.filter(({ toggle }) => toggle === group));
  return shown.includes(sort) ? shown : [...shown, sort];
}

/** The upper row of the head, where columns have groups. @param dots the column with the dots behind it */
function GroupHeads(props: { columns: readonly Column[]; cellType: CellType | null; dots: number; after: number }) {
  const { columns, cellType, dots, after } = props;
  if (!columns.some(({ group }) => group)) return null;
  const runs: { group?: string; from: string; count: number }[] = [];
  columns.forEach(({ group, key }, i) => {
    const last = runs[runs.length - 1];
    const count = i === dots ? 2 : 1;
    if (last && last.group === group) last.count += count;
    else runs.push({ group, from: key, count });
  });
  return (
    <tr className="groups">
      <td />
      <td />
      {runs.map(({ group, from, count }) =>
        group ? (
          <th key={from} scope="colgroup" colSpan={count}>
            {group === CELL_TYPE && cellType ? CELL_TYPE_NAMES[cellType] : group}
          </th>
        ) : (
          <td key={from} colSpan={count} />
        ),
      )}
      <td colSpan={after} />
    </tr>
  );
}

function ColumnHead({ column, view }: { column: Column; view: BoardView }) {
  const sorted = column === view.sort;
  const best = bestFirst(column);
  const direction = sorted && view.direction === best ? (best === 'asc' ? 'desc' : 'asc') : best;
  const better = `${column.better} is better`;
  const prefix = column.prefix ?? column.group;
  return (
    <th
      scope="col"
      className="num"
      aria-sort={sorted ? (view.direction === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <Link
        href={viewHref(view, { sort: column, direction })}
        title={`${fillLimits(column.title, view.protocol)}; ${better}`}
        scroll={false}
        className="sort"
      >
        <span className="arrow" aria-hidden="true">
          {sorted ? (view.direction === 'asc' ? '▲' : '▼') : ''}
        </span>
        {prefix && <span className="visually-hidden">{prefix} </span>}
        {fillLimits(column.label, view.protocol)}
        <span className="better" aria-hidden="true">
          {column.better === 'higher' ? '↑' : '↓'}
        </span>
        <span className="visually-hidden">, {better}</span>
      </Link>
    </th>
  );
}

function RowsHead({ width, children }: { width: number; children: ReactNode }) {
  return (
    <tr>
      <th scope="rowgroup" colSpan={width}>
        <span>{children}</span>
      </th>
    </tr>
  );
}

function publishedOn(subset: string | undefined, testSet: string | undefined): string {
  const where = subset ? ` on ${subset}, as its authors prepared it` : testSet ? `, ${testSet}` : '';
  return `As published elsewhere${where}: not scored here, not ranked`;
}

/** Return the label of a note: `a`, `b` … `z`, `aa`. */
function letter(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

/** Return each remark of a note once: it has one line per number, most of them alike. */
function remarks(note: string): string {
  return [...new Set(note.split(/\n|; /))].join(' · ');
}

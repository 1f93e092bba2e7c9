import Link from 'next/link';
import type { ReactNode } from 'react';
import { LevelMark } from '#app/_components/trust-badge.tsx';
import type { BoardRow } from '#db/board/board.ts';
import { bestFirst } from '#lib/board/ranking.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { day, exact, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import {
  COLUMN_GROUPS,
  type Column,
  type ColumnGroup,
  columnInterval,
  columnLabel,
  columnTitle,
  columnValue,
} from '#lib/tasks/index.ts';
import { Interval } from '../../_components/interval.tsx';
import type { Board } from './board.ts';
import { KnownAs } from './known-as.tsx';
import { Runs, RunsHead, RunsNote, VersionLink } from './runs.tsx';
import { type BoardView, viewHref } from './view.ts';

/** The board as a table that works as paper does: no script, every number reachable, notes at its foot. */
export function BoardTable({ board, view, drawn }: { board: Board; view: BoardView; drawn: readonly string[] }) {
  const groups: ColumnGroup[] = ['headline', ...view.groups];
  const columns = groups.flatMap((group) => view.task.columns.filter((column) => column.group === group));
  // a board sorted by a column must show it
  if (!columns.includes(view.sort)) columns.push(view.sort);
  const notes = footnotes(board.references);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
      <section className="table-scroll board" tabIndex={0} aria-label="Leaderboard table, scrolls sideways">
        <table>
          <caption className="visually-hidden">
            {view.task.name}: values in per cent, ranked by {columnTitle(view.sort, PROTOCOLS[view.protocol])}
          </caption>
          <thead>
            <tr className="groups">
              <td />
              <td />
              <td />
              {spans(columns).map(({ group, count }) => (
                <th key={group} scope="colgroup" colSpan={count}>
                  {group === 'headline' && view.cellType ? CELL_TYPE_NAMES[view.cellType] : COLUMN_GROUPS[group]}
                </th>
              ))}
            </tr>
            <tr>
              <th scope="col" className="num">
                Rank
              </th>
              <th scope="col">Method</th>
              <RunsHead />
              {columns.map((column) => (
                <SortHeader key={column.key} column={column} view={view} />
              ))}
            </tr>
          </thead>
          <tbody>
            {board.entries.map((row) => (
              <EntryRow key={row.id} row={row} columns={columns} view={view} drawn={drawn.includes(row.id)} />
            ))}
            {board.entries.length + board.unscored.length === 0 && (
              <tr>
                <td colSpan={columns.length + 3} className="empty">
                  {view.level ? (
                    'No entry here has this level (yet).'
                  ) : (
                    <>
                      No entry is published here yet. <Link href="/submit">Submit predictions</Link> to be the first.
                    </>
                  )}
                </td>
              </tr>
            )}
          </tbody>
          {board.unscored.length > 0 && (
            <tbody>
              <tr>
                <th scope="rowgroup" colSpan={columns.length + 3}>
                  <span>Label images, which have no scores to rank detections by: ranked among themselves</span>
                </th>
              </tr>
              {board.unscored.map((row) => (
                <EntryRow key={row.id} row={row} columns={columns} view={view} drawn={drawn.includes(row.id)} />
              ))}
            </tbody>
          )}
          {board.references.length > 0 && (
            <tbody className="references">
              <tr>
                <th scope="rowgroup" colSpan={columns.length + 3}>
                  <span>As published elsewhere, on the official test set: not scored here, not ranked</span>
                </th>
              </tr>
              {board.references.map((row) => (
                <tr key={row.id}>
                  <td className="num rank">
                    <span className="visually-hidden">not ranked</span>
                  </td>
                  <th scope="row" className="method">
                    <span className="name">{row.method}</span>
                    <span className="meta">
                      {row.source && <a href={sourceUrl(row.source)}>Source</a>}
                      {row.note && (
                        <a
                          href={`#note-${notes.get(row.note)}`}
                          aria-label={`Note ${notes.get(row.note)} on ${row.method}`}
                        >
                          Note {notes.get(row.note)}
                        </a>
                      )}
                    </span>
                  </th>
                  <Runs row={row} />
                  {columns.map((column) => (
                    <Value
                      key={column.key}
                      value={shown(row, column, view)}
                      sorted={column === view.sort}
                      asPublished
                    />
                  ))}
                </tr>
              ))}
            </tbody>
          )}
        </table>
      </section>
      <RunsNote />
      {notes.size > 0 && (
        <ol className="footnotes" aria-label="Notes to the published results">
          {[...notes].map(([note, letter]) => (
            <li key={letter} id={`note-${letter}`}>
              <b>{letter}</b> <span>{sentences(note)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function SortHeader({ column, view }: { column: Column; view: BoardView }) {
  const protocol = PROTOCOLS[view.protocol];
  const sorted = column === view.sort;
  const best = bestFirst(column);
  const direction = sorted && view.direction === best ? (best === 'asc' ? 'desc' : 'asc') : best;
  const words = column.better === 'higher' ? 'higher is better' : 'lower is better';
  return (
    <th
      scope="col"
      className="num"
      aria-sort={sorted ? (view.direction === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <Link
        href={viewHref(view, { sort: column, direction })}
        title={`${columnTitle(column, protocol)}; ${words}`}
        scroll={false}
        className="sort"
      >
        <span className="arrow" aria-hidden="true">
          {sorted ? (view.direction === 'asc' ? '▲' : '▼') : ''}
        </span>
        {column.cellType && <span className="visually-hidden">{column.metric} on </span>}
        {column.meanOfTypes && <span className="visually-hidden">Mean over types of </span>}
        {columnLabel(column, protocol)}
        <span className="better" aria-hidden="true">
          {column.better === 'higher' ? '↑' : '↓'}
        </span>
        <span className="visually-hidden">, {words}</span>
      </Link>
    </th>
  );
}

function EntryRow(props: { row: BoardRow; columns: readonly Column[]; view: BoardView; drawn: boolean }) {
  const { row, columns, view, drawn } = props;
  const boxesOnly = view.evaluation === 'segm' && row.metrics.AP === undefined;
  return (
    <tr>
      <td className="num rank">{row.rank ?? <span title="No number to rank by">–</span>}</td>
      <th scope="row" className="method">
        <span className="name">
          <input
            type="checkbox"
            name="entries"
            value={row.id}
            defaultChecked={drawn}
            // a check box that the browser restores from the last visit would contradict the address
            key={String(drawn)}
            aria-label={`Show ${row.method} in the charts`}
          />
          <Link href={`/entries/${row.id}`}>{row.method}</Link>
        </span>
        <span className="meta">
          <KnownAs row={row} />
          {row.featured && (
            <span className="badge" data-kind="info" title="Chosen by the maintainers to compare with">
              Baseline
            </span>
          )}
          <LevelMark entry={row} />
          {row.demo && <span className="badge">Demo</span>}
          {row.testImagesSeen && (
            <span
              className="badge"
              data-kind="warn"
              title="The submitter declares that test images were used in training"
            >
              Test images seen
            </span>
          )}
          {boxesOnly && <span className="badge">Boxes only</span>}
          {row.submitter && <span>{row.submitter}</span>}
          <VersionLink row={row} />
          {row.publishedAt && !row.demo && <time dateTime={row.publishedAt.toISOString()}>{day(row.publishedAt)}</time>}
          {row.paperUrl && <External href={row.paperUrl}>Paper</External>}
          {row.codeUrl && <External href={row.codeUrl}>Code</External>}
        </span>
      </th>
      <Runs row={row} />
      {columns.map((column) => (
        <Value
          key={column.key}
          value={shown(row, column, view)}
          interval={view.groups.includes('interval') ? columnInterval(column, row.metrics, row.cellTypes) : undefined}
          sorted={column === view.sort}
        />
      ))}
    </tr>
  );
}

/** Two decimals for what is computed here; a published number keeps the digits it was published with. */
function Value(props: {
  value?: number | null;
  interval?: readonly [number, number];
  sorted: boolean;
  asPublished?: boolean;
}) {
  const { value, interval, sorted, asPublished } = props;
  const text = asPublished
    ? percent(value).replace(/\.?0+$/, (zeros) => '\u2007'.repeat(zeros.length))
    : percent(value);
  return (
    <td className={sorted ? 'num sorted' : 'num'} title={value === undefined ? undefined : exact(value)}>
      {value === undefined ? <span className="visually-hidden">not published</span> : text}
      <Interval of={interval} />
    </td>
  );
}

function shown(row: BoardRow, column: Column, view: BoardView): number | null | undefined {
  return columnValue(column, PROTOCOLS[view.protocol], row.metrics, row.cellTypes);
}

function External({ href, children }: { href: string; children: ReactNode }) {
  // links come from submitters: nothing is vouched for
  return (
    <a href={href} rel="nofollow ugc noopener">
      {children}
    </a>
  );
}

/** Run of columns of one group, for the upper row of the head. */
function spans(columns: readonly Column[]): { group: ColumnGroup; count: number }[] {
  const runs: { group: ColumnGroup; count: number }[] = [];
  for (const { group } of columns) {
    const last = runs[runs.length - 1];
    if (last?.group === group) last.count++;
    else runs.push({ group, count: 1 });
  }
  return runs;
}

/** Letters for the notes, in the order of the rows; rows with one note share its letter. */
function footnotes(rows: readonly BoardRow[]): Map<string, string> {
  const letters = new Map<string, string>();
  for (const { note } of rows) {
    if (note && !letters.has(note)) letters.set(note, String.fromCharCode(97 + letters.size));
  }
  return letters;
}

/** One line of a note per number, most of them alike: each remark once. */
function sentences(note: string): string {
  return [...new Set(note.split(/\n|; /))].join(' · ');
}

/** A source is an address, at times followed by a remark. */
function sourceUrl(source: string): string {
  return source.split(' ')[0];
}

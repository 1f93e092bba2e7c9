import Link from 'next/link';
import type { ReactNode } from 'react';
import { Interval } from '#app/_components/interval.tsx';
import { LevelMark } from '#app/_components/trust-badge.tsx';
import type { BoardRow } from '#db/board/board.ts';
import { bestFirst } from '#lib/board/ranking.ts';
import { day, exact } from '#lib/format.ts';
import { CELL_TYPE_NAMES, type CellType } from '#lib/livecell/cell-types.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { CELL_TYPE, type Column, type ColumnNumber, fillLimits, formatNumber } from '#lib/tasks/columns.ts';
import { KnownAs } from './known-as.tsx';
import { Runs, RunsHead, RunsNote, VersionLink } from './runs.tsx';
import { type BoardView, viewHref } from './view.ts';

interface Props {
  view: BoardView;
  rows: readonly BoardRow[];
  /** ids of the entries shown in the charts */
  drawn: readonly string[];
}

/**
 * The board as a table that needs no script: every number is reachable, with notes at its foot. Entries come first,
 * then those from label images, then results published elsewhere, by data set.
 */
export function BoardTable({ view, rows, drawn }: Props) {
  const { task, sort } = view;
  const columns = shownColumns(view);
  const entries = rows.filter(({ kind }) => kind === 'entry');
  const unscored = entries.filter((row) => row.unscored);
  const references = rows.filter(({ kind }) => kind === 'reference');
  const subsets = [...new Set(references.map(({ subset }) => subset))].sort(
    (a, b) => Number(a !== undefined) - Number(b !== undefined) || (a ?? '').localeCompare(b ?? '', 'en'),
  );
  const notes = [...new Set(references.flatMap(({ note }) => note || []))];
  const width = columns.length + 3;
  const entryRow = (row: BoardRow) => (
    <EntryRow key={row.id} row={row} columns={columns} view={view} drawn={drawn.includes(row.id)} />
  );
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
      <section className="table-scroll board" tabIndex={0} aria-label="Leaderboard table, scrolls sideways">
        <table>
          <caption className="visually-hidden">
            {[task.name, task.board?.caption].filter(Boolean).join(': ')}, ranked by{' '}
            {fillLimits(sort.title, view.protocol)}
          </caption>
          <thead>
            <GroupHeads columns={columns} cellType={view.cellType} />
            <tr>
              <th scope="col" className="num">
                Rank
              </th>
              <th scope="col">Method</th>
              <RunsHead />
              {columns.map((column) => (
                <ColumnHead key={column.key} column={column} view={view} />
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.filter((row) => !row.unscored).map(entryRow)}
            {entries.length === 0 && (
              <tr>
                <td colSpan={width} className="empty">
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
          {unscored.length > 0 && (
            <tbody>
              <RowsHead width={width}>
                Label images, which have no scores to rank detections by: ranked among themselves
              </RowsHead>
              {unscored.map(entryRow)}
            </tbody>
          )}
          {subsets.map((subset) => (
            <tbody key={subset ?? ''} className="references">
              <RowsHead width={width}>{publishedOn(subset, task.board?.published)}</RowsHead>
              {references
                .filter((row) => row.subset === subset)
                .map((row) => (
                  <ReferenceRow key={row.id} row={row} columns={columns} view={view} notes={notes} />
                ))}
            </tbody>
          ))}
        </table>
      </section>
      <RunsNote />
      {notes.length > 0 && (
        <ol className="footnotes" aria-label="Notes to the published results">
          {notes.map((note, i) => (
            <li key={note} id={`note-${letter(i)}`}>
              <b>{letter(i)}</b> <span>{remarks(note)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

/** Return the board's visible columns, group by group; the column that sorts the board is always visible. */
function shownColumns({ task, cellType, groups, sort }: BoardView): readonly Column[] {
  const columns = boardColumns(task, cellType);
  if (!task.groups) return columns;
  const shown = [undefined, ...groups].flatMap((group) => columns.filter(({ toggle }) => toggle === group));
  return shown.includes(sort) ? shown : [...shown, sort];
}

/** The upper row of the head, where columns have groups. */
function GroupHeads({ columns, cellType }: { columns: readonly Column[]; cellType: CellType | null }) {
  if (!columns.some(({ group }) => group)) return null;
  const runs: { group?: string; from: string; count: number }[] = [];
  for (const { group, key } of columns) {
    const last = runs[runs.length - 1];
    if (last && last.group === group) last.count++;
    else runs.push({ group, from: key, count: 1 });
  }
  return (
    <tr className="groups">
      <td />
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

interface RowProps {
  row: BoardRow;
  columns: readonly Column[];
  view: BoardView;
}

function EntryRow({ row, columns, view, drawn }: RowProps & { drawn: boolean }) {
  const boxesOnly = view.evaluation === 'segm' && row.values[view.task.headline] === undefined;
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
            // a check box restored by the browser from the last visit would contradict the address
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
          {row.paperUrl && <SubmittersLink href={row.paperUrl}>Paper</SubmittersLink>}
          {row.codeUrl && <SubmittersLink href={row.codeUrl}>Code</SubmittersLink>}
        </span>
      </th>
      <Runs row={row} />
      {columns.map((column) => (
        <NumberCell
          key={column.key}
          value={row.values[column.key]}
          text={formatNumber(column, row.values[column.key])}
          sorted={column === view.sort}
          interval={view.groups.includes('interval') ? row.intervals[column.key] : undefined}
        />
      ))}
    </tr>
  );
}

function ReferenceRow({ row, columns, view, notes }: RowProps & { notes: readonly string[] }) {
  const note = row.note ? letter(notes.indexOf(row.note)) : null;
  return (
    <tr>
      <td className="num rank">
        <span className="visually-hidden">not ranked</span>
      </td>
      <th scope="row" className="method">
        <span className="name">{row.method}</span>
        <span className="meta">
          <Source of={row.source} />
          {note && (
            <a href={`#note-${note}`} aria-label={`Note ${note} on ${row.method}`}>
              Note {note}
            </a>
          )}
        </span>
      </th>
      <Runs row={row} />
      {columns.map((column) => (
        <NumberCell
          key={column.key}
          value={row.values[column.key] ?? undefined}
          text={asPublished(column, row.values[column.key])}
          sorted={column === view.sort}
        />
      ))}
    </tr>
  );
}

function NumberCell(props: {
  value: ColumnNumber;
  text: string;
  sorted: boolean;
  interval?: readonly [number, number];
}) {
  const { value, text, sorted, interval } = props;
  return (
    <td className={sorted ? 'num sorted' : 'num'} title={value === undefined ? undefined : exact(value)}>
      {value === undefined ? <span className="visually-hidden">not published</span> : text}
      <Interval of={interval} />
    </td>
  );
}

/** A link from a submitter, which the site does not vouch for. */
function SubmittersLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} rel="nofollow ugc noopener">
      {children}
    </a>
  );
}

/** A source: an address, possibly followed by a remark, or only words, such as “notebook output”. */
function Source({ of }: { of: string | undefined }) {
  const address = of?.split(' ')[0];
  if (!of || !address) return null;
  return /^https?:/.test(address) ? <a href={address}>Source</a> : <span>{of}</span>;
}

function publishedOn(subset: string | undefined, testSet: string | undefined): string {
  const where = subset ? ` on ${subset}, as its authors prepared it` : testSet ? `, ${testSet}` : '';
  return `As published elsewhere${where}: not scored here, not ranked`;
}

/** Format a published number with its published digits, padded with spaces of equal width. */
function asPublished(column: Column, value: ColumnNumber): string {
  const text = formatNumber(column, value);
  return column.format === 'integer' ? text : text.replace(/\.?0+$/, (zeros) => '\u2007'.repeat(zeros.length));
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

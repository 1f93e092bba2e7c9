import Link from 'next/link';
import { LevelMark } from '#app/_components/trust-badge.tsx';
import type { TaskBoardRow } from '#db/board/board.ts';
import { day, exact } from '#lib/format.ts';
import { boardValues, taskNumber, type ValueColumn } from '#lib/tasks/index.ts';
import { KnownAs } from './known-as.tsx';
import { Runs, RunsHead, RunsNote, VersionLink } from './runs.tsx';
import { bestFirst, type TaskView, taskViewHref } from './task-view.ts';

interface Props {
  view: TaskView;
  rows: readonly TaskBoardRow[];
  /** ids of the entries that the charts show */
  drawn: readonly string[];
}

/** A board of values: entries, those from label images, then what was published elsewhere, by data set. */
export function TaskTable({ view, rows, drawn }: Props) {
  const columns = boardValues(view.task, view.cellType);
  const entries = rows.filter((row) => row.kind === 'entry');
  const [scored, unscored] = [entries.filter((row) => !row.unscored), entries.filter((row) => row.unscored)];
  const references = rows.filter((row) => row.kind === 'reference');
  const notes = [...new Set(references.flatMap(({ note }) => note ?? []))];
  const subsets = [...new Set(references.map(({ subset }) => subset))].sort(
    (a, b) => Number(a !== undefined) - Number(b !== undefined) || (a ?? '').localeCompare(b ?? '', 'en'),
  );
  const grouped = columns.some(({ group }) => group);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
      <section className="table-scroll board" tabIndex={0} aria-label="Leaderboard table, scrolls sideways">
        <table>
          <caption className="visually-hidden">
            {view.task.name}, ranked by {view.sort.title}
          </caption>
          <thead>
            {grouped && (
              <tr className="groups">
                <td />
                <td />
                <td />
                {spans(columns).map(({ group, from, count }) =>
                  group ? (
                    <th key={from} scope="colgroup" colSpan={count}>
                      {group}
                    </th>
                  ) : (
                    <td key={from} colSpan={count} />
                  ),
                )}
              </tr>
            )}
            <tr>
              <th scope="col" className="num">
                Rank
              </th>
              <th scope="col">Method</th>
              <RunsHead />
              {columns.map((column) => (
                <Head key={column.key} column={column} view={view} />
              ))}
            </tr>
          </thead>
          <tbody>
            {scored.map((row) => (
              <Entry key={row.id} row={row} columns={columns} view={view} drawn={drawn.includes(row.id)} />
            ))}
            {entries.length === 0 && (
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
          {unscored.length > 0 && (
            <tbody>
              <tr>
                <th scope="rowgroup" colSpan={columns.length + 3}>
                  <span>Label images, which have no scores to rank detections by: ranked among themselves</span>
                </th>
              </tr>
              {unscored.map((row) => (
                <Entry key={row.id} row={row} columns={columns} view={view} drawn={drawn.includes(row.id)} />
              ))}
            </tbody>
          )}
          {subsets.map((subset) => (
            <tbody key={subset ?? ''} className="references">
              <tr>
                <th scope="rowgroup" colSpan={columns.length + 3}>
                  <span>
                    {subset === undefined
                      ? 'As published elsewhere: not scored here, not ranked'
                      : `As published elsewhere on ${subset}, as its authors prepared it: not scored here, not ranked`}
                  </span>
                </th>
              </tr>
              {references
                .filter((row) => row.subset === subset)
                .map((row) => (
                  <Reference key={row.id} row={row} columns={columns} view={view} notes={notes} />
                ))}
            </tbody>
          ))}
        </table>
      </section>
      <RunsNote />
      {notes.length > 0 && (
        <ol className="footnotes" aria-label="Notes to the published results">
          {notes.map((note, i) => (
            <li key={note} id={`note-${i + 1}`}>
              <b>{i + 1}</b> <span>{[...new Set(note.split(/\n|; /))].join(' · ')}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function Head({ column, view }: { column: ValueColumn; view: TaskView }) {
  const sorted = column === view.sort;
  const direction = sorted ? (view.direction === 'asc' ? 'desc' : 'asc') : bestFirst(column);
  return (
    <th
      scope="col"
      className="num"
      aria-sort={sorted ? (view.direction === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <Link
        href={taskViewHref(view, { sort: column, direction })}
        title={`${column.title}; ${column.better} is better`}
        scroll={false}
        className="sort"
      >
        <span className="arrow" aria-hidden="true">
          {sorted ? (view.direction === 'asc' ? '▲' : '▼') : ''}
        </span>
        {column.group && <span className="visually-hidden">{column.group} </span>}
        {column.label}
        <span className="better" aria-hidden="true">
          {column.better === 'higher' ? '↑' : '↓'}
        </span>
        <span className="visually-hidden">, {column.better} is better</span>
      </Link>
    </th>
  );
}

interface RowProps {
  row: TaskBoardRow;
  columns: readonly ValueColumn[];
  view: TaskView;
}

function Entry({ row, columns, view, drawn }: RowProps & { drawn: boolean }) {
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
          {row.submitter && <span>{row.submitter}</span>}
          <VersionLink row={row} />
          {row.publishedAt && !row.demo && <time dateTime={row.publishedAt.toISOString()}>{day(row.publishedAt)}</time>}
          {row.paperUrl && (
            <a href={row.paperUrl} rel="nofollow ugc noopener">
              Paper
            </a>
          )}
          {row.codeUrl && (
            <a href={row.codeUrl} rel="nofollow ugc noopener">
              Code
            </a>
          )}
        </span>
      </th>
      <Runs row={row} />
      {columns.map((column) => (
        <td
          key={column.key}
          className={column === view.sort ? 'num sorted' : 'num'}
          title={exact(row.values[column.key])}
        >
          {taskNumber(column, row.values[column.key])}
        </td>
      ))}
    </tr>
  );
}

function Reference({ row, columns, view, notes }: RowProps & { notes: readonly string[] }) {
  const note = row.note === undefined ? 0 : notes.indexOf(row.note) + 1;
  return (
    <tr>
      <td className="num rank">
        <span className="visually-hidden">not ranked</span>
      </td>
      <th scope="row" className="method">
        <span className="name">{row.method}</span>
        <span className="meta">
          <Source of={row.source} />
          {note > 0 && (
            <a href={`#note-${note}`} aria-label={`Note ${note} on ${row.method}`}>
              Note {note}
            </a>
          )}
        </span>
      </th>
      <Runs row={row} />
      {columns.map((column) => {
        const value = row.values[column.key];
        return (
          <td
            key={column.key}
            className={column === view.sort ? 'num sorted' : 'num'}
            title={value === null ? undefined : exact(value)}
          >
            {value === null ? <span className="visually-hidden">not published</span> : asPublished(column, value)}
          </td>
        );
      })}
    </tr>
  );
}

/** A source is an address, at times followed by a remark; or only words, such as “notebook output”. */
function Source({ of }: { of: string | undefined }) {
  const address = of?.split(' ')[0];
  if (!of || !address) return null;
  return /^https?:/.test(address) ? <a href={address}>Source</a> : <span>{of}</span>;
}

/** A published number keeps the digits it was published with; where they end, a space as wide holds its place. */
function asPublished(column: ValueColumn, value: number): string {
  const text = taskNumber(column, value);
  return column.format === 'integer' ? text : text.replace(/\.?0+$/, (zeros) => '\u2007'.repeat(zeros.length));
}

/** Run of columns with one head above them. */
function spans(columns: readonly ValueColumn[]): { group?: string; from: string; count: number }[] {
  const runs: { group?: string; from: string; count: number }[] = [];
  for (const { group, key } of columns) {
    const last = runs[runs.length - 1];
    if (last && last.group === group) last.count++;
    else runs.push({ group, from: key, count: 1 });
  }
  return runs;
}

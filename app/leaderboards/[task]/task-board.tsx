/** The board of any task whose rows are not one slice's metrics: columns, table and charts follow from the task's literal. */
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { listDatasets } from '#db/datasets.ts';
import { getLeaderboard, getResults, getTaskBoard, type TaskBoardRow } from '#db/leaderboard.ts';
import type { Dataset } from '#db/schema.ts';
import { getReports } from '#db/submissions.ts';
import {
  EVALUATIONS,
  type Evaluation,
  PRIMARY_PROTOCOL,
  PROTOCOL_IDS,
  PROTOCOLS,
  type ProtocolId,
} from '#lib/coco/protocol.ts';
import { exact, integer, percent } from '#lib/scoring/format.ts';
import type { AnyReport } from '#lib/scoring/report.ts';
import { gainOfTrainingOnAll } from '#lib/scoring/single-cell-type.ts';
import { gainSentence, knownResults } from '#lib/scoring/task-series.ts';
import { findValue, type Task, type ValueColumn } from '#lib/scoring/tasks.ts';
import { Segments } from '../../_components/segments.tsx';
import { type Method, TaskCharts } from '../../_components/tasks/results.tsx';
import { TaskLinks } from '../../_components/tasks/task-links.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '../../_components/words.ts';
import type { Params } from './view.ts';

/** How many of the best entries are drawn. */
const DRAWN = 3;

interface View {
  readonly task: Task;
  readonly dataset: string | undefined;
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  readonly sort: ValueColumn;
  readonly direction: 'asc' | 'desc';
}

const bestFirst = ({ better }: ValueColumn) => (better === 'lower' ? 'asc' : 'desc');

function parse(task: Task, params: Params): View {
  const one = (name: string) => [params[name]].flat()[0];
  const sort = findValue(task, one('sort') ?? '') ?? findValue(task, task.headline) ?? task.values[0];
  return {
    task,
    dataset: one('dataset') || undefined,
    protocol: PROTOCOL_IDS.find((id) => id === one('protocol')) ?? PRIMARY_PROTOCOL,
    evaluation: EVALUATIONS.find((id) => id === one('evaluation')) ?? 'segm',
    sort,
    direction: (['asc', 'desc'] as const).find((way) => way === one('direction')) ?? bestFirst(sort),
  };
}

function href(view: View, changes: Partial<View> = {}): string {
  const { task, dataset, protocol, evaluation, sort, direction } = { ...view, ...changes };
  const query = new URLSearchParams();
  if (dataset) query.set('dataset', dataset);
  if (protocol !== PRIMARY_PROTOCOL) query.set('protocol', protocol);
  if (evaluation !== 'segm') query.set('evaluation', evaluation);
  if (sort.key !== task.headline) query.set('sort', sort.key);
  if (direction !== bestFirst(sort)) query.set('direction', direction);
  return `/leaderboards/${task.id}${query.size ? `?${query}` : ''}`;
}

export async function TaskBoardPage({ task, params }: { task: Task; params: Params }) {
  const view = parse(task, params);
  const { dataset: asked, protocol, evaluation, sort, direction } = view;
  const [{ dataset, rows }, datasets] = await Promise.all([
    getTaskBoard(task.id, { dataset: asked, protocol, evaluation, sort: sort.key, direction }),
    listDatasets({ task: task.id }),
  ]);
  if (asked && !datasets.some(({ name }) => name === asked)) notFound();
  const entries = rows.filter((row) => row.kind === 'entry');
  const references = rows.filter((row) => row.kind === 'reference');
  return (
    <div className="page">
      <header className="page-head">
        <h1>{task.name} leaderboard</h1>
        <p className="lead">
          {task.summary} Ranked by {sort.label}, {sort.better} is better.
        </p>
      </header>
      {dataset ? (
        <p className="dataset-line">
          Scored on <Link href={`/datasets/${encodeURIComponent(dataset.name)}`}>{dataset.name}</Link>:{' '}
          {integer(dataset.images)} images{dataset.objects > 0 && `, ${integer(dataset.objects)} cells`}.
          {dataset.demo && (
            <>
              {' '}
              <span className="badge">Demo</span> These images are synthetic and say nothing about real methods.
            </>
          )}
        </p>
      ) : (
        <div className="alert" data-kind="info">
          <p>No ground truth is registered for this task, so nothing can be scored yet.</p>
        </div>
      )}
      <div className="controls">
        <TaskLinks current={task} />
        {task.kind === 'instances' && (
          <>
            <Segments
              label="Evaluation"
              items={EVALUATIONS.map((id) => ({
                label: EVALUATION_NAMES[id],
                href: href(view, { evaluation: id }),
                current: id === evaluation,
              }))}
            />
            <Segments
              label="Protocol"
              items={PROTOCOL_IDS.map((id) => ({
                label: PROTOCOL_LABELS[id],
                href: href(view, { protocol: id }),
                current: id === protocol,
                title: PROTOCOLS[id].description,
              }))}
            />
          </>
        )}
        {datasets.length > 1 && (
          <Segments
            label="Data set"
            items={datasets.map(({ name }) => ({
              label: name,
              href: href(view, { dataset: name }),
              current: name === dataset?.name,
            }))}
          />
        )}
      </div>
      <Table view={view} entries={entries} references={references} />
      <p className="muted board-foot">↑ higher is better, ↓ lower is better. A column’s head sorts by it.</p>

      <section className="section" id="charts" aria-labelledby="charts-title">
        <h2 id="charts-title">Charts</h2>
        {entries.length === 0 ? (
          <p>Charts appear when the first entry is published.</p>
        ) : (
          <TaskCharts methods={await methodsOf(entries.slice(0, DRAWN), view)} evaluation={evaluation} />
        )}
      </section>
      {dataset && <Gains view={view} dataset={dataset} entries={entries} />}
      {task.docs.length > 0 && (
        <section className="section prose">
          <h2>What is asked</h2>
          {task.docs.map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
          <p>
            <Link href="/protocol">How scores are computed</Link> has every detail.
          </p>
        </section>
      )}
    </div>
  );
}

/** What is drawn. A board's rows are without the points of counts, which only charts need. */
async function methodsOf(rows: readonly TaskBoardRow[], { task }: View): Promise<Method[]> {
  const methods = await Promise.all(
    rows.map(async ({ id, method: name, results }) => {
      if (task.kind !== 'counts') return { name, results };
      const reports = await getReports<AnyReport>(id);
      return { name, results: reports[PRIMARY_PROTOCOL]?.results ?? results };
    }),
  );
  return methods.filter((method): method is Method => method.results !== null);
}

/** Entries with a model per cell type, whose method also has one model for all on the same images: what that gains. */
async function Gains({ view, dataset, entries }: { view: View; dataset: Dataset; entries: readonly TaskBoardRow[] }) {
  const { protocol, evaluation } = view;
  const perType = entries.flatMap((row) => {
    const known = row.results && knownResults(row.results);
    const results = known?.kind === 'types' ? known.results[evaluation] : undefined;
    return results ? [{ row, results }] : [];
  });
  if (perType.length === 0) return null;
  const wide = await getLeaderboard({ task: dataset.task, dataset: dataset.name, protocol, evaluation });
  // the same name from somebody else is another method
  const pairs = perType.flatMap(({ row, results }) => {
    const same = wide.rows.find(
      ({ kind, method, submitter, demo }) =>
        kind === 'entry' &&
        method === row.method &&
        submitter === row.submitter &&
        demo === row.demo &&
        (demo || submitter !== null),
    );
    return same ? [{ name: row.method, id: same.id, one: results.cellTypes }] : [];
  });
  if (pairs.length === 0) return null;
  const all = await getResults(
    pairs.map(({ id }) => id),
    { dataset, protocol, evaluation },
  );
  return (
    <section className="section prose">
      <h2>What training on all types gains</h2>
      <ul>
        {pairs.flatMap(({ name, id, one }) => {
          const types = all.get(id)?.cellTypes;
          return types
            ? (['AP', 'AFNR'] as const).map((metric) => (
                <li key={id + metric}>{gainSentence(name, gainOfTrainingOnAll(one, types, metric), metric)}</li>
              ))
            : [];
        })}
      </ul>
      <p className="muted">
        One model for all types against a model per type, of the same method and submitter, type by type.
      </p>
    </section>
  );
}

function Table(props: { view: View; entries: readonly TaskBoardRow[]; references: readonly TaskBoardRow[] }) {
  const { view, entries, references } = props;
  const columns = view.task.values;
  const notes = [...new Set(references.flatMap(({ note }) => note ?? []))];
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling frame must be reachable by keyboard */}
      <section className="table-scroll board unchecked" tabIndex={0} aria-label="Leaderboard table, scrolls sideways">
        <table>
          <caption className="visually-hidden">
            {view.task.name}, ranked by {view.sort.title}
          </caption>
          <thead>
            <tr>
              <th scope="col" className="num">
                Rank
              </th>
              <th scope="col">Method</th>
              {columns.map((column) => (
                <Head key={column.key} column={column} view={view} />
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((row) => (
              <tr key={row.id}>
                <td className="num rank">{row.rank ?? '–'}</td>
                <th scope="row" className="method">
                  <Link className="name" href={`/entries/${row.id}`}>
                    {row.method}
                  </Link>
                  <span className="meta">
                    {row.demo && <span className="badge">Demo</span>}
                    {row.testImagesSeen && (
                      <span className="badge" data-kind="warn">
                        Test images seen
                      </span>
                    )}
                    {row.submitter && <span>{row.submitter}</span>}
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
                {columns.map((column) => (
                  <td key={column.key} className="num" title={exact(row.values[column.key])}>
                    {formatted(column, row.values[column.key])}
                  </td>
                ))}
              </tr>
            ))}
            {entries.length === 0 && (
              <tr>
                <td colSpan={columns.length + 2} className="empty">
                  No entry is published here yet. <Link href="/submit">Submit predictions</Link> to be the first.
                </td>
              </tr>
            )}
          </tbody>
          {references.length > 0 && (
            <tbody className="references">
              <tr>
                <th scope="rowgroup" colSpan={columns.length + 2}>
                  <span>As published elsewhere: not scored here, not ranked</span>
                </th>
              </tr>
              {references.map((row) => (
                <tr key={row.id}>
                  <td className="num rank">
                    <span className="visually-hidden">not ranked</span>
                  </td>
                  <th scope="row" className="method">
                    <span className="name">{row.method}</span>
                    <span className="meta">
                      {/* a source is an address, at times followed by a remark */}
                      {row.source && <a href={row.source.split(' ')[0]}>Source</a>}
                      {row.note && (
                        <a
                          href={`#note-${notes.indexOf(row.note) + 1}`}
                          aria-label={`Note ${notes.indexOf(row.note) + 1} on ${row.method}`}
                        >
                          Note {notes.indexOf(row.note) + 1}
                        </a>
                      )}
                    </span>
                  </th>
                  {columns.map((column) => (
                    <td
                      key={column.key}
                      className="num"
                      title={row.values[column.key] === null ? 'not published' : exact(row.values[column.key])}
                    >
                      {row.values[column.key] === null ? '' : formatted(column, row.values[column.key])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          )}
        </table>
      </section>
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

function Head({ column, view }: { column: ValueColumn; view: View }) {
  const sorted = column === view.sort;
  const direction = sorted ? (view.direction === 'asc' ? 'desc' : 'asc') : bestFirst(column);
  return (
    <th
      scope="col"
      className="num"
      aria-sort={sorted ? (view.direction === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <Link href={href(view, { sort: column, direction })} title={column.title} scroll={false} className="sort">
        <span className="arrow" aria-hidden="true">
          {sorted ? (view.direction === 'asc' ? '▲' : '▼') : ''}
        </span>
        {column.label}
        <span className="better" aria-hidden="true">
          {column.better === 'higher' ? '↑' : '↓'}
        </span>
        <span className="visually-hidden">, {column.better} is better</span>
      </Link>
    </th>
  );
}

function formatted({ format }: ValueColumn, value: number | null): string {
  if (value === null) return '–';
  return format === 'percent' ? percent(value) : format === 'integer' ? integer(value) : value.toFixed(3);
}

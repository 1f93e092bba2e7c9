import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Segments } from '#app/_components/choice-links.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { type BoardRow, getResults } from '#db/board/board.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import type { Dataset } from '#db/schema.ts';
import { byCellType, type NamedResults, perIou } from '#lib/board/series.ts';
import { LEVEL_WORDS, LEVELS } from '#lib/board/trust-level.ts';
import { EVALUATIONS, PROTOCOL_IDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, list } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { COLUMN_GROUPS, columnLabel, parseTask } from '#lib/tasks/index.ts';
import { Chart } from '../../_components/charts/chart.tsx';
import { MAX_SERIES } from '../../_components/charts/series-style.tsx';
import { INTERVAL_EXPLAINED } from '../../_components/interval.tsx';
import { TaskLinks } from '../../_components/tasks/task-links.tsx';
import { type Board, loadBoard } from './board.ts';
import { BoardTable } from './table.tsx';
import { TaskBoardPage } from './task-board.tsx';
import { type BoardView, exportHref, OPTIONAL_GROUPS, type Params, parseView, viewHref, viewParams } from './view.ts';

interface Props {
  params: Promise<{ task: string }>;
  searchParams: Promise<Params>;
}

/** How many entries the charts show when nobody has chosen. */
const DRAWN_BY_DEFAULT = 3;

async function openTask(props: Props) {
  const task = parseTask((await props.params).task);
  if (!task?.open) notFound();
  return task;
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const task = await openTask(props);
  return { title: `${task.name} leaderboard`, description: task.summary };
}

export default async function LeaderboardPage(props: Props) {
  const task = await openTask(props);
  if (task.values.length > 0) return <TaskBoardPage task={task} params={await props.searchParams} />;
  const view = parseView(task, await props.searchParams);
  const [board, datasets] = await Promise.all([loadBoard(view), listDatasets({ task: task.id })]);
  if (view.dataset && !board.dataset) notFound();
  const drawn = chosen(board, view);
  const protocol = PROTOCOLS[view.protocol];
  const sortType = view.sort.meanOfTypes ? null : (view.sort.cellType ?? view.cellType);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{task.name} leaderboard</h1>
        <p className="lead">
          {task.summary} Ranked by {view.sort.meanOfTypes && 'the mean over types of '}
          {view.sort.cellType ? view.sort.metric : columnLabel(view.sort, protocol)}
          {sortType && ` on ${CELL_TYPE_NAMES[sortType]}`}, {view.sort.better} is better; all values in per cent.{' '}
          <Link href={`/tasks/${task.id}`}>What the task asks, and how it is scored</Link>
        </p>
      </header>

      {board.dataset ? (
        <p className="dataset-line">
          Scored on <Link href={`/datasets/${encodeURIComponent(board.dataset.name)}`}>{board.dataset.name}</Link>:{' '}
          {integer(board.dataset.images)} images, {integer(board.dataset.objects)} annotated cells.
          {board.dataset.demo && (
            <>
              {' '}
              <span className="badge">Demo</span> These images are synthetic and say nothing about real methods; the
              demo entries went through the same scoring as any other.
            </>
          )}
        </p>
      ) : (
        <div className="alert" data-kind="info">
          <p>
            No ground truth is registered for this task, so nothing can be scored yet. A maintainer registers it with{' '}
            <code>livecell import-ground-truth</code>.
          </p>
        </div>
      )}

      <Controls view={view} datasets={datasets.map(({ name }) => name)} shown={board.dataset?.name} />

      <form method="get" action={`/leaderboards/${task.id}#charts`} className="inline">
        {viewParams(view)
          .filter(([key]) => key !== 'entries')
          .map(([key, value]) => (
            <input key={key} type="hidden" name={key} value={value} />
          ))}
        <BoardTable board={board} view={view} drawn={drawn.map(({ id }) => id)} />
        <div className="board-foot">
          {drawn.length > 0 && (
            <button type="submit" className="button-small">
              Draw charts of the checked entries
            </button>
          )}
          <p className="muted">
            <b>↑</b> higher is better, <b>↓</b> lower is better. A column’s head sorts by it.
            {view.groups.includes('interval') && drawn.some(({ metrics }) => metrics.interval) && (
              <>
                {' '}
                Small figures: <Link href="/protocol#intervals">{INTERVAL_EXPLAINED}</Link>.
              </>
            )}
          </p>
          <p>
            This view as <a href={exportHref(view, 'csv')}>CSV</a>, <a href={exportHref(view, 'json')}>JSON</a> or{' '}
            <a href={exportHref(view, 'bibtex')}>BibTeX</a>
          </p>
        </div>
      </form>

      <section className="section" id="charts" aria-labelledby="charts-title">
        <h2 id="charts-title">Charts</h2>
        <Charts view={view} dataset={board.dataset} rows={drawn} />
      </section>

      <section className="section prose">
        <h2>Reading the numbers</h2>
        <p>
          <b>AP</b> rewards finding cells with the right outline and ranking good detections first. <b>AFNR</b> is the
          share of cells that were missed. Both are means over ten IoU thresholds, 0.50 to 0.95. All images are pooled,
          so dense cultures weigh more; <b>mean over types</b> is the plain mean of the numbers of each cell type alone,
          where each type weighs the same. {protocol.description} <Link href="/protocol">How scores are computed</Link>{' '}
          has every detail.
        </p>
      </section>
    </div>
  );
}

function Controls({ view, datasets, shown }: { view: BoardView; datasets: readonly string[]; shown?: string }) {
  return (
    <div className="controls">
      <TaskLinks current={view.task} />
      <Segments
        label="Evaluation"
        items={EVALUATIONS.map((evaluation) => ({
          label: EVALUATION_NAMES[evaluation],
          href: viewHref(view, { evaluation }),
          current: evaluation === view.evaluation,
        }))}
      />
      <Segments
        label="Protocol"
        items={PROTOCOL_IDS.map((protocol) => ({
          label: PROTOCOL_LABELS[protocol],
          href: viewHref(view, { protocol }),
          current: protocol === view.protocol,
          title: PROTOCOLS[protocol].description,
        }))}
      />
      <Segments
        label="Cell type"
        items={[null, ...CELL_TYPES].map((cellType) => ({
          label: cellType ? CELL_TYPE_NAMES[cellType] : 'All',
          href: viewHref(view, { cellType }),
          current: cellType === view.cellType,
        }))}
      />
      <Segments
        label="Columns"
        toggles
        items={OPTIONAL_GROUPS.map((group) => ({
          label: COLUMN_GROUPS[group],
          href: viewHref(view, {
            groups: view.groups.includes(group)
              ? view.groups.filter((other) => other !== group)
              : OPTIONAL_GROUPS.filter((other) => other === group || view.groups.includes(other)),
          }),
          current: view.groups.includes(group),
        }))}
      />
      <Segments
        label="Level"
        items={LEVELS.map((level) => ({
          label: level === 'scored' ? 'All' : `${LEVEL_WORDS[level].name}`,
          href: viewHref(view, { level: level === 'scored' ? null : level, entries: [] }),
          current: level === (view.level ?? 'scored'),
          title: LEVEL_WORDS[level].text,
        }))}
      />
      {datasets.length > 1 && (
        <Segments
          label="Data set"
          items={datasets.map((name) => ({
            label: name,
            href: viewHref(view, { dataset: name, entries: [] }),
            current: name === shown,
          }))}
        />
      )}
    </div>
  );
}

/** The checked entries that are on this board, else its first few. */
function chosen(board: Board, view: BoardView): BoardRow[] {
  const entries = [...board.entries, ...board.unscored];
  const wanted = entries.filter(({ id }) => view.entries.includes(id));
  return wanted.length > 0 ? wanted.slice(0, MAX_SERIES) : entries.slice(0, DRAWN_BY_DEFAULT);
}

async function Charts(props: { view: BoardView; dataset: Dataset | null; rows: readonly BoardRow[] }) {
  const { view, dataset, rows } = props;
  if (!dataset || rows.length === 0) return <p>Charts appear when the first entry is published.</p>;
  const { protocol, evaluation } = view;
  const results = await getResults(
    rows.map(({ id }) => id),
    { dataset, protocol, evaluation },
  );
  const methods: NamedResults[] = rows.map(({ id, method }) => ({ name: method, results: results.get(id) }));
  const without = methods.filter(({ results }) => !results).map(({ name }) => name);
  return (
    <>
      <p className="muted">
        {EVALUATION_NAMES[view.evaluation]}, {PROTOCOLS[view.protocol].name}. Check up to {MAX_SERIES} entries in the
        table to compare others.
        {without.length > 0 &&
          ` Not drawn, for want of ${EVALUATION_NAMES[view.evaluation].toLowerCase()}: ${list(without)}.`}
      </p>
      <div className="charts">
        <Chart kind="bar" series={byCellType(methods, 'AP')} />
        <Chart kind="bar" series={byCellType(methods, 'AFNR')} />
        <Chart kind="line" series={perIou(methods, 'AP', view.cellType)} />
        <Chart kind="line" series={perIou(methods, 'FNR', view.cellType)} />
      </div>
    </>
  );
}

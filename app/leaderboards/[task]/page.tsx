import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Fragment } from 'react';
import { INTERVAL_EXPLAINED } from '#app/_components/interval.tsx';
import { getLeaderboard } from '#db/board/board.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import type { Dataset } from '#db/schema.ts';
import { hasLevel } from '#lib/board/trust-level.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { CELL_TYPE, columnName, fillLimits } from '#lib/tasks/columns.ts';
import { groundTruthTask, parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { BoardCharts, chosenEntries } from './charts.tsx';
import { Controls } from './controls.tsx';
import { Gains } from './gains.tsx';
import { BoardTable } from './table.tsx';
import { type BoardView, exportHref, type Params, parseView, viewParams } from './view.ts';

interface Props {
  params: Promise<{ task: string }>;
  searchParams: Promise<Params>;
}

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
  const view = parseView(task, await props.searchParams);
  const { protocol, evaluation, cellType, sort, direction } = view;
  const byType = boardColumns(task, cellType).some(
    ({ onDemand, toggle }) => onDemand && toggle && view.groups.includes(toggle),
  );
  const query = { protocol, evaluation, cellType, byType };
  const [{ dataset, rows: all }, datasets] = await Promise.all([
    getLeaderboard({ ...query, task: task.id, dataset: view.dataset, sort, direction }),
    listDatasets({ task: task.id }),
  ]);
  if (view.dataset && dataset?.task !== groundTruthTask(task.id)) notFound();
  const rows = all.filter((row) => row.kind === 'reference' || hasLevel(row, view.level));
  const drawn = chosenEntries(rows, view);
  return (
    <div className="page">
      <header className="page-head">
        <h1>
          {task.name} leaderboard{cellType && task.typeBoards?.ownModels && `: ${CELL_TYPE_NAMES[cellType]}`}
        </h1>
        <p className="lead">
          {task.summary} Ranked by {rankedBy(view)}, {sort.better} is better
          {task.board?.units ?? '. Percentages, unless it is an index, R² or a limit.'}{' '}
          <Link href={`/tasks/${task.id}`}>What the task asks, and how it is scored</Link>
        </p>
      </header>
      <DatasetLine task={task} dataset={dataset} />
      <Controls view={view} datasets={datasets.map(({ name }) => name)} shown={dataset?.name} />

      <form method="get" action={`/leaderboards/${task.id}#charts`} className="inline">
        {viewParams(view)
          .filter(([key]) => key !== 'entries')
          .map(([key, value]) => (
            <input key={key} type="hidden" name={key} value={value} />
          ))}
        <BoardTable view={view} rows={rows} drawn={drawn.map(({ id }) => id)} />
        <div className="board-foot">
          {drawn.length > 0 && (
            <button type="submit" className="button-small">
              Draw charts of the checked entries
            </button>
          )}
          <p className="muted">
            <b>↑</b> higher is better, <b>↓</b> lower is better. A column’s head sorts by it.
            {view.groups.includes('interval') && drawn.some(({ intervals }) => intervals[task.headline]) && (
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
        <BoardCharts view={view} dataset={dataset} rows={drawn} />
      </section>
      {dataset && task.gainOver && (
        <Gains view={view} dataset={dataset} entries={rows.filter(({ kind }) => kind === 'entry')} />
      )}
      <About view={view} />
    </div>
  );
}

/** Return `AP on BT-474`, `the mean over types of AP`. */
function rankedBy({ sort, protocol, cellType }: BoardView): string {
  const name = fillLimits(columnName(sort), protocol);
  if ('meanOf' in sort.path) return `the ${name[0].toLowerCase()}${name.slice(1)}`;
  return cellType && sort.path.includes(CELL_TYPE) ? `${name} on ${CELL_TYPE_NAMES[cellType]}` : name;
}

function DatasetLine({ task, dataset }: { task: Task; dataset: Dataset | null }) {
  if (!dataset)
    return (
      <div className="alert" data-kind="info">
        <p>
          No ground truth is registered for this task, so nothing can be scored yet. A maintainer registers it with{' '}
          <code>livecell import-ground-truth</code>.
        </p>
      </div>
    );
  return (
    <p className="dataset-line">
      Scored on <Link href={`/datasets/${encodeURIComponent(dataset.name)}`}>{dataset.name}</Link>:{' '}
      {integer(dataset.images)} images
      {dataset.objects > 0 && `, ${integer(dataset.objects)} ${task.board?.objects ?? 'cells'}`}.
      {dataset.demo && (
        <>
          {' '}
          <span className="badge">Demo</span> These images are synthetic and say nothing about real methods; the demo
          entries went through the same scoring as any other.
        </>
      )}
    </p>
  );
}

/** Explain how to read the numbers, or what the task measures, with a link to the full explanation. */
function About({ view: { task, protocol } }: { view: BoardView }) {
  const reading = task.board?.reading;
  if (reading)
    return (
      <section className="section prose">
        <h2>Reading the numbers</h2>
        <p>
          {reading.map(({ term, text }) => (
            <Fragment key={term}>
              <b>{term}</b> {text}{' '}
            </Fragment>
          ))}
          {PROTOCOLS[protocol].description} <Link href="/protocol">How scores are computed</Link> has every detail.
        </p>
      </section>
    );
  return (
    <section className="section prose">
      <h2>What is asked</h2>
      {task.docs.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <p>
        <Link href={`/tasks/${task.id}`}>{task.name} in full</Link>: files, formulas, limits, commands, and where
        published numbers come from.
      </p>
    </section>
  );
}

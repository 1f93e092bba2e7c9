import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Fragment } from 'react';
import { MAX_SERIES } from '#app/_components/charts/series-style.tsx';
import { viewer } from '#app/_server/http.ts';
import { oembedOf, siteOf } from '#app/_server/site.ts';
import { sliceValues } from '#app/_server/slices.ts';
import { lookOf } from '#app/_server/submissions.ts';
import { type BoardRow, getLeaderboard } from '#db/board/board.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import type { Dataset } from '#db/schema.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission, listOwners } from '#db/submissions/submissions.ts';
import type { Comparison } from '#lib/board/rank-ranges.ts';
import { hasLevel } from '#lib/board/trust-level.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { partInWords } from '#lib/datasets/part-words.ts';
import { integer } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { isOwner } from '#lib/permissions.ts';
import { CELL_TYPE, columnName, fillLimits } from '#lib/tasks/columns.ts';
import { groundTruthTask, parseTask } from '#lib/tasks/index.ts';
import { BoardCharts, chosenEntries, drawnMethods } from './charts.tsx';
import { Gains } from './gains.tsx';
import { SliceNote } from './slice-filter.tsx';
import { BoardTable, entriesOnPage } from './table.tsx';
import { HiddenParams, TaskTabs, Toolbar } from './toolbar.tsx';
import { type BoardView, exportHref, isSliced, PAGE, type Params, parseView, viewHref } from './view.ts';

/** The most entries of a board that shows charts without being asked. */
const CHARTED = MAX_SERIES;

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
  const title = `${task.name} leaderboard`;
  const { dataset } = parseView(task, await props.searchParams);
  const of = dataset ? `?${new URLSearchParams({ dataset })}` : '';
  const page = `/leaderboards/${task.id}${of}`;
  const picture = `/charts/${task.id}?${new URLSearchParams({ ...(dataset && { dataset }), format: 'png' })}`;
  const site = siteOf({ headers: await headers() });
  return {
    title,
    description: task.summary,
    metadataBase: new URL(site),
    alternates: { types: oembedOf(site, page) },
    openGraph: {
      ...{ type: 'website', title, url: page },
      images: [{ url: picture, alt: `A chart of ${task.name}` }],
    },
    twitter: { card: 'summary_large_image' },
  };
}

export default async function LeaderboardPage(props: Props) {
  const task = await openTask(props);
  const view = parseView(task, await props.searchParams);
  const { protocol, evaluation, cellType, sort, direction, level, exposure, search, slice } = view;
  const query = {
    protocol,
    evaluation,
    cellType,
    sort,
    direction,
    byType: true,
    ranges: true,
    exposure,
    slice,
  };
  const [{ dataset, rows, comparison }, datasets] = await Promise.all([
    getLeaderboard({ ...query, task: task.id, dataset: view.dataset }),
    listDatasets({ task: task.id }),
  ]);
  if (view.dataset && dataset?.task !== groundTruthTask(task.id)) notFound();
  const wanted = search.toLowerCase();
  const entries = rows.filter(
    (row) => row.kind === 'entry' && hasLevel(row, level) && row.method.toLowerCase().includes(wanted),
  );
  const chosen = chosenEntries(entries, view);
  // charts are of all images; large boards show them on demand
  const charted = !isSliced(view) && (view.entries.length > 0 || entries.length <= CHARTED);
  const [own, drawn, values] = await Promise.all([
    ownEntries(entriesOnPage(view, entries)),
    drawnMethods(view, dataset, charted ? chosen : []),
    task.families && dataset ? sliceValues(dataset, rows) : null,
  ]);
  return (
    <div className="page board-page methods">
      <a className="skip-link" href="#board">
        Skip to table
      </a>
      <header className="board-head">
        <h1>
          {task.name} leaderboard{cellType && task.typeBoards?.ownModels && `: ${CELL_TYPE_NAMES[cellType]}`}
        </h1>
        <Facts view={view} dataset={dataset} />
      </header>
      <TaskTabs current={task} />
      <Toolbar
        view={view}
        datasets={datasets.map(({ name }) => name)}
        shown={dataset?.name}
        values={values}
        truthIsPublic={dataset?.public === true}
      />
      <SliceNote view={view} values={values} entries={entries} dataset={dataset} />
      {comparison && <Verdict view={view} comparison={comparison} />}

      <form method="get" action="/compare" className="inline compare">
        <HiddenParams view={view} except={['entries', 'q', 'rows', 'page']} />
        <BoardTable view={view} all={rows} entries={entries} drawn={drawn.methods.map(({ id }) => id)} {...own} />
        <div className="compare-bar">
          <span>Check 2 to 6 methods to compare them.</span>
          <button type="submit" className="button-small">
            Compare the checked
          </button>
          <button type="submit" formAction={`/leaderboards/${task.id}#charts`} className="button-small">
            Draw charts of the checked entries
          </button>
        </div>
      </form>
      <div className="board-foot">
        <p>
          This view as <a href={exportHref(view, 'csv')}>CSV</a>, <a href={exportHref(view, 'json')}>JSON</a>,{' '}
          <a href={exportHref(view, 'bibtex')}>BibTeX</a>, <a href={exportHref(view, 'latex')}>LaTeX</a> or{' '}
          <a href={exportHref(view, 'parquet')}>Parquet</a>;{' '}
          <Link href={`/snapshots?task=${task.id}`}>earlier versions</Link> to cite,{' '}
          <Link href="/changes">every score ever shown</Link>
          {view.page !== null && entries.length > PAGE && (
            <>
              ; <a href={viewHref(view, { page: null })}>all rows, for printing</a>
            </>
          )}
        </p>
        <p className="muted">
          Ranked by {rankedBy(view)}, {sort.better} is better
          {task.board?.units ?? '. Percentages, unless it is an index, R² or a limit.'} A column’s head sorts by it; the
          title of a number has every digit. Runs: how many scored submissions the method has had on this test set, also
          those that were not published. The more there were, the better it may know the test set. One version of each
          method is shown.
        </p>
        {comparison && (
          <p className="muted">
            <Link href="/protocol#intervals">95 % interval</Link> for these cell types, from {comparison.fields} fields
            of view. It speaks of other fields in the same wells, not of other wells, plates or microscopes, nor of
            training again. A rank of 1–3 could be 1, 2 or 3 on other fields; a rule between rows separates those that
            can be told apart.
          </p>
        )}
      </div>

      {!isSliced(view) && (
        <section className="section" id="charts" aria-labelledby="charts-title">
          <h2 id="charts-title">Charts</h2>
          {charted ? (
            <BoardCharts view={view} {...drawn} />
          ) : (
            <p>
              Check up to 6 entries in the table to draw them, or{' '}
              <a href={`${viewHref(view, { entries: chosen.map(({ id }) => id) })}#charts`}>
                draw the first {chosen.length}
              </a>
              .
            </p>
          )}
        </section>
      )}
      {dataset && task.gainOver && <Gains view={view} dataset={dataset} entries={entries} />}
      <About view={view} />
    </div>
  );
}

/** Find the viewer's own entries among these, and the names of anonymous ones that the viewer may know. */
async function ownEntries(shown: readonly BoardRow[]) {
  const mine = new Set<string>();
  const knownAs = new Map<string, string>();
  const who = await viewer();
  if (!who) return { mine, knownAs };
  const owners = await listOwners(shown.map(({ id }) => id));
  for (const submission of owners) {
    if (isOwner(who, submission)) mine.add(submission.id);
    const row = shown.find(({ id }) => id === submission.id);
    if (!row?.anonymous) continue;
    const whole = await getSubmission(submission.id);
    if (whole && lookOf(who, whole) === 'insider') knownAs.set(submission.id, entryOf(whole, 'insider').method);
  }
  return { mine, knownAs };
}

/** Return `AP on BT-474`, `the mean over types of AP`. */
function rankedBy({ sort, protocol, cellType }: BoardView): string {
  const name = fillLimits(columnName(sort), protocol);
  if ('meanOf' in sort.path) return `the ${name[0].toLowerCase()}${name.slice(1)}`;
  return cellType && sort.path.includes(CELL_TYPE) ? `${name} on ${CELL_TYPE_NAMES[cellType]}` : name;
}

/** One line: data set, size, protocol, where to get the data, how to cite. */
function Facts({ view: { task, protocol }, dataset }: { view: BoardView; dataset: Dataset | null }) {
  if (!dataset)
    return (
      <p className="fact-line">
        No ground truth is registered for this task, so nothing can be scored yet. A maintainer registers it with{' '}
        <code>livecell import-ground-truth</code>.
      </p>
    );
  const page = `/datasets/${encodeURIComponent(dataset.name)}`;
  return (
    <p className="fact-line">
      <span>
        Scored on <Link href={page}>{dataset.name}</Link>
      </span>
      {dataset.demo && (
        <span
          className="badge"
          title="These images are synthetic and say nothing about real methods; the demo entries went through the same scoring as any other."
        >
          Demo
        </span>
      )}
      <span>
        {integer(dataset.images)} images
        {dataset.objects > 0 && `, ${integer(dataset.objects)} ${task.board?.objects ?? 'cells'}`}
      </span>
      {dataset.part && <span>{partInWords(dataset.part)}</span>}
      {task.kind.evaluated && <span>{PROTOCOLS[protocol].name}</span>}
      <Link href={`/tasks/${task.id}`}>What the task asks, and how it is scored</Link>
      <a href="https://github.com/sartorius-research/LIVECell">Get the data</a>
      <a href="https://www.nature.com/articles/s41592-021-01249-6">Cite</a>
    </p>
  );
}

/** Who leads and whether the lead is real, and what the view cannot resolve. */
function Verdict({ view: { sort }, comparison: { verdict, resolution } }: { view: BoardView; comparison: Comparison }) {
  if (!verdict) return null;
  const points = resolution === null ? null : sort.format === 'percent' ? 100 * resolution : resolution;
  return (
    <p className="verdict">
      {verdict}{' '}
      {points !== null && (
        <span className="muted">
          Differences below {points.toPrecision(2)}
          {sort.format === 'percent' && ' points'} cannot be told from chance here.
        </span>
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

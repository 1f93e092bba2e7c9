/** The board of any task whose rows are not one slice's metrics: columns, table and charts follow from the task's literal. */
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Segments } from '#app/_components/choice-links.tsx';
import { EVALUATION_NAMES, PROTOCOL_LABELS } from '#app/_components/labels.ts';
import { getLeaderboard, getResults, getTaskBoard, type TaskBoardRow } from '#db/board/board.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import type { Dataset } from '#db/schema.ts';
import { getReports } from '#db/submissions/submissions.ts';
import { gainSentence, knownResults } from '#lib/board/task-series.ts';
import { hasLevel, LEVEL_WORDS, LEVELS } from '#lib/board/trust-level.ts';
import { EVALUATIONS, PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { AnyReport } from '#lib/scoring/report.ts';
import { gainOfTrainingOnAll } from '#lib/scoring/single-cell-type.ts';
import { type Task, valueName } from '#lib/tasks/index.ts';
import { NumbersTable } from '../../_components/charts/plot.tsx';
import { MAX_SERIES } from '../../_components/charts/series-style.tsx';
import { type Method, TaskCharts } from '../../_components/tasks/results.tsx';
import { TaskLinks } from '../../_components/tasks/task-links.tsx';
import { TaskTable } from './task-table.tsx';
import { parseTaskView, type TaskView, taskExportHref, taskViewHref, taskViewParams } from './task-view.ts';
import type { Params } from './view.ts';

/** How many entries the charts show when nobody has chosen. */
const DRAWN_BY_DEFAULT = 3;

export async function TaskBoardPage({ task, params }: { task: Task; params: Params }) {
  const view = parseTaskView(task, params);
  const { dataset: asked, protocol, evaluation, cellType, sort, direction } = view;
  const [{ dataset, rows: all }, datasets] = await Promise.all([
    getTaskBoard(task.id, { dataset: asked, protocol, evaluation, cellType, sort: sort.key, direction }),
    listDatasets({ task: task.id }),
  ]);
  if (asked && !datasets.some(({ name }) => name === asked)) notFound();
  const rows = all.filter((row) => row.kind === 'reference' || hasLevel(row, view.level));
  const entries = rows.filter((row) => row.kind === 'entry');
  const checked = entries.filter(({ id }) => view.entries.includes(id));
  const drawn = checked.length > 0 ? checked : entries.slice(0, DRAWN_BY_DEFAULT);
  const methods = await methodsOf(drawn, view);
  return (
    <div className="page">
      <header className="page-head">
        <h1>
          {task.name} leaderboard{cellType && `: ${CELL_TYPE_NAMES[cellType]}`}
        </h1>
        <p className="lead">
          {task.summary} Ranked by {valueName(sort)}
          {cellType && ` on ${CELL_TYPE_NAMES[cellType]}`}, {sort.better} is better. Percentages, unless it is an index,
          R² or a limit. <Link href={`/tasks/${task.id}`}>What the task asks, and how it is scored</Link>
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
      <Controls view={view} datasets={datasets.map(({ name }) => name)} shown={dataset?.name} />

      <form method="get" action={`/leaderboards/${task.id}#charts`} className="inline">
        {taskViewParams(view)
          .filter(([key]) => key !== 'entries')
          .map(([key, value]) => (
            <input key={key} type="hidden" name={key} value={value} />
          ))}
        <TaskTable view={view} rows={rows} drawn={drawn.map(({ id }) => id)} />
        <div className="board-foot">
          {drawn.length > 0 && (
            <button type="submit" className="button-small">
              Draw charts of the checked entries
            </button>
          )}
          <p className="muted">
            <b>↑</b> higher is better, <b>↓</b> lower is better. A column’s head sorts by it.
          </p>
          <p>
            This view as <a href={taskExportHref(view, 'csv')}>CSV</a>, <a href={taskExportHref(view, 'json')}>JSON</a>{' '}
            or <a href={taskExportHref(view, 'bibtex')}>BibTeX</a>
          </p>
        </div>
      </form>

      <section className="section" id="charts" aria-labelledby="charts-title">
        <h2 id="charts-title">Charts</h2>
        {methods.length === 0 ? (
          <p>Charts appear when the first entry is published.</p>
        ) : (
          <>
            <p className="muted">
              {task.kind === 'instances' && `${EVALUATION_NAMES[evaluation]}, ${PROTOCOLS[protocol].name}. `}
              Check up to {MAX_SERIES} entries in the table to compare others.
            </p>
            <TaskCharts methods={methods} evaluation={evaluation} cellType={cellType} />
          </>
        )}
      </section>
      {dataset && <Gains view={view} dataset={dataset} entries={entries} />}
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
    </div>
  );
}

function Controls({ view, datasets, shown }: { view: TaskView; datasets: readonly string[]; shown?: string }) {
  const { task, evaluation, protocol, cellType } = view;
  return (
    <div className="controls">
      <TaskLinks current={task} />
      {task.typeValues && (
        <Segments
          label="Cell type"
          items={[null, ...CELL_TYPES].map((type) => ({
            label: type ? CELL_TYPE_NAMES[type] : 'Overview',
            href: taskViewHref(view, { cellType: type }),
            current: type === cellType,
            title: type ? `Models trained on ${CELL_TYPE_NAMES[type]} alone` : 'All types, with their mean',
          }))}
        />
      )}
      {task.kind === 'instances' && (
        <>
          <Segments
            label="Evaluation"
            items={EVALUATIONS.map((id) => ({
              label: EVALUATION_NAMES[id],
              href: taskViewHref(view, { evaluation: id }),
              current: id === evaluation,
            }))}
          />
          <Segments
            label="Protocol"
            items={PROTOCOL_IDS.map((id) => ({
              label: PROTOCOL_LABELS[id],
              href: taskViewHref(view, { protocol: id }),
              current: id === protocol,
              title: PROTOCOLS[id].description,
            }))}
          />
        </>
      )}
      <Segments
        label="Level"
        items={LEVELS.map((level) => ({
          label: level === 'scored' ? 'All' : `${LEVEL_WORDS[level].name}`,
          href: taskViewHref(view, { level: level === 'scored' ? null : level, entries: [] }),
          current: level === (view.level ?? 'scored'),
          title: LEVEL_WORDS[level].text,
        }))}
      />
      {datasets.length > 1 && (
        <Segments
          label="Data set"
          items={datasets.map((name) => ({
            label: name,
            href: taskViewHref(view, { dataset: name, entries: [] }),
            current: name === shown,
          }))}
        />
      )}
    </div>
  );
}

/** What is drawn. A board's rows are without the points of counts, which only charts need. */
async function methodsOf(rows: readonly TaskBoardRow[], { task }: TaskView): Promise<Method[]> {
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
async function Gains({
  view,
  dataset,
  entries,
}: {
  view: TaskView;
  dataset: Dataset;
  entries: readonly TaskBoardRow[];
}) {
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
  const gains = pairs.flatMap(({ name, id, one }) => {
    const types = all.get(id)?.cellTypes;
    return types
      ? [{ name, id, AP: gainOfTrainingOnAll(one, types, 'AP'), AFNR: gainOfTrainingOnAll(one, types, 'AFNR') }]
      : [];
  });
  return (
    <section className="section" id="gains" aria-labelledby="gains-title">
      <h2 id="gains-title">What training on all types gains</h2>
      <div className="prose">
        <p className="muted">
          One model for all types (<Link href={`/leaderboards/${dataset.task}`}>LIVECell-wide</Link>) against a model
          per type, of the same method and submitter, type by type.
        </p>
        <ul>
          {gains.flatMap(({ name, id, AP, AFNR }) => [
            <li key={`${id} AP`}>{gainSentence(name, AP, 'AP')}</li>,
            <li key={`${id} AFNR`}>{gainSentence(name, AFNR, 'AFNR')}</li>,
          ])}
        </ul>
      </div>
      {gains.map(({ name, id, AP, AFNR }) => (
        <details key={id}>
          <summary>{name}, type by type</summary>
          <NumbersTable
            title={`What training on all types gains, ${name}`}
            numbers={{
              head: [
                'Cell type',
                ...['AP', 'AFNR'].flatMap((metric) => [`${metric}, one type`, 'all types', 'difference']),
              ],
              rows: CELL_TYPES.flatMap((type) => {
                const own = [AP, AFNR].map(({ types }) => types.find(({ cellType }) => cellType === type));
                if (!own.some(Boolean)) return [];
                const cells = own.flatMap((gain) => [percent(gain?.one), percent(gain?.all), signed(gain?.difference)]);
                return [[CELL_TYPE_NAMES[type], ...cells]];
              }),
            }}
          />
        </details>
      ))}
    </section>
  );
}

/** In percentage points, with its sign. */
function signed(difference: number | undefined): string {
  return difference === undefined ? '–' : `${difference > 0 ? '+' : ''}${percent(difference).replace('-', '−')}`;
}

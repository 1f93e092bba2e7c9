import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Segments } from '#app/_components/choice-links.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { loadSlices, type SliceBoard } from '#app/_server/slices.ts';
import {
  choiceInWords,
  DIMENSION_NAMES,
  parseSliceQuery,
  SLICE_METRICS,
  type SliceParams,
  type SliceQuery,
  sliceParams,
  valueName,
} from '#lib/board/slices.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES } from '#lib/livecell/cell-types.ts';
import { MOST_DIMENSIONS, SLICE_DIMENSIONS, type SliceDimension } from '#lib/scoring/slice-table.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import './slices.css';

interface Props {
  params: Promise<{ task: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

async function openTask({ params }: Props): Promise<Task> {
  const task = parseTask((await params).task);
  if (!task?.open || !task.families) notFound();
  return task;
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const task = await openTask(props);
  return { title: `${task.name} by slice`, description: 'Which method is best on which cells, day and density.' };
}

export default async function SlicesPage(props: Props) {
  const task = await openTask(props);
  const given = await props.searchParams;
  const params = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, [value].flat()[0]]));
  // a form of weights sends one field per cell type
  const weights =
    params.weights ??
    Object.entries(params)
      .flatMap(([key, value]) => (key.startsWith('w-') && value ? [`${key.slice(2)}:${value}`] : []))
      .join();
  const query = parseSliceQuery({ ...(params as SliceParams), weights });
  const dataset = params.dataset || undefined;
  const board = await loadSlices(task, dataset, query);
  const href = (changes: Partial<SliceQuery>) => hrefOf(task, dataset, { ...query, ...changes });
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/leaderboards/${task.id}`}>{task.name}</Link>
        </p>
        <h1>By slice</h1>
        <p className="lead">{board ? verdictOf(board, query) : 'No ground truth is registered for this task.'}</p>
      </header>
      {board && (
        <>
          <Filters board={board} query={query} href={href} />
          <Board board={board} query={query} />
          {board.without > 0 && (
            <p className="muted">
              {integer(board.without)} more {board.without === 1 ? 'entry has' : 'entries have'} no slices yet: they are
              computed after the score, and old entries get them when they are scored again.
            </p>
          )}
          <p>
            This view as{' '}
            <a
              href={`${href({}).replace('/leaderboards', '/api/v1/leaderboards')}${href({}).includes('?') ? '&' : '?'}format=csv`}
            >
              CSV
            </a>{' '}
            or <a href={href({}).replace('/leaderboards', '/api/v1/leaderboards')}>JSON</a>
          </p>
          <Weights task={task} dataset={dataset} board={board} query={query} />
          <section className="section prose">
            <h2>Reading the slices</h2>
            <p>
              AP does not add up over slices, so each slice is scored by itself, by masks where an entry has them.
              Density is the number of annotated cells per image, in five bins of nearly as many images each. Size
              classes are those of the paper. At most two choices go together. A slice has too few fields of view for an
              interval, so small differences mean little.
              {!board.truthIsPublic &&
                ' This ground truth is not public: slices of fewer than 50 cells are left out, and others are rounded.'}
            </p>
          </section>
        </>
      )}
    </div>
  );
}

function hrefOf(task: Task, dataset: string | undefined, query: SliceQuery): string {
  const params = new URLSearchParams([...(dataset ? [['dataset', dataset]] : []), ...sliceParams(query)]);
  const text = params.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return `/leaderboards/${task.id}/slices${text ? `?${text}` : ''}`;
}

/** Return who is first on the slice, in a sentence. */
function verdictOf(board: SliceBoard, { choice, metric, weights }: SliceQuery): string {
  const where = choiceInWords(choice, board.values, board.truthIsPublic);
  const what = weights ? `the mean ${metric} over cell types, weighted as below` : metric;
  const [first, second] = board.rows.filter(({ rank }) => rank !== null);
  if (!first) return `No entry has a number for ${where}.`;
  const lead = `On ${where}, ${first.method} has the ${metric === 'AP' ? 'highest' : 'lowest'} ${what}: ${percent(first.value, 1)} %`;
  return second ? `${lead}; ${second.method} follows with ${percent(second.value, 1)} %.` : `${lead}.`;
}

function Filters({
  board: { values, truthIsPublic },
  query,
  href,
}: {
  board: SliceBoard;
  query: SliceQuery;
  href: (changes: Partial<SliceQuery>) => string;
}) {
  const { choice, by, metric } = query;
  const chosen = SLICE_DIMENSIONS.filter((dimension) => choice[dimension] !== undefined);
  const without = (dimension: SliceDimension) => ({ ...choice, [dimension]: undefined });
  /** with both places taken, a further choice replaces the second */
  const choose = (dimension: SliceDimension, value: string) => {
    const full = chosen.length === MOST_DIMENSIONS && choice[dimension] === undefined;
    return { ...(full ? without(chosen[1]) : choice), [dimension]: value };
  };
  const options: Record<SliceDimension, readonly string[]> = {
    type: values.type,
    day: values.day,
    density: values.density.map(({ value }) => value),
    size: values.size,
  };
  return (
    <div className="slice-filters">
      {SLICE_DIMENSIONS.map((dimension) => (
        <Segments
          key={dimension}
          label={DIMENSION_NAMES[dimension]}
          items={[
            { label: 'All', href: href({ choice: without(dimension) }), current: choice[dimension] === undefined },
            ...options[dimension].map((value) => ({
              label: valueName(dimension, value, values, truthIsPublic),
              href: href({ choice: choose(dimension, value) }),
              current: choice[dimension] === value,
            })),
          ]}
        />
      ))}
      <Segments
        label="Columns"
        items={SLICE_DIMENSIONS.filter((dimension) => new Set([...chosen, dimension]).size <= MOST_DIMENSIONS).map(
          (dimension) => ({
            label: DIMENSION_NAMES[dimension],
            href: href({ by: dimension }),
            current: by === dimension,
          }),
        )}
      />
      <Segments
        label="Number"
        items={SLICE_METRICS.map((id) => ({ label: id, href: href({ metric: id }), current: metric === id }))}
      />
    </div>
  );
}

function Board({ board, query }: { board: SliceBoard; query: SliceQuery }) {
  const { rows, columns } = board;
  const { metric, by, weights } = query;
  const known = rows.flatMap((row) => row.columns).filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  /** share of the wash of colour, from 0 to 1; the better, the stronger */
  const shade = (value: number | null): number => {
    if (value === null || high <= low) return 0;
    const share = (value - low) / (high - low);
    return metric === 'AP' ? share : 1 - share;
  };
  const label = `${metric} of entries by ${DIMENSION_NAMES[by].toLowerCase()}`;
  return (
    <TableFrame label={label}>
      <table className="heat">
        <caption className="visually-hidden">{label}, in per cent; better numbers have a stronger background</caption>
        <thead>
          <tr>
            <th scope="col" className="num">
              Rank
            </th>
            <th scope="col">Method</th>
            <th scope="col" className="num">
              {weights ? `Weighted mean ${metric}` : metric} {metric === 'AP' ? '↑' : '↓'}
            </th>
            {columns.map(({ value, name }) => (
              <th key={value} scope="col" className="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ rank, id, method, value, images, objects, columns: numbers }) => (
            <tr key={id}>
              <td className="num">{rank ?? '–'}</td>
              <th scope="row">
                <Link href={`/entries/${id}`}>{method}</Link>
              </th>
              <td
                className="num"
                title={`${exact(value)}${images !== null ? `; ${integer(images)} images, ${integer(objects ?? 0)} cells` : ''}`}
              >
                <b>{percent(value, 1)}</b>
              </td>
              {numbers.map((number, k) => (
                <td
                  key={columns[k].value}
                  className="num"
                  title={exact(number)}
                  style={{ '--shade': `${Math.round(70 * shade(number))}%` } as React.CSSProperties}
                >
                  {percent(number, 1)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

/** The reader's own weights: a field per cell type, sent as one parameter. */
function Weights({
  task,
  dataset,
  board: { values },
  query,
}: {
  task: Task;
  dataset: string | undefined;
  board: SliceBoard;
  query: SliceQuery;
}) {
  if (values.type.length < 2 || query.choice.type !== undefined) return null;
  const others = sliceParams({ ...query, weights: null });
  return (
    <section className="section">
      <h2>Your own weights</h2>
      <p className="prose muted">
        The mean over cell types counts each type once. If your cells resemble some of them, give those more weight: the
        board is then ranked by the mean with your weights, and the address keeps them. A type with 0 or nothing is left
        out.
      </p>
      <form method="get" action={`/leaderboards/${task.id}/slices`} className="weights">
        {[...(dataset ? [['dataset', dataset]] : []), ...others].map(([key, value]) => (
          <input key={key} type="hidden" name={key} value={value} />
        ))}
        {values.type.map((type) => (
          <label key={type}>
            {CELL_TYPE_NAMES[type]}
            <input
              type="number"
              name={`w-${type}`}
              min="0"
              step="any"
              defaultValue={query.weights ? (query.weights[type] ?? 0) : 1}
            />
          </label>
        ))}
        <button type="submit" className="button-small">
          Rank by this mean
        </button>
        {query.weights && <Link href={hrefOf(task, dataset, { ...query, weights: null })}>Without weights</Link>}
      </form>
    </section>
  );
}

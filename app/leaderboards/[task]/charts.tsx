/** The charts below a board: the selected entries, or the first few. */
import { MAX_SERIES } from '#app/_components/charts/series-style.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TaskFigures } from '#app/_components/tasks/results.tsx';
import type { BoardRow } from '#db/board/board.ts';
import { listReports } from '#db/board/reports.ts';
import type { Dataset } from '#db/schema.ts';
import { type Figures, linkMethods } from '#lib/charts/figures.ts';
import type { Series } from '#lib/charts/series.ts';
import { type Evaluation, PRIMARY_PROTOCOL, PROTOCOLS } from '#lib/coco/protocol.ts';
import { list } from '#lib/format.ts';
import { CELL_TYPE_NAMES, type CellType } from '#lib/livecell/cell-types.ts';
import { readerOf } from '#lib/tasks/columns.ts';
import type { BoardView } from './view.ts';

/** Number of entries shown in the charts by default; fewer where they have figures of their own. */
const DRAWN_BY_DEFAULT = 3;
/** Most figures that a board draws without being asked: with more, its page would weigh too much. */
const MOST_FIGURES = 5;

/** Return the selected entries of this board, or else its first few; label images come last. */
export function chosenEntries(rows: readonly BoardRow[], { entries: wanted }: BoardView): BoardRow[] {
  const ranked = [...rows.filter((row) => !row.unscored), ...rows.filter((row) => row.unscored)];
  const checked = ranked.filter(({ id }) => wanted.includes(id));
  return checked.length > 0 ? checked.slice(0, MAX_SERIES) : ranked.slice(0, DRAWN_BY_DEFAULT);
}

/**
 * Draw bars of methods as dots, with the fields of each type behind them where reports have them. Numbers have fewer
 * digits, for the sake of the page's size.
 */
function asDots(
  groups: readonly Figures[],
  methods: readonly { results: unknown }[],
  evaluation: Evaluation,
): Figures[] {
  const fields = methods.flatMap(({ results }) => {
    const found = readerOf(results)([evaluation, 'fields']);
    return Array.isArray(found) ? [found as FieldNumbers[]] : [];
  });
  return groups.map((group) => ({
    ...group,
    figures: group.figures.map((figure) => {
      if (!('series' in figure)) return figure;
      const series = withFewerDigits(figure.series);
      if (figure.kind !== 'bar') return { ...figure, series };
      const metric = series.better === 'higher' ? 'AP' : 'AFNR';
      const marks = series.rows.map(({ label }) =>
        fields.map((of) =>
          of.flatMap((field) => (CELL_TYPE_NAMES[field.cellType] === label ? toDraw(field[metric]) : [])),
        ),
      );
      // fields belong to methods by their order, so all must have them
      return { kind: 'dots', series, ...(fields.length === series.names.length && { marks }) };
    }),
  }));
}

/** Round to more digits than drawings and their tables show: the API and files have them all. */
function withFewerDigits(series: Series): Series {
  const rounded = (value: number) => Number(value.toFixed(6));
  return {
    ...series,
    rows: series.rows.map(({ label, values, intervals }) => ({
      label,
      values: values.map((value) => (value === null ? null : rounded(value))),
      ...(intervals && {
        intervals: intervals.map((interval) => interval && ([rounded(interval[0]), rounded(interval[1])] as const)),
      }),
    })),
  };
}

/** Round a number behind a dot: a thousandth is less than a pixel. */
function toDraw(value: number | null): number[] {
  return value === null ? [] : [Number(value.toFixed(4))];
}

interface FieldNumbers {
  cellType: CellType;
  AP: number | null;
  AFNR: number | null;
}

export interface DrawnMethod {
  id: string;
  name: string;
  results: object;
}

/** Return the results of these rows that can be drawn, in order, and the names of those that have none of this kind. */
export async function drawnMethods(
  view: BoardView,
  dataset: Dataset | null,
  rows: readonly BoardRow[],
): Promise<{ methods: DrawnMethod[]; without: string[] }> {
  if (!dataset) return { methods: [], without: [] };
  const { task, evaluation, protocol } = view;
  const reports = await listReports(
    rows.map(({ id }) => id),
    { dataset, protocol: drawnProtocol(task, protocol) },
  );
  const methods = rows.flatMap(({ id, method: name }) => {
    const report = reports.get(id);
    return report ? [{ id, name, results: task.on?.(report.results, dataset.name) ?? report.results }] : [];
  });
  const has = ({ results }: DrawnMethod) => task.has(results, evaluation);
  return {
    methods: fewEnough(methods.filter(has), view),
    without: methods.filter((one) => !has(one)).map(({ name }) => name),
  };
}

/** Return the methods, or the first of them if nobody chose them and they have too many figures. */
function fewEnough(methods: DrawnMethod[], view: BoardView): DrawnMethod[] {
  const { task, evaluation, cellType, entries } = view;
  if (entries.length > 0 || methods.length <= 1) return methods;
  const figures = task.draw(methods, { evaluation, cellType }).flatMap(({ figures }) => figures);
  // a heat map has a number in each of its cells
  const weight = figures.reduce((sum, { kind }) => sum + (kind === 'heat' ? 2 : 1), 0);
  return weight <= MOST_FIGURES ? methods : fewEnough(methods.slice(0, -1), view);
}

function drawnProtocol({ kind }: BoardView['task'], protocol: BoardView['protocol']) {
  return kind.protocols.includes(protocol) ? protocol : PRIMARY_PROTOCOL;
}

interface Props extends Awaited<ReturnType<typeof drawnMethods>> {
  view: BoardView;
}

export function BoardCharts({ view, methods, without }: Props) {
  const { task, evaluation, cellType } = view;
  if (methods.length + without.length === 0) return <p>Charts appear when the first entry is published.</p>;
  const protocol = drawnProtocol(task, view.protocol);
  const files = new URLSearchParams({
    ...(view.dataset && { dataset: view.dataset }),
    ...(protocol !== PRIMARY_PROTOCOL && { protocol }),
    ...(evaluation !== 'segm' && { evaluation }),
    ...(cellType && { cellType }),
    // without a choice, the file draws the first entries too
    ...(view.entries.length > 0 && { entries: methods.map(({ id }) => id).join(',') }),
  });
  const figures = asDots(task.draw(methods, { evaluation, cellType }), methods, evaluation);
  return (
    <>
      <p className="muted">
        {task.kind.evaluated &&
          `${EVALUATION_NAMES[evaluation]}, ${PROTOCOLS[drawnProtocol(task, view.protocol)].name}. `}
        Check up to {MAX_SERIES} entries in the table to compare others.
        {without.length > 0 && ` Not drawn: ${list(without)}, without ${EVALUATION_NAMES[evaluation].toLowerCase()}.`}{' '}
        <a href={`/charts/${task.id}/files?${files}`}>These charts as SVG, PNG and CSV</a>
      </p>
      <TaskFigures
        groups={linkMethods(
          figures,
          methods.map(({ name }) => name),
        )}
      />
    </>
  );
}

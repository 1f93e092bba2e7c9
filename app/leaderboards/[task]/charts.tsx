/** The charts below a board: the selected entries, or the first few. */
import { MAX_SERIES } from '#app/_components/charts/series-style.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TaskFigures } from '#app/_components/tasks/results.tsx';
import type { BoardRow } from '#db/board/board.ts';
import { listReports } from '#db/board/reports.ts';
import type { Dataset } from '#db/schema.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '#lib/coco/protocol.ts';
import { list } from '#lib/format.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { BoardView } from './view.ts';

/** Number of entries shown in the charts by default. */
const DRAWN_BY_DEFAULT = 3;

/** Return the selected entries of this board, or else its first few; label images come last. */
export function chosenEntries(rows: readonly BoardRow[], { entries: wanted }: BoardView): BoardRow[] {
  const entries = rows.filter(({ kind }) => kind === 'entry');
  const ranked = [...entries.filter((row) => !row.unscored), ...entries.filter((row) => row.unscored)];
  const checked = ranked.filter(({ id }) => wanted.includes(id));
  return checked.length > 0 ? checked.slice(0, MAX_SERIES) : ranked.slice(0, DRAWN_BY_DEFAULT);
}

interface Props {
  view: BoardView;
  dataset: Dataset | null;
  rows: readonly BoardRow[];
}

export async function BoardCharts({ view, dataset, rows }: Props) {
  if (!dataset || rows.length === 0) return <p>Charts appear when the first entry is published.</p>;
  const { task, evaluation, cellType } = view;
  const { kind } = task;
  const protocol = kind.protocols.includes(view.protocol) ? view.protocol : PRIMARY_PROTOCOL;
  const reports = await listReports(
    rows.map(({ id }) => id),
    { dataset, protocol },
  );
  const resultsOf = ({ results }: Report) => task.on?.(results, dataset.name) ?? results;
  const methods = rows.flatMap(({ id, method: name }) => {
    const report = reports.get(id);
    return report ? [{ name, results: resultsOf(report) }] : [];
  });
  const without = methods.filter(({ results }) => !task.has(results, evaluation)).map(({ name }) => name);
  return (
    <>
      <p className="muted">
        {kind.evaluated && `${EVALUATION_NAMES[evaluation]}, ${PROTOCOLS[protocol].name}. `}
        Check up to {MAX_SERIES} entries in the table to compare others.
        {without.length > 0 && ` Not drawn: ${list(without)}, without ${EVALUATION_NAMES[evaluation].toLowerCase()}.`}
      </p>
      <TaskFigures groups={task.draw(methods, { evaluation, cellType })} />
    </>
  );
}

/** The gain of one model for all cell types over one model per type, for methods that have both. */
import Link from 'next/link';
import { NumbersTable } from '#app/_components/charts/numbers-table.tsx';
import { type BoardRow, getLeaderboard } from '#db/board/board.ts';
import { listReports } from '#db/board/reports.ts';
import type { Dataset } from '#db/schema.ts';
import { percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { gainOfTrainingOnAll, gainSentence } from '#lib/scoring/single-cell-type.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { isReportOf } from '#lib/tasks/report.ts';
import type { BoardView } from './view.ts';

interface Props {
  view: BoardView;
  dataset: Dataset;
  entries: readonly BoardRow[];
}

export async function Gains({ view, dataset, entries }: Props) {
  const { protocol, evaluation, task } = view;
  const other = task.gainOver === undefined ? null : parseTask(task.gainOver);
  if (!other) return null;
  const wide = await getLeaderboard({ task: other.id, dataset: dataset.name, protocol, evaluation });
  // a method of the same name by another person is a different method
  const pairs = entries.flatMap((row) => {
    const same = wide.rows.find(
      ({ kind, method, submitter, demo }) =>
        kind === 'entry' &&
        method === row.method &&
        submitter === row.submitter &&
        demo === row.demo &&
        (demo || submitter !== null),
    );
    return same ? [{ name: row.method, one: row.id, all: same.id }] : [];
  });
  const reports = await listReports(
    pairs.flatMap(({ one, all }) => [one, all]),
    { dataset, protocol },
  );
  const gains = pairs.flatMap(({ name, one, all }) => {
    const [perType, together] = [reports.get(one), reports.get(all)];
    if (!perType || !together) return [];
    if (!isReportOf(perType, 'single-cell-type') || !isReportOf(together, 'livecell-wide')) return [];
    const [a, b] = [perType.results[evaluation]?.cellTypes, together.results[evaluation]?.cellTypes];
    return a && b
      ? [{ name, id: all, AP: gainOfTrainingOnAll(a, b, 'AP'), AFNR: gainOfTrainingOnAll(a, b, 'AFNR') }]
      : [];
  });
  if (gains.length === 0) return null;
  return (
    <section className="section" id="gains" aria-labelledby="gains-title">
      <h2 id="gains-title">What training on all types gains</h2>
      <div className="prose">
        <p className="muted">
          One model for all types (<Link href={`/leaderboards/${other.id}`}>{other.name}</Link>) against a model per
          type, of the same method and submitter, type by type.
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

/** Format a difference in percentage points, with its sign. */
function signed(difference: number | undefined): string {
  return difference === undefined ? '–' : `${difference > 0 ? '+' : ''}${percent(difference).replace('-', '−')}`;
}

/** My submissions with what became of them: number, change, rank, time, and the next step. */
import Link from 'next/link';
import { DataTable } from '#app/_components/data-table.tsx';
import { Interval } from '#app/_components/interval.tsx';
import { StateBadge, VisibilityBadge } from '#app/_components/state.tsx';
import { placeOf } from '#app/_server/standing.ts';
import { resultsOf } from '#db/submissions/own-scores.ts';
import type { SubmissionSummary } from '#db/submissions/submissions.ts';
import { headlineEvaluation } from '#lib/board/headline.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { moment, percent, seconds } from '#lib/format.ts';
import { canSubmitAgain, canSubmitNext, isPublic, type Viewer } from '#lib/permissions.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import {
  type Column,
  type ColumnView,
  columnName,
  columnNumber,
  formatNumber,
  readerOf,
  readInterval,
} from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';

interface Row {
  submission: SubmissionSummary;
  /** the number that ranks its board; undefined: it has none */
  column?: Column;
  value?: number;
  interval?: readonly [number, number];
  /** the number less that of the version before, where there is one */
  change?: number;
  /** on the board; null: it is not shown there */
  rank: string | null;
}

export async function MyTable({
  submissions,
  who,
  withTeam,
}: {
  submissions: readonly SubmissionSummary[];
  who: Viewer;
  withTeam: boolean;
}) {
  const results = await resultsOf(submissions.map(({ id }) => id));
  const numbers = submissions.map((submission) => ({
    submission,
    ...numberOf(submission, results.get(submission.id)),
  }));
  const rows = await Promise.all(
    numbers.map(async (row): Promise<Row> => {
      const { submission, value } = row;
      const before = numbers
        .filter(({ submission: other, value }) => value !== undefined && isEarlierVersion(other, submission))
        .sort((a, b) => b.submission.version - a.submission.version)[0]?.value;
      return {
        ...row,
        ...(value !== undefined && before !== undefined && { change: value - before }),
        rank: isPublic(submission) ? await rankOf(submission) : null,
      };
    }),
  );
  return (
    <DataTable
      label="My submissions"
      caption="My submissions and those of my teams, the newest first"
      rows={rows}
      rowKey={({ submission }) => submission.id}
      columns={[
        {
          head: 'Method',
          rowHead: true,
          cell: ({ submission: { id, method, version } }) => (
            <>
              <Link href={`/submissions/${id}`}>{method}</Link>
              {version > 1 && <span className="muted">, version {version}</span>}
            </>
          ),
        },
        withTeam && { head: 'For', cell: ({ submission: { team } }) => team?.name ?? 'yourself' },
        {
          head: 'Task, data set',
          cell: ({ submission: { task, datasetName } }) => (
            <>
              {parseTask(task)?.name ?? task}
              <small className="muted second-line">{datasetName}</small>
            </>
          ),
        },
        {
          head: 'Number',
          num: true,
          cell: ({ column, value, interval }) =>
            column && value !== undefined ? (
              <>
                <span className="muted">{columnName(column)}</span> {formatNumber(column, value)}
                <Interval of={interval} />
              </>
            ) : (
              ''
            ),
        },
        {
          head: 'Change',
          num: true,
          cell: ({ column, change }) => column && <Change column={column} change={change} />,
        },
        { head: 'Rank', num: true, cell: ({ rank }) => rank ?? '' },
        {
          head: 'State',
          cell: ({ submission: { state, visibility } }) => (
            <span className="cluster">
              <StateBadge state={state} /> <VisibilityBadge visibility={visibility} />
            </span>
          ),
        },
        {
          head: 'Took',
          num: true,
          cell: ({ submission: { startedAt, finishedAt } }) =>
            startedAt && finishedAt ? seconds((finishedAt.getTime() - startedAt.getTime()) / 1000) : '',
        },
        { head: 'Submitted', num: true, cell: ({ submission: { createdAt } }) => moment(createdAt) },
        {
          head: <span className="visually-hidden">Next step</span>,
          cell: ({ submission }) => {
            if (canSubmitAgain(who, submission))
              return <Link href={`/submit?from=${submission.id}`}>Submit a fixed file</Link>;
            return canSubmitNext(who, submission) ? (
              <Link href={`/submit?from=${submission.id}`}>Submit next version</Link>
            ) : null;
          },
        },
      ]}
    />
  );
}

function numberOf({ task: id, datasetName: dataset }: SubmissionSummary, results: unknown) {
  const task = parseTask(id);
  if (!task || !results) return {};
  const column = headlineColumn(task);
  const view: ColumnView = { protocol: PRIMARY_PROTOCOL, evaluation: headlineEvaluation(task, results), dataset };
  const value = columnNumber(column, results, view);
  return typeof value === 'number'
    ? {
        column,
        value,
        interval: column.format === 'percent' ? readInterval(column, view, readerOf(results)) : undefined,
      }
    : {};
}

function isEarlierVersion(other: SubmissionSummary, than: SubmissionSummary): boolean {
  return (
    than.methodId !== null &&
    other.methodId === than.methodId &&
    other.task === than.task &&
    other.datasetId === than.datasetId &&
    other.version < than.version
  );
}

async function rankOf(submission: SubmissionSummary): Promise<string | null> {
  const place = await placeOf(submission, submission.datasetName);
  if (!place || place.row.rank === null) return null;
  const { rank, rankRange } = place.row;
  const shown = rankRange && rankRange[0] !== rankRange[1] ? rankRange.join('–') : String(rank);
  return `${shown} of ${place.of}`;
}

function Change({ column, change }: { column: Column; change: number | undefined }) {
  if (change === undefined) return null;
  const text = column.format === 'percent' ? percent(Math.abs(change)) : formatNumber(column, Math.abs(change));
  const better = change !== 0 && change > 0 === (column.better === 'higher');
  return (
    <span className="change" data-better={change === 0 ? undefined : better ? 'yes' : 'no'}>
      {change > 0 ? '+' : change < 0 ? '−' : '±'}
      {text}
      {change !== 0 && <span className="visually-hidden">, {better ? 'better' : 'worse'}</span>}
    </span>
  );
}

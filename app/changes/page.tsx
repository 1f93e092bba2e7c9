import type { Metadata } from 'next';
import Link from 'next/link';
import { DataTable } from '#app/_components/data-table.tsx';
import { listScoreChanges } from '#db/board/change-log.ts';
import { integer, moment } from '#lib/format.ts';
import { formatNumber } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';

export const metadata: Metadata = {
  title: 'Every score ever shown',
  description: 'Each score that a leaderboard has shown: the number, the one before, and why it changed.',
};

const SHOWN = 100;

interface Props {
  searchParams: Promise<{ page?: string | string[] }>;
}

export default async function ChangesPage({ searchParams }: Props) {
  const asked = (await searchParams).page;
  const all = await listScoreChanges();
  const pages = Math.max(1, Math.ceil(all.length / SHOWN));
  const page = Math.min(pages, Math.max(1, Number.parseInt((Array.isArray(asked) ? asked[0] : asked) ?? '1', 10) || 1));
  const shown = all.slice((page - 1) * SHOWN, page * SHOWN);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Every score ever shown</h1>
        <p className="lead">
          {integer(all.length)} scores under the primary protocol, the newest first. None was overwritten: where the
          evaluator or the ground truth changed, the old number stands beside the new one, with the reason.
        </p>
      </header>
      {shown.length === 0 ? (
        <p className="note">
          No score has been published yet. <Link href="/leaderboards">See the boards</Link>.
        </p>
      ) : (
        <DataTable
          label="Scores, scrolls sideways"
          caption="Scores that boards have shown, the newest first"
          rows={shown}
          rowKey={({ id }) => id}
          columns={[
            { head: 'When', cell: ({ at }) => <time dateTime={at.toISOString()}>{moment(at)}</time> },
            {
              head: 'Entry',
              rowHead: true,
              cell: ({ entry, method, demo }) => (
                <>
                  <Link href={`/entries/${entry}`}>{method}</Link> {demo && <span className="badge">Demo</span>}
                </>
              ),
            },
            { head: 'Task', cell: ({ task, dataset }) => `${parseTask(task)?.name ?? task}, ${dataset}` },
            {
              head: 'Number',
              cell: ({ numbers, gone, reason }) =>
                gone
                  ? 'no longer public'
                  : numbers
                      .map((number) => {
                        const after = formatNumber(number, number.after);
                        const changed = reason !== null && number.before !== number.after;
                        return `${number.label} ${changed ? `${formatNumber(number, number.before)} → ${after}` : after}`;
                      })
                      .join(' · '),
            },
            { head: 'Why', cell: ({ reason }) => reason ?? 'first score' },
            { head: 'Evaluator', cell: ({ evaluatorVersion }) => evaluatorVersion },
            {
              head: 'Ground truth',
              cell: ({ groundTruthSha256 }) => <code title={groundTruthSha256}>{groundTruthSha256.slice(0, 8)}</code>,
            },
          ]}
        />
      )}
      <p className="cluster">
        {page > 1 && <Link href={`/changes?page=${page - 1}`}>Newer</Link>}
        {page < pages && <Link href={`/changes?page=${page + 1}`}>Older</Link>}
        <a href="/api/v1/changes?format=csv">All as CSV</a>
        <a href="/api/v1/changes">As JSON</a>
        <Link href="/snapshots">Snapshots of the boards</Link>
      </p>
    </div>
  );
}

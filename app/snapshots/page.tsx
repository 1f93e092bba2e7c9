import type { Metadata } from 'next';
import Link from 'next/link';
import { DataTable } from '#app/_components/data-table.tsx';
import { listSnapshots } from '#db/board/snapshots.ts';
import { day, integer } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';

export const metadata: Metadata = {
  title: 'Snapshots of the boards',
  description: 'Every leaderboard as it was on earlier days, with a digest and a citation for each.',
};

interface Props {
  searchParams: Promise<{ task?: string | string[]; after?: string | string[] }>;
}

const SHOWN = 100;
const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

export default async function SnapshotsPage({ searchParams }: Props) {
  const asked = await searchParams;
  const task = parseTask(one(asked.task) ?? '');
  const lines = await listSnapshots({ task: task?.id, after: one(asked.after)?.slice(0, 200), limit: SHOWN + 1 });
  const shown = lines.slice(0, SHOWN);
  const more = new URLSearchParams({ ...(task && { task: task.id }), after: shown.at(-1)?.id ?? '' });
  return (
    <div className="page">
      <header className="page-head">
        <h1>Snapshots{task && ` of ${task.name}`}</h1>
        <p className="lead">
          Boards as they were. One is taken whenever a board changes; its rows stay as they are, under an address that
          can be cited, with a digest by which anyone can tell that nothing was changed.
        </p>
      </header>
      {shown.length === 0 ? (
        <p className="note">
          There is no snapshot {task ? 'of this board ' : ''}yet: the first is taken when an entry is published.
        </p>
      ) : (
        <DataTable
          label="Snapshots, scrolls sideways"
          caption="Snapshots, the newest first"
          rows={shown}
          rowKey={({ id }) => id}
          columns={[
            {
              head: 'Day',
              rowHead: true,
              cell: ({ id, takenAt }) => (
                <Link href={`/snapshots/${id}`}>
                  <time dateTime={takenAt.toISOString()}>{day(takenAt)}</time>
                </Link>
              ),
            },
            { head: 'Task', cell: ({ task: id }) => parseTask(id)?.name ?? id },
            { head: 'Data set', cell: ({ dataset }) => dataset },
            { head: 'Entries', num: true, cell: ({ entries }) => integer(entries) },
            { head: 'Unchanged until', cell: ({ confirmedAt }) => day(confirmedAt) },
            { head: 'SHA-256', cell: ({ digest }) => <code title={digest}>{digest.slice(0, 12)}</code> },
          ]}
        />
      )}
      <p className="cluster">
        {lines.length > SHOWN && <Link href={`/snapshots?${more}`}>Earlier ones</Link>}
        {task && <Link href="/snapshots">Snapshots of all boards</Link>}
        <Link href="/changes">Every score ever shown</Link>
        <a href={`/api/v1/snapshots${task ? `?task=${task.id}` : ''}`}>As JSON</a>
      </p>
    </div>
  );
}

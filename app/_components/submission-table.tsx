import Link from 'next/link';
import type { ReactNode } from 'react';
import type { SubmissionSummary } from '#db/submissions/submissions.ts';
import { moment } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { DataTable } from './data-table.tsx';
import { StateBadge, VisibilityBadge } from './state.tsx';

interface Props {
  submissions: SubmissionSummary[];
  caption: string;
  withSubmitter?: boolean;
  withTeam?: boolean;
  deeds?: (submission: SubmissionSummary) => ReactNode;
}

export function SubmissionTable({ submissions, caption, withSubmitter, withTeam, deeds }: Props) {
  return (
    <DataTable
      label={caption}
      caption={caption}
      rows={submissions}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Method',
          rowHead: true,
          cell: ({ id, method, version, demo }) => (
            <>
              <Link href={`/submissions/${id}`}>{method}</Link>
              {version > 1 && <span className="muted">, version {version}</span>}
              {demo && (
                <>
                  {' '}
                  <span className="badge">demo</span>
                </>
              )}
            </>
          ),
        },
        withSubmitter === true && { head: 'Submitter', cell: ({ user }) => user?.name ?? '–' },
        withTeam === true && { head: 'For', cell: ({ team }) => team?.name ?? 'yourself' },
        { head: 'Task', cell: ({ task }) => parseTask(task)?.name ?? task },
        { head: 'Data set', cell: ({ datasetName }) => datasetName },
        { head: 'State', cell: ({ state }) => <StateBadge state={state} /> },
        { head: 'Visibility', cell: ({ visibility }) => <VisibilityBadge visibility={visibility} /> },
        { head: 'Submitted', num: true, cell: ({ createdAt }) => moment(createdAt) },
        deeds !== undefined && { head: 'Decision', cell: deeds },
      ]}
    />
  );
}

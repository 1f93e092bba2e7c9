import Link from 'next/link';
import type { ReactNode } from 'react';
import type { SubmissionSummary } from '#db/submissions/submissions.ts';
import { moment } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { StateBadge, VisibilityBadge } from './state.tsx';
import { TableFrame } from './table-frame.tsx';

interface Props {
  submissions: SubmissionSummary[];
  caption: string;
  withSubmitter?: boolean;
  withTeam?: boolean;
  deeds?: (submission: SubmissionSummary) => ReactNode;
}

export function SubmissionTable({ submissions, caption, withSubmitter, withTeam, deeds }: Props) {
  return (
    <TableFrame label={caption}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Method</th>
            {withSubmitter && <th scope="col">Submitter</th>}
            {withTeam && <th scope="col">For</th>}
            <th scope="col">Task</th>
            <th scope="col">Data set</th>
            <th scope="col">State</th>
            <th scope="col">Visibility</th>
            <th scope="col" className="num">
              Submitted
            </th>
            {deeds && <th scope="col">Decision</th>}
          </tr>
        </thead>
        <tbody>
          {submissions.map((submission) => (
            <tr key={submission.id}>
              <th scope="row">
                <Link href={`/submissions/${submission.id}`}>{submission.method}</Link>
                {submission.version > 1 && <span className="muted">, version {submission.version}</span>}
                {submission.demo && (
                  <>
                    {' '}
                    <span className="badge">demo</span>
                  </>
                )}
              </th>
              {withSubmitter && <td>{submission.user?.name ?? '–'}</td>}
              {withTeam && <td>{submission.team?.name ?? 'yourself'}</td>}
              <td>{parseTask(submission.task)?.name ?? submission.task}</td>
              <td>{submission.datasetName}</td>
              <td>
                <StateBadge state={submission.state} />
              </td>
              <td>
                <VisibilityBadge visibility={submission.visibility} />
              </td>
              <td className="num">{moment(submission.createdAt)}</td>
              {deeds && <td>{deeds(submission)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

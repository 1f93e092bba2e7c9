import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/act.tsx';
import { SubmissionTable } from '#app/_components/submission-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { listPending } from '#db/moderation.ts';
import { queueSnapshot } from '#db/queue.ts';
import { listAllSubmissions, type SubmissionSummary } from '#db/submissions.ts';
import { canApprove, canHide, canModerate, type Viewer } from '#lib/permissions.ts';
import { seconds } from '#lib/scoring/format.ts';
import { approveEntry, hideEntry } from '../submissions/actions.ts';

export const metadata: Metadata = { title: 'Maintain', robots: { index: false } };

export default async function MaintainPage() {
  const who = await viewer();
  if (!canModerate(who)) notFound();
  const [pending, all, queue] = await Promise.all([listPending(), listAllSubmissions({ limit: 200 }), queueSnapshot()]);
  return (
    <div className="page">
      <header className="page-head">
        <h1>Maintain</h1>
        <p className="muted num">
          Queue: {queue.waiting} waiting, {queue.active} being scored, {queue.failed} without an attempt left
          {queue.oldestSeconds !== null && `; the first in line waits for ${seconds(queue.oldestSeconds)}`}.
        </p>
      </header>
      <section className="section" aria-labelledby="pending">
        <h2 id="pending">Asked to publish</h2>
        {pending.length ? (
          <SubmissionTable
            submissions={pending}
            caption="Entries that wait for a decision, the longest-waiting first"
            withSubmitter
            deeds={(submission) => <Decision submission={submission} who={who} />}
          />
        ) : (
          <p>Nothing waits for a decision.</p>
        )}
      </section>
      <section className="section" aria-labelledby="all">
        <h2 id="all">All submissions</h2>
        <SubmissionTable
          submissions={all}
          caption="The last 200 submissions, the newest first"
          withSubmitter
          deeds={(submission) =>
            submission.visibility === 'pending' ? null : <Decision submission={submission} who={who} />
          }
        />
      </section>
    </div>
  );
}

function Decision({ submission, who }: { submission: SubmissionSummary; who: Viewer }) {
  const values = { id: submission.id };
  return (
    <div className="stack">
      {canApprove(who, submission) && (
        <Act
          action={approveEntry}
          values={values}
          label={submission.visibility === 'hidden' ? 'Show again' : 'Approve'}
          kind="primary"
        />
      )}
      {canHide(who, submission) && (
        <details>
          <summary>{submission.visibility === 'pending' ? 'Decline' : 'Hide'}</summary>
          <Act action={hideEntry} values={values} label={submission.visibility === 'pending' ? 'Decline' : 'Hide'}>
            <input
              name="reason"
              aria-label={`Reason for hiding ${submission.method}`}
              placeholder="Reason, read by the owner"
              required
              maxLength={1000}
            />
          </Act>
        </details>
      )}
    </div>
  );
}

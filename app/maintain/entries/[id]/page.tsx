import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { StateBadge, VisibilityBadge } from '#app/_components/state.tsx';
import { viewer } from '#app/_server/http.ts';
import { BaselineMark } from '#app/maintain/baseline-mark.tsx';
import { tryFailedAgain } from '#app/submissions/[id]/try-again.ts';
import { listEvents } from '#db/audit.ts';
import { listInbox } from '#db/board/inbox.ts';
import { auditReason, auditSentence } from '#lib/audit.ts';
import { day, moment } from '#lib/format.ts';
import { canApprove, canDecline, canHide, canModerate, canRestore, canTryAgain, canVerify } from '#lib/permissions.ts';
import { Glance } from '../../case.tsx';
import { type Choice, DecisionForm } from '../../decision-form.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: 'An entry', robots: { index: false } };

export default async function ModerateEntryPage({ params }: Props) {
  const who = await viewer();
  if (!canModerate(who)) notFound();
  const { id } = await params;
  const [given] = await listInbox({ id });
  if (!given) notFound();
  const { submission } = given;
  const history = await listEvents(id);
  const choices: Choice[] = [
    ...(canApprove(who, submission) ? [{ decision: 'approve', label: 'Approve', kind: 'primary' as const }] : []),
    ...(canDecline(who, submission)
      ? [
          { decision: 'ask', label: 'Ask back' },
          { decision: 'decline', label: 'Reject', kind: 'danger' as const },
        ]
      : []),
    ...(canHide(who, submission) ? [{ decision: 'hide', label: 'Hide', kind: 'danger' as const }] : []),
    ...(canRestore(who, submission) ? [{ decision: 'restore', label: 'Restore', kind: 'primary' as const }] : []),
    ...(canVerify(who, submission)
      ? [
          submission.verifiedAt
            ? { decision: 'revoke', label: 'Take back the re-run mark' }
            : { decision: 'verify', label: 'Mark as re-run' },
        ]
      : []),
  ];
  return (
    <div className="page">
      <header className="page-head">
        <h1>{submission.method}</h1>
        <p className="cluster">
          <StateBadge state={submission.state} />
          <VisibilityBadge visibility={submission.visibility} />
          {submission.verifiedAt && (
            <span className="badge" data-kind="good">
              ✅ Re-run {day(submission.verifiedAt)}
            </span>
          )}
          <Link href={`/submissions/${id}`}>Submission</Link>
          <Link href={`/entries/${id}`}>Entry</Link>
          <Link href={`/maintain/audit?submission=${id}`}>Audit log</Link>
        </p>
        {submission.failure && (
          <p>
            {submission.state === 'failed' ? 'It failed: ' : 'It waits: '}
            {submission.failure}
          </p>
        )}
        {canTryAgain(who, submission) && (
          <Act
            action={tryFailedAgain}
            values={{ id }}
            label={submission.state === 'failed' ? 'Put back into the queue' : 'Try again now'}
            kind="primary"
          />
        )}
        {submission.hiddenReason && <p>Hidden because: {submission.hiddenReason}</p>}
        {submission.verifiedNote && <p>Re-run: {submission.verifiedNote}</p>}
      </header>
      <div className="case-body">
        <Glance case={given} />
        {choices.length > 0 ? (
          <DecisionForm
            id={id}
            method={submission.method}
            hint="A remark, a question, a reason or a note: the owner reads it"
            choices={choices}
          />
        ) : (
          <p className="muted">There is nothing to decide at the moment.</p>
        )}
        <BaselineMark entry={submission} who={who} />
      </div>
      <section className="section" aria-labelledby="history">
        <h2 id="history">History</h2>
        <ul className="log">
          {history.map(({ id: event, at, actorName, event: what }) => (
            <li key={event}>
              <time dateTime={at.toISOString()} className="when muted num">
                {moment(at)}
              </time>{' '}
              {actorName ?? 'the site'}: {auditSentence(what)}
              {what.kind !== 'hidden' && auditReason(what) && `: ${auditReason(what)}`}
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { viewer } from '#app/_server/http.ts';
import { listDecisions } from '#db/audit.ts';
import { listInbox } from '#db/board/inbox.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { auditReason, auditSentence } from '#lib/audit.ts';
import { age, moment } from '#lib/format.ts';
import { canModerate } from '#lib/permissions.ts';
import { Case } from './case.tsx';
import { BulkForm } from './decision-form.tsx';

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } };

const BULK = 'bulk';

export default async function InboxPage() {
  if (!canModerate(await viewer())) notFound();
  const cases = await listInbox();
  const [queue, decisions] = [await queueSnapshot(), await listDecisions(8)];
  const now = new Date();
  const scored = cases.filter(({ submission }) => submission.state === 'scored');
  const rest = cases.filter(({ submission }) => submission.state !== 'scored');
  const odd = cases.filter(({ findings }) => findings.length > 0).length;
  return (
    <div className="page">
      <header className="page-head">
        <h1>Inbox</h1>
        <p className="lead">
          {scored.length === 0
            ? 'Nothing waits for a decision.'
            : `${scored.length === 1 ? 'One entry waits' : `${scored.length} entries wait`} for a decision, the longest for ${age((now.getTime() - scored[0].since.getTime()) / 1000)}.`}
          {odd > 0 && ` ${odd === 1 ? 'One of them is' : `${odd} of them are`} worth a closer look.`}
        </p>
        <p className="muted num">
          Queue: {queue.waiting} waiting, {queue.active} being scored, {queue.failed} without an attempt left
          {queue.oldestSeconds !== null && `; the first in line waits for ${age(queue.oldestSeconds)}`}.
        </p>
      </header>
      <section aria-labelledby="pending">
        <h2 id="pending" className="visually-hidden">
          Asked to publish
        </h2>
        <BulkForm form={BULK} entries={scored.length} />
        <ol className="cases">
          {scored.map((one) => (
            <Case key={one.submission.id} case={one} bulk={BULK} now={now} />
          ))}
        </ol>
      </section>
      {rest.length > 0 && (
        <details className="section">
          <summary>
            {rest.length === 1 ? 'One more has' : `${rest.length} more have`} asked to publish and{' '}
            {rest.length === 1 ? 'is' : 'are'} not scored yet
          </summary>
          <ol className="cases">
            {rest.map((one) => (
              <Case key={one.submission.id} case={one} bulk={BULK} now={now} />
            ))}
          </ol>
        </details>
      )}
      <section className="section" aria-labelledby="decided">
        <h2 id="decided">Decided last</h2>
        {decisions.length === 0 ? (
          <p className="muted">No decision has been made yet.</p>
        ) : (
          <ul className="log" aria-live="polite">
            {decisions.map(({ id, at, actorName, method, submissionId, event }) => (
              <li key={id}>
                <time dateTime={at.toISOString()} className="when muted num">
                  {moment(at)}
                </time>{' '}
                <Link href={`/maintain/entries/${submissionId}`}>{method ?? 'An entry that is gone'}</Link>:{' '}
                {auditSentence(event)}
                {event.kind !== 'hidden' && auditReason(event) && `: ${auditReason(event)}`}{' '}
                <span className="muted">({actorName ?? 'the site'})</span>
              </li>
            ))}
          </ul>
        )}
        <p>
          <Link href="/maintain/audit">The whole audit log</Link>
        </p>
      </section>
    </div>
  );
}

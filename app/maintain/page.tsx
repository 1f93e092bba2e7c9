import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { viewer } from '#app/_server/http.ts';
import { listDecisions } from '#db/audit.ts';
import { listInbox } from '#db/board/inbox.ts';
import { listProbing, type ProbingCase } from '#db/board/probing.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { listOpenReports, type ReportCase } from '#db/submissions/problem-reports.ts';
import { auditReason, auditSentence } from '#lib/audit.ts';
import { PROBING_DAYS } from '#lib/board/probing.ts';
import { age, moment } from '#lib/format.ts';
import { canModerate } from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { settleProblem } from './actions.ts';
import { Case } from './case.tsx';
import { CaseList } from './case-list.tsx';
import { BulkForm } from './decision-form.tsx';

export const metadata: Metadata = { title: 'Inbox', robots: { index: false } };

const BULK = 'bulk';

export default async function InboxPage() {
  if (!canModerate(await viewer())) notFound();
  const cases = await listInbox();
  const [queue, decisions, probing] = [await queueSnapshot(), await listDecisions(8), await listProbing()];
  const reports = await listOpenReports();
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
            ? reports.length === 0
              ? 'Nothing waits for a decision.'
              : 'No entry waits for a decision.'
            : `${scored.length === 1 ? 'One entry waits' : `${scored.length} entries wait`} for a decision, the longest for ${age((now.getTime() - scored[0].since.getTime()) / 1000)}.`}
          {reports.length > 0 &&
            ` ${reports.length === 1 ? 'One reported problem waits' : `${reports.length} reported problems wait`} for an answer.`}
          {odd > 0 && ` ${odd === 1 ? 'One of them is' : `${odd} of them are`} worth a closer look.`}
        </p>
        <p className="muted num">
          Queue: {queue.waiting} waiting, {queue.active} being scored, {queue.failed} without an attempt left
          {queue.oldestSeconds !== null && `; the first in line waits for ${age(queue.oldestSeconds)}`}.{' '}
          <Link href="/maintain/entries?filter=trouble">Rejected files and failures</Link>
        </p>
      </header>
      <section aria-labelledby="pending">
        <h2 id="pending" className="visually-hidden">
          Asked to publish
        </h2>
        <BulkForm form={BULK} entries={scored.length} />
        {scored.length > 0 && (
          <CaseList>
            {scored.map((one) => (
              <Case key={one.submission.id} case={one} bulk={BULK} now={now} />
            ))}
          </CaseList>
        )}
      </section>
      {reports.length > 0 && <Reports reports={reports} now={now} />}
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
      {probing.length > 0 && <Probing cases={probing} />}
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

/** Problems with public entries, as people reported them. */
function Reports({ reports, now }: { reports: readonly ReportCase[]; now: Date }) {
  return (
    <section className="section" aria-labelledby="reported">
      <h2 id="reported">Reported problems</h2>
      <ol className="cases">
        {reports.map(({ report, method, reporter }) => (
          <li key={report.id} className="case">
            <article aria-labelledby={`report-${report.id}`}>
              <header>
                <h3 id={`report-${report.id}`}>
                  <Link href={`/maintain/entries/${report.submissionId}`}>{method}</Link>
                </h3>
                <time dateTime={report.createdAt.toISOString()} className="waits muted num">
                  waits {age((now.getTime() - report.createdAt.getTime()) / 1000)}
                </time>
              </header>
              <p className="reported">{report.text}</p>
              <p className="muted">
                {reporter ? (
                  <Link href={`/maintain/people/${reporter.id}`}>{reporter.name ?? 'Somebody without a name'}</Link>
                ) : (
                  'An account that is gone'
                )}
              </p>
              <Act action={settleProblem} values={{ id: report.id }} label="Answer and settle" kind="primary">
                <textarea
                  name="text"
                  rows={2}
                  maxLength={1000}
                  required
                  aria-label={`Answer about ${method}`}
                  placeholder="What you found; the person reads it"
                />
              </Act>
            </article>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** People whose runs, published or not, look like questions about hidden ground truth. */
function Probing({ cases }: { cases: readonly ProbingCase[] }) {
  return (
    <section className="section" aria-labelledby="probing">
      <h2 id="probing">Runs that look like questions</h2>
      <p className="prose muted">
        Of the last {PROBING_DAYS} days, on ground truth that is not public. A finding decides nothing: ask first what
        the person is doing.
      </p>
      <ul className="log">
        {cases.map(({ person, task, dataset, runs, findings }) => (
          <li key={`${person.id} ${task} ${dataset.id}`}>
            <Link href={`/maintain/people/${person.id}`}>{person.name ?? 'Somebody without a name'}</Link>,{' '}
            {parseTask(task)?.name ?? task} on {dataset.name},{' '}
            <span className="num">{runs === 1 ? 'one run' : `${runs} runs`}</span>
            <ul>
              {findings.map(({ kind, text }) => (
                <li key={kind}>{text}</li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The history of a submission: its scores, and every event. */
import { LeftBehind, ScoredAgain } from '#app/_components/score-history.tsx';
import { listEvents } from '#db/audit.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { auditSentence } from '#lib/audit.ts';
import { moment } from '#lib/format.ts';

/** The outcome when its data set was scored again. */
export async function Rescored({ submission }: { submission: SubmissionDetail }) {
  if (submission.state !== 'scored') return null;
  const history = await scoreHistory(submission);
  return (
    <>
      <LeftBehind history={history} inside />
      <ScoredAgain history={history} />
    </>
  );
}

export async function History({ id }: { id: string }) {
  const events = await listEvents(id);
  return (
    <section className="section" aria-labelledby="history">
      <h2 id="history">History</h2>
      <ul>
        {events.map(({ id, at, actorName, event }) => (
          <li key={id}>
            <span className="muted num">{moment(at)}</span> {actorName ? `${actorName} ` : ''}
            {auditSentence(event)}
          </li>
        ))}
      </ul>
    </section>
  );
}

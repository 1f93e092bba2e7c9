import type { Metadata } from 'next';
import Link from 'next/link';
import { Act } from '#app/_components/action-button.tsx';
import { Live } from '#app/_components/auto-refresh.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { type QueueEntry, queueFor } from '#app/_server/queue.ts';
import type { ScoringProcesses } from '#db/queue/processes.ts';
import { moment, seconds } from '#lib/format.ts';
import { takeOut } from './actions.ts';
import './queue.css';

export const metadata: Metadata = {
  title: 'Queue',
  description: 'Submissions being scored and waiting, with the expected time and the reason for the wait.',
};

export default async function QueuePage() {
  const { processes, running, waiting } = await queueFor(await viewer());
  return (
    <div className="page queue">
      <Live seconds={2} />
      <header className="page-head">
        <h1>Queue</h1>
        <p className="lead" role="status">
          {running.length} being scored, {waiting.length} waiting.
        </p>
        <p className={processes.alive > 0 ? 'muted' : 'alert'} data-kind={processes.alive > 0 ? undefined : 'warn'}>
          {processesInWords(processes)}
        </p>
      </header>
      <section className="section" aria-labelledby="running">
        <h2 id="running">Being scored</h2>
        {running.length > 0 ? (
          <Entries entries={running} caption="Submissions being scored" last="Lease" />
        ) : (
          <p>Nothing is being scored right now.</p>
        )}
      </section>
      <section className="section" aria-labelledby="waiting">
        <h2 id="waiting">Waiting</h2>
        {waiting.length > 0 ? (
          <Entries entries={waiting} caption="Submissions that wait, the next first" last="Why it waits" />
        ) : (
          <p>Nothing waits.</p>
        )}
      </section>
      <p className="section hint prose">
        Submissions are private until they are published, so other people’s appear without a name. Times are estimates
        from the latest runs of similar size on the same data set. People take turns: somebody’s second submission comes
        after everybody’s first, and practice on the demo benchmark after all of them. If scoring fails on our side, it
        is tried again, up to three times in all; then the submission is marked as failed, with the reason. A submission
        that ends without a score costs no place of your <Link href="/account?tab=quota">quota</Link>. The page updates
        itself.
      </p>
    </div>
  );
}

function processesInWords({ alive, silentSeconds }: ScoringProcesses): string {
  if (alive > 0) return `${alive === 1 ? 'One scoring process is' : `${alive} scoring processes are`} at work.`;
  if (silentSeconds === null)
    return 'No scoring process has reported within a day. Waiting submissions are scored as soon as one is back.';
  return `No scoring process has reported for ${seconds(silentSeconds)}. Waiting submissions are scored as soon as one is back.`;
}

function Entries({ entries, caption, last }: { entries: QueueEntry[]; caption: string; last: string }) {
  const waits = entries[0].position !== null;
  const takeable = entries.some(({ mayTakeOut }) => mayTakeOut);
  return (
    <DataTable
      label={caption}
      caption={caption}
      rows={entries}
      rowKey={({ known }, index) => known?.id ?? index}
      columns={[
        waits && { head: 'Position', num: true, cell: ({ position }) => position },
        { head: 'Submission', rowHead: true, cell: (entry) => <Submission entry={entry} /> },
        { head: 'Data set', cell: ({ dataset }) => dataset },
        { head: 'Submitted', num: true, cell: ({ submittedAt }) => moment(submittedAt) },
        { head: 'Attempt', num: true, cell: ({ attempt, attempts }) => `${attempt} of ${attempts}` },
        !waits && {
          head: 'Progress',
          cell: ({ progress }) => (
            <>
              <progress value={progress?.fraction ?? 0} max={1} aria-label="Scoring progress" />{' '}
              <span className="num">{Math.round((progress?.fraction ?? 0) * 100)} %</span>
            </>
          ),
        },
        {
          head: waits ? 'Score expected in' : 'Left',
          num: true,
          cell: ({ secondsLeft }) => (secondsLeft === null ? 'not known' : about(secondsLeft)),
        },
        { head: last, className: 'says', cell: ({ says }) => says },
        takeable && {
          head: <span className="visually-hidden">Take out</span>,
          cell: ({ mayTakeOut, known }) =>
            mayTakeOut &&
            known && (
              <Act
                action={takeOut}
                values={{ id: known.id }}
                label="Take out of the queue"
                kind="danger"
                confirm={{
                  ask: 'Take this submission out of the queue?',
                  result: 'It is withdrawn, its file is deleted, and it costs no place of your quota.',
                }}
              />
            ),
        },
      ]}
    />
  );
}

function Submission({ entry: { known, task } }: { entry: QueueEntry }) {
  if (!known) return <>A submission to {task}</>;
  return (
    <>
      {known.href ? <Link href={known.href}>{known.method}</Link> : known.method}{' '}
      <span className="muted">
        {known.submitter && `${known.submitter}, `}
        {task}
      </span>
    </>
  );
}

/** An estimate, rounded up to seconds or minutes. */
function about(value: number): string {
  if (value < 1) return 'any moment';
  return value < 60 ? `about ${Math.ceil(value)} s` : `about ${Math.ceil(value / 60)} min`;
}

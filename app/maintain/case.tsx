import Link from 'next/link';
import { StateBadge } from '#app/_components/state.tsx';
import type { InboxCase } from '#db/board/inbox.ts';
import { age, bytes, integer, moment, percent } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { EXPOSURE_NAMES } from '#lib/vocabulary.ts';
import { DecisionForm } from './decision-form.tsx';

/** An entry with the facts for a decision, and the form beside them. `bulk`: the form its check box belongs to. */
export function Case({ case: given, bulk, now }: { case: InboxCase; bulk: string; now: Date }) {
  const { submission, since } = given;
  const waits = (now.getTime() - since.getTime()) / 1000;
  return (
    <li className="case">
      <article aria-labelledby={`case-${submission.id}`}>
        <header>
          <input
            type="checkbox"
            form={bulk}
            name={`entry-${submission.id}`}
            aria-label={`Check ${submission.method}`}
            disabled={submission.state !== 'scored'}
          />
          <h3 id={`case-${submission.id}`}>
            <Link href={`/maintain/entries/${submission.id}`}>{submission.method}</Link>
          </h3>
          <time dateTime={since.toISOString()} title={`Asked to publish ${moment(since)}`} className="waits muted num">
            waits {age(waits)}
          </time>
        </header>
        <div className="case-body">
          <Glance case={given} />
          <DecisionForm
            id={submission.id}
            method={submission.method}
            hint="A remark, a question or a reason: the owner reads it"
            choices={[
              ...(submission.state === 'scored'
                ? [{ decision: 'approve', label: 'Approve', kind: 'primary' as const }]
                : []),
              { decision: 'ask', label: 'Ask back' },
              { decision: 'decline', label: 'Reject', kind: 'danger' },
            ]}
          />
        </div>
      </article>
    </li>
  );
}

/** The facts at a glance: owner, data set, numbers, and suspicions. */
export function Glance({ case: given }: { case: InboxCase }) {
  const { submission, dataset, submitter, team, message, numbers, boxesOnly, findings } = given;
  return (
    <div className="glance">
      <p className="glance-who">
        {submitter ? (
          <Link href={`/maintain/people/${submitter.id}`}>{submitter.name ?? submitter.email ?? 'Somebody'}</Link>
        ) : (
          'Nobody’s'
        )}
        {team && <> for {team.name}</>} · {parseTask(submission.task)?.name ?? submission.task} · {dataset.name}
        {submission.version > 1 && ` · version ${submission.version}`}
        {submission.demo && <span className="badge">Demo</span>}
        {submission.anonymous && <span className="badge">Anonymous to others</span>}
        {submission.state !== 'scored' && <StateBadge state={submission.state} />}
      </p>
      {numbers.length > 0 && (
        <dl className="glance-numbers">
          {numbers.map(({ label, value, format }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="num">{value === null ? '–' : formatNumber(value, format)}</dd>
            </div>
          ))}
          <div className="glance-standing">
            <dt>On the board</dt>
            <dd>
              <StandingOf case={given} />
            </dd>
          </div>
        </dl>
      )}
      {boxesOnly && <p className="hint">No masks: the numbers are those of boxes.</p>}
      {submission.moderatorNote && (
        <p>
          <b>Asked:</b> {submission.moderatorNote}
        </p>
      )}
      {message && (
        <p>
          <b>The owner says:</b> {message}
        </p>
      )}
      <Findings findings={findings} />
      <Declared case={given} />
    </div>
  );
}

function StandingOf({ case: { standing, numbers, earlier } }: { case: InboxCase }) {
  if (!standing) return <>no number to rank by</>;
  const { rank, of, best } = standing;
  const [{ format }] = numbers;
  const written = (value: number) => (format === 'percent' ? `${percent(value)} points` : value.toFixed(3));
  return (
    <>
      rank {rank} of {of}
      {best && (
        <>
          ,{' '}
          {best.ahead === 0
            ? 'level with'
            : `${written(Math.abs(best.ahead))} ${best.ahead > 0 ? 'ahead of' : 'behind'}`}{' '}
          <Link href={`/entries/${best.id}`}>{best.method}</Link>
        </>
      )}
      {earlier && (
        <>
          ; its <Link href={`/entries/${earlier.id}`}>version {earlier.version}</Link> has{' '}
          {earlier.value === null ? 'no number' : formatNumber(earlier.value, format)}
        </>
      )}
    </>
  );
}

function Findings({ findings }: { findings: InboxCase['findings'] }) {
  if (findings.length === 0) return null;
  return (
    <ul className="alert findings" data-kind="warn" aria-label="Worth a look">
      {findings.map(({ kind, text, link }) => (
        <li key={kind + text}>
          {text} <Link href={link}>Look</Link>
        </li>
      ))}
    </ul>
  );
}

/** The submitter's statements about data, and the files. */
function Declared({ case: { submission, method, files } }: { case: InboxCase }) {
  const said = [
    ['Trained on', submission.trainingData],
    ['LIVECell', submission.exposure ? EXPOSURE_NAMES[submission.exposure] : ''],
    ['Extra data', method?.extraData ?? ''],
    ['Pre-training', method?.pretraining ?? ''],
  ].filter(([, text]) => text);
  const seen = submission.testImagesSeen || method?.testImagesSeen;
  return (
    <ul className="declared">
      <li>
        {seen ? (
          <span className="badge" data-kind="warn">
            Test images seen
          </span>
        ) : (
          'Test images declared as not seen'
        )}
      </li>
      {said.map(([label, text]) => (
        <li key={label}>
          {label}: {text}
        </li>
      ))}
      {said.length === 0 && <li>Nothing said of training data</li>}
      {submission.codeUrl && (
        <li>
          <a href={submission.codeUrl} rel="nofollow noopener">
            Code
          </a>
        </li>
      )}
      {submission.paperUrl && (
        <li>
          <a href={submission.paperUrl} rel="nofollow noopener">
            Paper
          </a>
        </li>
      )}
      {files.map(({ id, fileName, bytes: size }) => (
        <li key={id}>
          {fileName}, {bytes(size)}
        </li>
      ))}
    </ul>
  );
}

function formatNumber(value: number, format: InboxCase['numbers'][number]['format']): string {
  if (format === 'percent') return percent(value);
  return format === 'integer' ? integer(value) : value.toFixed(3);
}

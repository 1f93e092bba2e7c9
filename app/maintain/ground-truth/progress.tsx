import Link from 'next/link';
import { Act } from '#app/_components/action-button.tsx';
import { HelpLink } from '#app/_components/help-link.tsx';
import type { ImportLine } from '#db/rescore/ground-truth.ts';
import type { RescoreLine } from '#db/rescore/list.ts';
import { bytes, integer, moment } from '#lib/format.ts';
import { cancelScoringAgain, goOnWithout, tryFailedAgain } from './actions.ts';

/** Progress of a re-score, with a maintainer's choices. */
export function RescoreProgress({ rescore }: { rescore: RescoreLine }) {
  const { id, counts, reason, open, version, evaluatorVersion, by, createdAt } = rescore;
  const total = counts.done + counts.waiting + counts.failed + counts.skipped;
  const failed = open.filter(({ state }) => state === 'failed');
  return (
    <div className="stack rescore">
      <p>
        {version === null ? `By evaluator ${evaluatorVersion}` : `On ground truth version ${version}`}, since{' '}
        <time dateTime={createdAt.toISOString()}>{moment(createdAt)}</time>
        {by && ` (${by})`}. Reason: {reason}
      </p>
      <p className="num" role="status">
        <progress value={counts.done + counts.skipped} max={Math.max(1, total)} aria-label="Scored again">
          {integer(counts.done)} of {integer(total)}
        </progress>
        <br />
        {integer(counts.done)} of {integer(total)} scored again
        {counts.waiting > 0 && `, ${integer(counts.waiting)} wait`}
        {counts.failed > 0 && `, ${integer(counts.failed)} could not be`}
      </p>
      {failed.length > 0 && (
        <>
          <h3>Could not be scored again</h3>
          <ul className="log">
            {failed.map(({ submissionId, method, failure, filesGone }) => (
              <li key={submissionId}>
                <Link href={`/maintain/entries/${submissionId}`}>{method}</Link>: {failure}{' '}
                {!filesGone && (
                  <Act
                    action={tryFailedAgain}
                    values={{ id, submission: submissionId }}
                    label={`Try ${method} again`}
                    kind="quiet"
                  />
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="cluster">
        {failed.some(({ filesGone }) => !filesGone) && (
          <Act action={tryFailedAgain} values={{ id }} label="Try all again" />
        )}
        {failed.length > 0 && counts.waiting === 0 && (
          <Act
            action={goOnWithout}
            values={{ id }}
            label={`Switch without ${failed.length === 1 ? 'it' : 'them'}`}
            confirm={{
              ask: 'Switch now?',
              result: `${failed.length === 1 ? 'One entry leaves' : `${failed.length} entries leave`} the board, with a note on ${failed.length === 1 ? 'its page' : 'their pages'}.`,
            }}
          />
        )}
        <Act
          action={cancelScoringAgain}
          values={{ id }}
          label="Cancel"
          kind="danger"
          confirm={{
            ask: 'Cancel scoring again?',
            result: 'The board stays as it was; what was computed is thrown away.',
          }}
        />
      </div>
      <p className="hint">
        The board shows the old scores until all of it is done. People’s own submissions come first.
      </p>
    </div>
  );
}

const STATES = { waiting: 'waits', running: 'being read', done: 'done', failed: 'not registered' } as const;
const KINDS = { waiting: undefined, running: 'info', done: 'good', failed: 'bad' } as const;

/** Uploaded ground truth, with the state or result of each import. */
export function Imports({ imports }: { imports: ImportLine[] }) {
  return (
    <ul className="log">
      {imports.map((line) => (
        <li key={line.id}>
          <span className="badge" data-kind={KINDS[line.state]}>
            {STATES[line.state]}
          </span>{' '}
          {line.datasetId ? <Link href={`/maintain/ground-truth/${line.datasetId}`}>{line.name}</Link> : line.name}:{' '}
          {line.files.map(({ fileName, bytes: size }) => `${fileName}, ${bytes(size)}`).join('; ')}, sent in{' '}
          <time dateTime={line.createdAt.toISOString()} className="num">
            {moment(line.createdAt)}
          </time>
          {line.by && ` by ${line.by}`}
          {line.failure && <p className="error">{line.failure}</p>}
          {line.problems && line.problems.length > 0 && (
            <ul aria-label={`Problems of ${line.name}`}>
              {line.problems.map((problem) => (
                <li key={`${problem.code} ${problem.record} ${problem.message}`} className="error">
                  {problem.record !== undefined && `Record ${integer(problem.record)}: `}
                  {problem.message}
                  {problem.more ? ` (and ${integer(problem.more)} more of this kind)` : ''}{' '}
                  <HelpLink code={problem.code} />
                </li>
              ))}
            </ul>
          )}
          {line.warnings && line.warnings.length > 0 && (
            <ul aria-label={`Warnings of ${line.name}`}>
              {line.warnings.map(({ code, message }) => (
                <li key={code}>
                  {message} <HelpLink code={code} />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

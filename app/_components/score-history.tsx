import { inWords, type ScoreHistory } from '#db/rescore/rescore.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, moment } from '#lib/format.ts';
import { TableFrame } from './table-frame.tsx';

/** Why an entry stands on no board, where it could not be scored again. `inside`: why not may quote the file. */
export function LeftBehind({ history, inside }: { history: ScoreHistory; inside: boolean }) {
  if (history.leftBehind === null) return null;
  return (
    <div className="alert" data-kind="warn">
      <p>
        Not on the leaderboard: its ground truth or the evaluator is another now, and it could not be scored again.
        {inside && ` ${history.leftBehind}`} The numbers here are those it had.
      </p>
    </div>
  );
}

/** Old and new numbers, and why there are new ones; nothing where it was scored once. */
export function ScoredAgain({ history }: { history: ScoreHistory }) {
  const lines = history.evaluations.filter(({ protocol }) => protocol === PRIMARY_PROTOCOL);
  if (lines.length < 2) return null;
  const labels = lines[0].numbers.map(({ label }) => label);
  return (
    <section className="section" aria-labelledby="scored-again">
      <h2 id="scored-again">Scored again</h2>
      <p className="prose muted">
        Every score it has had, the newest first. {PROTOCOLS[PRIMARY_PROTOCOL].name}; none was overwritten.
      </p>
      <TableFrame label="Table of its scores">
        <table>
          <caption className="visually-hidden">Scores, the newest first</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              {labels.map((label) => (
                <th key={label} scope="col" className="num">
                  {label}
                </th>
              ))}
              <th scope="col">Evaluator</th>
              <th scope="col">Ground truth</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ id, scoredAt, numbers, evaluatorVersion, groundTruth, reason, current }) => (
              <tr key={id}>
                <th scope="row">
                  <time dateTime={scoredAt.toISOString()}>{moment(scoredAt)}</time>{' '}
                  {current && (
                    <span className="badge" data-kind="good">
                      counts
                    </span>
                  )}
                </th>
                {numbers.map((number) => (
                  <td key={number.label} className="num">
                    {inWords(number)}
                  </td>
                ))}
                <td>{evaluatorVersion}</td>
                <td title={`SHA-256 ${groundTruth.sha256}`}>
                  {groundTruth.versions.length === 0 ? (
                    <code>{groundTruth.sha256.slice(0, 12)}…</code>
                  ) : (
                    `version ${groundTruth.versions.map(integer).join(' and ')}`
                  )}
                </td>
                <td>{reason ?? 'as it was submitted'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </section>
  );
}

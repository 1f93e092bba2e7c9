import type { ScoreHistory } from '#db/board/score-history.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, moment } from '#lib/format.ts';
import { formatNumber } from '#lib/tasks/columns.ts';
import { DataTable } from './data-table.tsx';

type EvaluationLine = ScoreHistory['evaluations'][number];

/** The reason why an entry could not be re-scored and stands on no board. `inside`: the reason may quote the file. */
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

/** Old and new numbers with the reason for the change; nothing if the entry was scored only once. */
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
      <DataTable
        label="Table of its scores"
        caption="Scores, the newest first"
        rows={lines}
        rowKey={({ id }) => id}
        columns={[
          {
            head: 'When',
            rowHead: true,
            cell: ({ scoredAt, current }) => (
              <>
                <time dateTime={scoredAt.toISOString()}>{moment(scoredAt)}</time>{' '}
                {current && (
                  <span className="badge" data-kind="good">
                    counts
                  </span>
                )}
              </>
            ),
          },
          ...labels.map((label, n) => ({
            head: label,
            num: true,
            cell: ({ numbers }: EvaluationLine) => formatNumber(numbers[n], numbers[n].value),
          })),
          { head: 'Evaluator', cell: ({ evaluatorVersion }) => evaluatorVersion },
          {
            head: 'Ground truth',
            cell: ({ groundTruth: { sha256, versions } }) => (
              <span title={`SHA-256 ${sha256}`}>
                {versions.length === 0 ? (
                  <code>{sha256.slice(0, 12)}…</code>
                ) : (
                  `version ${versions.map(integer).join(' and ')}`
                )}
              </span>
            ),
          },
          { head: 'Why', cell: ({ reason }) => reason ?? 'as it was submitted' },
        ]}
      />
    </section>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound, redirect } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { LeftBehind, ScoredAgain } from '#app/_components/score-history.tsx';
import { VisibilityBadge, visibilityInWords } from '#app/_components/state.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { viewer } from '#app/_server/http.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import { listEvents } from '#db/audit.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { getReports, type SubmissionDetail } from '#db/submissions/submissions.ts';
import { auditSentence } from '#lib/audit.ts';
import { EVALUATIONS, PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { bytes, integer, moment, percent } from '#lib/format.ts';
import * as may from '#lib/permissions.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { countProblems } from '#lib/problems.ts';
import { isSealed } from '#lib/public-entry.ts';
import { type AnyReport, datasetsOf } from '#lib/scoring/report.ts';
import { parseTask, slotsAreDatasets, type Task, taskNumber, taskValue, valueName } from '#lib/tasks/index.ts';
import { askToPublish, deleteSubmissionFiles, showThisVersion, takeBack, withdrawSubmission } from '../actions.ts';
import { OWNERS_REASONS, WITHDRAWN_AS } from '../withdrawal.ts';
import { Anonymity } from './anonymity.tsx';
import { Follow } from './follow.tsx';
import { tryFailedAgain } from './try-again.ts';

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const submission = await find((await params).id);
  // metadata is written before the page can send somebody away
  const title = may.canSeeIdentity(await viewer(), submission) ? submission.method : 'Submission';
  return { title, robots: { index: false } };
}

export default async function SubmissionPage({ params }: Props) {
  const { id } = await params;
  const who = await viewer();
  const submission = await find(id);
  // what is said here is for its owner and the maintainers; everybody else gets the public form
  if (!may.canSeeIdentity(who, submission)) redirect(`/entries/${id}`);
  const { state, queuePosition, progress, attempts } = submission;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">{parseTask(submission.task)?.name ?? submission.task}</p>
        <h1>{submission.method}</h1>
        <VersionOf submission={submission} />
        <Follow key={state} id={id} initial={{ state, queuePosition, progress, attempts }} />
        <p>
          <VisibilityBadge visibility={submission.visibility} />{' '}
          {may.isTombstone(submission) ? (
            <>
              <Link href={`/entries/${id}`}>Its public page</Link> says that it was withdrawn, and why.
            </>
          ) : (
            inWords(submission)
          )}
          {submission.hiddenReason && ` Reason: ${submission.hiddenReason}`}
        </p>
      </header>
      <FromTheMaintainers submission={submission} />
      {may.canModerate(who) && (
        <p>
          <Link href={`/maintain/entries/${id}`}>Decide about this entry</Link>
        </p>
      )}
      <Rescored submission={submission} />
      <Outcome submission={submission} />
      <Deeds submission={submission} who={who} />
      <Anonymity submission={submission} who={who} />
      <Details submission={submission} withFiles={may.canReadFiles(who, submission)} />
      <History id={id} />
    </div>
  );
}

function inWords({ visibility, team }: SubmissionDetail): string {
  return team && visibility === 'private'
    ? 'Seen by the team and the maintainers only.'
    : visibilityInWords(visibility);
}

/** What became of it when its data set was scored again. */
async function Rescored({ submission }: { submission: SubmissionDetail }) {
  if (submission.state !== 'scored') return null;
  const history = await scoreHistory(submission);
  return (
    <>
      <LeftBehind history={history} inside />
      <ScoredAgain history={history} />
    </>
  );
}

/** Of which method, for whom, and whether it is the version that the board shows. */
function VersionOf({
  submission: { methodId, version, team, shown, state, visibility },
}: {
  submission: SubmissionDetail;
}) {
  const isPublic = may.isPublic({ state, visibility });
  return (
    <p>
      Version {version}
      {methodId && (
        <>
          {' '}
          of <Link href={`/methods/${methodId}`}>this method</Link>
        </>
      )}
      {team && (
        <>
          , submitted for the team <Link href={`/teams/${team.id}`}>{team.name}</Link>
        </>
      )}
      {isPublic && (shown ? '. The leaderboard shows this version.' : '. The leaderboard shows another version.')}
    </p>
  );
}

async function find(id: string): Promise<SubmissionDetail> {
  try {
    return await findSubmission(await viewer(), id);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') notFound();
    throw error;
  }
}

/** The numbers of the task's board that there are, a row each. */
async function Values({ task, submission }: { task: Task; submission: SubmissionDetail }) {
  const reports = await getReports<AnyReport>(submission.id);
  const protocols = PROTOCOL_IDS.filter((id) => reports[id] && (task.kind === 'instances' || id === PRIMARY_PROTOCOL));
  const evaluations = task.kind === 'instances' ? EVALUATIONS : (['segm'] as const);
  const views = protocols.flatMap((protocol) => evaluations.map((evaluation) => ({ protocol, evaluation })));
  const primary = reports[PRIMARY_PROTOCOL];
  const datasets = primary ? datasetsOf(primary, submission.dataset.name) : [];
  const rowsOf = (dataset: string) =>
    task.values
      .map((column) => ({
        column,
        numbers: views.map(({ protocol, evaluation }) =>
          taskValue(column, reports[protocol]?.results, evaluation, dataset),
        ),
      }))
      .filter(({ column, numbers }) => column.key === task.headline || numbers.some((number) => number !== null));
  return (
    <section className="section stack" aria-labelledby="results">
      <h2 id="results">Results</h2>
      {datasets.map((dataset) => (
        <TableFrame key={dataset} label={datasets.length > 1 ? `Table of results, ${dataset}` : 'Table of results'}>
          <table>
            <caption>{datasets.length > 1 && `${dataset}. `}AP and AFNR in per cent.</caption>
            <thead>
              <tr>
                <th scope="col">Measure</th>
                {views.map(({ protocol, evaluation }) => (
                  <th key={protocol + evaluation} scope="col" className="num">
                    {task.kind === 'counts'
                      ? 'Counts'
                      : `${PROTOCOLS[protocol].name}, ${evaluation === 'segm' ? 'masks' : 'boxes'}`}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rowsOf(dataset).map(({ column, numbers }) => (
                <tr key={column.key}>
                  <th scope="row" title={column.title}>
                    {valueName(column)}
                  </th>
                  {views.map(({ protocol, evaluation }, i) => (
                    <td key={protocol + evaluation} className="num" data-metric={column.key}>
                      {taskNumber(column, numbers[i])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      ))}
      <p className="cluster">
        <Link className="button button-primary" href={`/entries/${submission.id}`}>
          All numbers and charts
        </Link>
        <a href={`/api/v1/submissions/${submission.id}/receipt`}>Receipt (JSON)</a>
      </p>
      <Warnings warnings={submission.warnings ?? []} />
    </section>
  );
}

/** What came of it: numbers, problems, or our excuse. */
function Outcome({ submission }: { submission: SubmissionDetail }) {
  if (submission.state === 'scored') return <Scores submission={submission} />;
  if (submission.state === 'rejected')
    return (
      <section className="section stack" aria-labelledby="problems">
        <h2 id="problems">What is wrong with the file</h2>
        <Problems problems={submission.problems ?? []} />
        <p>
          <Link className="button button-primary" href={`/submit?from=${submission.id}`}>
            Submit a fixed file
          </Link>{' '}
          What you said about the method is kept.
        </p>
        <Warnings warnings={submission.warnings ?? []} />
      </section>
    );
  if (submission.state === 'failed')
    return (
      <section className="section stack">
        <div className="alert" data-kind="bad">
          <p>{submission.failure}</p>
          <p>
            It was tried {submission.attempts === 1 ? 'once' : `${submission.attempts} times`}. The maintainers can see
            this; you can also <Link href={`/submit?from=${submission.id}`}>submit again</Link>.
          </p>
        </div>
      </section>
    );
  return null;
}

async function Scores({ submission }: { submission: SubmissionDetail }) {
  const task = parseTask(submission.task);
  if (task && task.values.length > 0) return <Values task={task} submission={submission} />;
  const reports = await getReports(submission.id);
  const protocols = PROTOCOL_IDS.filter((id) => reports[id]);
  return (
    <section className="section stack" aria-labelledby="results">
      <h2 id="results">Results</h2>
      <TableFrame label="Table of results">
        <table>
          <caption>All cell types together, in per cent. Higher AP and lower AFNR are better.</caption>
          <thead>
            <tr>
              <th scope="col">Protocol</th>
              <th scope="col">Of</th>
              {['AP', 'AFNR', 'AP50', 'AP75', 'APs', 'APm', 'APl'].map((metric) => (
                <th key={metric} scope="col" className="num">
                  {metric}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {protocols.flatMap((id) =>
              (['segm', 'bbox'] as const).map((evaluation) => {
                const metrics = reports[id]?.results[evaluation]?.overall;
                if (!metrics) return null;
                return (
                  <tr key={id + evaluation}>
                    <th scope="row">{PROTOCOLS[id].name}</th>
                    <td>{evaluation === 'segm' ? 'masks' : 'boxes'}</td>
                    {(['AP', 'AFNR', 'AP50', 'AP75', 'APs', 'APm', 'APl'] as const).map((metric) => (
                      <td key={metric} className="num" data-metric={metric}>
                        {percent(metrics[metric])}
                      </td>
                    ))}
                  </tr>
                );
              }),
            )}
          </tbody>
        </table>
      </TableFrame>
      <p className="cluster">
        <Link className="button button-primary" href={`/entries/${submission.id}`}>
          All numbers and charts
        </Link>
        <a href={`/api/v1/submissions/${submission.id}/receipt`}>Receipt (JSON)</a>
      </p>
      <Warnings warnings={submission.warnings ?? []} />
    </section>
  );
}

function Problems({ problems }: { problems: Problem[] }) {
  const shown = problems.slice(0, 200);
  const more = countProblems(problems) - Math.min(problems.length, 200);
  return (
    <>
      <TableFrame label="Problems in the file">
        <table>
          <caption className="visually-hidden">Problems in the file</caption>
          <thead>
            <tr>
              <th scope="col" className="num">
                Record
              </th>
              <th scope="col">Image</th>
              <th scope="col">What is wrong, and how to mend it</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((problem, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
              <tr key={i}>
                <td className="num">{problem.record === undefined ? '' : integer(problem.record)}</td>
                <td>{problem.image}</td>
                <td>{problem.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {more > 0 && <p className="hint">and {integer(more)} more of these kinds.</p>}
    </>
  );
}

function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <div className="alert" data-kind="warn">
      <p>Worth a look:</p>
      <ul>
        {warnings.map(({ code, message, examples }) => (
          <li key={code}>
            {message}
            {examples?.length ? ` For example ${examples.slice(0, 3).join(', ')}.` : ''}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A question before publishing, or a remark with it. */
function FromTheMaintainers({ submission: { moderatorNote, visibility } }: { submission: SubmissionDetail }) {
  if (!moderatorNote) return null;
  const asks = visibility === 'private';
  return (
    <div className="alert" data-kind={asks ? 'warn' : 'info'}>
      <p>
        <b>A maintainer {asks ? 'asks before publishing' : visibility === 'pending' ? 'asked' : 'says'}:</b>{' '}
        {moderatorNote}
      </p>
      {asks && <p>Ask to publish again when you have an answer; it goes to the maintainers.</p>}
    </div>
  );
}

function Deeds({ submission, who }: { submission: SubmissionDetail; who: may.Viewer }) {
  const values = { id: submission.id };
  return (
    <div className="cluster section">
      {may.canPublish(who, submission) && (
        <Act
          action={askToPublish}
          values={values}
          label={submission.moderatorNote ? 'Ask to publish again' : 'Ask to publish'}
          kind="primary"
        >
          {submission.moderatorNote && (
            <textarea name="message" aria-label="Your answer" placeholder="Your answer" rows={2} maxLength={1000} />
          )}
        </Act>
      )}
      {may.canTryAgain(who, submission) && (
        <Act action={tryFailedAgain} values={values} label="Put back into the queue" kind="primary" />
      )}
      {may.canUnpublish(who, submission) && (
        <Act
          action={takeBack}
          values={values}
          label={submission.visibility === 'pending' ? 'Take back the request' : 'Unpublish'}
        />
      )}
      {may.canChooseShown(who, submission) && !isSealed(submission, new Date()) && (
        <Act action={showThisVersion} values={values} label="Show this version on the leaderboard" />
      )}
      {may.canDeleteFiles(who, submission) && (
        <Act
          action={deleteSubmissionFiles}
          values={values}
          label="Delete the files"
          confirm="Delete the prediction files? The scores stay. Without its files this submission cannot be scored again when the evaluator or the ground truth changes."
        />
      )}
      {may.canWithdraw(who, submission) && (
        <Act
          action={withdrawSubmission}
          values={values}
          label="Withdraw"
          kind="danger"
          confirm={
            submission.wasPublished
              ? 'Withdraw this submission? Its files are deleted and it leaves the leaderboard; its page says that it was withdrawn, and why. This cannot be undone.'
              : 'Withdraw this submission? Its files are deleted. This cannot be undone.'
          }
        >
          {submission.wasPublished && (
            <select
              name="reason"
              aria-label="Why it is withdrawn"
              required
              defaultValue=""
              style={{ maxWidth: 'calc(100vw - 2 * var(--gutter))' }}
            >
              <option value="" disabled>
                Why?
              </option>
              {OWNERS_REASONS.map((reason) => (
                <option key={reason} value={reason}>
                  {WITHDRAWN_AS[reason]}
                </option>
              ))}
            </select>
          )}
        </Act>
      )}
    </div>
  );
}

function Details({ submission, withFiles }: { submission: SubmissionDetail; withFiles: boolean }) {
  const { description, paperUrl, codeUrl, trainingData, testImagesSeen, dataset, user, createdAt } = submission;
  return (
    <section className="section" aria-labelledby="details">
      <h2 id="details">Details</h2>
      <dl className="facts">
        <dt>Submitted</dt>
        <dd>
          {moment(createdAt)}
          {user?.name && ` by ${user.name}`}
        </dd>
        <dt>Data set</dt>
        <dd>
          {slotsAreDatasets(submission.task) && submission.files.length > 1
            ? submission.files.map(({ slot }) => slot).join(', ')
            : `${dataset.name}, ${integer(dataset.images)} images`}
          {dataset.demo && ' (synthetic demo)'}
        </dd>
        {description && (
          <>
            <dt>Description</dt>
            <dd style={{ whiteSpace: 'pre-line' }}>{description}</dd>
          </>
        )}
        {paperUrl && (
          <>
            <dt>Paper</dt>
            <dd>
              <a href={paperUrl} rel="nofollow noopener">
                {paperUrl}
              </a>
            </dd>
          </>
        )}
        {codeUrl && (
          <>
            <dt>Code</dt>
            <dd>
              <a href={codeUrl} rel="nofollow noopener">
                {codeUrl}
              </a>
            </dd>
          </>
        )}
        <dt>Trained on</dt>
        <dd>{trainingData || 'not said'}</dd>
        <dt>Test images</dt>
        <dd>{testImagesSeen ? 'seen in training or tuning' : 'not seen'}</dd>
        {submission.anyCategory && (
          <>
            <dt>Categories</dt>
            <dd>detections of every category are counted as cells</dd>
          </>
        )}
        {submission.files.map((file) => (
          <div key={file.id} style={{ display: 'contents' }}>
            <dt>File{submission.files.length > 1 && ` (${file.slot})`}</dt>
            <dd>
              {withFiles && `${file.fileName}, `}
              {bytes(file.bytes)}
              {submission.filesDeletedAt && `, deleted on ${moment(submission.filesDeletedAt)}`}
              <br />
              <span className="mono">SHA-256 {file.sha256}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

async function History({ id }: { id: string }) {
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

import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound, redirect } from 'next/navigation';
import { VisibilityBadge, visibilityInWords } from '#app/_components/state.tsx';
import { viewer } from '#app/_server/http.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { AppError } from '#lib/errors.ts';
import * as may from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { Anonymity } from './anonymity.tsx';
import { Details } from './details.tsx';
import { Follow } from './follow.tsx';
import { History, Rescored } from './history.tsx';
import { OwnerActions } from './owner-actions.tsx';
import { Outcome } from './results.tsx';
import { Sharing } from './sharing.tsx';

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const submission = await find((await params).id);
  // metadata is written before the page can redirect
  const title = may.canSeeIdentity(await viewer(), submission) ? submission.method : 'Submission';
  return { title, robots: { index: false } };
}

export default async function SubmissionPage({ params }: Props) {
  const { id } = await params;
  const who = await viewer();
  const submission = await find(id);
  // this page is for the owner and the maintainers; everybody else gets the public form
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
          {submission.state === 'withdrawn' && submission.wasPublished ? (
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
      <OwnerActions submission={submission} who={who} />
      <Sharing submission={submission} who={who} />
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

/** The method, the team, and whether the board shows this version. */
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
    if (error instanceof AppError && error.code === 'gone') redirect(`/entries/${id}`);
    throw error;
  }
}

/** A maintainer's question before publishing, or remark. */
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

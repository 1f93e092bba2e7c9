import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { SubmissionTable } from '#app/_components/submission-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { listSubmissionsOf } from '#db/submissions/submissions.ts';

export const metadata: Metadata = { title: 'My submissions' };

export default async function SubmissionsPage() {
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/submissions');
  const submissions = await listSubmissionsOf(who);
  return (
    <div className="page">
      <header className="page-head">
        <h1>My submissions</h1>
        <p className="cluster">
          <Link className="button button-primary" href="/submit">
            Submit predictions
          </Link>
          <Link href="/methods">My methods</Link>
          <Link href="/teams">My teams</Link>
        </p>
      </header>
      {submissions.length ? (
        <SubmissionTable
          submissions={submissions}
          caption="My submissions and those of my teams, the newest first"
          withTeam={who.teams.length > 0}
        />
      ) : (
        <p>Nothing yet.</p>
      )}
    </div>
  );
}

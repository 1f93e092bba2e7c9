import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { viewer } from '#app/_server/http.ts';
import { listSubmissionsOf } from '#db/submissions/submissions.ts';
import { MyTable } from './my-table.tsx';

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
          <Link href="/classes">My classes</Link>
        </p>
      </header>
      {submissions.length ? (
        <MyTable submissions={submissions} who={who} withTeam={who.teams.length > 0} />
      ) : (
        <p>
          Nothing yet. <Link href="/check">Check a prediction file</Link> in your browser, or{' '}
          <Link href="/submit">submit one</Link>: its score is yours alone until you publish it.
        </p>
      )}
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { SubmissionTable } from '#app/_components/submission-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { listSubmissionsOf } from '#db/submissions.ts';

export const metadata: Metadata = { title: 'My submissions' };

export default async function SubmissionsPage() {
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/submissions');
  const submissions = await listSubmissionsOf(who);
  return (
    <div className="page">
      <header className="page-head">
        <h1>My submissions</h1>
        <p>
          <Link className="button button-primary" href="/submit">
            Submit predictions
          </Link>
        </p>
      </header>
      {submissions.length ? (
        <SubmissionTable submissions={submissions} caption="My submissions, the newest first" />
      ) : (
        <p>Nothing yet.</p>
      )}
    </div>
  );
}

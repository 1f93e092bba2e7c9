import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { DataTable } from '#app/_components/data-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { listMethods } from '#db/submissions/methods.ts';
import { day } from '#lib/format.ts';

export const metadata: Metadata = { title: 'My methods', robots: { index: false } };

export default async function MethodsPage() {
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/methods');
  const methods = await listMethods(
    who.id,
    who.teams.map(({ id }) => id),
  );
  return (
    <div className="page">
      <header className="page-head">
        <h1>My methods</h1>
        <p className="lead">
          A method is what the leaderboard compares; each submission of it is a version. A submission under a new name
          begins a new method.
        </p>
        <p className="cluster">
          <Link className="button button-primary" href="/submit">
            Submit predictions
          </Link>
          <Link href="/submissions">My submissions</Link>
          <Link href="/teams">My teams</Link>
        </p>
      </header>
      {methods.length === 0 ? (
        <p>
          No methods yet. One begins with its first scored <Link href="/submit">submission</Link>.
        </p>
      ) : (
        <DataTable
          label="Table of my methods"
          caption="My methods and those of my teams, by name"
          rows={methods}
          rowKey={({ id }) => id}
          columns={[
            { head: 'Method', rowHead: true, cell: ({ id, name }) => <Link href={`/methods/${id}`}>{name}</Link> },
            { head: 'Of', cell: ({ team }) => (team ? `team ${team}` : 'yourself') },
            { head: 'Changed', num: true, cell: ({ updatedAt }) => day(updatedAt) },
          ]}
        />
      )}
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { viewer } from '#app/_server/http.ts';
import { listMemberships } from '#db/people/teams.ts';
import { canCreateTeam } from '#lib/permissions.ts';
import { NameForm } from './name-form.tsx';

export const metadata: Metadata = { title: 'My teams', robots: { index: false } };

export default async function TeamsPage() {
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/teams');
  const teams = await listMemberships(who.id);
  return (
    <div className="page">
      <header className="page-head">
        <h1>My teams</h1>
        <p className="lead">
          What is submitted for a team belongs to the team: every member sees it and may publish or withdraw it. Who
          leaves loses access, and the team loses nothing.
        </p>
        <p className="cluster">
          <Link href="/submissions">My submissions</Link>
          <Link href="/methods">My methods</Link>
        </p>
      </header>
      {teams.length === 0 ? (
        <p>You are in no team yet. Create one, or ask for an invitation to one that there is.</p>
      ) : (
        <ul>
          {teams.map(({ id, name, role }) => (
            <li key={id}>
              <Link href={`/teams/${id}`}>{name}</Link>, as {role === 'owner' ? 'an owner' : 'a member'}
            </li>
          ))}
        </ul>
      )}
      {canCreateTeam(who) && (
        <section className="section" aria-labelledby="new">
          <h2 id="new">New team</h2>
          <NameForm />
        </section>
      )}
    </div>
  );
}

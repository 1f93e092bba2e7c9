import type { Metadata } from 'next';
import Link from 'next/link';
import { viewer } from '#app/_server/http.ts';
import { listMemberships } from '#db/people/teams.ts';
import { listMethods } from '#db/submissions/methods.ts';
import { earlier } from './earlier.ts';
import { SubmitForm } from './submit-form.tsx';
import { listTaskChoices } from './task-choices.ts';

export const metadata: Metadata = { title: 'Submit' };

interface Props {
  /** `from`: a submission to send again; `task`: the task to start with */
  searchParams: Promise<{ from?: string | string[]; task?: string | string[] }>;
}

export default async function SubmitPage({ searchParams }: Props) {
  const { from, task } = await searchParams;
  const who = await viewer();
  const tasks = await listTaskChoices(who);
  const [teams, methods] = who
    ? await Promise.all([
        listMemberships(who.id),
        listMethods(
          who.id,
          who.teams.map(({ id }) => id),
        ),
      ])
    : [[], []];
  return (
    <div className="page">
      <header className="page-head">
        <h1>Submit predictions</h1>
        <p className="lead">
          Upload prediction files and get exact scores, usually within a minute; the <Link href="/queue">queue</Link>{' '}
          shows what is waiting. <Link href="/check">Check a file first</Link>, without sending it. Nothing becomes
          public until you ask for it and a maintainer agrees.
        </p>
      </header>
      {!who ? (
        <p className="alert">
          <Link href={`/sign-in?returnTo=${encodeURIComponent('/submit')}`}>Sign in</Link> to submit.{' '}
          <Link href="/check">Checking a file</Link> needs no account.
        </p>
      ) : tasks.length === 0 ? (
        <p className="alert" data-kind="warn">
          This installation has no ground truth yet. A maintainer registers it with{' '}
          <code>livecell import-ground-truth</code>.
        </p>
      ) : (
        <SubmitForm
          tasks={tasks}
          teams={teams.map(({ id, name }) => ({ id, name }))}
          methods={methods.map(({ name, teamId }) => ({ name, team: teamId ?? '' }))}
          typed={(await earlier(who, from)) ?? tasks.flatMap(({ id }) => (id === task ? { task: id } : []))[0]}
        />
      )}
    </div>
  );
}

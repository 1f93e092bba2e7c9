import type { Metadata } from 'next';
import Link from 'next/link';
import { viewer } from '#app/_server/http.ts';
import { classOfCode, membershipOf } from '#db/people/classes.ts';
import { listMemberships } from '#db/people/teams.ts';
import { canJoinClass } from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { JoinForm } from './join-form.tsx';

// the address contains the code, so it must not reach other sites
export const metadata: Metadata = { title: 'Join a class', robots: { index: false }, referrer: 'no-referrer' };

export default async function JoinClassPage({ params }: { params: Promise<{ code: string }> }) {
  const code = decodeURIComponent((await params).code);
  const [found, who] = await Promise.all([classOfCode(code), viewer()]);
  if (!found)
    return (
      <div className="page">
        <header className="page-head">
          <h1>No class has this code</h1>
          <p className="lead">It was mistyped, or replaced by another. Ask for the code of your class again.</p>
        </header>
      </div>
    );
  const membership = who && (await membershipOf(found.id, who.id));
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Class</p>
        <h1>{found.name}</h1>
        <p className="lead">
          {parseTask(found.task)?.name ?? found.task} on {found.dataset}. The class, and whoever sees its projector,
          sees the best score of your private submissions to it, how many were scored, and when: under the name that you
          choose here. Nothing becomes public by that.
        </p>
      </header>
      {who === null ? (
        <p className="alert">
          <Link href={`/sign-in?returnTo=${encodeURIComponent(`/classes/join/${code}`)}`}>Sign in</Link> to join.
        </p>
      ) : canJoinClass(who) ? (
        <JoinForm
          code={code}
          name={membership?.name ?? who.name ?? ''}
          team={membership?.teamId ?? ''}
          teams={(await listMemberships(who.id)).map(({ id, name }) => ({ id, name }))}
          joined={membership !== null}
        />
      ) : (
        <p className="alert" data-kind="warn">
          Your account is suspended, so it cannot join a class.
        </p>
      )}
    </div>
  );
}

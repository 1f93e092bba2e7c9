import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { viewer } from '#app/_server/http.ts';
import { getClass, isFrozen, membershipOf } from '#db/people/classes.ts';
import { canManageClasses, canSeeClass } from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { dropClass, hideNewScores, leave, revealScores } from '../actions.ts';
import { ClassBoard } from '../board.tsx';
import { MakeAddress } from '../make-address.tsx';

export const metadata: Metadata = { title: 'Class', robots: { index: false } };

/** A class, for its members and for maintainers. */
export default async function ClassPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const who = await viewer();
  const [found, membership] = await Promise.all([getClass(id), who && membershipOf(id, who.id)]);
  if (!found || !canSeeClass(who, membership !== null)) notFound();
  const { name, dataset } = found;
  const submit = `/submit?${new URLSearchParams({ task: found.task, dataset })}`;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Class</p>
        <h1>{name}</h1>
        <p className="lead">
          {parseTask(found.task)?.name ?? found.task} on {dataset}. Each row is somebody’s best score since the class
          began; only the class sees it.
        </p>
        {membership && (
          <p className="cluster">
            <Link className="button button-primary" href={submit}>
              Submit predictions
            </Link>
            <span>You are here as “{membership.name}”.</span>
          </p>
        )}
      </header>
      <section className="section first" aria-labelledby="board">
        <h2 id="board">Board</h2>
        <ClassBoard of={found} />
      </section>
      {membership && (
        <section className="section" aria-labelledby="leaving">
          <h2 id="leaving">Leave</h2>
          <p className="prose">Your submissions stay yours; the class no longer sees their scores.</p>
          <Act action={leave} values={{ id }} label="Leave the class" kind="quiet" />
        </section>
      )}
      {canManageClasses(who) && (
        <section className="section" aria-labelledby="keep">
          <h2 id="keep">Keep the class</h2>
          <div className="stack">
            <MakeAddress id={id} what="code" exists={found.codeSha256 !== null} />
            <MakeAddress id={id} what="screen" exists={found.screenSha256 !== null} />
            {isFrozen(found) ? (
              <Act action={revealScores} values={{ id }} label="Reveal the scores" kind="primary" />
            ) : (
              <Act action={hideNewScores} values={{ id }} label="Hide new scores until a reveal" />
            )}
            <Act
              action={dropClass}
              values={{ id }}
              label="Delete the class"
              kind="danger"
              confirm={{
                ask: `Delete the class “${name}”?`,
                result: 'Its board and its addresses are gone for good. Everybody’s submissions stay.',
              }}
            />
          </div>
        </section>
      )}
    </div>
  );
}

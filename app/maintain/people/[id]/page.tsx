import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { OrcidId } from '#app/_components/orcid.tsx';
import { SubmissionTable } from '#app/_components/submission-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { GrantFields } from '#app/maintain/grant-fields.tsx';
import { getPerson } from '#db/people/moderation.ts';
import { listMemberships } from '#db/people/teams.ts';
import { listPlaces } from '#db/quota/ledger.ts';
import { listSubmissionsOf } from '#db/submissions/submissions.ts';
import { day, moment } from '#lib/format.ts';
import { canManagePeople } from '#lib/permissions.ts';
import { userHolder } from '#lib/quota.ts';
import { listOpenTasks, parseTask } from '#lib/tasks/index.ts';
import { changeRole, grantPerson, liftPerson, suspendPerson } from '../actions.ts';
import { PersonBadges } from '../table.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: 'A person', robots: { index: false } };

/** A grant lasts a month unless the maintainer chooses another day. */
const GRANT_DAYS = 30;

export default async function PersonPage({ params }: Props) {
  const who = await viewer();
  if (!canManagePeople(who)) notFound();
  const { id } = await params;
  const person = await getPerson(id);
  if (!person) notFound();
  const teams = await listMemberships(id);
  const places = await listPlaces([userHolder(id)]);
  const submissions = await listSubmissionsOf({ id, teams: [] });
  const { name, email, orcid, affiliation, role, suspendedAt, suspendedReason, providers, createdAt } = person;
  const called = name ?? email ?? 'No name';
  const until = new Date(Date.now() + GRANT_DAYS * 24 * 3600_000).toISOString().slice(0, 10);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{called}</h1>
        <p className="cluster">
          <PersonBadges person={person} />
          <Link href={`/maintain/audit?person=${id}`}>Audit log</Link>
          <Link href={`/maintain/people/${id}/merge`}>Merge another account into this one</Link>
        </p>
        {suspendedAt && (
          <div className="alert" data-kind="bad">
            <p>
              Suspended {day(suspendedAt)}: {suspendedReason}
            </p>
          </div>
        )}
      </header>
      <div className="split">
        <section aria-labelledby="facts">
          <h2 id="facts">Account</h2>
          <dl className="facts">
            <dt>E-mail</dt>
            <dd>{email ?? 'not given'}</dd>
            <dt>ORCID iD</dt>
            <dd>{orcid ? <OrcidId orcid={orcid} /> : 'not linked'}</dd>
            <dt>Affiliation</dt>
            <dd>{affiliation || 'not given'}</dd>
            <dt>Signs in with</dt>
            <dd>{providers.join(', ') || 'nothing linked'}</dd>
            <dt>Teams</dt>
            <dd>{teams.map((team) => `${team.name} (${team.role})`).join(', ') || 'none'}</dd>
            <dt>Since</dt>
            <dd>{moment(createdAt)}</dd>
            <dt>Id</dt>
            <dd className="mono">{id}</dd>
          </dl>
        </section>
        <section className="stack" aria-labelledby="decide">
          <h2 id="decide">Decide</h2>
          <Act
            action={suspendedAt ? liftPerson : suspendPerson}
            values={{ id }}
            label={suspendedAt ? 'Lift the suspension' : 'Suspend'}
            kind={suspendedAt ? 'primary' : 'danger'}
          >
            <input
              name="reason"
              className="maintain-reason"
              aria-label={suspendedAt ? 'Reason for lifting the suspension' : 'Reason for suspending'}
              placeholder="Reason, read by the person"
              maxLength={1000}
            />
          </Act>
          <p className="hint">A suspended account can look and download, and change nothing.</p>
          <Act
            action={changeRole}
            values={{ id, role: role === 'maintainer' ? 'researcher' : 'maintainer' }}
            label={role === 'maintainer' ? 'Make a researcher' : 'Make a maintainer'}
          >
            <input
              name="reason"
              className="maintain-reason"
              aria-label="Reason for the role"
              placeholder="Reason, read by the person"
              maxLength={1000}
            />
          </Act>
          <p className="hint">
            A maintainer decides about entries, people and tasks. The last one stays. This needs a fresh sign-in.
          </p>
        </section>
      </div>
      <section className="section stack" aria-labelledby="quota">
        <h2 id="quota">Quota</h2>
        <DataTable
          label="Table of places"
          caption="Scored submissions of this person, by task"
          rows={places}
          rowKey={({ task }) => task}
          columns={[
            { head: 'Task', rowHead: true, cell: ({ task }) => parseTask(task)?.name ?? task },
            { head: 'Scored', num: true, cell: ({ charged }) => charged },
            { head: 'Waiting', num: true, cell: ({ reserved }) => reserved },
            {
              head: 'Limit',
              num: true,
              cell: ({ limit, days, granted }) =>
                (limit === null ? 'none' : `${limit} in ${days} days`) +
                (granted > 0 ? `, ${granted} of them granted` : ''),
            },
            { head: 'Next slot', cell: ({ nextSlotAt }) => (nextSlotAt ? moment(nextSlotAt) : 'now') },
          ]}
        />
        <Act action={grantPerson} values={{ id }} label="Grant more">
          <select name="task" aria-label="Task">
            {listOpenTasks().map((task) => (
              <option key={task.id} value={task.id}>
                {task.name}
              </option>
            ))}
          </select>
          <GrantFields until={until} reader="the person" />
        </Act>
      </section>
      <section className="section" aria-labelledby="submissions">
        <h2 id="submissions">Submissions</h2>
        {submissions.length === 0 ? (
          <p>None in their own name.</p>
        ) : (
          <SubmissionTable
            submissions={submissions}
            caption={`Submissions of ${called}, the newest first`}
            deeds={({ id, method }) => (
              <Link href={`/maintain/entries/${id}`} aria-label={`Decide about ${method}`}>
                Decide
              </Link>
            )}
          />
        )}
      </section>
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { SubmissionTable } from '#app/_components/submission-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { getTeam, INVITATION_DAYS, type TeamDetail } from '#db/people/teams.ts';
import { listSubmissionsOfTeam } from '#db/submissions/submissions.ts';
import { day, moment } from '#lib/format.ts';
import * as may from '#lib/permissions.ts';
import { changeRole, deleteThisTeam, dropInvitation, leaveThisTeam, removePerson } from '../actions.ts';
import { NameForm } from '../name-form.tsx';
import { InvitationLink } from './invitation-link.tsx';

type Props = { params: Promise<{ id: string }> };

const load = cache(async (id: string) => {
  const [team, who] = await Promise.all([getTeam(id), viewer()]);
  if (!team || !may.canViewTeam(who, id)) notFound();
  return { team, who };
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { team } = await load((await params).id);
  return { title: team.name, robots: { index: false } };
}

export default async function TeamPage({ params }: Props) {
  const { team, who } = await load((await params).id);
  const submissions = await listSubmissionsOfTeam(team.id);
  const manages = may.canManageTeam(who, team.id);
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Team</p>
        <h1>{team.name}</h1>
        <p>
          Every member sees all submissions of the team, and may publish, withdraw and edit them. Owners also invite.
        </p>
      </header>
      <section aria-labelledby="members">
        <h2 id="members">Members</h2>
        <Members team={team} who={who} manages={manages} />
      </section>
      {manages && <Invitations team={team} />}
      <section className="section" aria-labelledby="submissions">
        <h2 id="submissions">Submissions</h2>
        {submissions.length > 0 ? (
          <SubmissionTable submissions={submissions} caption="The team’s submissions, the newest first" withSubmitter />
        ) : (
          <p>
            None yet. When you <Link href="/submit">submit predictions</Link>, choose the team there.
          </p>
        )}
      </section>
      {may.canLeaveTeam(who, team.id) && (
        <section className="section stack" aria-labelledby="settings">
          <h2 id="settings">Settings</h2>
          {manages && <NameForm team={team} />}
          <div className="cluster">
            <Act
              action={leaveThisTeam}
              values={{ teamId: team.id }}
              label="Leave the team"
              confirm={{
                ask: 'Leave this team?',
                result: 'What you submitted for it stays the team’s, and you no longer see what is not public.',
              }}
            />
            {manages && (
              <Act
                action={deleteThisTeam}
                values={{ teamId: team.id }}
                label="Delete the team"
                kind="danger"
                confirm={{
                  ask: 'Delete this team?',
                  result: 'Only a team without entries, methods and other members can be deleted.',
                }}
              />
            )}
          </div>
        </section>
      )}
    </div>
  );
}

function Members({ team, who, manages }: { team: TeamDetail; who: may.Viewer; manages: boolean }) {
  return (
    <DataTable
      label="Table of members"
      caption="Members, owners first"
      rows={team.members}
      rowKey={({ userId }) => userId}
      columns={[
        {
          head: 'Name',
          rowHead: true,
          cell: ({ userId, name }) => `${name ?? 'no name given'}${userId === who?.id ? ' (you)' : ''}`,
        },
        { head: 'Role', cell: ({ role }) => role },
        { head: 'Since', num: true, cell: ({ joinedAt }) => day(joinedAt) },
        manages && {
          head: <span className="visually-hidden">Change</span>,
          cell: ({ userId, name, role }) => (
            <div className="cluster">
              <Act
                action={changeRole}
                values={{ teamId: team.id, userId, role: role === 'owner' ? 'member' : 'owner' }}
                label={role === 'owner' ? 'Make member' : 'Make owner'}
                kind="quiet"
              />
              {userId !== who?.id && (
                <Act
                  action={removePerson}
                  values={{ teamId: team.id, userId }}
                  label="Remove"
                  kind="danger"
                  confirm={{
                    ask: `Remove ${name ?? 'this person'} from the team?`,
                    result: 'What they submitted for it stays the team’s.',
                  }}
                />
              )}
            </div>
          ),
        },
      ]}
    />
  );
}

function Invitations({ team }: { team: TeamDetail }) {
  return (
    <section className="section stack" aria-labelledby="invitations">
      <h2 id="invitations">Invitations</h2>
      {team.invitations.length > 0 && (
        <ul>
          {team.invitations.map(({ id, createdAt, expiresAt }) => (
            <li key={id}>
              <div className="cluster">
                <span>
                  A link made on {day(createdAt)}, good until {moment(expiresAt)}
                </span>
                <Act action={dropInvitation} values={{ teamId: team.id, id }} label="Take back" kind="danger" />
              </div>
            </li>
          ))}
        </ul>
      )}
      <InvitationLink teamId={team.id} days={INVITATION_DAYS} />
    </section>
  );
}

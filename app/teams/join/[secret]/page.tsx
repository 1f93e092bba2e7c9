import type { Metadata } from 'next';
import Link from 'next/link';
import { Act } from '#app/_components/action-button.tsx';
import { viewer } from '#app/_server/http.ts';
import { invitedTo } from '#db/people/teams.ts';
import { moment } from '#lib/format.ts';
import { canAcceptInvitation, canLeaveTeam } from '#lib/permissions.ts';
import { joinTeam } from '../../actions.ts';

// the address contains the secret, so it must not reach other sites
export const metadata: Metadata = { title: 'Invitation', robots: { index: false }, referrer: 'no-referrer' };

type Props = { params: Promise<{ secret: string }> };

/** Joining takes a button, because programs also open links. */
export default async function JoinPage({ params }: Props) {
  const { secret } = await params;
  const [invitation, who] = await Promise.all([invitedTo(secret), viewer()]);
  if (!invitation)
    return (
      <div className="page">
        <header className="page-head">
          <h1>This invitation does not work any more</h1>
          <p className="lead">It has expired or was taken back. Ask an owner of the team for a new link.</p>
        </header>
      </div>
    );
  const { teamId, name, by, expiresAt } = invitation;
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">Invitation</p>
        <h1>{name}</h1>
        <p className="lead">
          {by ?? 'An owner'} invites you to this team. Members see all submissions of the team, and may publish and
          withdraw them. The members see your name.
        </p>
        <p className="hint">Good until {moment(expiresAt)}.</p>
      </header>
      {who === null ? (
        <p className="alert">
          <Link href={`/sign-in?returnTo=${encodeURIComponent(`/teams/join/${secret}`)}`}>Sign in</Link> to join.
        </p>
      ) : canLeaveTeam(who, teamId) ? (
        <p className="alert" data-kind="good">
          You are in <Link href={`/teams/${teamId}`}>this team</Link> already.
        </p>
      ) : canAcceptInvitation(who) ? (
        <Act action={joinTeam} values={{ secret }} label="Join the team" kind="primary" />
      ) : (
        <p className="alert" data-kind="warn">
          Your account is suspended, so it cannot join a team.
        </p>
      )}
    </div>
  );
}

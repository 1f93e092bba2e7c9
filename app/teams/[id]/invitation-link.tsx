'use client';

import { useActionState } from 'react';
import { makeInvitation } from '../actions.ts';

/** Create an invitation to the team and show its link once. */
export function InvitationLink({ teamId, days }: { teamId: string; days: number }) {
  const [state, run, pending] = useActionState(makeInvitation, {});
  return (
    <form action={run} className="inline">
      <input type="hidden" name="teamId" value={teamId} />
      <button type="submit" disabled={pending}>
        Make an invitation link
      </button>
      {state.message && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
      {state.made && (
        <div className="alert" data-kind="good" role="status">
          <p>
            Copy this link now: it is not shown again. Anyone who opens it within {days} days can join the team as a
            member.
          </p>
          <p>
            <code data-invitation>{state.made}</code>
          </p>
        </div>
      )}
    </form>
  );
}

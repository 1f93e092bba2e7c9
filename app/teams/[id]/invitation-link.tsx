'use client';

import { useActionState } from 'react';
import { FormError } from '#app/_components/field.tsx';
import { ShownOnce } from '#app/_components/shown-once.tsx';
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
      <FormError state={state} />
      <ShownOnce made={state.made} kind="invitation">
        Anybody who opens it within {days} days can join as a member.
      </ShownOnce>
    </form>
  );
}

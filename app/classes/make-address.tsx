'use client';

import { useActionState } from 'react';
import { ShownOnce } from '#app/_components/shown-once.tsx';
import { makeCode, makeScreen } from './actions.ts';

const ABOUT = {
  code: {
    action: makeCode,
    make: 'Make the code to join with',
    renew: 'Make another code, in place of the earlier one',
  },
  screen: {
    action: makeScreen,
    make: 'Make the address for a projector',
    renew: 'Make another address for a projector, in place of the earlier one',
  },
} as const;

/** Makes an address that is shown once: the one to join at, or the one of the projector's page. */
export function MakeAddress({ id, what, exists }: { id: string; what: keyof typeof ABOUT; exists: boolean }) {
  const { action, make, renew } = ABOUT[what];
  const [state, run, pending] = useActionState(action, {});
  return (
    <form action={run} className="inline">
      <input type="hidden" name="id" value={id} />
      <button type="submit" disabled={pending}>
        {exists || state.made ? renew : make}
      </button>
      {state.message && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
      <ShownOnce made={state.made} kind={what === 'code' ? 'class-code' : 'class-screen'} />
    </form>
  );
}

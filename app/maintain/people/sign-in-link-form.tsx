'use client';

import { useActionState } from 'react';
import { FormError } from '#app/_components/field.tsx';
import { ShownOnce } from '#app/_components/shown-once.tsx';
import { makeSignInLink } from './actions.ts';

/** Create a link that signs one other person in to a local installation, and show it once. */
export function SignInLinkForm({ days }: { days: number }) {
  const [state, run, pending] = useActionState(makeSignInLink, {});
  return (
    <form action={run}>
      <div className="cluster">
        <div className="field">
          <label htmlFor="link-email">E-mail of an existing account</label>
          <input
            id="link-email"
            name="email"
            type="email"
            defaultValue={state.values?.email}
            aria-invalid={state.errors?.email ? true : undefined}
            aria-describedby="link-email-error"
            placeholder="empty for a new person"
          />
          <p className="error" id="link-email-error" hidden={!state.errors?.email}>
            {state.errors?.email}
          </p>
        </div>
        <div className="field">
          <label htmlFor="link-role">Role of a new person</label>
          <select id="link-role" name="role" defaultValue={state.values?.role ?? 'researcher'}>
            <option value="researcher">Researcher</option>
            <option value="maintainer">Maintainer</option>
          </select>
        </div>
        <button type="submit" disabled={pending}>
          Make a sign-in link
        </button>
      </div>
      <FormError state={state} />
      <ShownOnce made={state.made} kind="sign-in-link">
        It signs one person in, once, within {days} days, in a browser on this machine.
      </ShownOnce>
    </form>
  );
}

'use client';

import { useActionState } from 'react';
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
      {state.message && !state.errors && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
      {state.made && (
        <div className="alert" data-kind="good" role="status">
          <p>
            This is the link. Copy it now: it is not shown again. It signs one person in, once, within {days} days, in a
            browser on this machine.
          </p>
          <p>
            <code data-sign-in-link>{state.made}</code>
          </p>
        </div>
      )}
    </form>
  );
}

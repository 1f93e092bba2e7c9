'use client';

import { useActionState } from 'react';
import { changeProfile } from './actions.ts';

/** What stands beside one's entries. */
export function ProfileForm({ name, affiliation }: { name: string; affiliation: string }) {
  const [state, run, pending] = useActionState(changeProfile, {});
  const now = state.values ?? { name, affiliation };
  return (
    <form action={run} aria-label="Profile">
      <div className="field">
        <label htmlFor="display-name">Display name</label>
        <input
          id="display-name"
          name="name"
          defaultValue={now.name}
          maxLength={120}
          autoComplete="name"
          aria-invalid={state.errors?.name ? true : undefined}
          aria-describedby="display-name-error"
        />
        <p className="error" id="display-name-error" hidden={!state.errors?.name}>
          {state.errors?.name}
        </p>
      </div>
      <div className="field">
        <label htmlFor="affiliation">Affiliation</label>
        <input
          id="affiliation"
          name="affiliation"
          defaultValue={now.affiliation}
          maxLength={200}
          autoComplete="organization"
          aria-invalid={state.errors?.affiliation ? true : undefined}
          aria-describedby="affiliation-error"
        />
        <p className="error" id="affiliation-error" hidden={!state.errors?.affiliation}>
          {state.errors?.affiliation}
        </p>
      </div>
      <div className="cluster">
        <button type="submit" disabled={pending}>
          Save profile
        </button>
        <span role="status">{state.done && !pending ? 'Saved.' : ''}</span>
      </div>
      {state.message && !state.errors && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
    </form>
  );
}

'use client';

import { useActionState } from 'react';
import { makeTeam, nameTeam } from './actions.ts';

/** Makes a team, or renames the one that is given. */
export function NameForm({ team }: { team?: { id: string; name: string } }) {
  const [state, run, pending] = useActionState(team ? nameTeam : makeTeam, {});
  return (
    <form action={run}>
      {team && <input type="hidden" name="teamId" value={team.id} />}
      <div className="field">
        <label htmlFor="name">Name of the team</label>
        <input
          id="name"
          name="name"
          key={team?.name}
          maxLength={80}
          defaultValue={state.values?.name ?? team?.name}
          aria-invalid={state.errors?.name ? true : undefined}
          aria-describedby="name-error"
          autoComplete="off"
        />
        <p className="error" id="name-error" hidden={!state.errors?.name}>
          {state.errors?.name}
        </p>
      </div>
      <div className="cluster">
        <button type="submit" disabled={pending}>
          {team ? 'Rename' : 'Create team'}
        </button>
        {state.done && <span role="status">{state.message}</span>}
      </div>
      {state.message && !state.errors && !state.done && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
    </form>
  );
}

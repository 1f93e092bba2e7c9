'use client';

import { useActionState } from 'react';
import { Field, FormError } from '#app/_components/field.tsx';
import { makeTeam, nameTeam } from './actions.ts';

/** Create a team, or rename the given one. */
export function NameForm({ team }: { team?: { id: string; name: string } }) {
  const [state, run, pending] = useActionState(team ? nameTeam : makeTeam, {});
  return (
    <form action={run}>
      {team && <input type="hidden" name="teamId" value={team.id} />}
      <Field name="name" label="Name of the team" errors={state.errors}>
        {(field) => (
          <input
            {...field}
            key={team?.name}
            maxLength={80}
            defaultValue={state.values?.name ?? team?.name}
            autoComplete="off"
          />
        )}
      </Field>
      <div className="cluster">
        <button type="submit" disabled={pending}>
          {team ? 'Rename' : 'Create team'}
        </button>
        {state.done && <span role="status">{state.message}</span>}
      </div>
      <FormError state={state} />
    </form>
  );
}

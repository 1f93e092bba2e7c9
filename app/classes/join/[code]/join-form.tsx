'use client';

import { useActionState } from 'react';
import { Field, FormError } from '#app/_components/field.tsx';
import { join } from '../../actions.ts';

interface Props {
  code: string;
  name: string;
  team: string;
  teams: readonly { id: string; name: string }[];
  /** change an earlier choice */
  joined: boolean;
}

export function JoinForm({ code, name, team, teams, joined }: Props) {
  const [state, run, pending] = useActionState(join, {});
  return (
    <form action={run}>
      <input type="hidden" name="code" value={code} />
      <Field name="name" label="Name that the class sees" errors={state.errors}>
        {(field) => <input {...field} maxLength={80} defaultValue={state.values?.name ?? name} autoComplete="off" />}
      </Field>
      {teams.length > 0 && (
        <Field name="team" label="Submissions that count" errors={state.errors}>
          {(field) => (
            <select {...field} defaultValue={state.values?.team ?? team}>
              <option value="">my own</option>
              {teams.map(({ id, name }) => (
                <option key={id} value={id}>
                  those of the team {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <button type="submit" className="button-primary" disabled={pending}>
        {joined ? 'Change' : 'Join the class'}
      </button>
      <FormError state={state} />
    </form>
  );
}

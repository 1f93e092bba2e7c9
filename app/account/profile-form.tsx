'use client';

import { useActionState } from 'react';
import { Field, FormError } from '#app/_components/field.tsx';
import { changeProfile } from './actions.ts';

/** Edit the name and affiliation that are shown beside the person's entries. */
export function ProfileForm({ name, affiliation }: { name: string; affiliation: string }) {
  const [state, run, pending] = useActionState(changeProfile, {});
  const now = state.values ?? { name, affiliation };
  return (
    <form action={run} aria-label="Profile">
      <Field name="name" id="display-name" label="Display name" errors={state.errors}>
        {(field) => <input {...field} defaultValue={now.name} maxLength={120} autoComplete="name" />}
      </Field>
      <Field name="affiliation" label="Affiliation" errors={state.errors}>
        {(field) => <input {...field} defaultValue={now.affiliation} maxLength={200} autoComplete="organization" />}
      </Field>
      <div className="cluster">
        <button type="submit" disabled={pending}>
          Save profile
        </button>
        <span role="status">{state.done && !pending ? 'Saved.' : ''}</span>
      </div>
      <FormError state={state} />
    </form>
  );
}

'use client';

import { useActionState } from 'react';
import { Field, FormError } from '#app/_components/field.tsx';
import { makeClass } from '#app/classes/actions.ts';

export function ClassForm({ choices }: { choices: readonly { value: string; label: string }[] }) {
  const [state, run, pending] = useActionState(makeClass, {});
  return (
    <form action={run}>
      <Field name="name" label="Name of the class" errors={state.errors}>
        {(field) => <input {...field} maxLength={80} defaultValue={state.values?.name} autoComplete="off" />}
      </Field>
      <Field
        name="on"
        label="It works on"
        hint="Divide the data set first if the final ranking is to be on a private part."
        errors={state.errors}
      >
        {(field) => (
          <select {...field} defaultValue={state.values?.on}>
            {choices.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <button type="submit" disabled={pending}>
        Make the class
      </button>
      <FormError state={state} />
    </form>
  );
}

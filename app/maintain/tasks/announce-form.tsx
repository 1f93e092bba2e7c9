'use client';

import { useActionState } from 'react';
import { Field, FormMessage } from '#app/_components/field.tsx';
import { makeAnnouncement } from './actions.ts';

interface Props {
  tasks: { id: string; name: string }[];
  /** `2026-01-01T12:00`, UTC */
  startsAt: string;
  endsAt: string;
}

export function AnnounceForm({ tasks, startsAt, endsAt }: Props) {
  const [state, act, pending] = useActionState(makeAnnouncement, {});
  const typed = state.done ? {} : (state.values ?? {});
  return (
    <form action={act}>
      <Field name="text" label="Text" errors={state.errors}>
        {(field) => <textarea {...field} rows={2} maxLength={1000} required defaultValue={typed.text} />}
      </Field>
      <Field name="task" label="Where" errors={state.errors}>
        {(field) => (
          <select {...field} defaultValue={typed.task ?? ''}>
            <option value="">On every page</option>
            {tasks.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}: its board, and where files are submitted
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field name="startsAt" label="From (UTC)" errors={state.errors}>
        {(field) => <input {...field} type="datetime-local" required defaultValue={typed.startsAt ?? startsAt} />}
      </Field>
      <Field name="endsAt" label="Until (UTC)" errors={state.errors}>
        {(field) => <input {...field} type="datetime-local" required defaultValue={typed.endsAt ?? endsAt} />}
      </Field>
      <label className="check">
        <input type="checkbox" name="tellEverybody" defaultChecked={typed.tellEverybody !== undefined} />
        <span>Also notify everybody with an account now: in the site, and by e-mail if the site sends any.</span>
      </label>
      <p>
        <button type="submit" className="button-primary" disabled={pending}>
          Announce
        </button>
      </p>
      <FormMessage state={state} />
    </form>
  );
}

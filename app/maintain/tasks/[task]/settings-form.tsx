'use client';

import { useActionState, useState } from 'react';
import { Field, FormMessage } from '#app/_components/field.tsx';
import { setTask } from '../actions.ts';

interface Props {
  task: string;
  /** as typed: empty for the site's default */
  settings: {
    open: boolean;
    closedReason: string;
    quota: string;
    unlimited: boolean;
    quotaDays: string;
    megabytes: string;
  };
  /** in words */
  defaults: { quota: string; days: string; megabytes: string };
}

export function SettingsForm({ task, settings, defaults }: Props) {
  const [state, act, pending] = useActionState(setTask, {});
  const [open, setOpen] = useState(settings.open);
  const [unlimited, setUnlimited] = useState(settings.unlimited);
  const typed = { ...settings, ...(state.done ? {} : state.values) };
  return (
    <form action={act}>
      <input type="hidden" name="task" value={task} />
      <fieldset>
        <legend>Submissions</legend>
        <label className="check">
          <input type="radio" name="open" value="yes" checked={open} onChange={() => setOpen(true)} />
          <span>Open</span>
        </label>
        <label className="check">
          <input type="radio" name="open" value="no" checked={!open} onChange={() => setOpen(false)} />
          <span>Closed: the form, the API and the command line say so before the first byte is uploaded</span>
        </label>
        {!open && (
          <Field name="closedReason" label="Why it is closed" hint="Everybody can read it." errors={state.errors}>
            {(field) => <input {...field} required maxLength={1000} defaultValue={String(typed.closedReason ?? '')} />}
          </Field>
        )}
      </fieldset>
      <fieldset>
        <legend>Quota</legend>
        <label className="check">
          <input
            type="checkbox"
            name="unlimited"
            checked={unlimited}
            onChange={(event) => setUnlimited(event.target.checked)}
          />
          <span>No limit</span>
        </label>
        {unlimited ? (
          <input type="hidden" name="quota" value="" />
        ) : (
          <Field
            name="quota"
            label="Scored submissions per person or team"
            hint={`Empty: the site’s default, ${defaults.quota}.`}
            errors={state.errors}
          >
            {(field) => <input {...field} inputMode="numeric" defaultValue={typed.quota} />}
          </Field>
        )}
        <Field
          name="quotaDays"
          label="Length of the window, days"
          hint={`Empty: ${defaults.days}.`}
          errors={state.errors}
        >
          {(field) => <input {...field} inputMode="numeric" defaultValue={typed.quotaDays} />}
        </Field>
      </fieldset>
      <fieldset>
        <legend>Files</legend>
        <Field
          name="megabytes"
          label="Largest upload in MB"
          hint={`1,000,000 bytes each. Empty: the site’s limit, ${defaults.megabytes}.`}
          errors={state.errors}
        >
          {(field) => <input {...field} inputMode="numeric" defaultValue={typed.megabytes} />}
        </Field>
      </fieldset>
      <button type="submit" className="button-primary" disabled={pending}>
        Save
      </button>
      <FormMessage state={state} />
    </form>
  );
}

'use client';

import { useActionState } from 'react';
import { Field, FormError } from '#app/_components/field.tsx';
import { ShownOnce } from '#app/_components/shown-once.tsx';
import { makeToken } from './actions.ts';

export function TokenForm() {
  const [state, run, pending] = useActionState(makeToken, {});
  return (
    <form action={run}>
      <Field name="name" label="Name of the token" errors={state.errors}>
        {(field) => (
          <input
            {...field}
            maxLength={80}
            defaultValue={state.values?.name}
            autoComplete="off"
            placeholder="lab server"
          />
        )}
      </Field>
      <fieldset aria-describedby="scopes-error">
        <legend>What it is for</legend>
        <label className="check">
          <input type="checkbox" name="read" defaultChecked={!state.values || Boolean(state.values.read)} />
          <span>
            <code>read</code>: see what you see, private submissions included
          </span>
        </label>
        <label className="check">
          <input type="checkbox" name="submit" defaultChecked={!state.values || Boolean(state.values.submit)} />
          <span>
            <code>submit</code>: upload, submit, and change your submissions
          </span>
        </label>
        <p className="error" id="scopes-error" hidden={!state.errors?.scopes}>
          {state.errors?.scopes}
        </p>
      </fieldset>
      <div className="field">
        <label htmlFor="days">Valid for</label>
        <select id="days" name="days" defaultValue={state.values?.days ?? '90'}>
          <option value="30">30 days</option>
          <option value="90">90 days</option>
          <option value="365">a year</option>
          <option value="never">until it is revoked</option>
        </select>
      </div>
      <button type="submit" disabled={pending}>
        Create token
      </button>
      <FormError state={state} />
      <ShownOnce made={state.made} kind="token" />
    </form>
  );
}

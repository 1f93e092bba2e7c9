'use client';

import { useActionState } from 'react';
import { makeToken } from './actions.ts';

export function TokenForm() {
  const [state, run, pending] = useActionState(makeToken, {});
  return (
    <form action={run}>
      <div className="field">
        <label htmlFor="name">Name of the token</label>
        <input
          id="name"
          name="name"
          maxLength={80}
          defaultValue={state.values?.name}
          aria-invalid={state.errors?.name ? true : undefined}
          aria-describedby="name-error"
          autoComplete="off"
          placeholder="lab server"
        />
        <p className="error" id="name-error" hidden={!state.errors?.name}>
          {state.errors?.name}
        </p>
      </div>
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
      {state.message && !state.errors && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
      {state.made && (
        <div className="alert" data-kind="good" role="status">
          <p>This is the token. Copy it now: it is not shown again.</p>
          <p>
            <code data-token>{state.made}</code>
          </p>
        </div>
      )}
    </form>
  );
}

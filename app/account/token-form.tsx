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
      <div className="field">
        <label htmlFor="months">Valid for</label>
        <select id="months" name="months" defaultValue="12">
          <option value="1">a month</option>
          <option value="3">three months</option>
          <option value="12">a year</option>
          <option value="never">ever</option>
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

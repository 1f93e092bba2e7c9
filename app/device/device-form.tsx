'use client';

import { useActionState } from 'react';
import { FormMessage } from '#app/_components/field.tsx';
import { decideDevice } from './actions.ts';

/** The question about one machine, with its two answers. */
export function DeviceForm({ code, machine }: { code: string; machine: string }) {
  const [state, run, pending] = useActionState(decideDevice, {});
  if (state.done)
    return (
      <p className="alert" data-kind="good" role="status">
        Answered. You can close this page and go back to the terminal on {state.made}.
      </p>
    );
  return (
    <form action={run}>
      <input type="hidden" name="code" value={code} />
      <dl className="facts">
        <dt>Code</dt>
        <dd>
          <code>{code}</code>
        </dd>
        <dt>Machine</dt>
        <dd>{machine}</dd>
      </dl>
      <p className="hint">
        The machine gives its name itself. Allow it only if your own terminal shows this code now. Its token may read
        what you see and submit in your name; it stands on your account page, where you can revoke it.
      </p>
      <div className="cluster">
        <button type="submit" name="allow" value="yes" className="button-primary" disabled={pending}>
          Sign this machine in
        </button>
        <button type="submit" name="allow" value="no" disabled={pending}>
          Refuse
        </button>
      </div>
      <FormMessage state={state} />
    </form>
  );
}

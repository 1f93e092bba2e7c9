'use client';

import { useActionState, useId } from 'react';
import { reportAProblem } from '../actions.ts';

/** Says what is wrong with an entry; it opens a case in the maintainers' inbox. */
export function ReportForm({ id }: { id: string }) {
  const [state, run, pending] = useActionState(reportAProblem, {});
  const field = useId();
  if (state.done)
    return (
      <p className="hint" role="status">
        Thank you. The maintainers have it in their inbox, and you will get a notice when one of them answers.
      </p>
    );
  return (
    <form action={run} className="stack" aria-label="Report a problem">
      <input type="hidden" name="id" value={id} />
      <label htmlFor={field}>What is wrong, and how did you notice?</label>
      <textarea id={field} name="text" rows={4} maxLength={1000} required defaultValue={state.values?.text} />
      {(state.message || state.errors) && (
        <p className="error" role="alert">
          {Object.values(state.errors ?? {})[0] ?? state.message}
        </p>
      )}
      <p className="hint">Only the maintainers read it, with your name.</p>
      <button type="submit" disabled={pending}>
        Report
      </button>
    </form>
  );
}

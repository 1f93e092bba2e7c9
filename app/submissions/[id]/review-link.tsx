'use client';

import { useActionState } from 'react';
import { shareWithReviewers } from '../anonymity-actions.ts';

/** Create the link for reviewers and show it once. `exists`: an earlier link is replaced. */
export function ReviewLink({ id, exists }: { id: string; exists: boolean }) {
  const [state, run, pending] = useActionState(shareWithReviewers, {});
  const replaces = exists || state.made !== undefined;
  return (
    <form
      action={run}
      className="inline"
      onSubmit={(event) => {
        if (replaces && !window.confirm('Make a new link? The one that was made before works no longer.'))
          event.preventDefault();
      }}
    >
      <input type="hidden" name="id" value={id} />
      <button type="submit" disabled={pending}>
        {replaces ? 'Replace the link' : 'Make a link for reviewers'}
      </button>
      {state.message && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
      {state.made && (
        <div className="alert" data-kind="good" role="status">
          <p>This is the link. Copy it now: it is not shown again.</p>
          <p>
            <code data-review-link>{state.made}</code>
          </p>
        </div>
      )}
    </form>
  );
}

'use client';

import { useActionState } from 'react';
import { FormError } from '#app/_components/field.tsx';
import { ShownOnce } from '#app/_components/shown-once.tsx';
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
      <FormError state={state} />
      <ShownOnce made={state.made} kind="review-link" />
    </form>
  );
}

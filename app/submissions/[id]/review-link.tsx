'use client';

import { useActionState } from 'react';
import { FormError } from '#app/_components/field.tsx';
import { useQuestion } from '#app/_components/question.tsx';
import { ShownOnce } from '#app/_components/shown-once.tsx';
import { shareWithReviewers } from '../anonymity-actions.ts';

const REPLACE = { ask: 'Make a new link?', result: 'The one that was made before works no longer.' };

/** Create the link for reviewers and show it once. `exists`: an earlier link is replaced. */
export function ReviewLink({ id, exists }: { id: string; exists: boolean }) {
  const [state, run, pending] = useActionState(shareWithReviewers, {});
  const replaces = exists || state.made !== undefined;
  const label = replaces ? 'Replace the link' : 'Make a link for reviewers';
  const { form, onSubmit, dialog } = useQuestion(replaces ? REPLACE : null, label, false);
  return (
    <form ref={form} action={run} className="inline" onSubmit={onSubmit}>
      <input type="hidden" name="id" value={id} />
      <button type="submit" disabled={pending}>
        {label}
      </button>
      <FormError state={state} />
      <ShownOnce made={state.made} kind="review-link" />
      {dialog}
    </form>
  );
}

'use client';

import { useActionState } from 'react';
import { deleteMyAccount } from './actions.ts';

interface Props {
  /** to be typed, so that nobody does it by accident */
  confirmation: string;
  creditedTo: string;
  /** entries that are on the board */
  published: number;
}

export function DeleteForm({ confirmation, creditedTo, published }: Props) {
  const [state, run, pending] = useActionState(deleteMyAccount, {});
  return (
    <form action={run} aria-label="Delete my account">
      {published > 0 && (
        <fieldset>
          <legend>{published === 1 ? 'Your published entry' : `Your ${published} published entries`}</legend>
          <label className="check">
            <input
              type="radio"
              name="entries"
              value="credited"
              defaultChecked={state.values?.entries !== 'tombstones'}
            />
            <span>
              {published === 1 ? 'stays' : 'stay'} on the leaderboard under the name below, with what is to be cited
            </span>
          </label>
          <label className="check">
            <input
              type="radio"
              name="entries"
              value="tombstones"
              defaultChecked={state.values?.entries === 'tombstones'}
            />
            <span>
              {published === 1 ? 'is' : 'are'} withdrawn: the file is deleted, and a line says that an account was
              deleted
            </span>
          </label>
          <div className="field">
            <label htmlFor="credited-to">Name under which they stay</label>
            <input
              id="credited-to"
              name="creditedTo"
              maxLength={120}
              autoComplete="off"
              defaultValue={state.values?.creditedTo ?? creditedTo}
              aria-invalid={state.errors?.creditedTo ? true : undefined}
              aria-describedby="credited-to-error"
            />
            <p className="error" id="credited-to-error" hidden={!state.errors?.creditedTo}>
              {state.errors?.creditedTo}
            </p>
          </div>
        </fieldset>
      )}
      {published === 0 && <input type="hidden" name="entries" value="tombstones" />}
      <div className="field">
        <label htmlFor="confirm">
          To confirm, type <strong>{confirmation}</strong>
        </label>
        <input
          id="confirm"
          name="confirm"
          autoComplete="off"
          aria-invalid={state.errors?.confirm ? true : undefined}
          aria-describedby="confirm-error"
        />
        <p className="error" id="confirm-error" hidden={!state.errors?.confirm}>
          {state.errors?.confirm}
        </p>
      </div>
      <button type="submit" className="button-danger" disabled={pending}>
        Delete my account
      </button>
      {state.message && !state.errors && (
        <p className="error" role="alert">
          {state.message}
        </p>
      )}
    </form>
  );
}

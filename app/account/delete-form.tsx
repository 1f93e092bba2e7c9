'use client';

import { useActionState } from 'react';
import { Field, FormError } from '#app/_components/field.tsx';
import { deleteMyAccount } from './actions.ts';

interface Props {
  /** text to type, so that no account is deleted by accident */
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
            <span>{published === 1 ? 'stays' : 'stay'} on the leaderboard under the name below, with the citation</span>
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
          <Field name="creditedTo" id="credited-to" label="Name under which they stay" errors={state.errors}>
            {(field) => (
              <input
                {...field}
                maxLength={120}
                autoComplete="off"
                defaultValue={state.values?.creditedTo ?? creditedTo}
              />
            )}
          </Field>
        </fieldset>
      )}
      {published === 0 && <input type="hidden" name="entries" value="tombstones" />}
      <Field
        name="confirm"
        label={
          <>
            To confirm, type <strong>{confirmation}</strong>
          </>
        }
        errors={state.errors}
      >
        {(field) => <input {...field} autoComplete="off" />}
      </Field>
      <button type="submit" className="button-danger" disabled={pending}>
        Delete my account
      </button>
      <FormError state={state} />
    </form>
  );
}

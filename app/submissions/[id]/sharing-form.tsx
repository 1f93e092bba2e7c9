'use client';

import { useActionState } from 'react';
import { FormError } from '#app/_components/field.tsx';
import { SharingFields } from '#app/_components/sharing-fields.tsx';
import type { FormState } from '#app/_server/http.ts';
import type { Licence } from '#lib/vocabulary.ts';
import { chooseSharing } from '../sharing-action.ts';

interface Props {
  id: string;
  chosen: { licence: Licence | null; cellsShown: boolean; filesShared: boolean };
}

export function SharingForm({ id, chosen }: Props) {
  const [state, save, pending] = useActionState<FormState, FormData>(chooseSharing, {});
  const { values } = state;
  return (
    <form action={save} className="stack" noValidate>
      <input type="hidden" name="id" value={id} />
      <SharingFields
        key={JSON.stringify([chosen, values])}
        chosen={
          values
            ? {
                licence: values.licence,
                cellsShown: values.cellsShown !== undefined,
                filesShared: values.filesShared !== undefined,
              }
            : chosen
        }
        errors={state.errors}
      />
      <FormError state={state} />
      <div className="cluster">
        <button type="submit" disabled={pending}>
          Save
        </button>
        {state.done && (
          <span className="hint" role="status">
            Saved.
          </span>
        )}
      </div>
    </form>
  );
}

'use client';

import { useActionState, useId, useState } from 'react';
import { decideChecked, decideEntry } from './actions.ts';

export interface Choice {
  decision: string;
  label: string;
  kind?: 'primary' | 'danger' | 'quiet';
}

/** A text box and a button per decision. The text is the remark, question or reason that goes with the button. */
export function DecisionForm({ id, method, hint, choices }: Props) {
  const [state, act, pending] = useActionState(decideEntry, {});
  const field = useId();
  return (
    <form action={act} className="decision">
      <input type="hidden" name="id" value={id} />
      <label htmlFor={field} className="visually-hidden">
        Words to the owner of {method}
      </label>
      <textarea
        id={field}
        name="text"
        rows={3}
        maxLength={1000}
        placeholder={hint}
        defaultValue={state.values?.text}
        aria-describedby={state.message ? `${field}-said` : undefined}
        aria-invalid={state.message && !state.done ? true : undefined}
      />
      <div className="cluster">
        {choices.map(({ decision, label, kind }) => (
          <button
            key={decision}
            type="submit"
            name="decision"
            value={decision}
            className={kind && `button-${kind}`}
            disabled={pending}
          >
            {label}
          </button>
        ))}
      </div>
      {state.message && (
        <p id={`${field}-said`} className={state.done ? 'hint' : 'error'} role={state.done ? 'status' : 'alert'}>
          {state.message}
        </p>
      )}
    </form>
  );
}

interface Props {
  id: string;
  method: string;
  /** explains which text each button needs */
  hint: string;
  choices: readonly Choice[];
}

/** The same decision about the checked entries, whose boxes belong to this form by its id. */
export function BulkForm({ form, entries }: { form: string; entries: number }) {
  const [state, act, pending] = useActionState(decideChecked, {});
  const [all, setAll] = useState(false);
  const boxes = () => document.querySelectorAll<HTMLInputElement>(`input[form="${form}"][name^="entry-"]`);
  return (
    <form id={form} action={act} className="bulk">
      {entries > 1 && (
        <>
          <label className="check">
            <input
              type="checkbox"
              checked={all}
              onChange={({ target: { checked } }) => {
                setAll(checked);
                for (const box of boxes()) box.checked = checked;
              }}
            />
            All {entries}
          </label>
          <input
            name="text"
            aria-label="Words to the owners of the checked entries"
            placeholder="One remark or reason for all of them"
            maxLength={1000}
            defaultValue={state.values?.text}
          />
          <button type="submit" name="decision" value="approve" disabled={pending}>
            Approve checked
          </button>
          <button type="submit" name="decision" value="decline" className="button-danger" disabled={pending}>
            Reject checked
          </button>
        </>
      )}
      {state.message && (
        <p className={state.done ? 'hint' : 'error'} role={state.done ? 'status' : 'alert'}>
          {state.message}
        </p>
      )}
    </form>
  );
}

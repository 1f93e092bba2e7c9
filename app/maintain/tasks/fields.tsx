'use client';

import type { ReactNode } from 'react';
import type { FormState } from '#app/_server/http.ts';

interface Props {
  name: string;
  label: string;
  hint?: ReactNode;
  state: FormState;
  children: (props: { id: string; name: string; 'aria-invalid'?: true; 'aria-describedby': string }) => ReactNode;
}

/** A field with its label, its hint and what is wrong with it. */
export function Field({ name, label, hint, state, children }: Props) {
  const error = state.errors?.[name];
  return (
    <div className="field">
      <label htmlFor={name}>{label}</label>
      {children({
        id: name,
        name,
        'aria-describedby': `${name}-hint ${name}-error`,
        ...(error && { 'aria-invalid': true }),
      })}
      {hint && (
        <p className="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      <p className="error" id={`${name}-error`} hidden={!error}>
        {error}
      </p>
    </div>
  );
}

/** What came of the form. */
export function Said({ state }: { state: FormState }) {
  if (!state.message) return null;
  return (
    <p className={state.done ? 'hint' : 'error'} role={state.done ? 'status' : 'alert'}>
      {state.message}
    </p>
  );
}

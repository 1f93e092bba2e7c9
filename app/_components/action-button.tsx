'use client';

import { type ReactNode, useActionState } from 'react';
import type { FormState } from '#app/_server/http.ts';
import { type Question, useQuestion } from './question.tsx';

interface Props {
  action: (state: FormState, form: FormData) => Promise<FormState>;
  /** hidden fields */
  values: Record<string, string>;
  label: string;
  kind?: 'primary' | 'danger' | 'quiet';
  /** asked before an action with consequences */
  confirm?: Question | null;
  children?: ReactNode;
}

/** A button that runs one server action and shows the reason if it fails. It works without script, too. */
export function Act({ action, values, label, kind, confirm, children }: Props) {
  const [state, run, pending] = useActionState(action, {});
  const { form, onSubmit, dialog } = useQuestion(confirm, label, kind === 'danger');
  return (
    <form ref={form} action={run} className="inline" onSubmit={onSubmit}>
      {Object.entries(values).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <div className="cluster">
        {children}
        <button type="submit" className={kind && `button-${kind}`} disabled={pending}>
          {label}
        </button>
      </div>
      {(state.message || state.errors) && (
        <p className={state.done ? 'hint' : 'error'} role={state.done ? 'status' : 'alert'}>
          {Object.values(state.errors ?? {})[0] ?? state.message}
        </p>
      )}
      {dialog}
    </form>
  );
}

import type { ReactNode } from 'react';
import type { FormState } from '#app/_server/http.ts';

interface FieldProps {
  name: string;
  /** the control's id, if the name is not unique on the page */
  id?: string;
  label: ReactNode;
  hint?: ReactNode;
  errors?: FormState['errors'];
  children: (props: ControlProps) => ReactNode;
}

interface ControlProps {
  id: string;
  name: string;
  'aria-invalid'?: true;
  'aria-describedby': string;
}

/** A form control with its label, hint and error. `children` gets the attributes that tie the control to them. */
export function Field({ name, id = name, label, hint, errors, children }: FieldProps) {
  const error = errors?.[name];
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        name,
        'aria-describedby': hint ? `${id}-hint ${id}-error` : `${id}-error`,
        ...(error && { 'aria-invalid': true }),
      })}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <p className="error" id={`${id}-error`} hidden={!error}>
        {error}
      </p>
    </div>
  );
}

/** The server's message about the form as a whole; messages about fields stand beside the fields. */
export function FormMessage({ state }: { state: FormState }) {
  if (!state.message) return null;
  return (
    <p className={state.done ? 'hint' : 'error'} role={state.done ? 'status' : 'alert'}>
      {state.message}
    </p>
  );
}

/** The message of a form whose fields show their own: only what concerns no single field. */
export function FormError({ state }: { state: FormState }) {
  if (!state.message || state.errors || state.done) return null;
  return (
    <p className="error" role="alert">
      {state.message}
    </p>
  );
}

'use client';

import { type FormEvent, type ReactNode, type RefObject, useId, useRef, useState } from 'react';
import { Dialog } from './dialog.tsx';

/** What is asked before something that has consequences. */
export interface Question {
  /** the question, as a title: “Withdraw this submission?” */
  ask: string;
  /** what happens, and whether it can be undone */
  result: string;
  /** for what is worst: a text to type first */
  typed?: string;
}

interface Asked {
  form: RefObject<HTMLFormElement | null>;
  /** of the form: asks first, and lets the form go when it was agreed to */
  onSubmit: (event: FormEvent) => void;
  dialog: ReactNode;
}

/**
 * Ask before a form is sent. Without a script nothing is asked, and the server decides alone.
 *
 * @param question null: there is nothing to ask
 * @param label the words of the form's own button, which the dialog repeats
 */
export function useQuestion(question: Question | null | undefined, label: string, danger: boolean): Asked {
  const form = useRef<HTMLFormElement>(null);
  const agreed = useRef(false);
  const [open, setOpen] = useState(false);
  const onSubmit = (event: FormEvent) => {
    if (!question || agreed.current) {
      agreed.current = false;
      return;
    }
    event.preventDefault();
    setOpen(true);
  };
  const agree = () => {
    setOpen(false);
    agreed.current = true;
    form.current?.requestSubmit();
  };
  const dialog = question && (
    <Dialog title={question.ask} open={open} onClose={() => setOpen(false)} kind={danger ? 'bad' : 'plain'}>
      <Choice question={question} label={label} danger={danger} onAgree={agree} onCancel={() => setOpen(false)} />
    </Dialog>
  );
  return { form, onSubmit, dialog };
}

/** What is inside the dialog; it begins anew each time that the dialog opens. */
function Choice({
  question: { result, typed },
  label,
  danger,
  onAgree,
  onCancel,
}: {
  question: Question;
  label: string;
  danger: boolean;
  onAgree: () => void;
  onCancel: () => void;
}) {
  const [text, setText] = useState('');
  const id = useId();
  return (
    <>
      <p>{result}</p>
      {typed && (
        <div className="field">
          <label htmlFor={id}>
            To go on, type <strong>{typed}</strong>
          </label>
          <input id={id} value={text} autoComplete="off" onChange={(event) => setText(event.target.value)} />
        </div>
      )}
      <div className="dialog-deeds">
        {/* what does no harm has the focus */}
        <button type="button" onClick={onCancel}>
          Keep it as it is
        </button>
        <button
          type="button"
          data-agree
          className={danger ? 'button-danger' : 'button-primary'}
          disabled={typed !== undefined && text.trim() !== typed}
          onClick={onAgree}
        >
          {label}
        </button>
      </div>
    </>
  );
}

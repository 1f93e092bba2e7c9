'use client';

import { useQuestion } from '#app/_components/question.tsx';

const QUESTION = {
  ask: 'Delete something?',
  result: 'Nothing is deleted: this page only shows how it is asked.',
  typed: 'delete',
};

/** A form that asks before it goes, and then goes nowhere. */
export function Ask() {
  const { form, onSubmit, dialog } = useQuestion(QUESTION, 'Delete', true);
  return (
    <form
      ref={form}
      className="inline"
      onSubmit={(event) => {
        onSubmit(event);
        event.preventDefault();
      }}
    >
      <button type="submit" className="button-danger">
        Ask first
      </button>
      {dialog}
    </form>
  );
}

/** What a server action is given and answers, however it was called. */
import type { FormState } from '#app/_server/http.ts';
import type { Row } from './actions.ts';

export interface Outcome {
  /** done, or gone on to the next page */
  done: boolean;
  /** all that was said to whoever sent the form */
  said: string;
}

export function outcomeOf(answer: unknown): Outcome {
  // an action that answers nothing has nothing to refuse with
  if (answer === undefined || answer === null) return { done: true, said: '' };
  const { done = false, message = '', errors = {} } = answer as FormState;
  return { done, said: [message, ...Object.values(errors)].join(' ') };
}

/** The arguments of a form's action. */
export function formOf({ plain }: Row, fields: Record<string, string>): unknown[] {
  if (plain === 'nothing') return [];
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return plain === 'form' ? [form] : [{}, form];
}

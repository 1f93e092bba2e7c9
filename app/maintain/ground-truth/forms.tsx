'use client';

import { useActionState, useState } from 'react';
import { Field, FormMessage } from '#app/_components/field.tsx';
import { useQuestion } from '#app/_components/question.tsx';
import { UploadField } from '#app/_components/upload.tsx';
import type { FormState } from '#app/_server/http.ts';
import { integer } from '#lib/format.ts';
import { divide, registerGroundTruth, scoreAgain, sendReplacement } from './actions.ts';

interface TaskChoice {
  id: string;
  name: string;
  /** a slot per cell type for counts; otherwise one slot, named '' */
  slots: string[];
}

/** Choose the category of annotations that marks cells; reference counts have none. */
function Category({ slots, state }: Pick<FilesProps, 'slots' | 'state'>) {
  if (slots.some(Boolean)) return null;
  return (
    <Field
      name="category"
      label="Category"
      hint="Number or name of the category that is a cell. Leave it empty for category 1, or the only one."
      errors={state.errors}
    >
      {(field) => <input {...field} maxLength={100} defaultValue={state.done ? '' : state.values?.category} />}
    </Field>
  );
}

const REPLACE = 'Replace by this file';
const SCORE_AGAIN = 'Score all again';

/** Say what scoring everything again leads to, for the dialog that asks first. */
function scoredAgain(scored: number, how: string): string {
  if (scored === 0) return 'Nothing has been scored on it yet, so no score changes.';
  const what = scored === 1 ? 'One submission is' : `${integer(scored)} submissions are`;
  return `${what} scored again ${how}. Ranks may change when the board switches, and the owners are told, with your reason.`;
}

/** A file, or one per slot. */
function Files({ slots, state, onBusy, replaces }: FilesProps) {
  return slots.map((slot) => (
    <UploadField
      key={slot}
      name={slot ? `upload.${slot}` : 'upload'}
      slot={`ground-truth-${replaces ?? 'new'}-${slot}`}
      label={slot ? `Reference counts of ${slot}` : 'Ground truth file'}
      hint={
        slot
          ? 'JSON or CSV: a count per image.'
          : 'COCO annotations (JSON), plain, gzipped or as the only file of a .zip.'
      }
      error={state.errors?.[slot ? `upload.${slot}` : 'upload'] ?? (slot ? state.errors?.upload : undefined)}
      purpose={slot ? 'counts' : 'ground-truth'}
      onBusy={onBusy}
    />
  ));
}

interface FilesProps {
  slots: string[];
  state: FormState;
  onBusy: (busy: boolean, name: string) => void;
  /** id of the data set that the file replaces; unfinished uploads are remembered under it */
  replaces?: string;
}

function useBusy(): [boolean, FilesProps['onBusy']] {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [onBusy] = useState(() => (is: boolean, name: string) => {
    setBusy((before) => {
      if (before.has(name) === is) return before;
      const after = new Set(before);
      if (is) after.add(name);
      else after.delete(name);
      return after;
    });
  });
  return [busy.size > 0, onBusy];
}

export function RegisterForm({ tasks }: { tasks: TaskChoice[] }) {
  const [state, act, pending] = useActionState(registerGroundTruth, {});
  const typed = state.done ? {} : (state.values ?? {});
  const [task, setTask] = useState(typed.task ?? tasks[0].id);
  const [busy, onBusy] = useBusy();
  const slots = tasks.find(({ id }) => id === task)?.slots ?? [''];
  return (
    <form action={act}>
      <Field name="name" label="Name" hint="As shown on the site; it cannot be changed later." errors={state.errors}>
        {(field) => <input {...field} required maxLength={100} defaultValue={typed.name} />}
      </Field>
      <Field name="task" label="Task" errors={state.errors}>
        {(field) => (
          <select {...field} value={task} onChange={({ target }) => setTask(target.value)}>
            {tasks.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Files key={task} slots={slots} state={state} onBusy={onBusy} />
      <Category slots={slots} state={state} />
      <Field
        name="split"
        label="Split"
        hint="Of a training set no board is the first. Default: what the name says."
        errors={state.errors}
      >
        {(field) => (
          <select {...field} defaultValue={typed.split ?? ''}>
            <option value="">As the name says</option>
            <option value="train">Training</option>
            <option value="val">Validation</option>
            <option value="test">Test</option>
          </select>
        )}
      </Field>
      <Field name="licence" label="Licence" hint="On what terms it is used." errors={state.errors}>
        {(field) => <input {...field} maxLength={500} defaultValue={typed.licence} />}
      </Field>
      <Field name="source" label="Source" hint="Where it is from." errors={state.errors}>
        {(field) => <input {...field} maxLength={500} defaultValue={typed.source} />}
      </Field>
      <Field name="protocol" label="Protocol" hint="How it was prepared." errors={state.errors}>
        {(field) => <input {...field} maxLength={500} defaultValue={typed.protocol} />}
      </Field>
      <Field name="note" label="Note" hint="What this first version is. Maintainers read it." errors={state.errors}>
        {(field) => <textarea {...field} rows={2} maxLength={1000} defaultValue={typed.note} />}
      </Field>
      <label className="check">
        <input type="checkbox" name="public" defaultChecked={typed.public !== undefined} />
        <span>Public: the annotations may be shown and downloaded. Otherwise they are never served.</span>
      </label>
      {slots.length === 1 && (
        <details open={Boolean(state.errors?.until ?? state.errors?.share)}>
          <summary>Divide it into a public and a private part</summary>
          <p className="hint">
            Boards show scores on the public part until a day, then on the private part, on which nothing was scored
            before. Only annotations that are not public can be divided.
          </p>
          <DivideFields state={state} optional />
        </details>
      )}
      <p>
        <button type="submit" className="button-primary" disabled={pending || busy}>
          {busy ? 'Uploading …' : 'Register'}
        </button>
      </p>
      <FormMessage state={state} />
    </form>
  );
}

interface ReplaceProps {
  id: string;
  slots: string[];
  isPublic: boolean;
  /** scored submissions, all of which get another score */
  scored: number;
}

export function ReplaceForm({ id, slots, isPublic, scored }: ReplaceProps) {
  const [state, act, pending] = useActionState(sendReplacement, {});
  const typed = state.done ? {} : (state.values ?? {});
  const [busy, onBusy] = useBusy();
  const { form, onSubmit, dialog } = useQuestion(
    {
      ask: 'Replace this ground truth?',
      result: `${scoredAgain(scored, 'on the new file')} The version of today stays on record; to go back to it, replace the new one by its file.`,
    },
    REPLACE,
    true,
  );
  return (
    <form ref={form} action={act} onSubmit={onSubmit} aria-label="Replace">
      <input type="hidden" name="id" value={id} />
      <Files slots={slots} state={state} onBusy={onBusy} replaces={id} />
      <Category slots={slots} state={state} />
      <Field name="note" label="What changed, and why" hint="Owners of entries read it." errors={state.errors}>
        {(field) => <textarea {...field} rows={2} required maxLength={1000} defaultValue={typed.note} />}
      </Field>
      <label className="check">
        <input type="checkbox" name="public" defaultChecked={state.values ? typed.public !== undefined : isPublic} />
        <span>The new version is public.</span>
      </label>
      <p>
        <button type="submit" disabled={pending || busy}>
          {busy ? 'Uploading …' : REPLACE}
        </button>
      </p>
      <FormMessage state={state} />
      {dialog}
    </form>
  );
}

export function ScoreAgainForm({ id, scored }: { id: string; scored: number }) {
  const [state, act, pending] = useActionState(scoreAgain, {});
  const { form, onSubmit, dialog } = useQuestion(
    { ask: 'Score everything again?', result: scoredAgain(scored, 'by the evaluator of this site') },
    SCORE_AGAIN,
    true,
  );
  return (
    <form ref={form} action={act} onSubmit={onSubmit} aria-label="Score again">
      <input type="hidden" name="id" value={id} />
      <Field name="reason" label="Why" hint="Owners of entries read it." errors={state.errors}>
        {(field) => (
          <input {...field} required maxLength={1000} defaultValue={state.done ? '' : state.values?.reason} />
        )}
      </Field>
      <p>
        <button type="submit" disabled={pending}>
          {SCORE_AGAIN}
        </button>
      </p>
      <FormMessage state={state} />
      {dialog}
    </form>
  );
}

/** How ground truth is divided into a public and a private part. */
function DivideFields({ state, optional = false }: { state: FormState; optional?: boolean }) {
  const values = state.done ? {} : state.values;
  return (
    <>
      <Field name="by" label="By" errors={state.errors}>
        {(field) => (
          <select {...field} defaultValue={values?.by ?? (optional ? '' : 'well')}>
            {optional && <option value="">not at all</option>}
            <option value="well">wells</option>
            <option value="field">fields of view</option>
          </select>
        )}
      </Field>
      <Field name="share" label="Private share" hint="Of the wells or fields of each cell type." errors={state.errors}>
        {(field) => (
          <input {...field} type="number" min={0.05} max={0.95} step={0.05} defaultValue={values?.share ?? '0.5'} />
        )}
      </Field>
      <Field name="until" label="The private part begins on" errors={state.errors}>
        {(field) => <input {...field} type="date" required={!optional} defaultValue={values?.until} />}
      </Field>
    </>
  );
}

const DIVISION = {
  ask: 'Divide this data set?',
  result:
    'Everything that was scored on it is scored again now, and once more on the day that you chose. Boards show other numbers from then on, and a data set is divided only once.',
};

export function DivideForm({ id }: { id: string }) {
  const [state, act, pending] = useActionState(divide, {});
  const { form, onSubmit, dialog } = useQuestion(DIVISION, 'Divide', true);
  return (
    <form ref={form} action={act} onSubmit={onSubmit} aria-label="Divide">
      <input type="hidden" name="id" value={id} />
      <DivideFields state={state} />
      <p>
        <button type="submit" disabled={pending}>
          Divide
        </button>
      </p>
      <FormMessage state={state} />
      {dialog}
    </form>
  );
}

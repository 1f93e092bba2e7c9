'use client';

import { useActionState, useRef } from 'react';
import { Field, FormMessage } from '#app/_components/field.tsx';
import type { FormState } from '#app/_server/http.ts';
import { addNumber, addTable } from './actions.ts';

const FIELDS = [
  { name: 'method', label: 'Method', hint: 'As its paper names it.' },
  { name: 'year', label: 'Year', hint: 'Four digits.' },
  { name: 'metric', label: 'Metric', hint: 'As its source writes it: mask AP, mSA (.50:.95), F1 @ IoU 0.5.' },
  { name: 'value', label: 'Value', hint: 'As its source writes it: 47.9 or .4176.' },
  { name: 'split', label: 'Images', hint: 'test (1512 files), val, a part of the test images, not stated.' },
  { name: 'protocol', label: 'Protocol', hint: 'What is known of how it was computed. May be empty.' },
  { name: 'source', label: 'Source', hint: 'Paper with table, or repository with file.' },
] as const;

export function NumberForm() {
  const [state, act, pending] = useActionState(addNumber, {});
  const typed = state.done ? {} : (state.values ?? {});
  return (
    <form action={act}>
      {FIELDS.map(({ name, label, hint }) => (
        <Field key={name} name={name} label={label} hint={hint} errors={state.errors}>
          {(field) => <input {...field} required={name !== 'protocol'} defaultValue={typed[name]} />}
        </Field>
      ))}
      <p>
        <button type="submit" className="button-primary" disabled={pending}>
          Add the number
        </button>
      </p>
      <FormMessage state={state} />
    </form>
  );
}

export function TableForm({ columns, most }: { columns: string; most: number }) {
  const [state, act, pending] = useActionState(addTable, {});
  const area = useRef<HTMLTextAreaElement>(null);
  const read = async (file: File | undefined) => {
    if (file && area.current) area.current.value = await file.text();
  };
  return (
    <form action={act}>
      <p className="field">
        <label htmlFor="csv-file">File</label>
        <input
          id="csv-file"
          type="file"
          accept=".csv,text/csv"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </p>
      <Field
        name="csv"
        label="Table"
        hint={
          <>
            The first line is <code>{columns}</code>; at most {most} rows.
          </>
        }
        errors={state.errors}
      >
        {(field) => (
          <textarea {...field} ref={area} rows={8} required defaultValue={state.done ? '' : state.values?.csv} />
        )}
      </Field>
      <p>
        <button type="submit" className="button-primary" disabled={pending}>
          Add the table
        </button>
      </p>
      <FormMessage state={state} />
      <Lines state={state} />
    </form>
  );
}

function Lines({ state: { lines = [] } }: { state: FormState }) {
  if (lines.length === 0) return null;
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

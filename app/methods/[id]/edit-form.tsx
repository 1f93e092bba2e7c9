'use client';

import { startTransition, useActionState, useEffect, useRef } from 'react';
import { Field } from '#app/_components/field.tsx';
import type { MethodFacts } from '#db/submissions/methods.ts';
import { saveMethod } from '../actions.ts';

/** The facts of a method, shown beside every version of it. */
export function EditForm({ id, facts }: { id: string; facts: MethodFacts }) {
  const form = useRef<HTMLFormElement>(null);
  const [state, save, pending] = useActionState(saveMethod, {});
  const { errors = {} } = state;
  useEffect(() => {
    if (state.errors) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [state]);
  const shown = (name: keyof MethodFacts) => (facts[name] === null ? '' : String(facts[name]));
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault(); // not `action`: React would put back what was there before
        const data = new FormData(event.currentTarget);
        startTransition(() => save(data));
      }}
    >
      <input type="hidden" name="id" value={id} />
      <Field
        name="name"
        label="Name"
        hint="Of all versions. A submission under another name is another method."
        errors={errors}
      >
        {(field) => <input {...field} defaultValue={shown('name')} required maxLength={120} autoComplete="off" />}
      </Field>
      <Field
        name="authors"
        label="Authors"
        hint="In the order of the citation: “Ada Lovelace and Charles Babbage”."
        errors={errors}
      >
        {(field) => <input {...field} defaultValue={shown('authors')} maxLength={2000} autoComplete="off" />}
      </Field>
      <Field name="description" label="Description" errors={errors}>
        {(field) => <textarea {...field} defaultValue={shown('description')} maxLength={5000} rows={4} />}
      </Field>
      <Field name="paperUrl" label="Link to the paper" errors={errors}>
        {(field) => (
          <input {...field} defaultValue={shown('paperUrl')} type="url" inputMode="url" placeholder="https://" />
        )}
      </Field>
      <Field name="codeUrl" label="Link to the code" errors={errors}>
        {(field) => (
          <input {...field} defaultValue={shown('codeUrl')} type="url" inputMode="url" placeholder="https://" />
        )}
      </Field>
      <Field
        name="architecture"
        label="Architecture"
        hint="For example “Cascade Mask R-CNN, ResNeSt-200”."
        errors={errors}
      >
        {(field) => <input {...field} defaultValue={shown('architecture')} maxLength={500} />}
      </Field>
      <Field name="parameters" label="Trainable parameters, in millions" errors={errors}>
        {(field) => <input {...field} defaultValue={shown('parameters')} inputMode="decimal" autoComplete="off" />}
      </Field>
      <Field name="pretraining" label="Pre-trained on" hint="For example “ImageNet-1k” or “nothing”." errors={errors}>
        {(field) => <input {...field} defaultValue={shown('pretraining')} maxLength={1000} />}
      </Field>
      <Field name="extraData" label="Extra data" hint="Training images beside those of LIVECell." errors={errors}>
        {(field) => <input {...field} defaultValue={shown('extraData')} maxLength={1000} />}
      </Field>
      <Field
        name="secondsPerImage"
        label="Seconds per image"
        hint="Inference on one test image; name the hardware in the description."
        errors={errors}
      >
        {(field) => <input {...field} defaultValue={shown('secondsPerImage')} inputMode="decimal" autoComplete="off" />}
      </Field>
      <label className="check">
        <input type="checkbox" name="testImagesSeen" defaultChecked={facts.testImagesSeen} />
        <span>Test images were seen in training or tuning. Every version says so then.</span>
      </label>
      <div className="cluster">
        <button type="submit" className="button-primary" disabled={pending}>
          {pending ? 'Saving …' : 'Save'}
        </button>
        {state.done && !pending && <span role="status">{state.message}</span>}
        {!state.done && state.message && (
          <p className="error" role="alert">
            {state.message}
          </p>
        )}
      </div>
    </form>
  );
}

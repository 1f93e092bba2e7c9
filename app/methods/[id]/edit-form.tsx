'use client';

import { startTransition, useActionState, useEffect, useRef } from 'react';
import type { MethodFacts } from '#db/submissions/methods.ts';
import { saveMethod } from '../actions.ts';

/** What can be said of a method; every version of it is read with this. */
export function EditForm({ id, facts }: { id: string; facts: MethodFacts }) {
  const form = useRef<HTMLFormElement>(null);
  const [state, save, pending] = useActionState(saveMethod, {});
  const { errors = {} } = state;
  useEffect(() => {
    if (state.errors) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [state]);
  const field = (name: keyof MethodFacts) => ({
    id: name,
    name,
    defaultValue: facts[name] === null ? '' : String(facts[name]),
    'aria-invalid': errors[name] ? true : undefined,
    'aria-describedby': `${name}-hint ${name}-error`,
  });
  const after = (name: keyof MethodFacts, hint?: string) => (
    <>
      {hint && (
        <p className="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      <p className="error" id={`${name}-error`} hidden={!errors[name]}>
        {errors[name]}
      </p>
    </>
  );
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
      <div className="field">
        <label htmlFor="name">Name</label>
        <input {...field('name')} required maxLength={120} autoComplete="off" />
        {after('name', 'Of all versions. A submission under another name is another method.')}
      </div>
      <div className="field">
        <label htmlFor="authors">Authors</label>
        <input {...field('authors')} maxLength={2000} autoComplete="off" />
        {after('authors', 'As they are to be cited, in their order: “Ada Lovelace and Charles Babbage”.')}
      </div>
      <div className="field">
        <label htmlFor="description">Description</label>
        <textarea {...field('description')} maxLength={5000} rows={4} />
        {after('description')}
      </div>
      <div className="field">
        <label htmlFor="paperUrl">Link to the paper</label>
        <input {...field('paperUrl')} type="url" inputMode="url" placeholder="https://" />
        {after('paperUrl')}
      </div>
      <div className="field">
        <label htmlFor="codeUrl">Link to the code</label>
        <input {...field('codeUrl')} type="url" inputMode="url" placeholder="https://" />
        {after('codeUrl')}
      </div>
      <div className="field">
        <label htmlFor="architecture">Architecture</label>
        <input {...field('architecture')} maxLength={500} />
        {after('architecture', 'For example “Cascade Mask R-CNN, ResNeSt-200”.')}
      </div>
      <div className="field">
        <label htmlFor="parameters">Trainable parameters, in millions</label>
        <input {...field('parameters')} inputMode="decimal" autoComplete="off" />
        {after('parameters')}
      </div>
      <div className="field">
        <label htmlFor="pretraining">Pre-trained on</label>
        <input {...field('pretraining')} maxLength={1000} />
        {after('pretraining', 'For example “ImageNet-1k” or “nothing”.')}
      </div>
      <div className="field">
        <label htmlFor="extraData">Extra data</label>
        <input {...field('extraData')} maxLength={1000} />
        {after('extraData', 'Training images beside those of LIVECell.')}
      </div>
      <div className="field">
        <label htmlFor="secondsPerImage">Seconds per image</label>
        <input {...field('secondsPerImage')} inputMode="decimal" autoComplete="off" />
        {after('secondsPerImage', 'Inference on one test image; name the hardware in the description.')}
      </div>
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

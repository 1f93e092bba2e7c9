'use client';

import Link from 'next/link';
import { unstable_isUnrecognizedActionError as isUnknownAction, useRouter } from 'next/navigation';
import { startTransition, useActionState, useCallback, useEffect, useRef, useState } from 'react';
import { Field } from '#app/_components/field.tsx';
import { SharingFields } from '#app/_components/sharing-fields.tsx';
import { UploadField } from '#app/_components/upload.tsx';
import { forget } from '#app/_components/uploader.ts';
import type { FormState } from '#app/_server/http.ts';
import type { Purpose } from '#lib/readers/kinds.ts';
import { EXPOSURE_NAMES, EXPOSURES, MOST_TIMES } from '#lib/vocabulary.ts';
import { submitForm } from './actions.ts';
import { DropZone } from './drop-zone.tsx';
import { TaskRules, type TaskRulesShown } from './task-rules.tsx';

export interface TaskChoice {
  id: string;
  name: string;
  /** files may hold predictions, counted from a score threshold */
  takesThreshold: boolean;
  /** how the files are read */
  purpose: Purpose;
  /** file ending of an archive's members, for the hint */
  memberEnding: string;
  slots: { id: string; label: string }[];
  /** submissions may say how long each image took */
  timed: boolean;
  /** whether its slots are data sets */
  outside: boolean;
  /** number of slots that must be filled */
  least: number;
  /** other tasks that accept the same files */
  also: { id: string; name: string }[];
  datasets: { name: string; label: string; demo: boolean }[];
  rules: TaskRulesShown;
}

export type Typed = Partial<
  Record<
    | 'task'
    | 'dataset'
    | 'method'
    | 'description'
    | 'paperUrl'
    | 'codeUrl'
    | 'trainingData'
    | 'exposure'
    | 'licence'
    | 'anonymousUntil'
    | 'team'
    | 'scoreThreshold'
    | 'hardware',
    string
  >
> & {
  testImagesSeen?: boolean;
  anyCategory?: boolean;
  cellsShown?: boolean;
  filesShared?: boolean;
  anonymous?: boolean;
  publish?: boolean;
};

interface Props {
  tasks: TaskChoice[];
  /** teams of the submitter */
  teams: { id: string; name: string }[];
  /** existing methods, whose names make a new version; `team` is '' for the submitter's own */
  methods: { name: string; team: string }[];
  typed?: Typed;
}

const DRAFT = 'livecell:draft';

/** `typed` fills the form from an earlier submission, for instance one whose file was rejected. */
export function SubmitForm({ tasks, teams, methods, typed }: Props) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [state, submit, pending] = useActionState<FormState, FormData>(submitPatiently, {});
  const [task, setTask] = useState(typed?.task ?? tasks[0].id);
  const [busy, setBusy] = useState<readonly string[]>([]);
  const [team, setTeam] = useState(typed?.team ?? '');
  const [dataset, setDataset] = useState(typed?.dataset);
  const uploading = busy.length > 0;
  const [afterUpload, setAfterUpload] = useState(false);
  const chosen = tasks.find(({ id }) => id === task) ?? tasks[0];
  const { errors = {} } = state;
  // a submission to several data sets counts unless all of them are demos
  const demo = chosen.outside
    ? chosen.datasets.every(({ demo }) => demo)
    : (chosen.datasets.find(({ name }) => name === dataset) ?? chosen.datasets[0]).demo;

  // restore the draft after a reload
  useEffect(() => {
    if (!typed) restore(form.current!);
  }, [typed]);

  useEffect(() => {
    if (!state.done) return;
    for (const slot of ['', ...tasks.flatMap(({ slots }) => slots.map(({ id }) => id))]) forget(slot);
    localStorage.removeItem(DRAFT);
    router.push(`/submissions/${state.made}`);
  }, [state, router, tasks]);

  // Move the focus to the first field with an error.
  useEffect(() => {
    if (state.errors) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [state]);

  const onBusy = useCallback(
    (is: boolean, name: string) =>
      setBusy((names) =>
        is === names.includes(name) ? names : is ? [...names, name] : names.filter((n) => n !== name),
      ),
    [],
  );
  useEffect(() => {
    if (!afterUpload || uploading) return;
    setAfterUpload(false);
    form.current?.requestSubmit();
  }, [afterUpload, uploading]);

  return (
    <form
      ref={form}
      noValidate
      onInput={(event) => keepTyped(event.currentTarget)}
      onSubmit={(event) => {
        // Not `action={…}`: React would empty the form after an error.
        event.preventDefault();
        if (uploading) {
          setAfterUpload(true);
          return;
        }
        const data = new FormData(event.currentTarget);
        void withTimes(data).then((whole) => startTransition(() => submit(whole)));
      }}
    >
      {state.message && (
        <p className="alert" data-kind="bad" role="alert">
          {state.message}
        </p>
      )}
      <fieldset>
        <legend>File</legend>
        <Field
          name="task"
          label="Task"
          hint={<Link href={`/tasks/${task}`}>What the task asks, and the files it takes</Link>}
          errors={errors}
        >
          {(field) => (
            <select
              {...field}
              defaultValue={task}
              onChange={(event) => {
                setTask(event.target.value);
                setDataset(undefined);
              }}
            >
              {tasks.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {(!chosen.outside || chosen.datasets.length === 1) && (
          <Field name="dataset" label="Data set" errors={errors}>
            {(field) => (
              <select
                {...field}
                key={task}
                defaultValue={typed?.dataset}
                onChange={(event) => setDataset(event.target.value)}
              >
                {chosen.datasets.map(({ name, label }) => (
                  <option key={name} value={name}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <TaskRules name={chosen.name} rules={chosen.rules} demo={demo} />
        {chosen.rules.open && <Files key={task} task={chosen} errors={errors} onBusy={onBusy} typed={typed} />}
        <label className="check">
          <input type="checkbox" name="anyCategory" defaultChecked={typed?.anyCategory} />
          <span>
            Count detections of every category as cells. LIVECell’s only category is 1; without this, detections of
            others are left out, as in the reference.
          </span>
        </label>
      </fieldset>

      <fieldset>
        <legend>Method</legend>
        {teams.length > 0 && (
          <Field
            name="team"
            label="Submitted for"
            hint="A team’s submission belongs to the team: every member sees it and may publish or withdraw it."
            errors={errors}
          >
            {(field) => (
              <select {...field} defaultValue={typed?.team} onChange={(event) => setTeam(event.target.value)}>
                <option value="">yourself</option>
                {teams.map(({ id, name }) => (
                  <option key={id} value={id}>
                    the team {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field
          name="method"
          label="Method name"
          hint="As it will appear on the leaderboard. A name you have used before makes this the method’s next version."
          errors={errors}
        >
          {(field) => (
            <>
              <input
                {...field}
                defaultValue={typed?.method}
                required
                maxLength={120}
                autoComplete="off"
                list="methods"
              />
              <datalist id="methods">
                {methods
                  .filter((method) => method.team === team)
                  .map(({ name }) => (
                    <option key={name} value={name} />
                  ))}
              </datalist>
            </>
          )}
        </Field>
        <Field
          name="description"
          label="Description"
          hint="Architecture, resolution, thresholds, test-time augmentation: what a reader needs to understand the number."
          errors={errors}
        >
          {(field) => <textarea {...field} defaultValue={typed?.description} maxLength={5000} rows={4} />}
        </Field>
        <Field name="paperUrl" label="Link to the paper" errors={errors}>
          {(field) => (
            <input {...field} type="url" inputMode="url" defaultValue={typed?.paperUrl} placeholder="https://" />
          )}
        </Field>
        <Field name="codeUrl" label="Link to the code" errors={errors}>
          {(field) => (
            <input {...field} type="url" inputMode="url" defaultValue={typed?.codeUrl} placeholder="https://" />
          )}
        </Field>
        <Field
          name="trainingData"
          label="Trained on"
          hint="For example “LIVECell train and val; backbone from ImageNet”."
          errors={errors}
        >
          {(field) => <input {...field} defaultValue={typed?.trainingData} maxLength={1000} />}
        </Field>
        <Field
          name="exposure"
          label="What the model had seen of LIVECell"
          hint="Most generalist models were trained on LIVECell’s training images: their papers say so. The leaderboard can be filtered by this answer."
          errors={errors}
        >
          {(field) => (
            <select {...field} defaultValue={typed?.exposure ?? ''}>
              <option value="">not declared</option>
              {EXPOSURES.map((exposure) => (
                <option key={exposure} value={exposure}>
                  {EXPOSURE_NAMES[exposure]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <label className="check">
          <input type="checkbox" name="testImagesSeen" defaultChecked={typed?.testImagesSeen} />
          <span>The model has seen test images in training or tuning. The entry will say so.</span>
        </label>
      </fieldset>

      {chosen.timed && (
        <fieldset>
          <legend>Time per image</legend>
          <Field
            name="times"
            label="Times"
            hint={
              <>
                Optional: CSV with the header <code>image,seconds</code> and a line per image. The entry then shows time
                against cells per image. <Link href="/docs/formats#times">Format</Link>
              </>
            }
            errors={errors}
          >
            {(field) => <input {...field} type="file" accept=".csv,.tsv,.txt,text/csv" />}
          </Field>
          <Field
            name="hardware"
            label="Measured on"
            hint="For example “1 × A100, batch size 1, without loading the image”. Needed with times."
            errors={errors}
          >
            {(field) => <input {...field} defaultValue={typed?.hardware} maxLength={200} autoComplete="off" />}
          </Field>
        </fieldset>
      )}

      <fieldset>
        <legend>Publication</legend>
        <label className="check">
          <input type="checkbox" name="publish" defaultChecked={typed?.publish} />
          <span>
            Ask to publish when scored. Otherwise only you and the maintainers see the result, and you can ask later.
          </span>
        </label>
        <label className="check">
          <input type="checkbox" name="anonymous" defaultChecked={typed?.anonymous} />
          <span>
            Anonymous: the entry is public as “Anonymous entry” and a number, without its name, people, links and
            descriptions. You can give reviewers a secret link, and reveal it whenever you want.
          </span>
        </label>
        <Field
          name="anonymousUntil"
          label="Anonymous until"
          hint="The entry reveals its name on this day at midnight UTC. Leave empty to reveal it yourself."
          errors={errors}
        >
          {(field) => <input {...field} type="date" defaultValue={typed?.anonymousUntil} />}
        </Field>
      </fieldset>

      <fieldset>
        <legend>Your predictions</legend>
        <SharingFields errors={errors} chosen={typed} />
      </fieldset>

      <div className="cluster">
        <button
          type="submit"
          className="button-primary"
          disabled={pending || Boolean(state.done) || !chosen.rules.open}
        >
          {pending ? 'Submitting …' : 'Submit for scoring'}
        </button>
        {afterUpload && (
          <>
            <span role="status">Will be submitted as soon as the file is uploaded.</span>
            <button type="button" className="button-quiet" onClick={() => setAfterUpload(false)}>
              Not yet
            </button>
          </>
        )}
      </div>
    </form>
  );
}

/** The upload fields: one file, or for a task with several slots an archive or a file per slot. */
function Files({
  task,
  errors,
  onBusy,
  typed,
}: {
  task: TaskChoice;
  errors: Record<string, string>;
  onBusy: (busy: boolean, name: string) => void;
  typed?: Typed;
}) {
  const { slots, least, takesThreshold, memberEnding, also, outside } = task;
  const [offered, setOffered] = useState<ReadonlyMap<string, { file: File }>>(new Map());
  const [filled, setFilled] = useState<readonly string[]>([]);
  const onFilled = useCallback((is: boolean, slot: string) => {
    const name = slot || 'all';
    setFilled((names) =>
      is === names.includes(name) ? names : is ? [...names, name] : names.filter((n) => n !== name),
    );
  }, []);
  // when a field disappears, its upload no longer counts as busy
  useEffect(
    () => () => {
      for (const name of ['upload', ...slots.map(({ id }) => `upload.${id}`)]) onBusy(false, name);
    },
    [slots, onBusy],
  );
  if (slots.length < 2)
    return (
      <UploadField
        name="upload"
        task={task.id}
        purpose={task.purpose}
        maxBytes={task.rules.maxBytes}
        error={errors.upload}
        onBusy={onBusy}
      />
    );
  let needed = 'one or more';
  if (least === slots.length) needed = 'all of them';
  else if (least > 1) needed = `${least} or more`;
  return (
    <>
      {takesThreshold && (
        <Field
          name="scoreThreshold"
          label="Score threshold"
          hint="Only for files of predictions: detections with at least this score are counted. Leave it empty for counts per image."
          errors={errors}
        >
          {(field) => <input {...field} inputMode="decimal" autoComplete="off" defaultValue={typed?.scoreThreshold} />}
        </Field>
      )}
      <DropZone
        slots={slots}
        least={least}
        filled={filled}
        onFiles={(files) => setOffered(new Map([...files].map(([slot, file]) => [slot, { file }])))}
      />
      <UploadField
        name="upload"
        offered={offered.get('all')}
        onFilled={onFilled}
        label="One archive with all files"
        hint={`A .zip whose files are named by ${outside ? 'data set' : 'slot'}: ${slots.map(({ id }) => id).join(', ')} (${needed}), such as ${slots[0].id}.${memberEnding}. Or a file per ${outside ? 'data set' : 'slot'} below.`}
        task={task.id}
        purpose={task.purpose}
        maxBytes={task.rules.maxBytes}
        error={errors.upload}
        onBusy={onBusy}
      />
      {slots.map(({ id, label }) => (
        <UploadField
          key={id}
          name={`upload.${id}`}
          slot={id}
          offered={offered.get(id)}
          onFilled={onFilled}
          label={label}
          hint={false}
          task={task.id}
          purpose={task.purpose}
          maxBytes={task.rules.maxBytes}
          error={errors[`upload.${id}`]}
          onBusy={onBusy}
        />
      ))}
      {also.map(({ id, name }) => (
        <label key={id} className="check">
          <input type="checkbox" name="also" value={id} />
          <span>Submit the same files to “{name}” as well.</span>
        </label>
      ))}
    </>
  );
}

/** Waits between the attempts to submit, in milliseconds: a site that restarts is back within seconds. */
const RETRY_AFTER = [1000, 2000, 4000, 8000];

/**
 * Submit, and try again if the answer does not arrive. The site knows the uploads of a form, so repeating it never
 * submits or charges twice.
 */
async function submitPatiently(previous: FormState, form: FormData): Promise<FormState> {
  for (const wait of RETRY_AFTER) {
    try {
      return await submitForm(previous, form);
    } catch (error) {
      if (isUnknownAction(error))
        return { message: 'The site was updated meanwhile. Reload this page, then submit; what you typed is kept.' };
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  try {
    return await submitForm(previous, form);
  } catch {
    return {
      message:
        'The site does not answer at the moment. What you typed and uploaded is kept: submit again in a while. It will not be submitted twice.',
    };
  }
}

/**
 * Put the text of the table of times in place of its file. Of a file that is too large, one character more than the
 * site takes: it says so beside the field.
 */
async function withTimes(form: FormData): Promise<FormData> {
  const file = form.get('times');
  if (!(file instanceof File)) return form;
  form.delete('times');
  if (file.size > 0) form.set('times', (await file.text()).slice(0, MOST_TIMES + 1));
  return form;
}

function keepTyped(form: HTMLFormElement) {
  const values = [...new FormData(form)].filter(
    ([name, value]) => typeof value === 'string' && !/^upload(\.|$)/.test(name),
  );
  try {
    localStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(values)));
  } catch {
    // Storage is switched off in this browser; the form works without a draft.
  }
}

function restore(form: HTMLFormElement) {
  let draft: Record<string, string> = {};
  try {
    draft = JSON.parse(localStorage.getItem(DRAFT) ?? '{}');
  } catch {
    return;
  }
  for (const element of form.elements) {
    const value = 'name' in element ? draft[element.name as string] : undefined;
    if (value === undefined) continue;
    if (element instanceof HTMLInputElement && element.type === 'checkbox') element.checked = true;
    else if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.value = value;
    else if (element instanceof HTMLSelectElement && [...element.options].some((option) => option.value === value)) {
      element.value = value;
      element.dispatchEvent(new Event('change', { bubbles: true })); // the list of files follows the task
    }
  }
}

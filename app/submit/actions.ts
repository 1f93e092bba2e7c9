'use server';

import { z } from 'zod';
import { action, InvalidFields } from '#app/_server/http.ts';
import { submit } from '#app/_server/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { newSubmissionSchema } from '#lib/http/api.ts';
import { methodNameSchema } from '#lib/http/fields.ts';

const { task, dataset, team, description, paperUrl, codeUrl, trainingData, exposure, licence, anonymousUntil } =
  newSubmissionSchema.shape;
const ticked = z
  .string()
  .optional()
  .transform((value) => value !== undefined);

/** Uploads by slot, for tasks with several slots. */
const PER_SLOT = 'per-slot';

const fieldsSchema = z
  .object({
    task,
    dataset,
    team,
    method: methodNameSchema,
    description,
    paperUrl,
    codeUrl,
    trainingData,
    exposure,
    licence,
    cellsShown: ticked,
    filesShared: ticked,
    testImagesSeen: ticked,
    anyCategory: ticked,
    publish: ticked,
    anonymous: ticked,
    anonymousUntil,
    also: z.string().optional(),
    scoreThreshold: z
      .string()
      .trim()
      .refine((text) => Number.isFinite(Number(text)), 'A number, such as 0.5')
      .transform((text) => (text === '' ? undefined : Number(text)))
      .optional(),
    /** the text of the table of times, which the form reads */
    times: z.string().optional(),
    hardware: z.string().optional(),
    /** the only file, or an archive with a file per slot */
    upload: z.string('Choose a predictions file and wait until it is uploaded.').min(1),
  })
  // and `upload.<slot>` for each slot's own file
  .catchall(z.string());

const formSchema = z.preprocess((values) => {
  const given = values as Record<string, string>;
  return Object.keys(given).some((name) => name.startsWith('upload.')) ? { upload: PER_SLOT, ...given } : given;
}, fieldsSchema);

/** @throws InvalidFields named as the fields of the form */
function parseTimes(given: { csv: string; hardware?: string }) {
  const parsed = newSubmissionSchema.shape.times.unwrap().safeParse({ ...given, hardware: given.hardware ?? '' });
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => [path[0] === 'csv' ? 'times' : 'hardware', message]);
  throw new InvalidFields(Object.fromEntries(wrong));
}

/** On success `made` is the submission's id: the form clears what the browser kept, and goes there. */
export const submitForm = action(
  formSchema,
  async (form, viewer) => {
    const { publish, upload, also, scoreThreshold, times: csv, hardware, ...rest } = form;
    const bySlot = Object.entries(form).flatMap(([name, value]) =>
      name.startsWith('upload.') && value
        ? [{ slot: name.slice('upload.'.length), upload: String(value), scoreThreshold }]
        : [],
    );
    const files = upload === PER_SLOT ? bySlot : [{ slot: 'all', upload, scoreThreshold }];
    if (upload !== PER_SLOT && bySlot.length > 0)
      throw new AppError('invalid', 'There are an archive and files for slots: discard one or the other.');
    if (!csv && hardware?.trim())
      throw new InvalidFields({ times: 'Choose the table of times, or leave out what it was measured on.' });
    const times = csv ? parseTimes({ csv, hardware }) : undefined;
    try {
      const visibility = publish ? 'pending' : 'private';
      const { id } = await submit(viewer, { ...rest, times, files, visibility, also: also ? [also] : [] });
      return { done: true, made: id };
    } catch (error) {
      if (!(error instanceof InvalidFields)) throw error;
      // show a message beside the file it is about, or above the form if it is about all of them
      const fields = Object.entries(error.fields).map(([name, message]) => {
        const slot = files[Number(/^files\.(\d+)/.exec(name)?.[1] ?? Number.NaN)]?.slot;
        const upload = slot && slot !== 'all' ? `upload.${slot}` : 'upload';
        return [/^files/.test(name) ? upload : name.replace(/^times\.csv$/, 'times'), message];
      });
      throw new InvalidFields(Object.fromEntries(fields));
    }
  },
  { limits: ['submissions'] },
);

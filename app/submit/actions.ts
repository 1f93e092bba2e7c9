'use server';

import { z } from 'zod';
import { action, InvalidFields } from '#app/_server/http.ts';
import { submit } from '#app/_server/submissions.ts';
import { newSubmissionSchema } from '#lib/api.ts';

const { task, dataset, method, description, paperUrl, codeUrl, trainingData } = newSubmissionSchema.shape;
const ticked = z
  .string()
  .optional()
  .transform((value) => value !== undefined);

const formSchema = z.object({
  ...{ task, dataset, method, description, paperUrl, codeUrl, trainingData },
  testImagesSeen: ticked,
  publish: ticked,
  upload: z.string('Choose a predictions file and wait until it is uploaded.').min(1),
});

/** On success `made` is the submission's id: the form clears what the browser kept, and goes there. */
export const submitForm = action(formSchema, async ({ publish, upload, ...rest }, viewer) => {
  try {
    const files = [{ slot: 'all', upload }];
    const { id } = await submit(viewer, { ...rest, files, visibility: publish ? 'pending' : 'private' });
    return { done: true, made: id };
  } catch (error) {
    if (!(error instanceof InvalidFields)) throw error;
    // the form has one file, so whatever is wrong with the files is said there
    const fields = Object.entries(error.fields).map(([name, message]) => [
      /^files/.test(name) ? 'upload' : name,
      message,
    ]);
    throw new InvalidFields(Object.fromEntries(fields));
  }
});

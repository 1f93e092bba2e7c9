'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action, InvalidFields } from '#app/_server/http.ts';
import { editMethod, getMethod } from '#db/submissions/methods.ts';
import { AppError } from '#lib/errors.ts';
import { newSubmissionSchema } from '#lib/http/api.ts';
import { methodNameSchema } from '#lib/http/fields.ts';
import { canEditMethod } from '#lib/permissions.ts';

const { description, paperUrl, codeUrl } = newSubmissionSchema.shape;
const words = (most: number) =>
  z
    .string()
    .trim()
    .max(most, `At most ${most.toLocaleString('en')} characters`);

/** An empty field means that nothing is stated. */
const amount = z
  .string()
  .trim()
  .transform((text) => (text === '' ? null : Number(text)))
  .pipe(z.number('A number, such as 44.3').positive('More than 0').max(1e9, 'Not as many').nullable());

const factsSchema = z.object({
  id: z.string(),
  name: methodNameSchema,
  description,
  paperUrl,
  codeUrl,
  authors: words(2000),
  architecture: words(500),
  parameters: amount,
  pretraining: words(1000),
  extraData: words(1000),
  secondsPerImage: amount,
  testImagesSeen: z
    .string()
    .optional()
    .transform((value) => value !== undefined),
});

export const saveMethod = action(factsSchema, async ({ id, paperUrl, codeUrl, ...facts }, who) => {
  const method = await getMethod(id);
  if (!method || !canEditMethod(who, method))
    throw new AppError('not-found', 'There is no such method that you can edit.');
  try {
    await editMethod(id, { ...facts, paperUrl: paperUrl ?? null, codeUrl: codeUrl ?? null }, who.id);
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict') throw new InvalidFields({ name: error.message });
    throw error;
  }
  revalidatePath('/', 'layout');
  return { done: true, message: 'Saved.' };
});

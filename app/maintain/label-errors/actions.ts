'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { mustManageGroundTruth } from '#app/_server/ground-truth.ts';
import { action } from '#app/_server/http.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { decideLabelError } from '#db/datasets/label-errors.ts';
import { db } from '#db/engine/client.ts';
import { enqueueLabelErrors } from '#db/queue/queue.ts';
import { AppError } from '#lib/errors.ts';
import { LABEL_ERROR_STATES } from '#lib/vocabulary.ts';

/** Have a data set's strong entries looked through for suspected label errors. */
export const lookAgain = action(z.object({ dataset: z.string() }), async ({ dataset }, who) => {
  mustManageGroundTruth(who);
  const found = await getDataset(dataset);
  if (!found) throw new AppError('not-found', 'There is no such data set.');
  await enqueueLabelErrors(found.id, db());
  return { done: true, message: 'Asked for. It is done behind everything else in the queue; come back later.' };
});

export const decide = action(
  z.object({
    id: z.string(),
    state: z.enum(LABEL_ERROR_STATES),
    note: z.string().trim().max(500, 'At most 500 characters').default(''),
  }),
  async ({ id, state, note }, who) => {
    mustManageGroundTruth(who);
    await decideLabelError(id, who.id, { state, note });
    revalidatePath('/', 'layout');
    return { done: true };
  },
);

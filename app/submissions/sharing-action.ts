'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { requireAllowed } from '#app/_server/submissions.ts';
import { changeSharing } from '#db/submissions/publication.ts';
import { sharingSchema } from '#lib/http/api.ts';
import { canChangeSharing } from '#lib/permissions.ts';

/** As a browser sends checkboxes: absent if not ticked. */
const formSchema = z.preprocess(
  (form) => {
    const { id: _, ...given } = form as Record<string, string>;
    return {
      id: (form as Record<string, string>).id,
      sharing: { ...given, cellsShown: given.cellsShown !== undefined, filesShared: given.filesShared !== undefined },
    };
  },
  z.object({ id: z.string(), sharing: sharingSchema }),
);

export const chooseSharing = action(formSchema, async ({ id, sharing }, who) => {
  await requireAllowed(who, id, canChangeSharing);
  await changeSharing(id, who.id, sharing);
  revalidatePath('/', 'layout');
  return { done: true };
});

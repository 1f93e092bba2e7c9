'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { markRead } from '#db/notices/notices.ts';

/** `id` is a notice, or `all`. */
export const read = action(
  z.object({ id: z.string().min(1) }),
  async ({ id }, who) => {
    await markRead(who.id, id);
    revalidatePath('/', 'layout'); // the count in the header
    return { done: true };
  },
  { evenSuspended: true },
);

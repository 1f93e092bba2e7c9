'use server';

import { z } from 'zod';
import { decideMachine } from '#app/_server/device-codes.ts';
import { action } from '#app/_server/http.ts';

const decision = z.object({ code: z.string().max(40), allow: z.enum(['yes', 'no']) });

/** Give the machine that shows this code a token, or refuse it. */
export const decideDevice = action(decision, async ({ code, allow }, who) => ({
  done: true,
  made: await decideMachine(code, who.id, allow === 'yes'),
}));

import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { methodBody } from '#app/_server/methods.ts';
import { editMethod, getMethod } from '#db/submissions/methods.ts';
import { AppError } from '#lib/errors.ts';
import { methodChangeSchema } from '#lib/http/people-api.ts';
import { canEditMethod } from '#lib/permissions.ts';

const params = z.object({ id: z.string().max(100) });

export const GET = route({ params }, ({ params, viewer }) => methodBody(viewer, params.id));

/** Change what the owner states; what is left out stays. */
export const PATCH = route(
  { params, body: methodChangeSchema, signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ params, body, viewer }) => {
    const method = await getMethod(params.id);
    if (!method || !canEditMethod(viewer, method))
      throw new AppError('not-found', 'There is no such method that you can edit.');
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    try {
      await editMethod(params.id, given, viewer.id);
    } catch (error) {
      if (error instanceof AppError && error.code === 'conflict') throw new InvalidFields({ name: error.message });
      throw error;
    }
    return methodBody(viewer, params.id);
  },
);

import { z } from 'zod';
import { errataOf } from '#app/_server/errata.ts';
import { route } from '#app/_server/http.ts';

/** Label errors of public ground truth that maintainers confirmed. */
export const GET = route({ params: z.object({ name: z.string() }) }, async ({ params }) => errataOf(params.name));

import { z } from 'zod';
import { sendCells, truthCells } from '#app/_server/cells.ts';
import { route } from '#app/_server/http.ts';
import { imageNumberSchema } from '#lib/http/api.ts';

/** The annotated cells of an image, where the ground truth was registered as public. */
export const GET = route(
  { params: z.object({ name: z.string(), image: imageNumberSchema }) },
  async ({ request, params }) => {
    const { cells, version } = await truthCells(params.name, params.image);
    return sendCells(request, cells, `${version} ${params.image}`);
  },
);

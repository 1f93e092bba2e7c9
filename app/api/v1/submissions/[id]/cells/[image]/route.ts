import { z } from 'zod';
import { entryCells, sendCells } from '#app/_server/cells.ts';
import { route } from '#app/_server/http.ts';
import { imageNumberSchema } from '#lib/http/api.ts';

/** The cells that an entry predicts on an image, to whom its owner shows them. */
export const GET = route(
  { params: z.object({ id: z.string(), image: imageNumberSchema }) },
  async ({ request, params, viewer }) => {
    const { cells, version } = await entryCells(viewer, params.id, params.image);
    return sendCells(request, cells, `${version} ${params.image}`);
  },
);

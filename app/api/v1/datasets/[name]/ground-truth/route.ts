import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { getDatasetByName } from '#db/datasets/datasets.ts';
import { AppError } from '#lib/errors.ts';
import { storage } from '#lib/storage.ts';

/** Return ground truth that was registered as public, packed as scoring reads it (`lib/coco/dataset.ts`). */
export const GET = route(
  { params: z.object({ name: z.string() }), query: z.object({ format: z.literal('packed').optional() }) },
  async ({ request, params: { name } }) => {
    const dataset = await getDatasetByName(name);
    // answer alike for hidden ground truth and for none
    if (!dataset?.public) throw new AppError('not-found', `There is no public ground truth “${name}”.`);
    // browsers must ask again each time, since ground truth may be replaced or become private
    const headers = { 'cache-control': 'private, no-cache', etag: `"${dataset.packKey}"` };
    if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
    const path = await storage().localPath(dataset.packKey);
    const { size } = await stat(path);
    return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream, {
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': String(size) },
    });
  },
);

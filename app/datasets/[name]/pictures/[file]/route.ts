import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { getDatasetByName, getPictures } from '#db/datasets/datasets.ts';
import { readPicture } from '#lib/datasets/pictures.ts';
import { AppError } from '#lib/errors.ts';
import { canSeeOutlines, canSeePictures } from '#lib/permissions.ts';
import { storage } from '#lib/storage.ts';

const TYPES = { png: 'image/png', svg: 'image/svg+xml' } as const;

/** One image of a data set (`<file name>.png`), or the outlines of its cells (`<file name>.svg`), where they are public. */
export const GET = route(
  { params: z.object({ name: z.string(), file: z.string().regex(/\.(png|svg)$/) }) },
  async ({ request, params: { name, file } }) => {
    const dataset = await getDatasetByName(name);
    const pictures = dataset && (await getPictures(dataset.id));
    const kind = file.endsWith('.svg') ? 'svg' : 'png';
    const may =
      pictures &&
      (kind === 'png'
        ? canSeePictures(pictures)
        : canSeeOutlines(dataset, pictures) && pictures.groundTruthSha256 === dataset.sha256);
    // answer alike for a missing and a hidden picture
    const nothing = new AppError('not-found', `There is no public picture “${file}” of “${name}”.`);
    if (!may) throw nothing;
    const headers = {
      'content-type': TYPES[kind],
      // browsers must ask again each time, since pictures may become private
      'cache-control': 'private, no-cache',
      etag: `"${pictures.packKey}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    };
    if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
    const bytes = await readPicture(await storage().localPath(pictures.packKey), file);
    if (!bytes) throw nothing;
    return new Response(new Uint8Array(bytes), { headers });
  },
);

import { z } from 'zod';
import { versionOf } from '#app/_server/cells.ts';
import { route } from '#app/_server/http.ts';
import { getDatasetByName, getPictures } from '#db/datasets/datasets.ts';
import { stretchContrast } from '#lib/datasets/contrast.ts';
import { encodeGreyPng } from '#lib/datasets/grey-png.ts';
import { decodePicture, readPicture } from '#lib/datasets/pictures.ts';
import { thumbnailPng } from '#lib/datasets/thumbnail.ts';
import { AppError } from '#lib/errors.ts';
import { canSeeOutlines, canSeePictures } from '#lib/permissions.ts';
import { storage } from '#lib/storage.ts';

const TYPES = { png: 'image/png', svg: 'image/svg+xml' } as const;

/** Width of a thumbnail in pixels, as wide as it is shown. */
const SMALL = 288;

/**
 * One image of a data set (`<file name>.png`), or the outlines of its cells (`<file name>.svg`), where they are public.
 * `?v=` is the version (`versionOf`), `?as=small` a thumbnail `?as=stretched` the whole image, both with more contrast than measured.
 */
export const GET = route(
  {
    params: z.object({ name: z.string(), file: z.string().regex(/\.(png|svg)$/) }),
    query: z.object({ as: z.enum(['small', 'stretched']).optional(), v: z.string().max(40).optional() }),
  },
  async ({ request, params: { name, file }, query: { as, v } }) => {
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
      // an address that names the version never sends anything else; about any other, browsers must ask again each time
      'cache-control': v === versionOf(pictures.packKey) ? 'private, max-age=31536000, immutable' : 'private, no-cache',
      etag: `"${pictures.packKey}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    };
    if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
    const bytes = await readPicture(await storage().localPath(pictures.packKey), file);
    if (!bytes) throw nothing;
    if (kind === 'svg' || !as) return new Response(new Uint8Array(bytes), { headers });
    const shown = keep(`${pictures.packKey} ${file} ${as}`, () => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      // the header of a PNG: width and height behind the signature and the name of the chunk
      const size = { width: view.getUint32(16), height: view.getUint32(20) };
      const pixels = decodePicture(bytes, size);
      return as === 'small' ? thumbnailPng(pixels, size, SMALL) : encodeGreyPng(stretchContrast(pixels), size);
    });
    return new Response(new Uint8Array(shown), { headers });
  },
);

const kept = new Map<string, Uint8Array>();
const MOST_KEPT = 48;

/** Return what was made before, or make and keep it: the examples of a few data sets are asked for again and again. */
function keep(key: string, make: () => Uint8Array): Uint8Array {
  const made = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, made);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return made;
}

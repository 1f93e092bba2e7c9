import { Readable } from 'node:stream';
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { getDatasetByName } from '#db/datasets/datasets.ts';
import { listVariants } from '#db/datasets/variants.ts';
import { remakeVariants } from '#db/submissions/derivations.ts';
import { AppError } from '#lib/errors.ts';
import { TRUTH_VARIANTS } from '#lib/scoring/flat-truth.ts';
import { storage } from '#lib/storage.ts';

/** List the truth variants of public ground truth with their digests, or send one as an archive of label images. */
export const GET = route(
  { params: z.object({ name: z.string() }), query: z.object({ variant: z.enum(TRUTH_VARIANTS).optional() }) },
  async ({ request, params: { name }, query }) => {
    const dataset = await getDatasetByName(name);
    // answer alike for hidden ground truth and for none
    if (!dataset?.public) throw new AppError('not-found', `There is no public ground truth “${name}”.`);
    const variants = await listVariants(dataset);
    if (!query.variant)
      return {
        dataset: name,
        groundTruth: { sha256: dataset.sha256 },
        variants: variants.map(({ storageKey: _, ...variant }) => variant),
      };
    const found = variants.find(({ variant }) => variant === query.variant);
    const size = found && (await storage().size(found.storageKey));
    if (found && size === null) await remakeVariants(found.storageKey);
    if (!found || typeof size !== 'number')
      throw new AppError('not-found', `The label images of “${name}” are not made yet; look again in some minutes.`);
    // browsers must ask again each time, since ground truth may be replaced or become private
    const headers = { 'cache-control': 'private, no-cache', etag: `"${found.sha256}"` };
    if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
    const body = Readable.toWeb(storage().createReadStream(found.storageKey)) as ReadableStream;
    return new Response(body, {
      headers: {
        ...headers,
        'content-type': 'application/zip',
        'content-length': String(size),
        'content-disposition': `attachment; filename="${query.variant}.zip"`,
      },
    });
  },
);

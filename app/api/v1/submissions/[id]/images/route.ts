import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import { imagesOfEntry } from '#db/board/entry-images.ts';
import { imagesToCsv, imagesToParquet } from '#lib/board/image-tables.ts';
import { AppError } from '#lib/errors.ts';
import { entryImagesQuerySchema } from '#lib/http/api.ts';

export const GET = route(
  { params: z.object({ id: z.string() }), query: entryImagesQuerySchema },
  async ({ params, query: { format }, viewer }) => {
    const submission = await findSubmission(viewer, params.id);
    const found = await imagesOfEntry(submission);
    if (typeof found === 'string') throw new AppError('conflict', found);
    const { rows, quality } = found;
    if (format === 'json') return { id: submission.id, dataset: submission.dataset.name, images: rows, quality };
    const [body, type] =
      format === 'csv'
        ? [imagesToCsv(rows), 'text/csv; charset=utf-8']
        : [await imagesToParquet(rows), 'application/vnd.apache.parquet'];
    return new Response(body, {
      headers: {
        'content-type': type,
        'content-disposition': `attachment; filename="${submission.id}-images.${format}"`,
        'cache-control': 'no-store',
      },
    });
  },
);

import { z } from 'zod';
import { entryOutcomes } from '#app/_server/cells.ts';
import { route } from '#app/_server/http.ts';
import { cellsToCsv, cellsToParquet } from '#lib/board/cell-tables.ts';
import { entryCellTableQuerySchema } from '#lib/http/api.ts';

/** What became of every annotated cell, or of every detection, of an entry. */
export const GET = route(
  { params: z.object({ id: z.string() }), query: entryCellTableQuerySchema, limit: 'exports' },
  async ({ params: { id }, query: { table, format }, viewer }) => {
    const outcomes = await entryOutcomes(viewer, id);
    const [body, type]: [BodyInit, string] =
      format === 'csv'
        ? [textStream(cellsToCsv(outcomes, table)), 'text/csv; charset=utf-8']
        : [await cellsToParquet(outcomes, table), 'application/vnd.apache.parquet'];
    return new Response(body, {
      headers: {
        'content-type': type,
        'content-disposition': `attachment; filename="${id.replace(/[^\w-]/g, '')}-${table}.${format}"`,
        'cache-control': 'no-store',
      },
    });
  },
);

/** Send pieces as they are asked for, so that a full-size table is never in memory at once. */
function textStream(pieces: Generator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}

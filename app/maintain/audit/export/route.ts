import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { readAudit } from '#db/audit.ts';
import { AUDIT_CSV_HEADER, auditCsvRow, auditJsonLine } from '#lib/audit-export.ts';
import { AppError } from '#lib/errors.ts';
import { canReadAudit } from '#lib/permissions.ts';
import { parseFilter } from '../filter.ts';

/** Export the events that match the page's filter, from all pages, oldest first. */
export const GET = route(
  { query: z.looseObject({ format: z.enum(['csv', 'jsonl']).default('csv') }), limit: 'exports' },
  async ({ query: { format, ...params }, viewer }) => {
    // like the page, do not reveal to strangers that there is a log
    if (!canReadAudit(viewer)) throw new AppError('not-found', 'There is nothing at this address.');
    const filter = parseFilter(params as Record<string, string>);
    const pages = readAudit(filter);
    const encoder = new TextEncoder();
    let begun = false;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (!begun && format === 'csv') controller.enqueue(encoder.encode(AUDIT_CSV_HEADER));
        begun = true;
        const { value, done } = await pages.next();
        if (done) return controller.close();
        controller.enqueue(encoder.encode(value.map(format === 'csv' ? auditCsvRow : auditJsonLine).join('')));
      },
      async cancel() {
        await pages.return(undefined);
      },
    });
    return new Response(body, {
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
        'content-disposition': `attachment; filename="audit-log.${format}"`,
        'cache-control': 'no-store',
      },
    });
  },
);

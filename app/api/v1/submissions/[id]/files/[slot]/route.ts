import { Readable } from 'node:stream';
import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { canDownloadFiles } from '#lib/permissions.ts';
import { storage } from '#lib/storage.ts';
import { LICENCE_URLS } from '#lib/vocabulary.ts';

/** Endings of files that are sent in; names of files may name people, so nothing else of them is told. */
const ENDING = /(?:\.json|\.csv|\.zip)?(?:\.gz)?$/i;

/** Send a prediction file as it was uploaded, to whom its owner allows it, with its digest and licence. */
export const GET = route(
  { params: z.object({ id: z.string(), slot: z.string().max(200) }), limit: 'exports' },
  async ({ params, viewer }) => {
    const submission = await findSubmission(viewer, params.id);
    const file = submission.files.find(({ slot }) => slot === params.slot);
    // answer alike for a file that is not shared and for none
    if (!file || !canDownloadFiles(viewer, submission))
      throw new AppError('not-found', 'The owner of this entry does not offer such a file.');
    const size = await storage().size(file.storageKey);
    if (size === null) throw new AppError('not-found', 'The owner of this entry does not offer such a file.');
    const { licence } = submission;
    const name = `${submission.id}-${file.slot.replace(/[^A-Za-z0-9._-]+/g, '-')}${ENDING.exec(file.fileName)?.[0] ?? ''}`;
    return new Response(Readable.toWeb(storage().createReadStream(file.storageKey)) as ReadableStream, {
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'content-disposition': `attachment; filename="${name}"`,
        // RFC 9530
        'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
        ...(licence && { link: `<${LICENCE_URLS[licence]}>; rel="license"` }),
        'cache-control': 'private, no-store',
        'x-content-type-options': 'nosniff',
      },
    });
  },
);

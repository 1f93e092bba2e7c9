import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { standingInWords, standings } from '#app/_server/standing.ts';
import { findPublished } from '#app/_server/submissions.ts';
import { badge } from '#lib/badge.ts';

/** A badge for a README with the entry's result on its board. Only for published entries, the same for everybody. */
export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params }) => {
  const { entry, dataset } = await findPublished(params.id);
  const words = standingInWords(entry.task, (await standings(entry.task, dataset.name)).get(entry.id));
  return new Response(badge(words, `${entry.method}: ${words}`), {
    headers: {
      'content-type': 'image/svg+xml; charset=utf-8',
      'cache-control': 'public, max-age=300',
      // only an image, even when opened by itself
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
    },
  });
});

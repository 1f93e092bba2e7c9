import { route } from '#app/_server/http.ts';
import { publishedKeys } from '#lib/receipt-keys.ts';

/** Publish the keys that sign receipts. Pages of other sites may read them, so that anyone can check a receipt. */
export const GET = route({}, async () =>
  Response.json(
    { keys: await publishedKeys() },
    { headers: { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' } },
  ),
);

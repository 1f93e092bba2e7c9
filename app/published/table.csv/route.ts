import { route } from '#app/_server/http.ts';
import { readPublishedNumbers } from '#db/datasets/ledger.ts';

/** The ledger of published numbers as a table, with what maintainers added. */
export const GET = route(
  {},
  async () =>
    new Response(await readPublishedNumbers(), {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="livecell-published-numbers.csv"',
      },
    }),
);

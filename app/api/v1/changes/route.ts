import { route } from '#app/_server/http.ts';
import { linkToNext, pageOf } from '#app/_server/paging.ts';
import { listScoreChanges } from '#db/board/change-log.ts';
import { changesToCsv } from '#lib/board/changes-csv.ts';
import { changeLogQuerySchema } from '#lib/http/api.ts';

export const GET = route({ query: changeLogQuerySchema }, async ({ request, query }) => {
  const all = await listScoreChanges();
  if (query.format === 'csv')
    return new Response(changesToCsv(all), {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="livecell-scores-ever-shown.csv"',
        'cache-control': 'no-store',
      },
    });
  const { items, next } = pageOf(all, query);
  const changes = items.map(({ at, evaluatorVersion, groundTruthSha256, numbers, ...line }) => ({
    ...line,
    at: at.toISOString(),
    evaluator: evaluatorVersion,
    groundTruth: groundTruthSha256,
    numbers: numbers.map(({ key, before, after }) => ({ key, before, after })),
  }));
  return Response.json({ changes, next }, { headers: { 'cache-control': 'no-store', ...linkToNext(request, next) } });
});

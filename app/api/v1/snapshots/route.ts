import { route } from '#app/_server/http.ts';
import { linkToNext } from '#app/_server/paging.ts';
import { listSnapshots } from '#db/board/snapshots.ts';
import { snapshotListQuerySchema } from '#lib/http/api.ts';

export const GET = route({ query: snapshotListQuerySchema }, async ({ request, query }) => {
  const { limit, ...filter } = query;
  const lines = await listSnapshots({ ...filter, limit: limit + 1 });
  const next = lines.length > limit ? lines[limit - 1].id : null;
  const snapshots = lines.slice(0, limit).map(({ takenAt, confirmedAt, ...line }) => ({
    ...line,
    takenAt: takenAt.toISOString(),
    confirmedAt: confirmedAt.toISOString(),
  }));
  return Response.json({ snapshots, next }, { headers: { 'cache-control': 'no-store', ...linkToNext(request, next) } });
});

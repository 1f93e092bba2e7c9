import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { getSnapshot, snapshotBody } from '#db/board/snapshots.ts';
import { toCsv } from '#lib/board/export.ts';
import { AppError } from '#lib/errors.ts';
import { snapshotQuerySchema } from '#lib/http/api.ts';
import { citationOf } from '#lib/snapshots.ts';
import { parseTask } from '#lib/tasks/index.ts';

export const GET = route(
  { params: z.object({ id: z.string().max(200) }), query: snapshotQuerySchema },
  async ({ params, query, request }) => {
    const snapshot = await getSnapshot(params.id);
    if (!snapshot) throw new AppError('not-found', `There is no snapshot “${params.id}”.`);
    const { id, content } = snapshot;
    const task = parseTask(snapshot.task);
    const site = siteOf(request);
    const about = { task: task?.name ?? snapshot.task, dataset: snapshot.dataset, site };
    const citation = citationOf(snapshot, about);
    if (query.format === 'bibtex') return file(citation.bibtex, 'application/x-bibtex; charset=utf-8', `${id}.bib`);
    if (query.format === 'csv') {
      if (!task) throw new AppError('not-found', `The task ${snapshot.task} is no longer here.`);
      const { protocol, dataset } = content;
      const [first, ...others] = content.boards.map(({ evaluation, rows }) =>
        toCsv(rows, { task, dataset: dataset.name, protocol, evaluation, cellType: null, site }),
      );
      // one header for all boards of the snapshot
      const lines = others.map((csv) => csv.slice(csv.indexOf('\r\n') + 2));
      return file([first, ...lines].join(''), 'text/csv; charset=utf-8', `${id}.csv`);
    }
    return snapshotBody(snapshot, citation);
  },
);

function file(text: string, type: string, name: string): Response {
  return new Response(text, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}

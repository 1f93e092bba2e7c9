import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { findPublished } from '#app/_server/submissions.ts';
import { boardAnswer } from '#db/board/answer.ts';
import type { BoardRow } from '#db/board/board.ts';
import { type ExportView, toBibtex, toCsv } from '#lib/board/export.ts';
import { toEvalResults, toLatex, toParquet } from '#lib/board/tables.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { entryTableQuerySchema } from '#lib/http/api.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { parseTask } from '#lib/tasks/index.ts';

/** The row of a published entry on its board, as a file in the formats of boards, and for a model's repository. */
export const GET = route(
  { params: z.object({ id: z.string().max(100) }), query: entryTableQuerySchema },
  async ({ params, query, request }) => {
    const { entry, dataset } = await findPublished(params.id);
    const task = parseTask(entry.task);
    if (!task) throw new AppError('not-found', `The task ${entry.task} is no longer here.`);
    const { format, ...asked } = query;
    const protocol = task.kind.protocols.includes(asked.protocol) ? asked.protocol : PRIMARY_PROTOCOL;
    const find = async (evaluation: 'segm' | 'bbox'): Promise<BoardRow | undefined> => {
      const board = { task: task.id, dataset: dataset.name, protocol, evaluation, sort: headlineColumn(task) };
      return (await boardAnswer(board)).rows.find(
        ({ id, values }) => id === entry.id && values[task.headline] !== null,
      );
    };
    // masks, or boxes where the entry has no masks
    const evaluation = asked.evaluation ?? ((await find('segm')) ? 'segm' : 'bbox');
    const row = await find(evaluation);
    if (!row)
      throw new AppError(
        'conflict',
        'This entry is on no board of this kind: another version of its method may be shown.',
      );
    const view: ExportView = {
      task,
      dataset: dataset.name,
      protocol,
      evaluation,
      cellType: null,
      site: siteOf(request),
    };
    const name = `${entry.id}-${protocol}-${evaluation}`;
    const file = (body: BodyInit, type: string, ending: string) =>
      new Response(body, {
        headers: {
          'content-type': type,
          'content-disposition': `attachment; filename="${name}.${ending}"`,
          'cache-control': 'no-store',
        },
      });
    if (format === 'bibtex') return file(toBibtex([row], view), 'application/x-bibtex; charset=utf-8', 'bib');
    if (format === 'latex') return file(toLatex([row], view), 'text/x-tex; charset=utf-8', 'tex');
    if (format === 'parquet') return file(await toParquet([row], view), 'application/vnd.apache.parquet', 'parquet');
    if (format === 'eval-results') return file(toEvalResults(row, view), 'application/yaml; charset=utf-8', 'yaml');
    return file(toCsv([row], view), 'text/csv; charset=utf-8', 'csv');
  },
);

import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { loadSlices, slicedTask } from '#app/_server/slices.ts';
import { parseSliceQuery } from '#lib/board/slices.ts';
import { guardFormula, quoteField } from '#lib/csv.ts';
import { AppError } from '#lib/errors.ts';
import { sliceQuerySchema } from '#lib/http/api.ts';
import { MOST_DIMENSIONS, SLICE_DIMENSIONS } from '#lib/scoring/slice-table.ts';

export const GET = route(
  { params: z.object({ task: z.string() }), query: sliceQuerySchema },
  async ({ params, query: asked }) => {
    const task = slicedTask(params.task);
    const query = parseSliceQuery(asked);
    const given = SLICE_DIMENSIONS.filter((dimension) => asked[dimension] !== undefined);
    if (given.length > MOST_DIMENSIONS)
      throw new InvalidFields({
        [given[2]]: `At most ${MOST_DIMENSIONS} dimensions can be combined: ${given.join(', ')}.`,
      });
    for (const dimension of given)
      if (query.choice[dimension] === undefined)
        throw new InvalidFields({ [dimension]: `“${asked[dimension]}” is no value of ${dimension}.` });
    const board = await loadSlices(task, asked.dataset, query);
    if (!board) throw new AppError('not-found', `No ground truth is registered for ${task.name}.`);
    const { values, columns, rows, without } = board;
    if (asked.format === 'json')
      return {
        task: task.id,
        dataset: board.dataset,
        ...query,
        values: {
          ...values,
          density: board.truthIsPublic ? values.density : values.density.map(({ value }) => ({ value })),
        },
        columns: columns.map(({ value, name }) => ({ value, name })),
        rows,
        without,
      };
    const lines = [
      [
        'rank',
        'id',
        'method',
        query.metric,
        'images',
        'objects',
        ...columns.map(({ name }) => `${query.metric} ${name}`),
      ],
      ...rows.map(({ rank, id, method, value, images, objects, columns }) => [
        ...[rank, id, guardFormula(method), value, images, objects],
        ...columns,
      ]),
    ].map((row) => row.map((field) => quoteField(field ?? '')).join(','));
    return new Response(`${lines.join('\r\n')}\r\n`, {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${task.id}-slices.csv"`,
        'cache-control': 'no-store',
      },
    });
  },
);

/** A board as programs are told it: what the API answers, what snapshots keep and what exports write. */
import { db, type Tx } from '#db/engine/client.ts';
import type { Dataset } from '#db/schema.ts';
import { bestFirst } from '#lib/board/ranking.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { type BoardQuery, getLeaderboard } from './board.ts';

/** Return a board with everything that is said about it, its rows not yet cut into pages. */
export async function boardAnswer(query: BoardQuery & Required<Pick<BoardQuery, 'sort'>>, tx: Tx = db()) {
  const { task, protocol, evaluation, cellType = null, sort } = query;
  const direction = query.direction ?? bestFirst(sort);
  const { dataset, rows, comparison } = await getLeaderboard({ ...query, direction }, tx);
  return {
    dataset,
    rows,
    answer: {
      task,
      dataset: dataset && datasetTold(dataset),
      protocol,
      evaluation,
      cellType,
      sort: typeof sort === 'object' ? sort.key : sort,
      direction,
      resolution: comparison?.resolution ?? null,
      verdict: comparison?.verdict ?? null,
    },
  };
}

/** Say what everybody may know of a data set. */
export function datasetTold(dataset: Dataset) {
  const { name, sha256, images, demo, part } = dataset;
  return { name, sha256, images, objects: objectsTold(dataset), demo, ...(part && { part }) };
}

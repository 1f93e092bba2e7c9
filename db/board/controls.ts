/** Controls beside a board: predictions made from its ground truth. */
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Tx } from '#db/engine/client.ts';
import { type Dataset, truthDerivations } from '#db/schema.ts';
import { type BoardValues, readsOneType } from '#lib/board/values.ts';
import { boardReference } from '#lib/public-entry.ts';
import { CONTROLS } from '#lib/scoring/controls.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import type { ColumnView } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';
import type { UnrankedRow } from './unranked-row.ts';

type Values = BoardValues['values'] | null;

/** Return a board's controls; none unless its ground truth is public and they are computed. */
export async function listControls(task: Task, dataset: Dataset, view: ColumnView, tx: Tx): Promise<UnrankedRow[]> {
  if (!task.families || !dataset.public) return [];
  const { protocol, evaluation, cellType } = view;
  const slice = (name: string) => sql`c.value #> ${`{${protocol},${evaluation}/${name}}`}::text[]`;
  const [row] = await tx
    .select({
      found: sql<Record<string, [all: Values, type: Values]> | null>`(
        select jsonb_object_agg(c.key, jsonb_build_array(${slice('all')}, ${slice(cellType ?? 'all')}))
        from jsonb_each(${truthDerivations.controls}) as c
      )`,
    })
    .from(truthDerivations)
    .where(
      and(
        eq(truthDerivations.datasetId, dataset.id),
        eq(truthDerivations.groundTruthSha256, dataset.sha256),
        isNotNull(truthDerivations.controls),
      ),
    )
    .orderBy(desc(truthDerivations.createdAt))
    .limit(1);
  const columns = boardColumns(task, cellType);
  return CONTROLS.flatMap(({ id, name, text }): UnrankedRow[] => {
    const values = row?.found?.[id];
    if (!values) return [];
    const [all, type] = values;
    return [
      {
        kind: 'control',
        ...boardReference(`control-${id}`, name),
        runs: null,
        unscored: true,
        values: Object.fromEntries(
          columns.flatMap((column) => {
            const value = (readsOneType(column) ? type : all)?.[column.key];
            return value === undefined ? [] : [[column.key, value]];
          }),
        ),
        intervals: {},
        metrics: {},
        note: text,
      },
    ];
  });
}

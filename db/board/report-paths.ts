/** The only SQL that knows the shape of a stored report. Whole reports are read and validated in `reports.ts`. */
import { type SQL, sql } from 'drizzle-orm';
import { evaluations } from '#db/schema.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { listTasks } from '#lib/tasks/index.ts';

/** The part of the report at a path; SQL null if there is none. */
function reportAt<T>(path: readonly string[]): SQL<T | null> {
  return sql<T | null>`${evaluations.report} #> array(select jsonb_array_elements_text(${JSON.stringify(path)}::text::jsonb))`;
}

/** Whether the predictions had no scores (label images). */
export function isUnscored(): SQL<boolean> {
  return sql<boolean>`coalesce((${evaluations.report} ->> 'unscored')::boolean, false)`;
}

/** `results` without the long lists that only charts need. */
function withoutLists(): SQL {
  const paths = listTasks().flatMap(({ bulky = [] }) => bulky);
  const without = paths.map((path) => sql` #- ${`{${path.join(',')}}`}::text[]`);
  return sql`(${evaluations.report} -> 'results'${sql.join(without)})`;
}

/** `results` without the parts for each cell type: little more than the headline. */
export function leanResults(): SQL<unknown> {
  return sql<unknown>`${withoutLists()}
    #- '{segm,cellTypes}' #- '{bbox,cellTypes}' #- '{segm,matrix}' #- '{bbox,matrix}'
    #- '{segm,fields}' #- '{bbox,fields}' #- '{segm,replicates}' #- '{bbox,replicates}'`;
}

/** `results` without what is neither listed nor compared between entries: little is left of LIVECell-wide's. */
export function comparedResults(): SQL<unknown> {
  const slices = (evaluation: Evaluation) => sql`(
    select jsonb_build_object(
      'overall', jsonb_build_object('AP', o -> 'AP', 'AFNR', o -> 'AFNR', 'AP50', o -> 'AP50', 'apPerIou', o -> 'apPerIou'),
      'cellTypes', coalesce((
        select jsonb_object_agg(type.key, jsonb_build_object('apPerIou', type.value -> 'apPerIou'))
        from jsonb_each(${reportAt(['results', evaluation, 'cellTypes'])}) as type
      ), '{}'::jsonb)
    )
    from (select ${reportAt(['results', evaluation, 'overall'])} as o) as overall where o is not null
  )`;
  return sql<unknown>`case when ${reportAt(['results', 'bbox', 'overall'])} is not null
    then jsonb_strip_nulls(jsonb_build_object('segm', ${slices('segm')}, 'bbox', ${slices('bbox')}))
    else ${withoutLists()} end`;
}

/** What shows whether a run was an attempt at the task: its files, the ground truth, and its series of counts. */
export interface RunFacts {
  files: { detections: number; images: number }[];
  truth: { images: number; objects: number };
  series: { pearson?: number | null; mostLeverage?: number }[];
}

export function runFacts(): SQL<RunFacts> {
  return sql<RunFacts>`jsonb_build_object(
    'files', ${evaluations.report} -> 'predictions',
    'truth', ${evaluations.report} -> 'groundTruth',
    'series', coalesce((
      select jsonb_agg(series.value - 'points' - 'overTime' - 'files')
      from jsonb_each(${reportAt(['results', 'counts'])}) as series
    ), '[]'::jsonb)
  )`;
}

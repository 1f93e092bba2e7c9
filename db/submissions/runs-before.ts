/** How often a submission's person or team had been scored before it. */
import { type SQL, sql } from 'drizzle-orm';
import { datasets, quotaLedger, submissions } from '#db/schema.ts';

/**
 * SQL for the scored runs that a submission's person or team had had on the same task or data set within a year before
 * it was scored, from the quota's ledger, whose lines never change. 0 where nothing is rounded: on public ground truth,
 * and for published entries. Needs `submissions` and `datasets` in the query.
 */
export function runsBefore(): SQL<number> {
  return sql<number>`case when ${datasets.public} or ${submissions.visibility} = 'published' then 0 else (
    select count(*)::int
    from ${quotaLedger} as own join ${quotaLedger} as earlier
      on earlier.kind = 'charged' and earlier.id < own.id and earlier.at > own.at - interval '1 year'
        and (earlier.holder = own.holder or earlier.person = own.person)
      left join ${submissions} as other on other.id = earlier.submission_id
    where own.submission_id = ${submissions.id} and own.kind = 'charged'
      and (earlier.task = own.task or other.dataset_id = ${submissions.datasetId})) end`;
}

/** Which stored files are still needed, and which submissions have to give up theirs (`docs/operations.md`). */
import { and, eq, isNull, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import {
  datasetPictures,
  datasets,
  groundTruthImports,
  groundTruthVersions,
  outcomes,
  submissionFiles,
  submissions,
  truthDerivations,
} from '#db/schema.ts';
import { forgetCells } from './cells.ts';
import { changeSubmission } from './changes.ts';
import { isSharedFile, listFiles } from './submissions.ts';

/** How many days files are kept (`lib/env.ts`). */
export interface KeptDays {
  rejected: number;
  practice: number;
  withdrawn: number;
}

interface Expired {
  id: string;
  reason: string;
}

const olderThan = (days: number) =>
  sql`coalesce(${submissions.finishedAt}, ${submissions.createdAt}) < now() - make_interval(days => ${days})`;

/** Return the submissions whose files have been kept for long enough, with the reason in words. */
export async function listExpired({ rejected, practice }: KeptDays, tx: Tx = db()): Promise<Expired[]> {
  const rows = await tx
    .select({ id: submissions.id, state: submissions.state })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(
      and(
        isNull(submissions.filesDeletedAt),
        // entries that came with the site are scored again with every new evaluator
        eq(submissions.demo, false),
        sql`(${submissions.state} in ('rejected', 'failed') and ${olderThan(rejected)}
          or ${submissions.state} = 'scored' and ${datasets.demo} and ${submissions.visibility} = 'private'
            and ${olderThan(practice)})`,
      ),
    )
    .orderBy(submissions.createdAt);
  return rows.map(({ id, state }) => ({
    id,
    reason:
      state === 'scored' ? `a practice run, kept for ${inDays(practice)}` : `${state}, kept for ${inDays(rejected)}`,
  }));
}

const inDays = (days: number) => `${days} day${days === 1 ? '' : 's'}`;

/**
 * Let a submission give up its files. Return the keys of those that no other submission uses, for the caller to delete.
 *
 * @throws AppError `conflict` if they are needed again, or gone already
 */
export async function expireFiles({ id, reason }: Expired, tx: Tx = db()): Promise<string[]> {
  return tx.transaction(async (tx) => {
    await changeSubmission(
      id,
      null,
      {
        allowed: and(
          isNull(submissions.filesDeletedAt),
          sql`(${submissions.state} in ('rejected', 'failed')
            or ${submissions.state} = 'scored' and ${submissions.visibility} = 'private')`,
        ),
        set: { filesDeletedAt: sql`now()` },
        event: (record) => ({ kind: 'files-deleted', ...record, reason }),
        otherwise: 'The files of this submission are needed, or gone already.',
      },
      tx,
    );
    const keys = await forgetCells(id, tx);
    for (const { storageKey } of await listFiles(id, tx))
      if (!(await isSharedFile(storageKey, id, tx))) keys.push(storageKey);
    return keys;
  });
}

/** A file that a row needs; `since`: from when on it has been there, in milliseconds since 1970. */
export interface NeededFile {
  key: string;
  since: number;
}

/** Return every stored file that a row of the database needs, but for uploads that no submission has taken. */
export async function listNeededFiles({ withdrawn }: KeptDays, tx: Tx = db()): Promise<NeededFile[]> {
  return [
    ...(await tx.execute<{ key: string; since: number }>(sql`
      select key, max(extract(epoch from since)) * 1000 as since from (
        select ${datasets.packKey} as key, ${datasets.createdAt} as since from ${datasets}
        union all select ${groundTruthVersions.packKey}, ${groundTruthVersions.createdAt} from ${groundTruthVersions}
          where ${groundTruthVersions.state} <> 'cancelled'
        union all select ${datasetPictures.packKey}, ${datasetPictures.createdAt} from ${datasetPictures}
        union all select file ->> 'storageKey', ${groundTruthImports.createdAt}
          from ${groundTruthImports}, jsonb_array_elements(${groundTruthImports.files}) as file
          where ${groundTruthImports.state} in ('waiting', 'running')
        union all select ${outcomes.storageKey}, ${outcomes.createdAt} from ${outcomes}
        union all select ${outcomes.cellsKey}, ${outcomes.createdAt} from ${outcomes} where ${outcomes.cellsKey} is not null
        union all select file ->> 'storageKey', ${truthDerivations.createdAt}
          from ${truthDerivations}
            join ${datasets} on ${datasets.id} = ${truthDerivations.datasetId} and ${datasets.public}
              and ${datasets.sha256} = ${truthDerivations.groundTruthSha256},
            jsonb_array_elements(${truthDerivations.variants}) as file
          where jsonb_typeof(${truthDerivations.variants}) = 'array'
        union all select ${submissionFiles.storageKey}, ${submissions.createdAt}
          from ${submissionFiles} join ${submissions} on ${submissions.id} = ${submissionFiles.submissionId}
          where ${submissions.filesDeletedAt} is null and ${submissions.state} <> 'withdrawn'
            or ${submissions.state} = 'withdrawn'
              and ${submissions.filesDeletedAt} > now() - make_interval(days => ${withdrawn})
      ) as needed group by key`)),
  ].map(({ key, since }) => ({ key, since: Number(since) }));
}

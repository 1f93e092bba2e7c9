import Link from 'next/link';
import { parseTask } from '#lib/tasks/index.ts';
import { fateInWords, type Tombstone } from '#lib/tombstone.ts';

/** What remains of a formerly public entry, so that links to it still lead somewhere. */
export function TombstoneView({ tombstone, inside }: { tombstone: Tombstone; inside: boolean }) {
  const { id, task, dataset, method, methodId } = tombstone;
  return (
    <div className="page stack">
      <header className="page-head">
        <p className="eyebrow">{parseTask(task)?.name ?? task}</p>
        <h1>{method}</h1>
      </header>
      <div className="alert" data-kind="warn">
        <p>{fateInWords(tombstone)}.</p>
      </div>
      <p>
        This entry was on the leaderboard of {dataset}. Its scores and files are no longer shown here;{' '}
        <Link href={`/snapshots?task=${task}`}>snapshots of the board</Link> keep what was public on their days.
      </p>
      <p className="cluster">
        <Link href={`/leaderboards/${task}?${new URLSearchParams({ dataset })}`}>The leaderboard as it is now</Link>
        {methodId && <Link href={`/methods/${methodId}`}>Other versions of this method</Link>}
        {inside && <Link href={`/submissions/${id}`}>Your view of this submission</Link>}
      </p>
    </div>
  );
}

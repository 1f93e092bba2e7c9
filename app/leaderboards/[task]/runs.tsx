/** How often a method has been run on the test set, shown with every entry on every board. */
import Link from 'next/link';
import type { BoardRow } from '#db/board/board.ts';

export function RunsHead() {
  return (
    <th scope="col" className="num" title="Scored runs of the method on this test set, published or not">
      Runs
    </th>
  );
}

export function Runs({ row }: { row: BoardRow }) {
  return (
    <td className="num" data-metric="runs">
      {row.runs ?? <span className="visually-hidden">not known</span>}
    </td>
  );
}

/** Link to the entry's version of its method; anonymous entries have no link. */
export function VersionLink({ row: { methodId, version } }: { row: BoardRow }) {
  if (!methodId || version === null) return null;
  return <Link href={`/methods/${methodId}`}>Version {version}</Link>;
}

export function RunsNote() {
  return (
    <p className="hint">
      Runs: how many scored submissions the method has had on this test set, also those that were not published or are
      withdrawn. The more there were, the better it may know the test set. One version of each method is shown.
    </p>
  );
}

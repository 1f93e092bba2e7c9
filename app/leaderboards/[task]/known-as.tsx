import { viewer } from '#app/_server/http.ts';
import { lookOf } from '#app/_server/submissions.ts';
import type { BoardRow } from '#db/board/board.ts';
import { entryOf } from '#db/submissions/entries.ts';
import { getSubmission } from '#db/submissions/submissions.ts';

/** Show an anonymous entry's name to its owner, the team and maintainers, and nothing to everybody else. */
export async function KnownAs({ row }: { row: BoardRow }) {
  if (!row.anonymous) return null;
  const [who, submission] = await Promise.all([viewer(), getSubmission(row.id)]);
  if (!submission || lookOf(who, submission) !== 'insider') return null;
  const { method } = entryOf(submission, 'insider');
  return (
    <span className="badge" data-kind="info" title="Others read the number alone">
      You see this name: {method}
    </span>
  );
}

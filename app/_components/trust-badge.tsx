import { LEVEL_WORDS, levelOf, type Verifiable } from '#lib/board/trust-level.ts';
import { day, moment } from '#lib/format.ts';

interface Marked extends Verifiable {
  readonly verifiedAt: Date | null;
  readonly verifiedBy: string | null;
}

/** ✅ for an entry that a maintainer has re-run, with the maintainer's name and the date. */
export function LevelMark({ entry: { verifiedAt, verifiedBy } }: { entry: Marked }) {
  if (!verifiedAt) return null;
  const who = verifiedBy ?? 'a maintainer';
  return (
    <span className="badge" data-kind="good" title={`Re-run by ${who}, ${moment(verifiedAt)}`}>
      <span aria-hidden="true">✅</span> Re-run
      <span className="visually-hidden">
        {' '}
        by {who}, {day(verifiedAt)}
      </span>
    </span>
  );
}

/** The trust level in words: the maintainer who re-ran the entry, the date, and how close the numbers came. */
export function LevelSentence({ entry }: { entry: Marked & { verifiedNote: string | null } }) {
  const { verifiedAt, verifiedBy, verifiedNote } = entry;
  const { name, text } = LEVEL_WORDS[levelOf(entry)];
  if (!verifiedAt)
    return (
      <>
        {name}: {text.charAt(0).toLowerCase() + text.slice(1)}
      </>
    );
  return (
    <>
      <span aria-hidden="true">✅ </span>
      {name} by {verifiedBy ?? 'a maintainer'}, <time dateTime={verifiedAt.toISOString()}>{day(verifiedAt)}</time>
      {verifiedNote && `: ${verifiedNote}`}
    </>
  );
}

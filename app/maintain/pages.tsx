import Link from 'next/link';
import { integer } from '#lib/format.ts';

/** Links to the previous and next page, if there are several. */
export function Pages(props: { page: number; size: number; total: number; href: (page: number) => string }) {
  const { page, size, total, href } = props;
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1 && page === 1) return null;
  return (
    <nav className="board-foot num" aria-label="Pages">
      {page > 1 && (
        <Link rel="prev" href={href(Math.min(page - 1, last))}>
          ← Newer
        </Link>
      )}
      <span className="muted">
        Page {integer(page)} of {integer(last)}, {integer(total)} in all
      </span>
      {page < last && (
        <Link rel="next" href={href(page + 1)}>
          Older →
        </Link>
      )}
    </nav>
  );
}

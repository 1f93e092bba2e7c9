'use client';

import Link from 'next/link';

interface Segment {
  readonly label: string;
  readonly href: string;
  readonly current: boolean;
  readonly title?: string;
}

/** One choice out of a few (or any number of them with `toggles`) as links: each choice is an address. */
export function Segments({ label, items, toggles }: { label: string; items: readonly Segment[]; toggles?: boolean }) {
  return (
    <nav className="segments" aria-label={label}>
      <span className="segments-label" aria-hidden="true">
        {label}
      </span>
      <ul>
        {items.map((item) => (
          <li key={item.label}>
            <Link href={item.href} aria-current={item.current ? 'true' : undefined} title={item.title} scroll={false}>
              {toggles && <span aria-hidden="true">{item.current ? '✓ ' : '+ '}</span>}
              {item.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';

const LINKS = [
  { href: '/leaderboards/livecell-wide', section: '/leaderboards', label: 'Leaderboard' },
  { href: '/tasks', section: '/tasks', label: 'Tasks' },
  { href: '/datasets', section: '/datasets', label: 'Data sets' },
  { href: '/protocol', section: '/protocol', label: 'Scoring' },
  { href: '/check', section: '/check', label: 'Check' },
  { href: '/submit', section: '/submit', label: 'Submit' },
] as const;

export function SiteNav() {
  const path = usePathname();
  return (
    <nav className="site-nav" aria-label="Main">
      <ul>
        {LINKS.map(({ href, section, label }) => (
          <li key={href}>
            <Link href={href} aria-current={path === href ? 'page' : path.startsWith(section) ? 'true' : undefined}>
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';

const ROOMS = [
  { href: '/maintain', label: 'Inbox' },
  { href: '/maintain/entries', label: 'Entries' },
  { href: '/maintain/people', label: 'People' },
  { href: '/maintain/tasks', label: 'Tasks' },
  { href: '/maintain/ground-truth', label: 'Ground truth' },
  { href: '/maintain/label-errors', label: 'Label errors' },
  { href: '/maintain/published', label: 'Published numbers' },
  { href: '/maintain/classes', label: 'Classes' },
  { href: '/maintain/audit', label: 'Audit log' },
] as const;

export function MaintainNav() {
  const path = usePathname();
  return (
    <nav className="site-nav maintain-nav" aria-label="Maintain">
      <ul>
        {ROOMS.map(({ href, label }) => {
          const inside = href !== '/maintain' && path.startsWith(`${href}/`);
          return (
            <li key={href}>
              <Link href={href} aria-current={path === href ? 'page' : inside ? 'true' : undefined}>
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

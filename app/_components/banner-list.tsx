'use client';

import { usePathname } from 'next/navigation';

interface Banner {
  id: string;
  /** null: on every page */
  task: string | null;
  /** the task's name: the list of tasks would be 44 kB of script on every page */
  taskName: string | null;
  text: string;
}

/** Show the site's announcements everywhere, and a task's on its board and on the submit page. */
export function BannerList({ banners }: { banners: Banner[] }) {
  const path = usePathname();
  const shown = banners.filter(
    ({ task }) => task === null || path === `/leaderboards/${task}` || path === '/submit' || path === '/submissions',
  );
  if (shown.length === 0) return null;
  return (
    <aside className="banners" aria-label="Announcements">
      {shown.map(({ id, taskName, text }) => (
        <p key={id}>
          {taskName && <b>{taskName}: </b>}
          {text}
        </p>
      ))}
    </aside>
  );
}

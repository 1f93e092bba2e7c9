import { currentAnnouncements } from '#db/notices/announcements.ts';
import { log } from '#lib/log.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { BannerList } from './banner-list.tsx';

/** The announcements that are current. If the database fails, the page is shown without them. */
export async function Banners() {
  const found = await currentAnnouncements().catch((error) => {
    log.error('announcements-missing', error);
    return [];
  });
  if (found.length === 0) return null;
  return (
    <BannerList
      banners={found.map(({ id, task, text }) => ({
        id,
        task,
        taskName: task && (parseTask(task)?.name ?? task),
        text,
      }))}
    />
  );
}

import { currentAnnouncements } from '#db/notices/announcements.ts';
import { BannerList } from './banner-list.tsx';

/** The announcements that are current. If the database fails, the page is shown without them. */
export async function Banners() {
  const found = await currentAnnouncements().catch((error) => {
    console.error('announcements', error);
    return [];
  });
  if (found.length === 0) return null;
  return <BannerList banners={found.map(({ id, task, text }) => ({ id, task, text }))} />;
}

import { currentAnnouncements } from '#db/notices/announcements.ts';
import { BannerList } from './banner-list.tsx';

/** What maintainers announce now. A site that cannot ask shows its pages all the same. */
export async function Banners() {
  const found = await currentAnnouncements().catch((error) => {
    console.error('announcements', error);
    return [];
  });
  if (found.length === 0) return null;
  return <BannerList banners={found.map(({ id, task, text }) => ({ id, task, text }))} />;
}

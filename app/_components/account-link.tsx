import Link from 'next/link';
import { viewer } from '#app/_server/http.ts';
import { countUnread } from '#db/notices/notices.ts';
import { isMaintainer } from '#lib/permissions.ts';
import { Bell } from './icons.tsx';
import './account.css';

/** Links of the signed-in person. A failing database must not break the header, since the error page has one too. */
export async function AccountLink() {
  const who = await viewer().catch(() => null);
  if (!who) return <Link href="/sign-in">Sign in</Link>;
  const unread = await countUnread(who.id).catch(() => 0);
  return (
    <>
      {isMaintainer(who) && <Link href="/maintain">Maintain</Link>}
      <Link href="/submissions">Submissions</Link>
      <Link className="bell" href="/notices" aria-label={unread === 0 ? 'Notices' : `Notices, ${unread} unread`}>
        <Bell />
        {unread > 0 && (
          <span className="unread" aria-hidden="true">
            {unread > 99 ? '99+' : unread}
          </span>
        )}
      </Link>
      <Link href="/account" title="Your account">
        {who.name ?? who.email ?? 'Account'}
      </Link>
    </>
  );
}

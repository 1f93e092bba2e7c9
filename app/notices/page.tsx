import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { viewer } from '#app/_server/http.ts';
import { listNotices } from '#db/notices/notices.ts';
import type { Notice } from '#db/schema.ts';
import { moment } from '#lib/format.ts';
import { read } from './actions.ts';

export const metadata: Metadata = { title: 'Notices', robots: { index: false } };

const SHOWN = 200;

export default async function NoticesPage() {
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/notices');
  const notices = await listNotices(who.id, { limit: SHOWN });
  const unread = notices.filter(({ readAt }) => readAt === null).length;
  return (
    <div className="page">
      <header className="page-head">
        <h1>Notices</h1>
        <div className="cluster">
          <span className="muted">{unread === 0 ? 'All read' : `${unread} unread`}</span>
          {unread > 0 && <Act action={read} values={{ id: 'all' }} label="Mark all as read" />}
          <Link href="/account?tab=notices">Choose your notices</Link>
        </div>
      </header>
      {notices.length === 0 ? (
        <p>No notices yet. You will get one when a submission is scored or a maintainer decides about an entry.</p>
      ) : (
        <ul className="notices">
          {notices.map((notice) => (
            <Row key={notice.id} notice={notice} />
          ))}
        </ul>
      )}
      {notices.length === SHOWN && (
        <p className="hint">The newest {SHOWN} are shown; the download of your data has all of them.</p>
      )}
    </div>
  );
}

function Row({ notice: { id, text, link, readAt, createdAt } }: { notice: Notice }) {
  return (
    <li data-unread={readAt === null || undefined}>
      {/* not a Link: fetching it ahead would mark it as read */}
      <p className="text">{link ? <a href={`/notices/${id}`}>{text}</a> : text}</p>
      <p className="meta">
        {readAt === null && <span className="visually-hidden">Unread. </span>}
        {moment(createdAt)}
      </p>
      {readAt === null && <Act action={read} values={{ id }} label="Mark as read" kind="quiet" />}
    </li>
  );
}

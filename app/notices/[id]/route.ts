/** Marks a notice as read and redirects to its subject. */
import { viewer } from '#app/_server/http.ts';
import { safeReturn } from '#app/_server/return-to.ts';
import { getNotice, markRead } from '#db/notices/notices.ts';

export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  const who = await viewer(request.headers);
  if (!who) return seeOther(`/sign-in?returnTo=${encodeURIComponent(`/notices/${id}`)}`);
  const notice = await getNotice(who.id, id);
  if (notice) await markRead(who.id, id);
  return seeOther(notice?.link ? safeReturn(notice.link) : '/notices');
}

function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } });
}

import Link from 'next/link';
import { viewer } from '#app/_server/http.ts';
import { isMaintainer } from '#lib/permissions.ts';

/** Who is signed in. The header must stand even when the database does not, so that the error page has one. */
export async function AccountLink() {
  const who = await viewer().catch(() => null);
  if (!who) return <Link href="/sign-in">Sign in</Link>;
  return (
    <>
      {isMaintainer(who) && <Link href="/maintain">Maintain</Link>}
      <Link href="/submissions">Submissions</Link>
      <Link href="/account" title="Your account">
        {who.name ?? who.email ?? 'Account'}
      </Link>
    </>
  );
}

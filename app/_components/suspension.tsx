import { viewer } from '#app/_server/http.ts';
import { getUser } from '#db/people/users.ts';
import { moment } from '#lib/format.ts';

/** Shown above every page to a suspended account: the date, the reason, and what still works. */
export async function Suspension() {
  const who = await viewer().catch(() => null);
  if (!who?.suspended) return null;
  const user = await getUser(who.id);
  if (!user?.suspendedAt) return null;
  return (
    <div className="site-banner">
      <div className="alert" data-kind="bad" role="status">
        <p>
          <strong>Your account has been suspended since {moment(user.suspendedAt)}.</strong>{' '}
          {user.suspendedReason && <>The maintainers’ reason: {user.suspendedReason}</>}
        </p>
        <p>You can read and download what is yours, and change nothing until a maintainer lifts the suspension.</p>
      </div>
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { DEFAULT_TASK } from '#lib/tasks/index.ts';

export const metadata: Metadata = { title: 'Not found' };

export default function NotFound() {
  return (
    <div className="page">
      <div className="prose">
        <h1>There is nothing at this address</h1>
        <p>
          The page does not exist, or it is an entry that its owner has not published. If it is your own entry, sign in
          first.
        </p>
        <p className="cluster">
          <Link className="button button-primary" href={`/leaderboards/${DEFAULT_TASK.id}`}>
            Go to the leaderboard
          </Link>
          <Link className="button" href="/sign-in">
            Sign in
          </Link>
        </p>
      </div>
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';

export const metadata: Metadata = { title: 'Account deleted', robots: { index: false } };

export default function DeletedPage() {
  return (
    <div className="page prose">
      <h1>Your account is deleted</h1>
      <p>
        Your profile, sign-ins, tokens, notices and everything that was not public are gone. Your published entries stay
        or are withdrawn, as you chose. The log of decisions still shows what the account did, without your name.
      </p>
      <p>
        <Link href="/">To the home page</Link>
      </p>
    </div>
  );
}

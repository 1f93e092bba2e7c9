import type { Metadata } from 'next';
import Link from 'next/link';

export const metadata: Metadata = { title: 'Account deleted', robots: { index: false } };

export default function DeletedPage() {
  return (
    <div className="page prose">
      <h1>Your account is deleted</h1>
      <p>
        Your profile, sign-ins, tokens, notices and everything that was not public are gone. What was published is as
        you chose. The log of decisions keeps that an account did something, without a name.
      </p>
      <p>
        <Link href="/">To the home page</Link>
      </p>
    </div>
  );
}

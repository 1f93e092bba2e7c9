import Link from 'next/link';

export function AccountLink() {
  return <Link href="/sign-in">Sign in</Link>;
}

/** A link from a problem or a warning to its explanation. */
import Link from 'next/link';
import { helpOn, type Problem } from '#lib/problems.ts';

export function HelpLink({ code }: Pick<Problem, 'code'>) {
  return (
    <Link href={helpOn(code)} className="help-link" prefetch={false}>
      {code}
      <span className="visually-hidden">: what it means and how to mend it</span>
    </Link>
  );
}

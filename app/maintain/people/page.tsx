import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { notFound } from 'next/navigation';
import { viewer } from '#app/_server/http.ts';
import { offersLocalSignIn } from '#app/_server/local-sign-in.ts';
import { findPeople } from '#db/people/moderation.ts';
import { SIGN_IN_LINK_DAYS } from '#db/people/sign-in-links.ts';
import { canManagePeople } from '#lib/permissions.ts';
import { Pages } from '../pages.tsx';
import { one, type Params, pageOf, withParams } from '../params.ts';
import { SignInLinkForm } from './sign-in-link-form.tsx';
import { PeopleTable } from './table.tsx';

interface Props {
  searchParams: Promise<Params>;
}

export const metadata: Metadata = { title: 'People', robots: { index: false } };

const SIZE = 50;

export default async function PeoplePage({ searchParams }: Props) {
  if (!canManagePeople(await viewer())) notFound();
  const params = await searchParams;
  const text = one(params.q) ?? '';
  const page = pageOf(params.page);
  const { people, total } = await findPeople({ text, page, size: SIZE });
  return (
    <div className="page">
      <header className="page-head">
        <h1>People</h1>
        <form method="get" className="inline cluster">
          <input
            type="search"
            name="q"
            defaultValue={text}
            aria-label="Name, e-mail or ORCID iD"
            placeholder="Name, e-mail or ORCID iD"
          />
          <button type="submit">Find</button>
        </form>
      </header>
      {total === 0 ? (
        <p>Nobody is found for “{text}”.</p>
      ) : (
        <PeopleTable people={people} caption="People, those who came last first" />
      )}
      <Pages
        page={page}
        size={SIZE}
        total={total}
        href={(n) => withParams('/maintain/people', { q: text, page: n === 1 ? undefined : String(n) })}
      />
      {offersLocalSignIn(await headers()) && (
        <section className="section" aria-labelledby="sign-in-link">
          <h2 id="sign-in-link">Invite a person to sign in</h2>
          <div className="stack">
            <p className="prose">
              On this installation people sign in with a link. Make one for each person, and one more for somebody who
              has lost the session of their browser.
            </p>
            <SignInLinkForm days={SIGN_IN_LINK_DAYS} />
          </div>
        </section>
      )}
    </div>
  );
}

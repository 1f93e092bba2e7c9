import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { viewer } from '#app/_server/http.ts';
import { findPeople } from '#db/people/moderation.ts';
import { canManagePeople } from '#lib/permissions.ts';
import { Pages } from '../pages.tsx';
import { one, type Params, pageOf, withParams } from '../params.ts';
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
    </div>
  );
}

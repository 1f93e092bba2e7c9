import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Segments } from '#app/_components/choice-links.tsx';
import { SubmissionTable } from '#app/_components/submission-table.tsx';
import { viewer } from '#app/_server/http.ts';
import { LIST_FILTERS, type ListFilter, searchSubmissions } from '#db/submissions/moderation.ts';
import { integer } from '#lib/format.ts';
import { canModerate } from '#lib/permissions.ts';
import { Pages } from '../pages.tsx';
import { one, type Params, pageOf, withParams } from '../params.ts';

interface Props {
  searchParams: Promise<Params>;
}

export const metadata: Metadata = { title: 'Entries', robots: { index: false } };

const NAMES: Readonly<Record<ListFilter, string>> = {
  published: 'Published',
  hidden: 'Hidden',
  private: 'Private',
  trouble: 'Rejected files and failures',
  all: 'All',
};
const SIZE = 50;

/** Search all submissions, to hide, restore or verify one. */
export default async function EntriesPage({ searchParams }: Props) {
  if (!canModerate(await viewer())) notFound();
  const params = await searchParams;
  const filter = LIST_FILTERS.find((name) => name === one(params.filter)) ?? 'published';
  const text = one(params.q) ?? '';
  const page = pageOf(params.page);
  const { rows, total } = await searchSubmissions({ filter, text, page, size: SIZE });
  const href = (changes: Record<string, string | undefined>) =>
    withParams('/maintain/entries', { filter: filter === 'published' ? undefined : filter, q: text, ...changes });
  return (
    <div className="page">
      <header className="page-head">
        <h1>Entries</h1>
      </header>
      <div className="controls">
        <Segments
          label="Show"
          items={LIST_FILTERS.map((name) => ({
            label: NAMES[name],
            href: href({ filter: name === 'published' ? undefined : name }),
            current: name === filter,
          }))}
        />
        <form method="get" className="inline cluster">
          {filter !== 'published' && <input type="hidden" name="filter" value={filter} />}
          <input
            type="search"
            name="q"
            defaultValue={text}
            aria-label="Method or submitter"
            placeholder="Method or submitter"
          />
          <button type="submit">Find</button>
        </form>
      </div>
      {total === 0 ? (
        <p>
          No submission is like that. <Link href="/maintain/entries">Show all</Link>
        </p>
      ) : (
        <SubmissionTable
          submissions={rows}
          caption={`${integer(total)} submissions, the newest first`}
          withSubmitter
          deeds={({ id, method }) => (
            <Link href={`/maintain/entries/${id}`} aria-label={`Decide about ${method}`}>
              Decide
            </Link>
          )}
        />
      )}
      <Pages page={page} size={SIZE} total={total} href={(n) => href({ page: n === 1 ? undefined : String(n) })} />
    </div>
  );
}

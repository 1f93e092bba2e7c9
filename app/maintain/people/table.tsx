import Link from 'next/link';
import type { ReactNode } from 'react';
import { DataTable } from '#app/_components/data-table.tsx';
import type { PersonSummary } from '#db/people/moderation.ts';
import { day, integer } from '#lib/format.ts';

interface Props {
  people: readonly PersonSummary[];
  caption: string;
  deed?: (person: PersonSummary) => ReactNode;
}

export function PeopleTable({ people, caption, deed }: Props) {
  return (
    <DataTable
      label={caption}
      caption={caption}
      rows={people}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Name',
          rowHead: true,
          cell: (person) => (
            <>
              <Link href={`/maintain/people/${person.id}`}>{person.name ?? person.email ?? 'No name'}</Link>{' '}
              <PersonBadges person={person} />
            </>
          ),
        },
        { head: 'E-mail', cell: ({ email }) => email ?? '–' },
        { head: 'ORCID iD', className: 'num', cell: ({ orcid }) => orcid ?? '–' },
        { head: 'Signs in with', cell: ({ providers }) => providers.join(', ') || '–' },
        { head: 'Submissions', num: true, cell: ({ submissions }) => integer(submissions) },
        { head: 'Since', className: 'num', cell: ({ createdAt }) => day(createdAt) },
        deed !== undefined && { head: 'Choose', cell: deed },
      ]}
    />
  );
}

export function PersonBadges({
  person: { role, suspendedAt },
}: {
  person: Pick<PersonSummary, 'role' | 'suspendedAt'>;
}) {
  return (
    <>
      {role === 'maintainer' && (
        <span className="badge" data-kind="info">
          maintainer
        </span>
      )}{' '}
      {suspendedAt && (
        <span className="badge" data-kind="bad">
          suspended
        </span>
      )}
    </>
  );
}

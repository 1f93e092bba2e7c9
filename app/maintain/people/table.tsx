import Link from 'next/link';
import type { ReactNode } from 'react';
import { TableFrame } from '#app/_components/table-frame.tsx';
import type { PersonSummary } from '#db/people/moderation.ts';
import { day, integer } from '#lib/format.ts';

interface Props {
  people: readonly PersonSummary[];
  caption: string;
  deed?: (person: PersonSummary) => ReactNode;
}

export function PeopleTable({ people, caption, deed }: Props) {
  return (
    <TableFrame label={caption}>
      <table>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">E-mail</th>
            <th scope="col">ORCID iD</th>
            <th scope="col">Signs in with</th>
            <th scope="col" className="num">
              Submissions
            </th>
            <th scope="col">Since</th>
            {deed && <th scope="col">Choose</th>}
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id}>
              <th scope="row">
                <Link href={`/maintain/people/${person.id}`}>{person.name ?? person.email ?? 'No name'}</Link>{' '}
                <PersonBadges person={person} />
              </th>
              <td>{person.email ?? '–'}</td>
              <td className="num">{person.orcid ?? '–'}</td>
              <td>{person.providers.join(', ') || '–'}</td>
              <td className="num">{integer(person.submissions)}</td>
              <td className="num">{day(person.createdAt)}</td>
              {deed && <td>{deed(person)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
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

import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { viewer } from '#app/_server/http.ts';
import { findPeople, getPerson, type MergePreview, previewMerge } from '#db/people/moderation.ts';
import type { User } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { integer, list } from '#lib/format.ts';
import { canManagePeople } from '#lib/permissions.ts';
import { one, type Params } from '../../../params.ts';
import { mergePeople } from '../../actions.ts';
import { PeopleTable } from '../../table.tsx';

interface Props {
  params: Promise<{ id: string }>;
  searchParams: Promise<Params>;
}

export const metadata: Metadata = { title: 'Merge accounts', robots: { index: false } };

const named = ({ name, email, id }: User) => [name, email].filter(Boolean).join(', ') || id;

export default async function MergePage({ params, searchParams }: Props) {
  if (!canManagePeople(await viewer())) notFound();
  const { id } = await params;
  const kept = await getPerson(id);
  if (!kept) notFound();
  const asked = await searchParams;
  const [text, gone] = [one(asked.q), one(asked.gone)];
  return (
    <div className="page">
      <header className="page-head">
        <p className="eyebrow">
          <Link href={`/maintain/people/${id}`}>{named(kept)}</Link>
        </p>
        <h1>Merge another account into this one</h1>
        <p className="lead">
          For one person with two accounts. Everything of the other account becomes this one’s, and the other account is
          removed. This cannot be undone.
        </p>
      </header>
      {gone ? <Preview keptId={id} goneId={gone} /> : <Choose id={id} text={text} />}
    </div>
  );
}

async function Choose({ id, text }: { id: string; text: string | undefined }) {
  const { people } = text ? await findPeople({ text, size: 20 }) : { people: [] };
  const others = people.filter((person) => person.id !== id);
  return (
    <div className="stack">
      <form method="get" className="inline cluster">
        <input
          type="search"
          name="q"
          defaultValue={text}
          aria-label="The other account: name, e-mail or ORCID iD"
          placeholder="Name, e-mail or ORCID iD"
        />
        <button type="submit">Find the other account</button>
      </form>
      {text && others.length === 0 && <p>Nobody else is found for “{text}”.</p>}
      {others.length > 0 && (
        <PeopleTable
          people={others}
          caption="Accounts to merge into this one"
          deed={(person) => (
            <Link
              href={`/maintain/people/${id}/merge?gone=${person.id}`}
              aria-label={`Preview merging ${named(person)}`}
            >
              Preview
            </Link>
          )}
        />
      )}
    </div>
  );
}

async function Preview({ keptId, goneId }: { keptId: string; goneId: string }) {
  let preview: MergePreview;
  try {
    preview = await previewMerge(keptId, goneId);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return (
      <div className="alert stack" data-kind="bad">
        <p>These accounts cannot be merged. {error.message}</p>
        <p>
          <Link href={`/maintain/people/${keptId}/merge`}>Choose another one</Link>
        </p>
      </div>
    );
  }
  const { kept, gone, moves, teams, sessions, becomes, lostEmail } = preview;
  return (
    <div className="stack">
      <dl className="facts">
        <dt>Stays</dt>
        <dd>{named(kept)}</dd>
        <dt>Is removed</dt>
        <dd>{named(gone)}</dd>
        <dt>Moves</dt>
        <dd>{list(Object.entries(moves).map(([kind, count]) => `${integer(count)} ${kind}`)) || 'nothing'}</dd>
        {teams.length > 0 && (
          <>
            <dt>Teams</dt>
            <dd>{list(teams.map(({ name, role }) => `${name} (${role})`))}</dd>
          </>
        )}
        {Object.keys(becomes).length > 0 && (
          <>
            <dt>Takes over</dt>
            <dd>
              {list(
                Object.entries(becomes).map(([what, value]) => {
                  if (what === 'suspended') return 'the suspension';
                  return what === 'role' ? `the role of a ${value}` : `${what}: ${value}`;
                }),
              )}
            </dd>
          </>
        )}
        <dt>Is lost</dt>
        <dd>
          {list([
            ...(lostEmail ? [`the address ${lostEmail}`] : []),
            ...(sessions > 0 ? [sessions === 1 ? 'one signed-in browser' : `${sessions} signed-in browsers`] : []),
          ]) || 'nothing'}
        </dd>
      </dl>
      <p className="hint">Methods of the same name stay two methods; their owner can rename them.</p>
      <Act
        action={mergePeople}
        values={{ id: keptId, gone: goneId }}
        label="Merge the accounts"
        kind="danger"
        confirm={{
          ask: `Remove the account ${named(gone)}?`,
          result: `Everything goes to ${named(kept)}. This cannot be undone.`,
          typed: 'merge',
        }}
      >
        <input
          name="reason"
          className="maintain-reason"
          aria-label="Reason for merging"
          placeholder="Reason, read by the person"
          maxLength={1000}
        />
      </Act>
    </div>
  );
}

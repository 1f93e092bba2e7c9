import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Act } from '#app/_components/act.tsx';
import { TableFrame } from '#app/_components/table-frame.tsx';
import { viewer } from '#app/_server/http.ts';
import { listTokens } from '#db/users.ts';
import { canModerate } from '#lib/permissions.ts';
import { day } from '#lib/scoring/format.ts';
import { dropToken, leave } from './actions.ts';
import { TokenForm } from './token-form.tsx';

export const metadata: Metadata = { title: 'Account', robots: { index: false } };

export default async function AccountPage() {
  const who = await viewer();
  if (!who) redirect('/sign-in?returnTo=/account');
  const tokens = await listTokens(who.id);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{who.name ?? 'Account'}</h1>
        <div className="cluster">
          <Link href="/submissions">My submissions</Link>
          {canModerate(who) && <Link href="/maintain">Maintain</Link>}
          <form action={leave} className="inline">
            <button type="submit" className="button-small">
              Sign out
            </button>
          </form>
        </div>
      </header>
      <section className="stack" aria-labelledby="profile">
        <h2 id="profile">Profile</h2>
        <dl className="facts">
          <dt>Name</dt>
          <dd>{who.name ?? 'not given'}</dd>
          <dt>E-mail</dt>
          <dd>{who.email ?? 'not given'}</dd>
          <dt>Role</dt>
          <dd>{who.role}</dd>
        </dl>
        <p className="hint">The name stands beside your published entries. The e-mail address is never shown.</p>
      </section>
      <section className="section stack" aria-labelledby="tokens">
        <h2 id="tokens">API tokens</h2>
        <p className="prose">
          A token lets the command line and scripts submit in your name: <code>livecell submit --token …</code>
        </p>
        {tokens.length > 0 && (
          <TableFrame label="Table of API tokens">
            <table>
              <caption className="visually-hidden">API tokens</caption>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Created</th>
                  <th scope="col">Last used</th>
                  <th scope="col">Valid until</th>
                  <th scope="col">
                    <span className="visually-hidden">Revoke</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.map(({ id, name, createdAt, lastUsedAt, expiresAt }) => (
                  <tr key={id}>
                    <th scope="row">{name}</th>
                    <td>{day(createdAt)}</td>
                    <td>{lastUsedAt ? day(lastUsedAt) : 'never'}</td>
                    <td>{expiresAt ? day(expiresAt) : 'no end'}</td>
                    <td>
                      <Act action={dropToken} values={{ id }} label="Revoke" kind="danger" />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableFrame>
        )}
        <TokenForm />
      </section>
    </div>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { OrcidId } from '#app/_components/orcid.tsx';
import { configuredProviders, PROVIDER_NAMES, type ProviderId } from '#app/_server/auth-config.ts';
import { viewer } from '#app/_server/http.ts';
import { getPreferences, NOTICE_WORDS, sendsMail } from '#db/notices/notices.ts';
import { countPublished } from '#db/people/deletion.ts';
import { listSignIns } from '#db/people/sign-ins.ts';
import { listTokens } from '#db/people/tokens.ts';
import { getUser } from '#db/people/users.ts';
import type { User } from '#db/schema.ts';
import { day } from '#lib/format.ts';
import { canAct, canModerate } from '#lib/permissions.ts';
import { NOTICE_KINDS } from '#lib/vocabulary.ts';
import { dropToken, leave, leaveEverywhere, linkWith, unlink } from './actions.ts';
import { confirmationOf } from './confirmation.ts';
import { DeleteForm } from './delete-form.tsx';
import { PreferencesForm } from './preferences-form.tsx';
import { ProfileForm } from './profile-form.tsx';
import { Quota } from './quota.tsx';
import { TokenForm } from './token-form.tsx';

export const metadata: Metadata = { title: 'Account', robots: { index: false } };

const ERRORS: Readonly<Record<string, string>> = {
  OAuthAccountNotLinked:
    'That account belongs to another account of this site. If both are yours, ask a maintainer to merge them.',
};

type Props = { searchParams: Promise<{ error?: string }> };

export default async function AccountPage({ searchParams }: Props) {
  const who = await viewer();
  const user = who && (await getUser(who.id));
  if (!who || !user) redirect('/sign-in?returnTo=/account');
  const { error } = await searchParams;
  return (
    <div className="page account">
      <header className="page-head">
        <h1>{user.name ?? 'Account'}</h1>
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
      {error && (
        <p className="alert" data-kind="bad" role="alert">
          {ERRORS[error] ?? 'That did not work. Please try again.'}
        </p>
      )}
      <section className="section first" aria-labelledby="profile">
        <h2 id="profile">Profile</h2>
        <div className="stack">
          <p className="hint">Name, affiliation and ORCID iD are shown beside your published entries.</p>
          <ProfileForm name={user.name ?? ''} affiliation={user.affiliation ?? ''} />
          <dl className="facts">
            <dt>ORCID iD</dt>
            <dd>{user.orcid ? <OrcidId orcid={user.orcid} /> : 'not linked'}</dd>
            <dt>E-mail</dt>
            <dd>{user.email ?? 'not given'}; never shown</dd>
            <dt>Role</dt>
            <dd>{user.role}</dd>
          </dl>
        </div>
      </section>
      <SignIns user={user} mayChange={canAct(who)} />
      <Notices user={user} />
      <Quota who={who} />
      <Tokens userId={user.id} />
      <section className="section" aria-labelledby="data">
        <h2 id="data">Your data</h2>
        <p className="prose">
          One JSON document with everything this site holds about you: profile, sign-ins, teams, methods, submissions
          with their scores, notices, tokens (without their secrets), uploads, and your actions.
        </p>
        <p>
          <a className="button" href="/account/data" download>
            Download my data
          </a>
        </p>
      </section>
      <section className="section" aria-labelledby="delete">
        <h2 id="delete">Delete my account</h2>
        <div className="stack">
          <p className="prose">
            This cannot be undone. Your profile, sign-ins, tokens and notices are deleted, and so is every submission
            that never was public, with its files. Entries of a team stay with the team. The log keeps your account’s
            number and the names of teams and methods, since it cannot be changed. A digest of your sign-ins stays for a
            year, so that quota charges and a suspension outlive the account.
          </p>
          <DeleteForm
            confirmation={confirmationOf(user)}
            creditedTo={user.name ?? ''}
            published={await countPublished(user.id)}
          />
        </div>
      </section>
    </div>
  );
}

async function SignIns({ user, mayChange }: { user: User; mayChange: boolean }) {
  const linked = await listSignIns(user.id);
  const further = configuredProviders().filter((id) => !linked.some(({ provider }) => provider === id));
  return (
    <section className="section" aria-labelledby="sign-in">
      <h2 id="sign-in">Sign-in</h2>
      <div className="stack">
        {linked.length > 0 && (
          <ul className="sign-ins">
            {linked.map(({ provider, providerAccountId }) => (
              <li key={`${provider} ${providerAccountId}`}>
                <span>
                  {PROVIDER_NAMES[provider as ProviderId] ?? provider}{' '}
                  <span className="muted">
                    {provider === 'orcid' ? providerAccountId : `account ${providerAccountId}`}
                  </span>
                </span>
                {linked.length > 1 && mayChange && (
                  <Act action={unlink} values={{ provider, providerAccountId }} label="Unlink" kind="danger" />
                )}
              </li>
            ))}
          </ul>
        )}
        {linked.length === 1 && <p className="hint">The only sign-in cannot be unlinked: you could not come back.</p>}
        {further.length > 0 && mayChange && (
          <div className="cluster">
            {further.map((provider) => (
              <Act key={provider} action={linkWith} values={{ provider }} label={`Link ${PROVIDER_NAMES[provider]}`} />
            ))}
          </div>
        )}
        <p className="hint">
          Signing out everywhere ends your sessions in all browsers. API tokens stay valid: revoke them one by one
          below.
        </p>
        <Act action={leaveEverywhere} values={{}} label="Sign out everywhere" />
      </div>
    </section>
  );
}

/** Say why the person gets no e-mail; null if they can. */
function explainNoMail(user: User): string | null {
  if (!sendsMail()) return 'This site does not send e-mail yet; your choices are kept for when it does.';
  if (user.email) return null;
  return 'Your account has no e-mail address. Link Google or GitHub to add the one you use there.';
}

async function Notices({ user }: { user: User }) {
  const preferences = await getPreferences(user.id);
  return (
    <section className="section" aria-labelledby="notices">
      <h2 id="notices">Notices</h2>
      <PreferencesForm
        noMail={explainNoMail(user)}
        preferences={NOTICE_KINDS.map((kind) => ({ kind, words: NOTICE_WORDS[kind], ...preferences[kind] }))}
      />
    </section>
  );
}

async function Tokens({ userId }: { userId: string }) {
  const tokens = await listTokens(userId);
  const now = Date.now();
  return (
    <section className="section" aria-labelledby="tokens">
      <h2 id="tokens">API tokens</h2>
      <div className="stack">
        <p className="prose">
          A token lets the command line and scripts act in your name: <code>livecell submit --token …</code>
        </p>
        {tokens.length > 0 && (
          <DataTable
            label="Table of API tokens"
            caption="API tokens"
            rows={tokens}
            rowKey={({ id }) => id}
            columns={[
              { head: 'Name', rowHead: true, cell: ({ name }) => name },
              { head: 'For', cell: ({ scopes }) => scopes.join(', ') },
              { head: 'Created', cell: ({ createdAt }) => day(createdAt) },
              { head: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? day(lastUsedAt) : 'never') },
              {
                head: 'Valid until',
                cell: ({ expiresAt }) => (
                  <>
                    {expiresAt ? day(expiresAt) : 'no end'}
                    {expiresAt && expiresAt.getTime() < now && (
                      <>
                        {' '}
                        <span className="badge" data-kind="bad">
                          expired
                        </span>
                      </>
                    )}
                  </>
                ),
              },
              {
                head: <span className="visually-hidden">Revoke</span>,
                cell: ({ id }) => <Act action={dropToken} values={{ id }} label="Revoke" kind="danger" />,
              },
            ]}
          />
        )}
        <TokenForm />
      </div>
    </section>
  );
}

import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { Act } from '#app/_components/action-button.tsx';
import { DataTable } from '#app/_components/data-table.tsx';
import { OrcidId } from '#app/_components/orcid.tsx';
import { configuredProviders, PROVIDER_NAMES, type ProviderId } from '#app/_server/auth-config.ts';
import { currentSession, viewer } from '#app/_server/http.ts';
import { getPreferences, NOTICE_WORDS, sendsMail } from '#db/notices/notices.ts';
import { countPublished } from '#db/people/deletion.ts';
import { listSessions } from '#db/people/sessions.ts';
import { listSignIns } from '#db/people/sign-ins.ts';
import { listTokens } from '#db/people/tokens.ts';
import { getUser } from '#db/people/users.ts';
import type { User } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { day, moment } from '#lib/format.ts';
import { canAct, canModerate, type Viewer } from '#lib/permissions.ts';
import { NOTICE_KINDS } from '#lib/vocabulary.ts';
import { dropToken, endOneSession, leave, leaveEverywhere, linkWith, unlink } from './actions.ts';
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

/** The tabs, each with an address of its own: `/account?tab=tokens`. */
const TABS = {
  profile: 'Profile',
  'sign-in': 'Sign-in and sessions',
  notices: 'Notices',
  quota: 'Quota',
  tokens: 'API tokens',
  data: 'Your data',
} as const;
type Tab = keyof typeof TABS;

type Props = { searchParams: Promise<{ error?: string; tab?: string | string[] }> };

export default async function AccountPage({ searchParams }: Props) {
  const who = await viewer();
  const { error, tab: wanted } = await searchParams;
  const tab: Tab = typeof wanted === 'string' && Object.hasOwn(TABS, wanted) ? (wanted as Tab) : 'profile';
  const user = who && (await getUser(who.id));
  if (!who || !user) redirect(`/sign-in?returnTo=${encodeURIComponent(addressOf(tab))}`);
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
      <nav className="tabs" aria-label="Account">
        <ul>
          {(Object.keys(TABS) as Tab[]).map((id) => (
            <li key={id}>
              <Link href={addressOf(id)} aria-current={id === tab ? 'page' : undefined}>
                {TABS[id]}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Content tab={tab} who={who} user={user} />
    </div>
  );
}

function addressOf(tab: Tab): string {
  return tab === 'profile' ? '/account' : `/account?tab=${tab}`;
}

/** What a tab shows. */
function Content({ tab, who, user }: { tab: Tab; who: NonNullable<Viewer>; user: User }) {
  switch (tab) {
    case 'profile':
      return <Profile user={user} />;
    case 'sign-in':
      return (
        <>
          <SignIns user={user} mayChange={canAct(who)} />
          <Sessions userId={user.id} />
        </>
      );
    case 'notices':
      return <Notices user={user} />;
    case 'quota':
      return <Quota who={who} />;
    case 'tokens':
      return <Tokens userId={user.id} />;
    case 'data':
      return (
        <>
          <Data />
          <Deletion user={user} />
        </>
      );
  }
}

function Profile({ user }: { user: User }) {
  return (
    <section className="section" aria-labelledby="profile">
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
  );
}

function Data() {
  return (
    <section className="section" aria-labelledby="data">
      <h2 id="data">Your data</h2>
      <p className="prose">
        One JSON document with everything this site holds about you: profile, sign-ins, teams, methods, submissions with
        their scores, notices, tokens (without their secrets), uploads, and your actions.
      </p>
      <p>
        <a className="button" href="/account/data" download>
          Download my data
        </a>
      </p>
    </section>
  );
}

async function Deletion({ user }: { user: User }) {
  return (
    <section className="section" aria-labelledby="delete">
      <h2 id="delete">Delete my account</h2>
      <div className="stack">
        <p className="prose">
          This cannot be undone. Your profile, sign-ins, tokens and notices are deleted, and so is every submission that
          never was public, with its files. Entries of a team stay with the team. The log keeps your account’s number
          and the names of teams and methods, since it cannot be changed. A digest of your sign-ins stays for a year, so
          that quota charges and a suspension outlive the account.
        </p>
        <DeleteForm
          confirmation={confirmationOf(user)}
          creditedTo={user.name ?? ''}
          published={await countPublished(user.id)}
        />
      </div>
    </section>
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
          Signing out everywhere ends your sessions in all browsers. API tokens stay valid: revoke them one by one under{' '}
          <Link href={addressOf('tokens')}>API tokens</Link>.
        </p>
        <Act action={leaveEverywhere} values={{}} label="Sign out everywhere" />
      </div>
    </section>
  );
}

async function Sessions({ userId }: { userId: string }) {
  const sessions = await listSessions(userId);
  const here = await currentSession();
  return (
    <section className="section" aria-labelledby="sessions">
      <h2 id="sessions">Sessions</h2>
      <div className="stack">
        <DataTable
          label="Table of sessions"
          caption="Browsers that are signed in"
          rows={sessions}
          rowKey={({ id }) => id}
          columns={[
            {
              head: 'Browser',
              rowHead: true,
              cell: ({ id, device }) => (
                <>
                  {device ?? 'unknown'}
                  {id === here?.id && ' (this one)'}
                </>
              ),
            },
            { head: 'Network', cell: ({ network }) => network ?? 'unknown' },
            { head: 'Signed in', cell: ({ createdAt }) => moment(createdAt) },
            { head: 'Last seen', cell: ({ seenAt }) => moment(seenAt) },
            {
              head: <span className="visually-hidden">End</span>,
              cell: ({ id }) =>
                id === here?.id ? null : <Act action={endOneSession} values={{ id }} label="End" kind="danger" />,
            },
          ]}
        />
        <p className="hint">
          A browser that is not used for {env().LIVECELL_SESSION_IDLE_DAYS} days is signed out, a maintainer’s after{' '}
          {env().LIVECELL_MAINTAINER_IDLE_DAYS}. You get a notice of a sign-in from a new browser or network.
        </p>
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

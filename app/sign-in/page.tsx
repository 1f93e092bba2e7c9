import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { configuredProviders, PROVIDER_NAMES } from '#app/_server/auth-config.ts';
import { viewer } from '#app/_server/http.ts';
import { offersLocalSignIn } from '#app/_server/local-sign-in.ts';
import { safeReturn } from '#app/_server/return-to.ts';
import { findSignInLink } from '#db/people/sign-in-links.ts';
import { getUser, listUsers } from '#db/people/users.ts';
import type { SignInLink } from '#db/schema.ts';
import { signInWith } from './actions.ts';

export const metadata: Metadata = { title: 'Sign in', robots: { index: false } };

const ERRORS: Readonly<Record<string, string>> = {
  OAuthAccountNotLinked:
    'There is an account with this e-mail address already, made with another service. Sign in with the one you used before; then you can link this one on your account page.',
  TooManyAttempts: 'There were too many attempts to sign in from your address. Try again in ten minutes.',
  AccessDenied: 'Signing in was refused.',
  LocalFields: 'A name and an e-mail address are needed.',
  AddressTaken:
    'Somebody here has this e-mail address already. If that is you, ask a maintainer for a link made for your address; else open your link again and give another address.',
  Configuration: 'The service could not be reached, or this site is not set up for it. Please try again.',
};

type Props = {
  searchParams: Promise<{ returnTo?: string; error?: string; out?: string; callbackUrl?: string; key?: string }>;
};

export default async function SignInPage({ searchParams }: Props) {
  const { returnTo, error, out, key } = await searchParams;
  // a link that did not work returns here, although the person is signed in
  if (await viewer()) redirect(error ? `/account?error=${encodeURIComponent(error)}` : safeReturn(returnTo));
  const providers = configuredProviders();
  const local = offersLocalSignIn(await headers());
  const link = local && key ? await findSignInLink(key) : null;
  return (
    <div className="page">
      <header className="page-head">
        <h1>Sign in</h1>
        <p className="lead">An account is needed to submit. The leaderboard, its data and the validator need none.</p>
      </header>
      <div className="stack">
        {error && (
          <p className="alert" data-kind="bad" role="alert">
            {ERRORS[error] ?? 'Signing in did not work. Please try again.'}
          </p>
        )}
        {out === 'everywhere' && !error && (
          <p className="alert" data-kind="good" role="status">
            You are signed out in all browsers. API tokens stay valid.
          </p>
        )}
        {providers.length > 0 && (
          <form action={signInWith} className="inline">
            <input type="hidden" name="returnTo" value={returnTo ?? ''} />
            <div className="cluster">
              {providers.map((id) => (
                <button key={id} type="submit" name="provider" value={id}>
                  Sign in with {PROVIDER_NAMES[id]}
                </button>
              ))}
            </div>
          </form>
        )}
        {link && <LocalForm link={link} localKey={key!} returnTo={returnTo ?? ''} />}
        {local && !link && <NoKey given={key !== undefined} />}
        {!local && providers.length === 0 && (
          <p className="alert" data-kind="warn">
            No sign-in is configured on this site. Its operator sets the keys of GitHub, Google or ORCID.
          </p>
        )}
      </div>
    </div>
  );
}

/** Explain where to get a key, to a visitor without one or with a used one. */
function NoKey({ given }: { given: boolean }) {
  return (
    <section className="card" aria-labelledby="local">
      <h2 id="local">Sign in on this installation</h2>
      {given && (
        <p className="alert" data-kind="warn">
          This link was used already, or is too old. Each link signs in once.
        </p>
      )}
      <p>
        Open the address that <code>npm start</code> printed in its terminal. For a new one, run this in the folder of
        the site:
      </p>
      <pre>
        <code>npx livecell sign-in-link</code>
      </pre>
      <p className="hint">
        If somebody else runs this site, ask them for a link; maintainers make one under Maintain, People.
      </p>
    </section>
  );
}

interface LocalProps {
  link: SignInLink;
  localKey: string;
  returnTo: string;
}

async function LocalForm({ link, localKey, returnTo }: LocalProps) {
  const known = link.userId ? await getUser(link.userId) : null;
  const suggested = link.role === null ? await suggestOperator() : { name: '', email: '' };
  return (
    <form action="/sign-in/local" method="post" className="card" aria-labelledby="local">
      <h2 id="local">Sign in on this installation</h2>
      <p className="hint">
        This site runs on this machine and answers only here, so no outside service is asked who you are. Your link
        works once; this browser then stays signed in.
      </p>
      <input type="hidden" name="returnTo" value={returnTo} />
      <input type="hidden" name="key" value={localKey} />
      {known ? (
        <p>
          This link was made for <strong>{known.name ?? known.email}</strong>.
        </p>
      ) : (
        <>
          <div className="field">
            <label htmlFor="name">Name</label>
            <input id="name" name="name" required maxLength={120} autoComplete="name" defaultValue={suggested.name} />
          </div>
          <div className="field">
            <label htmlFor="email">E-mail</label>
            <input
              id="email"
              name="email"
              type="email"
              required
              maxLength={200}
              autoComplete="email"
              defaultValue={suggested.email}
            />
          </div>
        </>
      )}
      {link.role === null && (
        <fieldset>
          <legend>Role</legend>
          <label className="check">
            <input type="radio" name="role" value="researcher" />
            <span>Researcher: submits</span>
          </label>
          <label className="check">
            <input type="radio" name="role" value="maintainer" defaultChecked />
            <span>Maintainer: also approves and hides entries</span>
          </label>
        </fieldset>
      )}
      <button type="submit" className="button-primary">
        Sign in
      </button>
    </form>
  );
}

/** Guess the person behind the operator’s own link: the first maintainer, else the machine's current user. */
async function suggestOperator(): Promise<{ name: string; email: string }> {
  const maintainer = (await listUsers()).find(({ role, email }) => role === 'maintainer' && email);
  if (maintainer) return { name: maintainer.name ?? '', email: maintainer.email ?? '' };
  const username = process.env.USER ?? process.env.USERNAME ?? 'me';
  return { name: username, email: `${username.replace(/[^\w.-]/g, '') || 'me'}@localhost.local` };
}

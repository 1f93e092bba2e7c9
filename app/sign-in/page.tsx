import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { configuredProviders, PROVIDER_NAMES } from '#app/_server/auth-config.ts';
import { viewer } from '#app/_server/http.ts';
import { offersLocalSignIn } from '#app/_server/local-sign-in.ts';
import { safeReturn } from '#app/_server/return-to.ts';
import { signInWith } from './actions.ts';

export const metadata: Metadata = { title: 'Sign in', robots: { index: false } };

const ERRORS: Readonly<Record<string, string>> = {
  OAuthAccountNotLinked:
    'There is an account with this e-mail address already, made with another service. Sign in with the one you used before; then you can link this one on your account page.',
  AccessDenied: 'Signing in was refused.',
  LocalFields: 'A name and an e-mail address are needed.',
  Configuration: 'The service could not be reached, or this site is not set up for it. Please try again.',
};

type Props = { searchParams: Promise<{ returnTo?: string; error?: string; out?: string; callbackUrl?: string }> };

export default async function SignInPage({ searchParams }: Props) {
  const { returnTo, error, out } = await searchParams;
  // a link that did not work comes back here, although the person is signed in
  if (await viewer()) redirect(error ? `/account?error=${encodeURIComponent(error)}` : safeReturn(returnTo));
  const providers = configuredProviders();
  const local = offersLocalSignIn(await headers());
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
        {local && <LocalForm returnTo={returnTo ?? ''} />}
        {!local && providers.length === 0 && (
          <p className="alert" data-kind="warn">
            No sign-in is configured on this site. Its operator sets the keys of GitHub, Google or ORCID.
          </p>
        )}
      </div>
    </div>
  );
}

function LocalForm({ returnTo }: { returnTo: string }) {
  return (
    <form action="/sign-in/local" method="post" className="card" aria-labelledby="local">
      <h2 id="local">Sign in on this installation</h2>
      <p className="hint">
        This site runs on your own machine and answers only there, so no outside service is asked who you are.
      </p>
      <input type="hidden" name="returnTo" value={returnTo} />
      <div className="field">
        <label htmlFor="name">Name</label>
        <input id="name" name="name" required maxLength={120} autoComplete="name" />
      </div>
      <div className="field">
        <label htmlFor="email">E-mail</label>
        <input id="email" name="email" type="email" required maxLength={200} autoComplete="email" />
      </div>
      <fieldset>
        <legend>Role</legend>
        <label className="check">
          <input type="radio" name="role" value="researcher" defaultChecked />
          <span>Researcher: submits</span>
        </label>
        <label className="check">
          <input type="radio" name="role" value="maintainer" />
          <span>Maintainer: also approves and hides entries</span>
        </label>
      </fieldset>
      <button type="submit" className="button-primary">
        Sign in
      </button>
    </form>
  );
}

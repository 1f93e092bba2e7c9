/**
 * Sign-in with GitHub, Google and ORCID, each available if its keys are configured. Sessions are rows in the database,
 * so that they can be ended; `viewer.ts` reads them.
 */
import { DrizzleAdapter } from '@auth/drizzle-adapter';
import type { NextAuthConfig } from 'next-auth';
import type { Adapter } from 'next-auth/adapters';
import type { OIDCConfig, Provider } from 'next-auth/providers';
import GitHub, { type GitHubProfile } from 'next-auth/providers/github';
import Google from 'next-auth/providers/google';
import { db } from '#db/engine/client.ts';
import { openSession, SESSION_DAYS } from '#db/people/sessions.ts';
import { adoptEmail, claimByEmail, linkSignIn } from '#db/people/sign-ins.ts';
import { accounts, sessions, users, verificationTokens } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { secretDigest } from '#lib/secrets.ts';
import { originOfRequest } from './origin.ts';

interface OrcidProfile {
  /** the ORCID iD, 0000-0002-1825-0097 */
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
}

/** ORCID provides no e-mail address, and accepts the client's secret only in the body. */
function Orcid(options: { clientId: string; clientSecret: string; issuer?: string }): OIDCConfig<OrcidProfile> {
  return {
    id: 'orcid',
    name: 'ORCID',
    type: 'oidc',
    issuer: options.issuer ?? 'https://orcid.org',
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    authorization: { params: { scope: 'openid' } },
    checks: ['pkce', 'state'],
    client: { token_endpoint_auth_method: 'client_secret_post' },
    profile: ({ sub, name, given_name, family_name }) => ({
      id: sub,
      name: name ?? ([given_name, family_name].filter(Boolean).join(' ') || sub),
      email: null,
    }),
  };
}

export const PROVIDER_NAMES = { github: 'GitHub', google: 'Google', orcid: 'ORCID' } as const;
export type ProviderId = keyof typeof PROVIDER_NAMES;

/** Return the services that are configured. */
export function configuredProviders(): ProviderId[] {
  const { AUTH_GITHUB_ID, AUTH_GOOGLE_ID, AUTH_ORCID_ID } = env();
  const keys = { orcid: AUTH_ORCID_ID, github: AUTH_GITHUB_ID, google: AUTH_GOOGLE_ID };
  return (Object.keys(keys) as ProviderId[]).filter((id) => keys[id]);
}

/** Return the address if the service has verified it. Others are ignored, so that nobody can claim another's. */
function verified({ email, email_verified }: { email?: string | null; email_verified?: boolean }): string | null {
  return email && email_verified === true ? email : null;
}

type VerifiedGitHubProfile = GitHubProfile & { email_verified: boolean };

/** Return the person's GitHub profile with their primary address; a separate list tells whether it is verified. */
export async function githubProfile(
  accessToken: string,
  api = 'https://api.github.com',
): Promise<VerifiedGitHubProfile> {
  const headers = { authorization: `Bearer ${accessToken}`, 'user-agent': 'livecell-benchmark' };
  const person = await fetch(`${api}/user`, { headers });
  if (!person.ok) throw new Error(`GitHub answered ${person.status} when asked who this is`);
  const profile = (await person.json()) as GitHubProfile;
  const response = await fetch(`${api}/user/emails`, { headers });
  const all = response.ok ? ((await response.json()) as { email: string; primary: boolean; verified: boolean }[]) : [];
  const primary = all.find(({ primary }) => primary);
  return { ...profile, email: primary?.email ?? null, email_verified: primary?.verified === true };
}

function providers(): Provider[] {
  const values = env();
  const make: Record<ProviderId, () => Provider> = {
    github: () =>
      GitHub({
        clientId: values.AUTH_GITHUB_ID,
        clientSecret: values.AUTH_GITHUB_SECRET,
        userinfo: {
          url: 'https://api.github.com/user',
          request: ({ tokens }: { tokens: { access_token?: string } }) => githubProfile(tokens.access_token ?? ''),
        },
        profile: (profile) => ({
          id: String(profile.id),
          name: profile.name ?? profile.login,
          email: verified(profile as VerifiedGitHubProfile),
        }),
      }),
    google: () =>
      Google({
        clientId: values.AUTH_GOOGLE_ID,
        clientSecret: values.AUTH_GOOGLE_SECRET,
        profile: (profile) => ({ id: profile.sub, name: profile.name, email: verified(profile) }),
      }),
    orcid: () =>
      Orcid({
        clientId: values.AUTH_ORCID_ID!,
        clientSecret: values.AUTH_ORCID_SECRET!,
        issuer: values.AUTH_ORCID_ISSUER,
      }),
  };
  return configuredProviders().map((id) => make[id]());
}

function adapter(): Adapter {
  const tables = DrizzleAdapter(db(), {
    usersTable: users,
    accountsTable: accounts,
    sessionsTable: sessions,
    verificationTokensTable: verificationTokens,
  });
  return {
    ...tables,
    createUser: (user) => tables.createUser!({ ...user, emailVerified: user.email ? new Date() : null }),
    linkAccount: ({ userId, type, provider, providerAccountId }) =>
      linkSignIn(userId, { type, provider, providerAccountId }),
    // Auth.js and the browser use tokens; the table holds their digests
    createSession: async (session) => {
      await openSession(session, await originOfRequest());
      return session;
    },
    getSessionAndUser: async (sessionToken) => {
      const found = await tables.getSessionAndUser!(secretDigest(sessionToken));
      return found && { user: found.user, session: { ...found.session, sessionToken } };
    },
    updateSession: async (session) => {
      const { sessionToken } = session;
      const updated = await tables.updateSession!({ ...session, sessionToken: secretDigest(sessionToken) });
      return updated && { ...updated, sessionToken };
    },
    deleteSession: async (sessionToken) => {
      await tables.deleteSession!(secretDigest(sessionToken));
    },
  };
}

export function authConfig(): NextAuthConfig {
  return {
    adapter: adapter(),
    providers: providers(),
    secret: env().AUTH_SECRET,
    session: { strategy: 'database', maxAge: SESSION_DAYS * 24 * 3600 },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    // the proxy decides which hosts reach this server; AUTH_URL fixes the address if it is set
    trustHost: true,
    events: {
      // ORCID provides no address; a service linked later may
      linkAccount: async ({ user, profile }) => {
        if (user.id && profile.email) await adoptEmail(user.id, profile.email);
      },
    },
    callbacks: {
      // first sign-in of a person whom a maintainer added by address: link this account to them
      signIn: async ({ user, account, profile }) => {
        const email = verified((profile ?? {}) as Parameters<typeof verified>[0]);
        if (account && email) {
          const { type, provider, providerAccountId } = account;
          await claimByEmail(email, { type, provider, providerAccountId, name: user.name });
        }
        return true;
      },
      // chosen fields only: the argument contains the session token, which must not reach scripts
      session: ({ session, user }) => ({
        expires: session.expires,
        user: { id: user.id, name: user.name, image: user.image },
      }),
    },
  };
}

/**
 * How people sign in: GitHub, Google and ORCID, each only where its keys are configured. Sessions are rows in the
 * database (they can be ended), read by `viewer.ts`.
 */
import { DrizzleAdapter } from '@auth/drizzle-adapter';
import type { NextAuthConfig } from 'next-auth';
import type { OIDCConfig, Provider } from 'next-auth/providers';
import GitHub from 'next-auth/providers/github';
import Google from 'next-auth/providers/google';
import { db } from '#db/client.ts';
import { accounts, sessions, users, verificationTokens } from '#db/schema.ts';
import { env } from '#lib/env.ts';

interface OrcidProfile {
  /** the ORCID iD, 0000-0002-1825-0097 */
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
}

/** ORCID gives no e-mail address, and takes the client's secret in the body only. */
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

/** Which can be used here. */
export function configuredProviders(): ProviderId[] {
  const { AUTH_GITHUB_ID, AUTH_GOOGLE_ID, AUTH_ORCID_ID } = env();
  const keys = { orcid: AUTH_ORCID_ID, github: AUTH_GITHUB_ID, google: AUTH_GOOGLE_ID };
  return (Object.keys(keys) as ProviderId[]).filter((id) => keys[id]);
}

function providers(): Provider[] {
  const values = env();
  const make: Record<ProviderId, () => Provider> = {
    github: () => GitHub({ clientId: values.AUTH_GITHUB_ID, clientSecret: values.AUTH_GITHUB_SECRET }),
    google: () => Google({ clientId: values.AUTH_GOOGLE_ID, clientSecret: values.AUTH_GOOGLE_SECRET }),
    orcid: () =>
      Orcid({
        clientId: values.AUTH_ORCID_ID!,
        clientSecret: values.AUTH_ORCID_SECRET!,
        issuer: values.AUTH_ORCID_ISSUER,
      }),
  };
  return configuredProviders().map((id) => make[id]());
}

export function authConfig(): NextAuthConfig {
  return {
    adapter: DrizzleAdapter(db(), {
      usersTable: users as never,
      accountsTable: accounts as never,
      sessionsTable: sessions as never,
      verificationTokensTable: verificationTokens as never,
    }),
    providers: providers(),
    secret: env().AUTH_SECRET,
    session: { strategy: 'database' },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    // which hosts reach us is the proxy's business; AUTH_URL fixes it where there is one
    trustHost: true,
    callbacks: {
      // chosen fields only: what is passed in holds the session token, which must not reach scripts
      session: ({ session, user }) => ({
        expires: session.expires,
        user: { id: user.id, name: user.name, image: user.image },
      }),
    },
  };
}

/** Auth.js, bound to Next. */
import NextAuth from 'next-auth';
import { authConfig } from './auth-config.ts';

// made per request: at build time there is neither a database nor a secret
export const { handlers, signIn, signOut } = NextAuth(() => authConfig());

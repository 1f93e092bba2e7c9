/** Auth.js, bound to Next. */
import NextAuth from 'next-auth';
import { authConfig } from './auth-config.ts';

// created per request, since there is neither a database nor a secret at build time
export const { handlers, signIn, signOut } = NextAuth(() => authConfig());

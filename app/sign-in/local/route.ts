/** The form "Sign in on this installation". Exists only where `local-sign-in.ts` says so. */
import { z } from 'zod';
import { problem } from '#app/_server/http.ts';
import { isLocalRequest, localSignInIsOn } from '#app/_server/local-sign-in.ts';
import { safeReturn } from '#app/_server/return-to.ts';
import { isSameOrigin, SESSION_COOKIES } from '#app/_server/viewer.ts';
import { createSession, ensureUser, setRole } from '#db/people/users.ts';
import { AppError } from '#lib/errors.ts';
import { ROLES } from '#lib/http/api.ts';

const schema = z.object({
  name: z.string().trim().min(1).max(120),
  email: z.email().max(200),
  // on one's own machine one may be a maintainer by saying so
  role: z.enum(ROLES).default('researcher'),
  returnTo: z.string().default(''),
});

export async function POST(request: Request): Promise<Response> {
  try {
    if (!localSignInIsOn()) throw new AppError('not-found', 'There is nothing here.');
    if (!isLocalRequest(request.headers) || !isSameOrigin(request.headers))
      throw new AppError('forbidden', 'This sign-in works only in a browser on the machine the site runs on.');

    const input = schema.safeParse(Object.fromEntries(await request.formData()));
    if (!input.success) return seeOther('/sign-in?error=LocalFields');
    const { name, email, role, returnTo } = input.data;

    const user = await ensureUser({ email, name, role });
    if (user.role !== role) await setRole(user.id, role, { actorId: user.id, lastMaintainer: 'may-go' });
    const { sessionToken, expires } = await createSession(user.id);

    const response = seeOther(safeReturn(returnTo));
    // the cookie Auth.js uses over plain http; over https this route does not exist
    response.headers.append(
      'set-cookie',
      `${SESSION_COOKIES[1]}=${sessionToken}; Path=/; HttpOnly; SameSite=Lax; Expires=${expires.toUTCString()}`,
    );
    return response;
  } catch (error) {
    return problem(error);
  }
}

function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}

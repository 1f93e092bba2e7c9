/** Handles the form “Sign in on this installation”, which exists only if `local-sign-in.ts` allows it. Needs a key. */
import { z } from 'zod';
import { readForm } from '#app/_server/bounded-body.ts';
import { problem } from '#app/_server/http.ts';
import { countUse, limitPage } from '#app/_server/limits.ts';
import { isLocalRequest, localSignInIsOn } from '#app/_server/local-sign-in.ts';
import { originOf } from '#app/_server/origin.ts';
import { safeReturn } from '#app/_server/return-to.ts';
import { isSameOrigin, SESSION_COOKIES } from '#app/_server/viewer.ts';
import { createSession } from '#db/people/sessions.ts';
import { findSignInLink, followSignInLink } from '#db/people/sign-in-links.ts';
import { AppError } from '#lib/errors.ts';
import { ROLES } from '#lib/vocabulary.ts';

const person = z.object({
  name: z.string().trim().min(1).max(120),
  email: z.email().max(200),
  // used only if the link leaves it open: on a local installation, anybody may choose to be a maintainer
  role: z.enum(ROLES).default('researcher'),
});

export async function POST(request: Request): Promise<Response> {
  try {
    if (!localSignInIsOn()) throw new AppError('not-found', 'There is nothing here.');
    if (!isLocalRequest(request.headers) || !isSameOrigin(request.headers))
      throw new AppError('forbidden', 'This sign-in works only in a browser on the machine the site runs on.');

    await countUse('sign-in', request.headers, null);
    const fields = await readForm(request);
    const key = String(fields.key ?? '');
    const link = await findSignInLink(key);
    if (!link)
      throw new AppError(
        'forbidden',
        'Signing in here takes a link that was not used before. Restart the site, or run livecell sign-in-link.',
      );
    const input = person.safeParse(fields);
    if (!link.userId && !input.success) return seeOther(`/sign-in?error=LocalFields&key=${encodeURIComponent(key)}`);

    const user = await followSignInLink(key, input.data ?? null);
    const { sessionToken, expires } = await createSession(user.id, originOf(request.headers));
    const response = seeOther(safeReturn(String(fields.returnTo ?? '')));
    // the cookie Auth.js uses over plain http; over https this route does not exist
    response.headers.append(
      'set-cookie',
      `${SESSION_COOKIES[1]}=${sessionToken}; Path=/; HttpOnly; SameSite=Lax; Expires=${expires.toUTCString()}`,
    );
    return response;
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict') return seeOther('/sign-in?error=AddressTaken');
    return limitPage(error, request) ?? problem(error);
  }
}

function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}

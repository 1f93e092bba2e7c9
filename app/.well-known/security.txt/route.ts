import { route } from '#app/_server/http.ts';
import { securityContact } from '#app/_server/policies.ts';
import { siteOf } from '#app/_server/site.ts';
import { AppError } from '#lib/errors.ts';
import { securityTxt } from '#lib/policies.ts';

/** Say whom to tell about security problems, as RFC 9116 has it. */
export const GET = route({}, async ({ request }) => {
  const text = securityTxt({ contact: securityContact(), site: siteOf(request), now: new Date() });
  if (text === null)
    throw new AppError('not-found', 'The operator of this site has named nobody for security reports.');
  return new Response(text, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
});

/** What a token may be used for, tried on every way into the site. */
import { beforeAll, expect, it, test, vi } from 'vitest';
import { z } from 'zod';
import { action, viewer } from '#app/_server/http.ts';
import { handleUpload } from '#app/_server/uploads.ts';
import { GET as readOne } from '#app/api/v1/submissions/[id]/route.ts';
import { POST as submit } from '#app/api/v1/submissions/route.ts';
import { listEvents } from '#db/audit.ts';
import { db } from '#db/engine/client.ts';
import { createSession } from '#db/people/sessions.ts';
import { createToken, listTokens, tokenEnd } from '#db/people/tokens.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import type { TokenScope } from '#lib/vocabulary.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person } from './site.ts';

const asked = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('next/headers', () => ({ headers: async () => asked.headers }));

openSite();

let ada: Person;
let mine: string;
beforeAll(async () => {
  ada = await person('ada');
  mine = (await createSubmission(someSubmission(await someDataset(db()), { userId: ada.id }))).id;
});

const bearer = async (scopes: TokenScope[]) => {
  const { token } = await createToken(ada.id, scopes.join(), { scopes });
  return { authorization: `Bearer ${token}` };
};

/** Ways into the site, each as the status a token gets there. */
const WAYS: Record<string, (headers: Record<string, string>) => Promise<Response>> = {
  'reading a private submission': (headers) =>
    readOne(new Request(`http://site/api/v1/submissions/${mine}`, { headers }), {
      params: Promise.resolve({ id: mine }),
    }),
  submitting: (headers) =>
    submit(new Request('http://site/api/v1/submissions', { method: 'POST', headers, body: '{}' }), {
      params: Promise.resolve({}),
    }),
  'beginning an upload': (headers) => upload('POST', '', { ...headers, 'upload-length': '0' }),
  'sending a piece': (headers) => upload('PATCH', `/${crypto.randomUUID()}`, { ...headers, 'upload-offset': '0' }),
  'asking how far an upload is': (headers) => upload('HEAD', `/${crypto.randomUUID()}`, headers),
  'deleting an upload': (headers) => upload('DELETE', `/${crypto.randomUUID()}`, headers),
};

function upload(method: string, path: string, headers: Record<string, string>): Promise<Response> {
  return handleUpload(
    new Request(`http://site/api/uploads${path}`, { method, headers: { 'tus-resumable': '1.0.0', ...headers } }),
  );
}

// 400, 404 and 422: let in, and told that there is no such upload, or that the body is not complete
test.each([
  ['reading a private submission', 200, 403],
  ['submitting', 403, 400],
  ['beginning an upload', 403, 422],
  ['sending a piece', 403, 404],
  ['asking how far an upload is', 403, 404],
  ['deleting an upload', 403, 404],
])('%s answers %i to a token for reading and %i to one for submitting', async (way, read, submits) => {
  const status = async (scopes: TokenScope[]) => (await WAYS[way](await bearer(scopes))).status;
  expect(await status(['read'])).toBe(read);
  expect(await status(['submit'])).toBe(submits);
  expect(await status(['read', 'submit'])).not.toBe(403);
});

it('says what is missing and where to get it', async () => {
  const response = await WAYS.submitting(await bearer(['read']));
  expect(await response.json()).toMatchObject({
    code: 'forbidden',
    detail:
      'This token may read, and this needs the scope “submit”. Make a token with that scope on your account page.',
  });
});

it('does nothing through the site’s forms, whatever its scopes; a session does', async () => {
  const form = action(z.object({}), async (_input, who) => ({ done: true, made: who.id }));
  asked.headers = new Headers(await bearer(['read', 'submit']));
  expect((await form({}, new FormData())).message).toContain('A token is for the API');
  expect((await viewer())?.id).toBe(ada.id);
  asked.headers = new Headers(await bearer(['submit']));
  // with a token that lacks the `read` scope, a page treats its holder as a stranger
  expect(await viewer()).toBeNull();
  const cookie = `authjs.session-token=${(await createSession(ada.id)).sessionToken}`;
  asked.headers = new Headers({ cookie });
  expect((await form({}, new FormData())).message).toContain('does not come from a page of this site');
  asked.headers = new Headers({ cookie, 'sec-fetch-site': 'same-origin' });
  expect(await form({}, new FormData())).toMatchObject({ made: ada.id });
});

it('is for both where nothing else is said, and never for nothing', async () => {
  const { id } = await createToken(ada.id, 'all');
  const tokens = await listTokens(ada.id);
  expect(tokens.find((token) => token.id === id)).toMatchObject({ scopes: ['read', 'submit'], expiresAt: null });
  expect(tokens[0]).not.toHaveProperty('sha256');
  await expect(createToken(ada.id, 'none', { scopes: [] })).rejects.toThrow('at least one scope');
  expect((await listEvents(mine)).map(({ event }) => event.kind)).toEqual(['submitted']);
});

it('ends after the days that were chosen', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(tokenEnd('30', now)).toEqual(new Date(Date.UTC(2026, 0, 31)));
  expect(tokenEnd('never', now)).toBeNull();
});

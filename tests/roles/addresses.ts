/**
 * Every page and every route with what it answers to whom. Routes are tried in `tests/app/role-matrix.test.ts`, and all
 * of it over HTTP on the built site in `tests/e2e/role-matrix.spec.ts`; an address without a row fails both.
 */
import { eq } from 'drizzle-orm';
import { listSnapshots, takeSnapshots } from '#db/board/snapshots.ts';
import { db } from '#db/engine/client.ts';
import { createClass, joinClass, renewCode, renewScreen } from '#db/people/classes.ts';
import { createSession } from '#db/people/sessions.ts';
import { invite } from '#db/people/teams.ts';
import { createToken, revokeToken } from '#db/people/tokens.ts';
import { notices, sessions, submissions, uploads } from '#db/schema.ts';
import { makeAnonymous, makeReviewLink } from '#db/submissions/anonymity.ts';
import { secretDigest } from '#lib/secrets.ts';
import { type Cast, cookieOf, makeEntry, ROLES, type Role, tokenOf } from './cast.ts';

/** API tokens, and a cookie whose session is over. */
export const OTHER_CALLERS = [
  'ended session',
  'owner’s token to read',
  'owner’s token to submit',
  'other’s token',
  'maintainer’s token',
  'suspended’s token',
  'expired token',
  'revoked token',
  'invented token',
] as const;
export type Caller = Role | (typeof OTHER_CALLERS)[number];
export const CALLERS: readonly Caller[] = [...ROLES, ...OTHER_CALLERS];

/** How each of them asks. */
export async function headersOf(cast: Cast): Promise<Record<Caller, Record<string, string>>> {
  const { ids } = cast;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const ended = await createSession(ids.owner);
  await db()
    .update(sessions)
    .set({ expires: new Date(Date.now() - 1000) })
    .where(eq(sessions.sessionToken, secretDigest(ended.sessionToken)));
  const revoked = await createToken(ids.owner, 'revoked');
  await revokeToken(ids.owner, revoked.id);
  return {
    ...(Object.fromEntries(ROLES.map((role) => [role, cookieOf(cast, role)])) as Record<Role, Record<string, string>>),
    'ended session': { cookie: `authjs.session-token=${ended.sessionToken}` },
    'owner’s token to read': bearer(await tokenOf(ids.owner, ['read'])),
    'owner’s token to submit': bearer(await tokenOf(ids.owner, ['submit'])),
    'other’s token': bearer(await tokenOf(ids.other, ['read', 'submit'])),
    'maintainer’s token': bearer(await tokenOf(ids.maintainer, ['read', 'submit'])),
    'suspended’s token': bearer(await tokenOf(ids.suspended, ['read', 'submit'])),
    'expired token': bearer(await tokenOf(ids.owner, ['read', 'submit'], new Date(Date.now() - 1000))),
    'revoked token': bearer(revoked.token),
    'invented token': bearer('lcb_invented'),
  };
}

/** What the addresses are about. */
export interface Things {
  cast: Cast;
  /** of the owner, private */
  mine: string;
  myMethod: string;
  /** of the team, private */
  ours: string;
  ourMethod: string;
  /** of the owner, published */
  open: string;
  openMethod: string;
  /** of the owner, published and anonymous */
  sealed: string;
  sealedMethod: string;
  /** had been published, is withdrawn */
  gone: string;
  review: string;
  invitation: string;
  /** a class that the owner has joined */
  inClass: { id: string; code: string; screen: string };
  notice: string;
  /** of a board */
  snapshot: string;
  /** a data set whose files are there */
  demo: string;
  /** a new upload of the owner, of which nothing has arrived; its address ends in this */
  upload(): Promise<string>;
}

export async function makeThings(cast: Cast, demo: string, upload: Things['upload']): Promise<Things> {
  const entry = (role: Role, ...rest: [Parameters<typeof makeEntry>[2], Parameters<typeof makeEntry>[3]]) =>
    makeEntry(cast, role, ...rest);
  const [mine, ours] = [await entry('owner', 'scored', 'private'), await entry('team owner', 'scored', 'private')];
  const [open, sealed] = [await entry('owner', 'scored', 'published'), await entry('owner', 'scored', 'private')];
  await makeAnonymous(sealed.id, null, null);
  await db().update(submissions).set({ visibility: 'published', shown: true }).where(eq(submissions.id, sealed.id));
  const gone = await makeEntry(cast, 'owner', 'withdrawn', 'private', { wasPublished: true });
  const [notice] = await db()
    .insert(notices)
    .values({ userId: cast.ids.owner, kind: 'scored', text: 'A test', link: `/submissions/${mine.id}` })
    .returning();
  // of uploads that were never submitted a person may have a few only
  const another = async () => {
    await db().delete(uploads).where(eq(uploads.userId, cast.ids.owner));
    return upload();
  };
  return {
    cast,
    demo,
    upload: another,
    mine: mine.id,
    ours: ours.id,
    open: open.id,
    sealed: sealed.id,
    gone: gone.id,
    myMethod: mine.methodId,
    ourMethod: ours.methodId,
    openMethod: open.methodId,
    sealedMethod: sealed.methodId,
    review: await makeReviewLink(mine.id, null),
    invitation: (await invite(cast.teamId, cast.ids['team owner'])).secret,
    inClass: await someClass(cast),
    notice: notice.id,
    snapshot: await someSnapshot(cast.dataset),
  };
}

async function someClass({ dataset, ids }: Cast): Promise<Things['inClass']> {
  const { id } = await createClass({ name: 'A class', task: dataset.task, datasetId: dataset.id }, ids.maintainer);
  const code = await renewCode(id);
  await joinClass(code, { userId: ids.owner, teamId: null, name: 'Owner' });
  return { id, code, screen: await renewScreen(id) };
}

/** A snapshot of a board. */
async function someSnapshot({ task, name }: Cast['dataset']): Promise<string> {
  await takeSnapshots();
  return (await listSnapshots({ task, dataset: name, limit: 1 }))[0].id;
}

/** A status, with where it leads to when it leads elsewhere: `303 /notices`. */
export type Expected = { rest: number | string } & Partial<Record<Caller, number | string>>;

/** What browsers say of pages that are not this site's. */
export const ELSEWHERE = ['https://elsewhere.example', 'http://localhost.elsewhere.example', 'null'] as const;

/** For every caller what is to be answered. */
export function expectedOf({ expect: { rest, ...named } }: Visit): Partial<Record<Caller, number | string>> {
  return { ...Object.fromEntries(CALLERS.map((caller) => [caller, rest])), ...named };
}

export interface Visit {
  /** GET, unless said otherwise */
  method?: string;
  path: (things: Things) => string | Promise<string>;
  headers?: Record<string, string>;
  body?: string;
  expect: Expected;
  /** needs files that only a running site has */
  siteOnly?: true;
  /** answer to a page of another site that sends the cookie of a permitted role; 403 if absent */
  fromElsewhere?: { as: Role; answers: number | string };
}

// --- what many of them have in common ---

const NO_TOKEN = { 'expired token': 401, 'revoked token': 401, 'invented token': 401 } as const;
/** Of the API, for reading: a token has to be valid, and for this. */
const READING = { ...NO_TOKEN, 'owner’s token to submit': 403 } as const;
/** Of the API, for changing. */
const CHANGING = {
  ...NO_TOKEN,
  stranger: 401,
  'ended session': 401,
  'owner’s token to read': 403,
  suspended: 403,
  'suspended maintainer': 403,
  'suspended’s token': 403,
} as const;
const EVERYBODY: Expected = { rest: 200 };
const PUBLIC_API: Expected = { ...READING, rest: 200 };
const NOT_THERE: Expected = { ...READING, rest: 404 };
const OWNER = { owner: 200, maintainer: 200, 'owner’s token to read': 200, 'maintainer’s token': 200 } as const;
const TEAM = {
  'team member': 200,
  'team owner': 200,
  suspended: 200,
  maintainer: 200,
  'suspended’s token': 200,
  'maintainer’s token': 200,
} as const;
const MAINTAINER = { maintainer: 200, 'maintainer’s token': 200 } as const;

/** Callers a page treats as strangers, including holders of tokens without the needed scope. */
const unknown = (answer: number | string) =>
  Object.fromEntries(
    (
      [
        'stranger',
        'ended session',
        'owner’s token to submit',
        'expired token',
        'revoked token',
        'invented token',
      ] as const
    ).map((caller) => [caller, answer]),
  );
/** A page about the viewer, for every signed-in role. */
const own = (path: string): Expected => ({ rest: 200, ...unknown(`307 /sign-in?returnTo=${path}`) });
const maintainersPage: Expected = { rest: 404, ...MAINTAINER };

const page = (path: string | Visit['path'], expect: Expected): Visit => ({
  path: typeof path === 'string' ? () => path : path,
  expect,
});

/**
 * A change of a private submission through the API: its owner is let in, and told what is wrong where the state or the
 * body does not allow it; to others it does not exist.
 */
function ownersChange(
  name: string,
  { mine, rest = 404, body }: { mine: number; rest?: number; body: string },
): Record<string, Visit[]> {
  return {
    [`app/api/v1/submissions/[id]/${name}/route.ts`]: [
      {
        method: 'POST',
        path: async ({ cast }) => `/api/v1/submissions/${(await makeEntry(cast, 'owner', 'scored')).id}/${name}`,
        headers: { 'content-type': 'application/json' },
        body,
        expect: {
          ...CHANGING,
          rest,
          owner: mine,
          'owner’s token to submit': mine,
          // sees it, and may not change what is the owner’s
          maintainer: Math.max(mine, 403),
          'maintainer’s token': Math.max(mine, 403),
          ...(rest === 400 && { maintainer: 400, 'maintainer’s token': 400 }),
        },
        fromElsewhere: { as: 'owner', answers: 403 },
      },
    ],
  };
}

/** A change that only the owner may make: others learn nothing of the entry, maintainers see it. */
const OWNERS_ONLY = (answer: number): Partial<Record<Caller, number>> => ({
  owner: answer,
  'owner’s token to submit': answer,
  maintainer: 403,
  'maintainer’s token': 403,
});

/** A change of a team through the API, for its owners; its members and maintainers see that it is there. */
function ofTeam(method: string, rest: string, answers: number, body?: string): Visit {
  return {
    method,
    path: ({ cast }) => `/api/v1/teams/${cast.teamId}${rest}`,
    ...(body && { headers: { 'content-type': 'application/json' }, body }),
    expect: {
      ...CHANGING,
      rest: 404,
      'team member': 403,
      'team owner': answers,
      maintainer: 403,
      'maintainer’s token': 403,
    },
    fromElsewhere: { as: 'team owner', answers: 403 },
  };
}

const TUS = { 'tus-resumable': '1.0.0' };

export const ADDRESSES: Record<string, Visit[]> = {
  'app/.well-known/livecell-keys.json/route.ts': [page('/.well-known/livecell-keys.json', PUBLIC_API)],
  // nobody is named
  'app/.well-known/security.txt/route.ts': [page('/.well-known/security.txt', NOT_THERE)],
  'app/account/data/route.ts': [page('/account/data', { ...READING, rest: 200, stranger: 401, 'ended session': 401 })],
  'app/account/deleted/page.tsx': [page('/account/deleted', EVERYBODY)],
  'app/account/page.tsx': [page('/account', own('/account'))],
  'app/api/auth/[...nextauth]/route.ts': [
    { ...page('/api/auth/session', EVERYBODY), siteOnly: true },
    // without the word that Auth.js puts into its own forms nobody is signed out
    {
      method: 'POST',
      path: () => '/api/auth/signout',
      siteOnly: true,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'callbackUrl=%2F',
      expect: { rest: '302 /sign-in?error=MissingCSRF' },
      fromElsewhere: { as: 'owner', answers: '302 /sign-in?error=MissingCSRF' },
    },
  ],
  'app/api/health/route.ts': [page('/api/health', EVERYBODY)],
  'app/api/metrics/route.ts': [page('/api/metrics', EVERYBODY)],
  'app/api/ready/route.ts': [page('/api/ready', EVERYBODY)],
  'app/api/uploads/[[...id]]/route.ts': [
    { method: 'OPTIONS', path: () => '/api/uploads', headers: TUS, expect: { rest: 204 } },
    // an empty file: whoever may upload is told that
    {
      method: 'POST',
      path: () => '/api/uploads',
      headers: { ...TUS, 'upload-length': '0' },
      expect: { rest: 422, ...CHANGING },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
    {
      method: 'HEAD',
      path: async ({ upload }) => `/api/uploads/${await upload()}`,
      headers: TUS,
      expect: {
        rest: 404,
        owner: 200,
        'owner’s token to submit': 200,
        'owner’s token to read': 403,
        ...NO_TOKEN,
        stranger: 401,
        'ended session': 401,
      },
    },
    {
      method: 'GET',
      path: async ({ upload }) => `/api/uploads/${await upload()}`,
      headers: TUS,
      expect: {
        rest: 404,
        owner: 405,
        'owner’s token to submit': 405,
        'owner’s token to read': 403,
        ...NO_TOKEN,
        stranger: 401,
        'ended session': 401,
      },
    },
    {
      method: 'PATCH',
      path: async ({ upload }) => `/api/uploads/${await upload()}`,
      headers: { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
      body: '[{"',
      expect: { rest: 404, ...CHANGING, owner: 204, 'owner’s token to submit': 204 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
    {
      method: 'DELETE',
      path: async ({ upload }) => `/api/uploads/${await upload()}`,
      headers: TUS,
      expect: { rest: 404, ...CHANGING, owner: 204, 'owner’s token to submit': 204 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/datasets/[name]/ground-truth/route.ts': [
    { ...page(({ demo }) => `/api/v1/datasets/${encodeURIComponent(demo)}/ground-truth`, PUBLIC_API), siteOnly: true },
  ],
  'app/api/v1/datasets/[name]/variants/route.ts': [
    { ...page(({ demo }) => `/api/v1/datasets/${encodeURIComponent(demo)}/variants`, PUBLIC_API), siteOnly: true },
  ],
  'app/api/v1/datasets/[name]/images/route.ts': [
    { ...page(({ demo }) => `/api/v1/datasets/${encodeURIComponent(demo)}/images`, PUBLIC_API), siteOnly: true },
  ],
  'app/api/v1/compare/route.ts': [
    page(({ open, sealed }) => `/api/v1/compare?entries=${open},${sealed}`, PUBLIC_API),
    // its owner gets no further: a comparison shows what is public
    page(({ open, mine }) => `/api/v1/compare?entries=${open},${mine}`, NOT_THERE),
  ],
  // the ground truth of these is not public: whoever may see an entry is told so
  'app/api/v1/submissions/[id]/images/route.ts': [
    page(({ open }) => `/api/v1/submissions/${open}/images`, { ...READING, rest: 409 }),
    page(({ mine }) => `/api/v1/submissions/${mine}/images`, {
      ...NOT_THERE,
      ...Object.fromEntries(Object.keys(OWNER).map((who) => [who, 409])),
    }),
  ],
  'app/api/v1/leaderboards/[task]/slices/route.ts': [
    page('/api/v1/leaderboards/livecell-wide/slices?day=1', PUBLIC_API),
  ],
  'app/api/v1/leaderboards/[task]/route.ts': [page('/api/v1/leaderboards/livecell-wide', PUBLIC_API)],
  'app/api/v1/login/route.ts': [
    {
      method: 'POST',
      path: () => '/api/v1/login',
      headers: { 'content-type': 'application/json' },
      body: '{"machine":""}',
      // nobody needs an account to ask: whoever is let in is told that the name is missing
      expect: { rest: 400, ...CHANGING, stranger: 400, 'ended session': 400 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/login/token/route.ts': [
    {
      method: 'POST',
      path: () => '/api/v1/login/token',
      headers: { 'content-type': 'application/json' },
      body: `{"deviceCode":"${'x'.repeat(43)}"}`,
      expect: { rest: 404, ...CHANGING, stranger: 404, 'ended session': 404 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/me/route.ts': [page('/api/v1/me', { ...READING, rest: 200, stranger: 401, 'ended session': 401 })],
  'app/api/v1/openapi.json/route.ts': [page('/api/v1/openapi.json', EVERYBODY)],
  'app/api/v1/queue/route.ts': [page('/api/v1/queue', PUBLIC_API)],
  'app/api/v1/submissions/[id]/events/route.ts': [
    page(({ mine }) => `/api/v1/submissions/${mine}/events`, { ...NOT_THERE, ...OWNER }),
    page(({ ours }) => `/api/v1/submissions/${ours}/events`, { ...NOT_THERE, ...TEAM }),
    page(({ open }) => `/api/v1/submissions/${open}/events`, PUBLIC_API),
  ],
  'app/api/v1/submissions/[id]/receipt/route.ts': [
    page(({ mine }) => `/api/v1/submissions/${mine}/receipt`, { ...NOT_THERE, ...OWNER }),
    page(({ ours }) => `/api/v1/submissions/${ours}/receipt`, { ...NOT_THERE, ...TEAM }),
    page(({ open }) => `/api/v1/submissions/${open}/receipt`, PUBLIC_API),
  ],
  'app/api/v1/submissions/[id]/route.ts': [
    page(({ mine }) => `/api/v1/submissions/${mine}`, { ...NOT_THERE, ...OWNER }),
    page(({ ours }) => `/api/v1/submissions/${ours}`, { ...NOT_THERE, ...TEAM }),
    page(({ open }) => `/api/v1/submissions/${open}`, PUBLIC_API),
    page(({ sealed }) => `/api/v1/submissions/${sealed}`, PUBLIC_API),
    page(({ gone }) => `/api/v1/submissions/${gone}`, { ...NOT_THERE, rest: 410, ...OWNER }),
  ],
  'app/api/v1/datasets/[name]/cells/[image]/route.ts': [
    page('/api/v1/datasets/none/cells/0', NOT_THERE),
    { ...page(({ demo }) => `/api/v1/datasets/${encodeURIComponent(demo)}/cells/0`, PUBLIC_API), siteOnly: true },
  ],
  // nothing of an entry's cells is shown unless its owner says so
  'app/api/v1/submissions/[id]/cells/route.ts': [
    page(({ open }) => `/api/v1/submissions/${open}/cells`, NOT_THERE),
    page(({ mine }) => `/api/v1/submissions/${mine}/cells`, NOT_THERE),
  ],
  'app/api/v1/submissions/[id]/cells/[image]/route.ts': [
    page(({ open }) => `/api/v1/submissions/${open}/cells/0`, NOT_THERE),
    page(({ mine }) => `/api/v1/submissions/${mine}/cells/0`, NOT_THERE),
  ],
  // nothing is offered unless the owner says so; these entries have no file in the store
  'app/api/v1/submissions/[id]/files/[slot]/route.ts': [
    page(({ open }) => `/api/v1/submissions/${open}/files/all`, NOT_THERE),
    page(({ mine }) => `/api/v1/submissions/${mine}/files/all`, NOT_THERE),
  ],
  ...ownersChange('sharing', { mine: 200, body: '{"cellsShown":true}' }),
  ...ownersChange('anonymity', { mine: 200, body: '{"anonymous":true}' }),
  'app/api/v1/submissions/[id]/review-link/route.ts': [
    {
      method: 'POST',
      path: async ({ cast }) => `/api/v1/submissions/${(await makeEntry(cast, 'owner', 'scored')).id}/review-link`,
      expect: { ...CHANGING, rest: 404, ...OWNERS_ONLY(201) },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
    {
      method: 'DELETE',
      path: async ({ cast }) => {
        const { id } = await makeEntry(cast, 'owner', 'scored');
        await makeReviewLink(id, null);
        return `/api/v1/submissions/${id}/review-link`;
      },
      expect: { ...CHANGING, rest: 404, ...OWNERS_ONLY(204) },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  // not public, so the board cannot show it
  ...ownersChange('show', { mine: 403, body: '{}' }),
  'app/api/v1/submissions/[id]/files/route.ts': [
    {
      method: 'DELETE',
      path: async ({ cast }) => `/api/v1/submissions/${(await makeEntry(cast, 'owner', 'scored')).id}/files`,
      expect: { ...CHANGING, rest: 404, ...OWNERS_ONLY(204) },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/submissions/[id]/problems/route.ts': [
    // a private entry is not there, not even for its owner: a report is about what is public
    {
      method: 'POST',
      path: ({ mine }) => `/api/v1/submissions/${mine}/problems`,
      headers: { 'content-type': 'application/json' },
      body: '{"text":"A test"}',
      expect: { ...CHANGING, rest: 404 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
    // without a word: whoever may report is told so
    {
      method: 'POST',
      path: ({ open }) => `/api/v1/submissions/${open}/problems`,
      headers: { 'content-type': 'application/json' },
      body: '{"text":""}',
      expect: { ...CHANGING, rest: 400 },
      fromElsewhere: { as: 'other', answers: 403 },
    },
  ],
  ...ownersChange('publish', { mine: 200, body: '{}' }),
  ...ownersChange('unpublish', { mine: 403, body: '{}' }),
  // a reason that is none: whoever may withdraw it is told so
  ...ownersChange('withdraw', { mine: 400, rest: 400, body: '{"reason":"boredom"}' }),
  'app/api/v1/submissions/route.ts': [
    page('/api/v1/submissions?limit=1', { ...READING, rest: 200, stranger: 401, 'ended session': 401 }),
    // nothing is said of what is submitted: whoever may submit is told that
    {
      method: 'POST',
      path: () => '/api/v1/submissions',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      expect: { rest: 400, ...CHANGING },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/tasks/route.ts': [page('/api/v1/tasks', PUBLIC_API)],
  'app/datasets/[name]/page.tsx': [page(({ demo }) => `/datasets/${encodeURIComponent(demo)}`, EVERYBODY)],
  'app/datasets/[name]/pictures/[file]/route.ts': [
    page(({ demo }) => `/datasets/${encodeURIComponent(demo)}/pictures/none.png`, NOT_THERE),
  ],
  'app/api/v1/datasets/[name]/errata/route.ts': [page('/api/v1/datasets/none/errata', NOT_THERE)],
  'app/datasets/[name]/errata/table.csv/route.ts': [page('/datasets/none/errata/table.csv', NOT_THERE)],
  'app/datasets/[name]/errata/page.tsx': [
    page(({ demo }) => `/datasets/${encodeURIComponent(demo)}/errata`, EVERYBODY),
    page('/datasets/none/errata', { rest: 404 }),
  ],
  'app/maintain/published/page.tsx': [page('/maintain/published', maintainersPage)],
  'app/maintain/label-errors/page.tsx': [page('/maintain/label-errors', maintainersPage)],
  'app/datasets/[name]/viewer/page.tsx': [
    page(({ demo }) => `/datasets/${encodeURIComponent(demo)}/viewer`, EVERYBODY),
    page('/datasets/none/viewer', { rest: 404 }),
  ],
  'app/datasets/page.tsx': [page('/datasets', EVERYBODY)],
  'app/device/page.tsx': [page('/device', own('/device'))],
  'app/check/page.tsx': [page('/check', EVERYBODY)],
  'app/docs/page.tsx': [page('/docs', EVERYBODY)],
  'app/docs/parts/page.tsx': [page('/docs/parts', EVERYBODY)],
  'app/docs/api/page.tsx': [page('/docs/api', EVERYBODY)],
  'app/docs/tools/page.tsx': [page('/docs/tools', EVERYBODY)],
  'app/docs/formats/page.tsx': [page('/docs/formats', EVERYBODY)],
  'app/docs/command-line/page.tsx': [page('/docs/command-line', EVERYBODY)],
  'app/docs/operators/page.tsx': [page('/docs/operators', EVERYBODY)],
  'app/docs/limits/page.tsx': [page('/docs/limits', EVERYBODY)],
  'app/docs/my-number/page.tsx': [page('/docs/my-number?text=mAP', EVERYBODY)],
  'app/docs/problems/page.tsx': [page('/docs/problems', EVERYBODY)],
  'app/docs/[page]/page.tsx': [page('/docs/privacy', EVERYBODY), page('/docs/no-such-page', { rest: 404 })],
  'app/api/v1/submissions/[id]/table/route.ts': [
    page(({ open }) => `/api/v1/submissions/${open}/table`, PUBLIC_API),
    // the same for everybody: not for its owner either
    page(({ mine }) => `/api/v1/submissions/${mine}/table`, NOT_THERE),
  ],
  'app/charts/[task]/route.ts': [page('/charts/livecell-wide', PUBLIC_API), page('/charts/none', NOT_THERE)],
  'app/datasets/[name]/charts/route.ts': [
    page(({ demo }) => `/datasets/${encodeURIComponent(demo)}/charts?chart=images`, PUBLIC_API),
    page('/datasets/none/charts', NOT_THERE),
  ],
  'app/compare/charts/route.ts': [
    page(({ open, sealed }) => `/compare/charts?entries=${open},${sealed}&chart=per-iou`, PUBLIC_API),
    // the same for everybody: not for its owner either
    page(({ open, mine }) => `/compare/charts?entries=${open},${mine}&chart=per-iou`, NOT_THERE),
  ],
  'app/charts/[task]/progress/page.tsx': [
    page('/charts/livecell-wide/progress', EVERYBODY),
    page('/charts/none/progress', { rest: 404 }),
  ],
  'app/charts/[task]/files/page.tsx': [
    page('/charts/livecell-wide/files', EVERYBODY),
    page('/charts/none/files', { rest: 404 }),
  ],
  'app/oembed/route.ts': [page('/oembed?url=https://elsewhere.example/', { ...READING, rest: 400 })],
  'app/robots.txt/route.ts': [page('/robots.txt', PUBLIC_API)],
  'app/sitemap.xml/route.ts': [page('/sitemap.xml', PUBLIC_API)],
  'app/snapshots/page.tsx': [page('/snapshots', EVERYBODY)],
  'app/snapshots/[id]/page.tsx': [
    page(({ snapshot }) => `/snapshots/${snapshot}`, EVERYBODY),
    page('/snapshots/none', { rest: 404 }),
  ],
  'app/changes/page.tsx': [page('/changes', EVERYBODY)],
  'app/api/v1/methods/route.ts': [
    page('/api/v1/methods', { ...READING, rest: 200, stranger: 401, 'ended session': 401 }),
  ],
  'app/api/v1/methods/[id]/route.ts': [
    page(({ myMethod }) => `/api/v1/methods/${myMethod}`, { ...NOT_THERE, ...OWNER }),
    page(({ ourMethod }) => `/api/v1/methods/${ourMethod}`, { ...NOT_THERE, ...TEAM }),
    page(({ openMethod }) => `/api/v1/methods/${openMethod}`, PUBLIC_API),
    page(({ sealedMethod }) => `/api/v1/methods/${sealedMethod}`, { ...NOT_THERE, ...OWNER }),
    {
      method: 'PATCH',
      path: ({ openMethod }) => `/api/v1/methods/${openMethod}`,
      headers: { 'content-type': 'application/json' },
      body: '{"authors":"A. Lovelace"}',
      expect: { ...CHANGING, rest: 404, owner: 200, 'owner’s token to submit': 200 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/teams/route.ts': [
    page('/api/v1/teams', { ...READING, rest: 200, stranger: 401, 'ended session': 401 }),
    // a team without a name: whoever may make one is told so
    {
      method: 'POST',
      path: () => '/api/v1/teams',
      headers: { 'content-type': 'application/json' },
      body: '{"name":""}',
      expect: { ...CHANGING, rest: 400 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/teams/[id]/route.ts': [
    page(({ cast }) => `/api/v1/teams/${cast.teamId}`, {
      ...NOT_THERE,
      ...TEAM,
      stranger: 401,
      'ended session': 401,
    }),
    ofTeam('PATCH', '', 200, '{"name":"Renamed by program"}'),
    // there are other people in it: its owner is told so
    ofTeam('DELETE', '', 409),
  ],
  'app/api/v1/teams/[id]/invitations/route.ts': [
    page(({ cast }) => `/api/v1/teams/${cast.teamId}/invitations`, {
      ...NOT_THERE,
      stranger: 401,
      'ended session': 401,
      'team member': 403,
      'team owner': 200,
      maintainer: 403,
      'maintainer’s token': 403,
      suspended: 403,
      'suspended’s token': 403,
    }),
    ofTeam('POST', '/invitations', 201),
  ],
  // there is no such invitation: whoever may revoke it is told so
  'app/api/v1/teams/[id]/invitations/[invitation]/route.ts': [ofTeam('DELETE', '/invitations/none', 404)],
  'app/api/v1/teams/[id]/members/[person]/route.ts': [
    ofTeam('PATCH', '/members/none', 404, '{"role":"member"}'),
    ofTeam('DELETE', '/members/none', 404),
  ],
  'app/api/v1/teams/join/route.ts': [
    {
      method: 'POST',
      path: () => '/api/v1/teams/join',
      headers: { 'content-type': 'application/json' },
      body: `{"invitation":"${'x'.repeat(32)}"}`,
      expect: { ...CHANGING, rest: 404 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/notices/route.ts': [
    page('/api/v1/notices', { ...READING, rest: 200, stranger: 401, 'ended session': 401 }),
    {
      method: 'POST',
      path: () => '/api/v1/notices',
      headers: { 'content-type': 'application/json' },
      body: '{"id":"none"}',
      expect: { ...CHANGING, rest: 204 },
      fromElsewhere: { as: 'owner', answers: 403 },
    },
  ],
  'app/api/v1/imports/route.ts': [
    page('/api/v1/imports', { ...NO_TOKEN, rest: 403, stranger: 401, 'ended session': 401, maintainer: 200 }),
  ],
  'app/api/v1/datasets/route.ts': [
    page('/api/v1/datasets', PUBLIC_API),
    // for a maintainer’s token that was made for it; in a browser it takes a fresh sign-in, on the page
    {
      method: 'POST',
      path: () => '/api/v1/datasets',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"New","task":"livecell-wide","uploads":{}}',
      expect: { ...NO_TOKEN, rest: 403, stranger: 401, 'ended session': 401 },
      fromElsewhere: { as: 'maintainer', answers: 403 },
    },
  ],
  'app/api/v1/datasets/[name]/route.ts': [
    page(({ cast }) => `/api/v1/datasets/${encodeURIComponent(cast.dataset.name)}`, PUBLIC_API),
    page('/api/v1/datasets/none', NOT_THERE),
  ],
  // a maintainer’s token has to have been made for it
  'app/api/v1/inbox/route.ts': [
    page('/api/v1/inbox', {
      ...NO_TOKEN,
      rest: 403,
      stranger: 401,
      'ended session': 401,
      maintainer: 200,
    }),
  ],
  'app/api/v1/submissions/[id]/decision/route.ts': [
    {
      method: 'POST',
      path: () => '/api/v1/submissions/none/decision',
      headers: { 'content-type': 'application/json' },
      body: '{"decision":"approve"}',
      expect: { ...NO_TOKEN, rest: 403, stranger: 401, 'ended session': 401, maintainer: 404 },
      fromElsewhere: { as: 'maintainer', answers: 403 },
    },
  ],
  'app/api/v1/snapshots/route.ts': [page('/api/v1/snapshots', PUBLIC_API)],
  'app/api/v1/snapshots/[id]/route.ts': [
    page(({ snapshot }) => `/api/v1/snapshots/${snapshot}`, PUBLIC_API),
    page('/api/v1/snapshots/none', NOT_THERE),
  ],
  'app/api/v1/changes/route.ts': [page('/api/v1/changes', PUBLIC_API)],
  'app/published/page.tsx': [page('/published', EVERYBODY)],
  'app/published/table.csv/route.ts': [page('/published/table.csv', PUBLIC_API)],
  'app/entries/[id]/badge.svg/route.ts': [
    page(({ open }) => `/entries/${open}/badge.svg`, PUBLIC_API),
    // the same for everybody: not for its owner either
    page(({ mine }) => `/entries/${mine}/badge.svg`, NOT_THERE),
  ],
  'app/entries/[id]/opengraph-image/route.tsx': [
    { ...page(({ open }) => `/entries/${open}/opengraph-image`, PUBLIC_API), siteOnly: true },
    { ...page(({ mine }) => `/entries/${mine}/opengraph-image`, NOT_THERE), siteOnly: true },
  ],
  'app/entries/[id]/page.tsx': [
    page(({ mine }) => `/entries/${mine}`, { rest: 404, ...OWNER }),
    page(({ ours }) => `/entries/${ours}`, { rest: 404, ...TEAM }),
    page(({ open }) => `/entries/${open}`, EVERYBODY),
    page(({ sealed }) => `/entries/${sealed}`, EVERYBODY),
    page(({ gone }) => `/entries/${gone}`, EVERYBODY),
  ],
  'app/feed.xml/route.ts': [page('/feed.xml', PUBLIC_API)],
  'app/compare/page.tsx': [
    page('/compare', EVERYBODY),
    page(({ open, sealed }) => `/compare?entries=${open},${sealed}`, EVERYBODY),
  ],
  'app/entries/[id]/images/page.tsx': [
    page(({ open }) => `/entries/${open}/images`, EVERYBODY),
    page(({ mine }) => `/entries/${mine}/images`, { rest: 404, ...OWNER }),
  ],
  'app/leaderboards/[task]/slices/page.tsx': [page('/leaderboards/livecell-wide/slices', EVERYBODY)],
  'app/leaderboards/[task]/page.tsx': [page('/leaderboards/livecell-wide', EVERYBODY)],
  'app/leaderboards/page.tsx': [page('/leaderboards', { rest: '307 /leaderboards/livecell-wide' })],
  'app/maintain/audit/export/route.ts': [page('/maintain/audit/export', { ...NOT_THERE, ...MAINTAINER })],
  'app/maintain/audit/page.tsx': [page('/maintain/audit', maintainersPage)],
  'app/maintain/entries/[id]/page.tsx': [page(({ open }) => `/maintain/entries/${open}`, maintainersPage)],
  'app/maintain/entries/page.tsx': [page('/maintain/entries', maintainersPage)],
  'app/maintain/ground-truth/[id]/page.tsx': [
    page(({ cast }) => `/maintain/ground-truth/${cast.dataset.id}`, maintainersPage),
  ],
  'app/maintain/ground-truth/page.tsx': [page('/maintain/ground-truth', maintainersPage)],
  'app/maintain/page.tsx': [page('/maintain', maintainersPage)],
  'app/maintain/people/[id]/merge/page.tsx': [
    page(({ cast }) => `/maintain/people/${cast.ids.other}/merge`, maintainersPage),
  ],
  'app/maintain/people/[id]/page.tsx': [page(({ cast }) => `/maintain/people/${cast.ids.other}`, maintainersPage)],
  'app/maintain/people/page.tsx': [page('/maintain/people', maintainersPage)],
  'app/maintain/tasks/[task]/page.tsx': [page('/maintain/tasks/livecell-wide', maintainersPage)],
  'app/maintain/tasks/page.tsx': [page('/maintain/tasks', maintainersPage)],
  'app/methods/[id]/page.tsx': [
    page(({ myMethod }) => `/methods/${myMethod}`, { rest: 404, ...OWNER }),
    page(({ ourMethod }) => `/methods/${ourMethod}`, { rest: 404, ...TEAM }),
    page(({ openMethod }) => `/methods/${openMethod}`, EVERYBODY),
    page(({ sealedMethod }) => `/methods/${sealedMethod}`, { rest: 404, ...OWNER }),
  ],
  'app/methods/page.tsx': [page('/methods', own('/methods'))],
  'app/notices/[id]/route.ts': [
    {
      path: ({ notice }) => `/notices/${notice}`,
      expect: {
        rest: '303 /notices',
        ...unknown('303 /sign-in?returnTo=/notices/{notice}'),
        owner: '303 /submissions/{mine}',
        'owner’s token to read': '303 /submissions/{mine}',
      },
    },
  ],
  'app/notices/page.tsx': [page('/notices', own('/notices'))],
  'app/page.tsx': [page('/', EVERYBODY)],
  'app/protocol/page.tsx': [page('/protocol', EVERYBODY)],
  'app/queue/page.tsx': [page('/queue', EVERYBODY)],
  'app/status/page.tsx': [page('/status', EVERYBODY)],
  'app/review/[secret]/page.tsx': [
    page(({ review }) => `/review/${review}`, EVERYBODY),
    page('/review/none', { rest: 404 }),
  ],
  'app/review/[secret]/receipt/route.ts': [
    page(({ review }) => `/review/${review}/receipt`, PUBLIC_API),
    page('/review/none/receipt', NOT_THERE),
  ],
  'app/sign-in/local/route.ts': [
    {
      method: 'POST',
      path: () => '/sign-in/local',
      siteOnly: true,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'name=Eve&email=eve@evil.example&role=maintainer&key=guessed&returnTo=',
      expect: { rest: 403 },
      fromElsewhere: { as: 'stranger', answers: 403 },
    },
  ],
  'app/sign-in/page.tsx': [page('/sign-in', { rest: '307 /submissions', ...unknown(200) })],
  'app/submissions/[id]/page.tsx': [
    page(({ mine }) => `/submissions/${mine}`, { rest: 404, ...OWNER }),
    page(({ ours }) => `/submissions/${ours}`, { rest: 404, ...TEAM }),
    page(({ open }) => `/submissions/${open}`, { rest: '307 /entries/{open}', ...OWNER }),
    page(({ gone }) => `/submissions/${gone}`, { rest: '307 /entries/{gone}', ...OWNER }),
  ],
  'app/submissions/page.tsx': [page('/submissions', own('/submissions'))],
  'app/submit/page.tsx': [page('/submit', EVERYBODY)],
  'app/tasks/[id]/page.tsx': [page('/tasks/livecell-wide', EVERYBODY)],
  'app/tasks/page.tsx': [page('/tasks', EVERYBODY)],
  'app/teams/[id]/page.tsx': [page(({ cast }) => `/teams/${cast.teamId}`, { rest: 404, ...TEAM })],
  'app/classes/page.tsx': [page('/classes', own('/classes'))],
  // its member is the owner; maintainers see every class
  'app/classes/[id]/page.tsx': [
    {
      path: ({ inClass }) => `/classes/${inClass.id}`,
      expect: { rest: 404, ...OWNER },
    },
  ],
  'app/classes/join/[code]/page.tsx': [
    page(({ inClass }) => `/classes/join/${inClass.code}`, EVERYBODY),
    page('/classes/join/none', EVERYBODY),
  ],
  'app/classes/screen/[secret]/page.tsx': [
    page(({ inClass }) => `/classes/screen/${inClass.screen}`, EVERYBODY),
    page('/classes/screen/none', { rest: 404 }),
  ],
  'app/maintain/classes/page.tsx': [page('/maintain/classes', maintainersPage)],
  'app/teams/join/[secret]/page.tsx': [page(({ invitation }) => `/teams/join/${invitation}`, EVERYBODY)],
  'app/teams/page.tsx': [page('/teams', own('/teams'))],
  'app/verify/page.tsx': [page('/verify', EVERYBODY)],
};

/** What an answer is, in the words of the table. */
export function answerOf(response: { status: number; location: string | null }, things: Things): number | string {
  const { status, location } = response;
  if (!location || status < 300 || status > 399) return status;
  const { pathname, searchParams } = new URL(location, 'http://site');
  const query = [...searchParams].map(([name, value]) => `${name}=${value}`).join('&');
  const words = ['mine', 'open', 'gone', 'notice'] as const;
  const said = `${status} ${pathname}${query && `?${query}`}`;
  return words.reduce((text, name) => text.replaceAll(things[name], `{${name}}`), said);
}

export const VISITS = Object.entries(ADDRESSES).flatMap(([file, visits]) =>
  visits.map((visit, i) => ({ file, visit, title: `${visit.method ?? 'GET'} ${file}${i > 0 ? `, ${i + 1}` : ''}` })),
);

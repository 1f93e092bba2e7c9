/** The anonymity walk over HTTP handlers; pages are walked on the built site, in tests/e2e/anonymity.spec.ts. */

import { join } from 'node:path';
import { and, eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { queueFor } from '#app/_server/queue.ts';
import { findSubmission, submissionBody, underReview } from '#app/_server/submissions.ts';
import { takeSnapshots } from '#db/board/snapshots.ts';
import { db } from '#db/engine/client.ts';
import { auditEvents, type Dataset, submissions } from '#db/schema.ts';
import { makeAnonymous, makeReviewLink, reveal, revokeReviewLink } from '#db/submissions/anonymity.ts';
import { listVersions } from '#db/submissions/methods.ts';
import { approve } from '#db/submissions/moderation.ts';
import { unpublish, withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createDemoSubmission, createSubmission } from '#db/submissions/submissions.ts';
import { findTombstone } from '#db/submissions/tombstones.ts';
import { leaderboardSchema, receiptSchema, submissionSchema } from '#lib/http/api.ts';
import { routeFiles } from '#tests/app-files.ts';
import { canariesIn, type Planted, plantCanaries } from '#tests/canaries.ts';
import { saveSlices, someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

const ROOT = join(import.meta.dirname, '..', '..');

let dataset: Dataset;
let planted: Planted;
/** another public entry */
let other: string;
/** of the board while the entry is anonymous */
let snapshot: string;
let eve: Person;
let maintainer: Person;
beforeAll(async () => {
  dataset = await someDataset(db());
  planted = await plantCanaries(db(), dataset, someReports());
  await saveSlices(planted.id, db());
  other = (await createDemoSubmission(someSubmission(dataset, { method: 'Another' }), db())).id;
  await startScoring(other, 1);
  await saveReports(other, someReports());
  [snapshot] = await takeSnapshots();
  eve = await person('eve');
  maintainer = await person('mo', 'maintainer');
});

interface Visit {
  params?: Record<string, string>;
  search?: string;
  /** the method's name stands there once the entry is revealed */
  named?: boolean;
  /** these people are not let in, or find what is their own */
  closed?: boolean;
}

/** Every route with what is asked of it; or why it says nothing of entries. */
const WALK: Record<string, Visit[] | string> = {
  'app/.well-known/livecell-keys.json/route.ts': [{}],
  'app/.well-known/security.txt/route.ts': [{ closed: true }],
  'app/account/data/route.ts': [{ closed: true }],
  'app/notices/[id]/route.ts': [{ params: { id: 'none' }, closed: true }],
  'app/api/auth/[...nextauth]/route.ts': 'signs people in; answers about the session alone',
  'app/api/uploads/[[...id]]/route.ts': 'uploads are their owner’s, and their names are not given out',
  'app/sign-in/local/route.ts': 'signs people in; answers with a redirect',
  'app/api/health/route.ts': [{}],
  'app/api/metrics/route.ts': [{}],
  'app/api/ready/route.ts': [{}],
  'app/api/v1/login/route.ts': 'begins the sign-in of a machine; nothing to read',
  'app/api/v1/login/token/route.ts': 'gives a machine its token; nothing to read',
  'app/api/v1/me/route.ts': [{ closed: true }],
  'app/api/v1/openapi.json/route.ts': [{}],
  'app/published/table.csv/route.ts': [{}],
  'app/api/v1/methods/route.ts': [{ closed: true }],
  // of an anonymous entry’s method nothing is public
  'app/api/v1/methods/[id]/route.ts': [{ params: { id: '{method}' }, closed: true }],
  'app/api/v1/teams/route.ts': [{ closed: true }],
  'app/api/v1/teams/[id]/route.ts': [{ params: { id: 'none' }, closed: true }],
  'app/api/v1/submissions/[id]/anonymity/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/review-link/route.ts': 'makes a link to what is the caller’s own; nothing to read',
  'app/api/v1/submissions/[id]/show/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/files/route.ts': 'deletes what is the caller’s own; nothing to read',
  'app/api/v1/submissions/[id]/problems/route.ts': 'takes a report; nothing to read',
  'app/api/v1/teams/[id]/invitations/[invitation]/route.ts': 'revokes; nothing to read',
  'app/api/v1/teams/[id]/members/[person]/route.ts': 'changes a team; nothing to read',
  'app/api/v1/teams/join/route.ts': 'lets people into a team; nothing to read',
  'app/api/v1/teams/[id]/invitations/route.ts': [{ params: { id: 'none' }, closed: true }],
  'app/api/v1/notices/route.ts': [{ closed: true }],
  'app/api/v1/imports/route.ts': [{ closed: true }],
  'app/api/v1/datasets/route.ts': [{}],
  'app/api/v1/datasets/[name]/route.ts': [{ params: { name: 'test' } }],
  'app/api/v1/inbox/route.ts': [{ closed: true }],
  'app/api/v1/submissions/[id]/decision/route.ts': 'decides for maintainers; answers with the entry’s state alone',
  'app/api/v1/submissions/[id]/table/route.ts': ['csv', 'bibtex', 'latex', 'parquet', 'eval-results'].map((format) => ({
    params: { id: '{id}' },
    search: `?format=${format}`,
  })),
  'app/charts/[task]/route.ts': ['svg', 'csv'].map((format) => ({
    params: { task: 'livecell-wide' },
    search: `?format=${format}&entries={id}`,
    named: true,
  })),
  'app/datasets/[name]/charts/route.ts': [{ params: { name: 'test' }, search: '?format=json' }],
  'app/compare/charts/route.ts': ['json', 'svg', 'csv'].map((format) => ({
    search: `?entries={id},{other}&chart=per-iou&format=${format}`,
    named: true,
  })),
  'app/oembed/route.ts': [{ search: '?url=http://localhost:3000/entries/{id}' }],
  'app/robots.txt/route.ts': [{}],
  'app/sitemap.xml/route.ts': [{}],
  'app/api/v1/snapshots/route.ts': [{}],
  // what is anonymous stays so in a snapshot of that time
  'app/api/v1/snapshots/[id]/route.ts': ['json', 'csv', 'bibtex'].map((format) => ({
    params: { id: '{snapshot}' },
    search: `?format=${format}`,
  })),
  'app/api/v1/changes/route.ts': ['json', 'csv'].map((format) => ({ search: `?format=${format}`, named: true })),
  'app/api/v1/tasks/route.ts': [{}],
  'app/api/v1/queue/route.ts': [{}],
  'app/api/v1/datasets/[name]/ground-truth/route.ts': 'reads the ground truth’s file: walked on the built site',
  'app/api/v1/datasets/[name]/variants/route.ts': 'sends what is derived from ground truth, never of an entry',
  'app/api/v1/datasets/[name]/images/route.ts': 'reads the ground truth’s file: walked on the built site',
  'app/api/v1/submissions/route.ts': [{ closed: true }],
  'app/api/v1/datasets/[name]/errata/route.ts': [{ params: { name: 'none' }, closed: true }],
  'app/datasets/[name]/errata/table.csv/route.ts': [{ params: { name: 'none' }, closed: true }],
  'app/api/v1/datasets/[name]/cells/[image]/route.ts': 'sends annotations, never of an entry',
  'app/api/v1/submissions/[id]/cells/route.ts': [{ params: { id: '{id}' }, closed: true }],
  'app/api/v1/submissions/[id]/cells/[image]/route.ts': [{ params: { id: '{id}', image: '0' }, closed: true }],
  'app/api/v1/submissions/[id]/files/[slot]/route.ts': [{ params: { id: '{id}', slot: 'all' }, closed: true }],
  'app/api/v1/submissions/[id]/sharing/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/publish/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/unpublish/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/withdraw/route.ts': 'changes what is the caller’s own; answers with its state alone',
  'app/api/v1/submissions/[id]/route.ts': [{ params: { id: '{id}' }, named: true }],
  'app/api/v1/submissions/[id]/events/route.ts': [{ params: { id: '{id}' }, named: true }],
  'app/api/v1/submissions/[id]/receipt/route.ts': [{ params: { id: '{id}' }, named: true }],
  'app/api/v1/submissions/[id]/images/route.ts': [{ params: { id: '{id}' }, closed: true }],
  'app/api/v1/leaderboards/[task]/slices/route.ts': ['json', 'csv'].map((format) => ({
    params: { task: 'livecell-wide' },
    search: `?format=${format}&type=A172`,
    named: true,
  })),
  'app/api/v1/compare/route.ts': ['json', 'csv'].flatMap((format) => [
    // a table has ids in place of names
    { search: `?entries={id},{other}&format=${format}`, named: format === 'json' },
    { search: `?entries={other},{id}&format=${format}&evaluation=bbox&protocol=coco`, named: format === 'json' },
  ]),
  'app/api/v1/leaderboards/[task]/route.ts': [
    ...['json', 'csv', 'bibtex', 'latex', 'parquet'].flatMap((format) =>
      ['', '&protocol=coco', '&evaluation=bbox', '&cellType=A172', '&sort=method', '&columns=ap-by-type'].map(
        (more) => ({
          params: { task: 'livecell-wide' },
          search: `?format=${format}${more}`,
          named: format !== 'parquet',
        }),
      ),
    ),
    ...['single-cell-type', 'transferability', 'fluorescence-counts', 'training-size', 'zero-shot'].map((task) => ({
      params: { task },
    })),
  ],
  'app/datasets/[name]/pictures/[file]/route.ts': 'sends files of a data set, never of an entry',
  'app/maintain/audit/export/route.ts': [{ closed: true }],
  'app/entries/[id]/badge.svg/route.ts': [{ params: { id: '{id}' }, named: true }],
  'app/entries/[id]/opengraph-image/route.tsx': 'a picture: what is drawn on it is read in the browser walk',
  'app/feed.xml/route.ts': [{ named: true }],
  // the link's holder gets it, too, even after the entry was revealed
  'app/review/[secret]/receipt/route.ts': [{ params: { secret: '{secret}' } }],
};

const routes = routeFiles(/^route\.tsx?$/);

async function visit(
  file: string,
  { params = {}, search = '', closed = false }: Visit,
  who: Person | null,
): Promise<string> {
  const fill = (text: string) =>
    text
      .replace('{id}', planted.id)
      .replace('{secret}', planted.secret)
      .replace('{other}', other)
      .replace('{snapshot}', snapshot)
      .replace('{method}', planted.methodId);
  const filled = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, fill(value)]));
  const { GET } = (await import(/* @vite-ignore */ join(ROOT, file))) as {
    GET: (request: Request, context: object) => Promise<Response>;
  };
  const request = new Request(`http://localhost/x${fill(search)}`, { headers: who?.bearer });
  const response = await GET(request, { params: Promise.resolve(filled) });
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  const { status } = response;
  expect(closed ? status < 500 : status === 200, `${file} ${search} answered ${status}`).toBe(true);
  return `${headers}\n\n${await response.text()}`;
}

test('every route has a row in the walk', () => {
  expect(Object.keys(WALK).sort()).toEqual(routes);
});

const walked = Object.entries(WALK).flatMap(([file, visits]) =>
  typeof visits === 'string' ? [] : visits.map((visit) => ({ file, visit, what: `${file} ${visit.search ?? ''}` })),
);

describe('while the entry is anonymous', () => {
  test.each(walked)('$what says nothing of who made it', async ({ file, visit: asked }) => {
    for (const who of [null, eve]) {
      const text = await visit(file, asked, who);
      expect(canariesIn(text, planted)).toEqual([]);
      if (asked.named) expect(text).toContain(planted.name);
      if (!file.startsWith('app/review')) expect(text).not.toContain(planted.secret);
    }
  });

  it('is whole to its owner and to maintainers, marked as what others do not see; its receipt is not', async () => {
    for (const who of [{ id: planted.ownerId }, maintainer]) {
      const viewer = await viewerNamed(who);
      const body = submissionSchema
        .strict()
        .parse(await submissionBody(viewer, await findSubmission(viewer, planted.id)));
      expect(body).toMatchObject({ method: planted.methodName, submitter: planted.owner.name, team: planted.teamName });
      expect(body.anonymous).toEqual({ name: planted.name, identityShown: true, until: null });
    }
    const receipt = await visit('app/api/v1/submissions/[id]/receipt/route.ts', { params: { id: '{id}' } }, maintainer);
    expect(canariesIn(receipt, planted)).toEqual([]);
    expect(receiptSchema.strict().parse(JSON.parse(receipt.split('\n\n')[1])).submission.method).toBe(planted.name);
  });

  it('stands on the board with its numbers, ranked', async () => {
    const text = await visit('app/api/v1/leaderboards/[task]/route.ts', { params: { task: 'livecell-wide' } }, null);
    const { rows } = leaderboardSchema.parse(JSON.parse(text.split('\n\n')[1]));
    expect(rows.find(({ id }) => id === planted.id)).toMatchObject({
      rank: 1,
      method: planted.name,
      submitter: null,
      anonymous: true,
      methodId: null,
      version: null,
    });
  });
});

test('the queue names no submission that would be anonymous, nor do runs and versions link one to its method', async () => {
  const named = await scored('Known method', 'pending', eve.id);
  await approve(named.id, null);
  const secret = await scored('Known method', 'pending', eve.id);
  await makeAnonymous(secret.id, eve.id, null);
  await approve(secret.id, null);
  const waiting = await createSubmission(someSubmission(dataset, { method: 'Known method', userId: eve.id }));
  await makeAnonymous(waiting.id, eve.id, null);
  expect(JSON.stringify(await queueFor(null))).not.toMatch(/Known method|eve/);

  const text = await visit('app/api/v1/leaderboards/[task]/route.ts', { params: { task: 'livecell-wide' } }, null);
  const { rows } = JSON.parse(text.split('\n\n')[1]);
  const row = (id: string) => rows.find((row: { id: string }) => row.id === id);
  // both stand on the board; one has not taken the other's place, and no count is of both
  expect(row(named.id)).toMatchObject({ method: 'Known method', version: 1, runs: 1 });
  expect(row(secret.id)).toMatchObject({ version: null, methodId: null, runs: 1 });
  expect((await listVersions(named.methodId!, { public: true })).map(({ id }) => id)).toEqual([named.id]);

  // with its name it is the method's newest version, and that is what the board shows
  await reveal(secret.id, eve.id);
  const after = await visit('app/api/v1/leaderboards/[task]/route.ts', { params: { task: 'livecell-wide' } }, null);
  const shown = JSON.parse(after.split('\n\n')[1]).rows.filter(
    ({ method }: { method: string }) => method === 'Known method',
  );
  expect(shown).toMatchObject([{ id: secret.id, version: 2, runs: 2 }]);
});

describe('the reviewers’ link', () => {
  const receipt = (secret: string) =>
    import('#app/review/[secret]/receipt/route.ts').then(({ GET }) =>
      GET(new Request('http://localhost/x'), { params: Promise.resolve({ secret }) }),
    );

  it('leads to an entry that is not published yet, until it is replaced or revoked', async () => {
    const { id } = await scored('Under review');
    expect(await statusOf(id)).toBe(404);
    const first = await makeReviewLink(id, null);
    const text = await (await receipt(first)).text();
    expect(JSON.parse(text).submission).toMatchObject({ id, method: 'Anonymous entry' });
    expect(text).not.toContain('Under review');
    expect(await statusOf(id)).toBe(404); // the link opens itself and nothing else

    const second = await makeReviewLink(id, null);
    expect([(await receipt(first)).status, (await receipt(second)).status]).toEqual([404, 200]);
    await revokeReviewLink(id, null);
    expect((await receipt(second)).status).toBe(404);
    await expect(revokeReviewLink(id, null)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is kept as a digest alone, and its making is on record', async () => {
    const { id } = await scored('On record');
    const secret = await makeReviewLink(id, maintainer.id);
    await makeReviewLink(id, maintainer.id);
    await revokeReviewLink(id, maintainer.id);
    const stored = await db().select().from(submissions).where(eq(submissions.id, id));
    const events = await db().select().from(auditEvents).where(eq(auditEvents.submissionId, id));
    expect(JSON.stringify([stored, events])).not.toContain(secret);
    expect(events.map(({ kind, detail }) => [kind, detail.replaced]).slice(-3)).toEqual([
      ['review-link-made', false],
      ['review-link-made', true],
      ['review-link-revoked', undefined],
    ]);
  });
});

describe('numbers', () => {
  it('are given once: two at a time get two, and one whose entry is gone is not given again', async () => {
    const made = await Promise.all([1, 2, 3, 4].map((i) => scored(`Number ${i}`)));
    const sealed = await Promise.all(made.map(({ id }) => makeAnonymous(id, null, null)));
    const numbers = sealed.map(({ anonymousNumber }) => anonymousNumber!);
    expect(new Set(numbers).size).toBe(4);
    const last = sealed.find(({ anonymousNumber }) => anonymousNumber === Math.max(...numbers))!;
    // revealed and sealed again: its own number
    await reveal(last.id, null);
    expect((await makeAnonymous(last.id, null, null)).anonymousNumber).toBe(last.anonymousNumber);
    await db().delete(submissions).where(eq(submissions.id, last.id));
    const { id } = await scored('The next');
    expect((await makeAnonymous(id, null, null)).anonymousNumber).toBe(last.anonymousNumber! + 1);
  });
});

test('what is left of an anonymous entry that was withdrawn does not name it, and its reviewers’ link ends', async () => {
  const { id } = await scored('Withdrawn method', 'pending', eve.id);
  const { anonymousNumber } = await makeAnonymous(id, eve.id, null);
  const secret = await makeReviewLink(id, eve.id);
  await approve(id, null);
  await withdraw(id, eve.id, { reason: 'mistake' });
  const left = await findTombstone(id);
  expect(left).toMatchObject({ method: `Anonymous entry ${anonymousNumber}`, methodId: null, reason: 'mistake' });
  expect(JSON.stringify(left)).not.toMatch(/Withdrawn method|eve/);
  expect(await underReview(secret)).toBeNull();
});

describe('an entry', () => {
  it('that has been public under its name cannot become anonymous any more, published or not', async () => {
    const { id } = await scored('Known', 'pending');
    await approve(id, null);
    await expect(makeAnonymous(id, null, null)).rejects.toThrow(/has been public under its name/);
    await unpublish(id, null);
    await expect(makeAnonymous(id, null, null)).rejects.toThrow(/has been public under its name/);
  });

  it('is revealed when its date has come, without anybody doing anything', async () => {
    const { id } = await scored('Dated method', 'pending');
    await expect(makeAnonymous(id, null, new Date(Date.now() - 1000))).rejects.toThrow(/in the future/);
    await makeAnonymous(id, null, new Date(Date.now() + 3600_000));
    await approve(id, null);
    const read = () => visit('app/api/v1/submissions/[id]/route.ts', { params: { id } }, null);
    expect(await read()).not.toContain('Dated method');
    // an hour later
    const past = { anonymousUntil: new Date(Date.now() - 1) };
    await db()
      .update(submissions)
      .set(past)
      .where(and(eq(submissions.id, id), eq(submissions.anonymous, true)));
    expect(await read()).toContain('Dated method');
    await expect(reveal(id, null)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('once revealed by a click', () => {
  beforeAll(async () => {
    await reveal(planted.id, planted.ownerId);
  });

  test.each(walked.filter(({ visit }) => visit.named))('$what names the method', async ({ file, visit: asked }) => {
    const text = await visit(file, asked, null);
    expect(canariesIn(text, planted)).toContain('method');
    // these are never public
    const never = ['email', 'ownerId', 'teamId', 'fileName', 'storage', 'note', 'notice', 'token', 'upload'];
    expect(canariesIn(text, planted).filter((name) => never.includes(name))).toEqual([]);
  });

  it('the reviewers’ link still does not tell', async () => {
    const text = await visit('app/review/[secret]/receipt/route.ts', { params: { secret: '{secret}' } }, null);
    expect(canariesIn(text, planted)).toEqual([]);
  });
});

async function statusOf(id: string): Promise<number> {
  const { GET } = await import('#app/api/v1/submissions/[id]/route.ts');
  return (await GET(new Request('http://localhost/x'), { params: Promise.resolve({ id }) })).status;
}

async function scored(method: string, visibility: 'private' | 'pending' = 'private', userId: string | null = null) {
  const submission = await createSubmission(someSubmission(dataset, { method, visibility, userId }));
  await startScoring(submission.id, 1);
  await saveReports(submission.id, someReports());
  return submission;
}

/** Methods, teams and suspended accounts as programs meet them, over HTTP, and what the pages' actions stand on. */
import { eq } from 'drizzle-orm';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { deleteFiles, findSubmission, giveUp, submissionBody } from '#app/_server/submissions.ts';
import { handleUpload } from '#app/_server/uploads.ts';
import { GET as receipt } from '#app/api/v1/submissions/[id]/receipt/route.ts';
import { GET as read } from '#app/api/v1/submissions/[id]/route.ts';
import { POST as create } from '#app/api/v1/submissions/route.ts';
import { earlier } from '#app/submit/earlier.ts';
import { db } from '#db/engine/client.ts';
import { acceptInvitation, createTeam, invite, removeMember } from '#db/people/teams.ts';
import { taskSettings, users } from '#db/schema.ts';
import { approve, hide } from '#db/submissions/moderation.ts';
import { requestPublication, unpublish } from '#db/submissions/publication.ts';
import { failSubmission, rejectSubmission, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { findTombstone } from '#db/submissions/tombstones.ts';
import { storage } from '#lib/storage.ts';
import { someDataset, someReports } from '#tests/db/fixtures.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

const FILE = Buffer.from('[{"image_id":1,"score":0.5,"bbox":[0,0,2,2]}]');
let ada: Person;
let bob: Person;
let eve: Person;
let maintainer: Person;
let team: { id: string };
beforeAll(async () => {
  ada = await person('ada');
  bob = await person('bob');
  eve = await person('eve');
  maintainer = await person('mo', 'maintainer');
  const { task } = await someDataset(db());
  await db().insert(taskSettings).values({ task, quota: 1000 });
  team = await createTeam('Cell Lab', ada.id);
  await acceptInvitation((await invite(team.id, ada.id)).secret, bob.id);
});

async function upload(who: Person): Promise<Response> {
  const headers = {
    ...who.bearer,
    'tus-resumable': '1.0.0',
    'upload-length': String(FILE.length),
    'content-type': 'application/offset+octet-stream',
  };
  return handleUpload(new Request('http://localhost/api/uploads', { method: 'POST', headers, body: FILE }));
}

async function post(who: Person, body: object): Promise<Response> {
  const files = [{ slot: 'all', upload: (await upload(who)).headers.get('location') ?? '-' }];
  const request = new Request('http://localhost/api/v1/submissions', {
    method: 'POST',
    headers: who.bearer,
    body: JSON.stringify({ task: 'livecell-wide', files, ...body }),
  });
  return create(request, { params: Promise.resolve({}) });
}

async function submitted(who: Person, body: object): Promise<string> {
  const response = await post(who, body);
  const answer = await response.json();
  expect(answer).toHaveProperty('state', 'queued');
  return answer.id;
}

async function refused(who: Person, body: object): Promise<Record<string, string>> {
  const response = await post(who, body);
  expect(response.status).toBe(400);
  return (await response.json()).fields;
}

async function scored(who: Person, body: object): Promise<string> {
  const id = await submitted(who, body);
  await startScoring(id, 1);
  await saveReports(id, someReports());
  return id;
}

async function status(handler: typeof read, who: Person | null, id: string): Promise<number> {
  const request = new Request('http://localhost/x', { headers: who?.bearer });
  return (await handler(request, { params: Promise.resolve({ id }) })).status;
}

describe('a submission', () => {
  it('is a version of the method of its name, or of the one whose id is given', async () => {
    const first = (await getSubmission(await submitted(ada, { method: 'U-Net' })))!;
    const second = (await getSubmission(await submitted(ada, { method: ' u-NET ' })))!;
    const third = (await getSubmission(await submitted(ada, { methodId: first.methodId })))!;
    expect([second, third]).toMatchObject([
      { methodId: first.methodId, method: 'U-Net', version: 2 },
      { methodId: first.methodId, method: 'U-Net', version: 3 },
    ]);
    expect(await submissionBody(await viewerNamed(ada), third)).toMatchObject({
      methodId: first.methodId,
      version: 3,
      method: 'U-Net',
      team: null,
    });
  });

  it('needs a name or an id, and says so beside all else that is missing', async () => {
    const response = await post(ada, { files: [] });
    expect(Object.keys((await response.json()).fields).sort()).toEqual(['files', 'method']);
    expect(await refused(ada, { method: 'x'.repeat(121) })).toHaveProperty('method', 'At most 120 characters');
  });

  it('names somebody else’s method with the words for one that never was', async () => {
    const { methodId } = (await getSubmission(await submitted(ada, { method: 'Mine' })))!;
    expect(await refused(eve, { methodId })).toEqual(await refused(eve, { methodId: crypto.randomUUID() }));
    expect(await refused(ada, { methodId, team: 'Cell Lab' })).toHaveProperty('methodId');
    expect(await refused(ada, { methodId, method: 'Other' })).toHaveProperty('method');
  });

  it('is a team’s by its name or id, or by its method’s; every member sees it and nobody else', async () => {
    const byName = await submitted(ada, { method: 'Ours', team: 'cell lab' });
    const byId = await submitted(bob, { method: 'ours', team: team.id });
    const [one, two] = [(await getSubmission(byName))!, (await getSubmission(byId))!];
    expect(one).toMatchObject({ teamId: team.id, userId: ada.id, version: 1 });
    expect(two).toMatchObject({ teamId: team.id, userId: bob.id, version: 2, methodId: one.methodId });
    const byMethod = (await getSubmission(await submitted(bob, { methodId: one.methodId })))!;
    expect(byMethod).toMatchObject({ teamId: team.id, version: 3 });
    for (const who of [ada, bob, maintainer]) expect(await status(read, who, byName)).toBe(200);
    for (const who of [eve, null]) expect(await status(read, who, byName)).toBe(404);
    expect(await submissionBody(await viewerNamed(bob), one)).toMatchObject({ team: 'Cell Lab' });
  });

  it('is for no team one is not in, whether there is such a team or not', async () => {
    const fields = await refused(eve, { method: 'm', team: 'Cell Lab' });
    expect(fields).toEqual({ team: 'You are in no team named “Cell Lab”.' });
    expect(await refused(eve, { method: 'm', team: team.id })).toHaveProperty('team');
    const { methodId } = (await getSubmission(await submitted(ada, { method: 'Ours too', team: team.id })))!;
    expect(await refused(eve, { methodId })).toHaveProperty('methodId');
  });

  it('asks for the id where one is in two teams of a name', async () => {
    const [one] = [await createTeam('Twins', eve.id), await createTeam('twins', eve.id)];
    expect((await refused(eve, { method: 'm', team: 'Twins' })).team).toMatch('give the id');
    expect(await getSubmission(await submitted(eve, { method: 'm', team: one.id }))).toMatchObject({ teamId: one.id });
  });

  it('of a team is withdrawn by any member; one who was removed can do nothing with it any more', async () => {
    const guest = await person('guest');
    await acceptInvitation((await invite(team.id, ada.id)).secret, guest.id);
    const [one, two] = [
      await scored(guest, { method: 'By a guest', team: team.id }),
      await scored(guest, { method: 'By a guest', team: team.id }),
    ];
    await removeMember(team.id, guest.id, ada.id);
    await expect(giveUp(await viewerNamed(guest), one)).rejects.toMatchObject({ status: 404 });
    await giveUp(await viewerNamed(bob), one);
    expect((await getSubmission(one))!.state).toBe('withdrawn');
    expect((await getSubmission(two))!.teamId).toBe(team.id);
  });
});

describe('files', () => {
  it('are deleted by an owner, and the scores and digests stay', async () => {
    const id = await scored(ada, { method: 'Without files' });
    const [{ storageKey, sha256 }] = (await getSubmission(id))!.files;
    await expect(deleteFiles(await viewerNamed(maintainer), id)).rejects.toMatchObject({ status: 403 });
    await deleteFiles(await viewerNamed(ada), id);
    expect(await storage().exists(storageKey)).toBe(false);
    const body = await submissionBody(await viewerNamed(ada), await findSubmission(await viewerNamed(ada), id));
    expect(body).toMatchObject({ state: 'scored', files: [{ sha256 }] });
    expect(await status(receipt, ada, id)).toBe(200);
    await expect(deleteFiles(await viewerNamed(ada), id)).rejects.toMatchObject({ status: 403 });
  });

  it('are not deleted while a score is awaited', async () => {
    const id = await submitted(ada, { method: 'Waiting' });
    await expect(deleteFiles(await viewerNamed(ada), id)).rejects.toMatchObject({ status: 403 });
    const [{ storageKey }] = (await getSubmission(id))!.files;
    expect(await storage().exists(storageKey)).toBe(true);
  });
});

describe('what was public and is withdrawn', () => {
  const published = async (who: Person, body: object) => {
    const id = await scored(who, body);
    await requestPublication(id, who.id);
    await approve(id, maintainer.id);
    return id;
  };

  it('leaves its name, the day and the reason, and no numbers', async () => {
    const [old, newer] = [await published(ada, { method: 'Buried' }), await published(ada, { method: 'Buried' })];
    expect(await findTombstone(old)).toBeNull();
    await giveUp(await viewerNamed(ada), old, 'superseded');
    const { methodId } = (await getSubmission(newer))!;
    const tombstone = await findTombstone(old);
    expect(tombstone).toEqual({
      id: old,
      task: 'livecell-wide',
      dataset: 'test',
      method: 'Buried',
      methodId,
      what: 'withdrawn',
      reason: 'superseded',
      at: expect.any(Date),
    });
    expect(Date.now() - tombstone!.at.getTime()).toBeLessThan(60_000);
    // and the interface says the same
    expect(await status(read, null, old)).toBe(410);
    expect(await status(read, eve, old)).toBe(410);
    expect(await status(receipt, null, old)).toBe(410);
    // nobody is pointed at a method that has nothing public left
    await giveUp(await viewerNamed(ada), newer, 'mistake');
    expect(await findTombstone(newer)).toMatchObject({ methodId: null, reason: 'mistake' });
  });

  it('is anonymous for ever where it was anonymous when it went', async () => {
    const until = new Date(Date.now() + 3600_000).toISOString();
    const id = await published(ada, { method: 'Secret', anonymous: true, anonymousUntil: until });
    await giveUp(await viewerNamed(ada), id, 'other');
    expect(await findTombstone(id)).toMatchObject({
      method: expect.stringMatching(/^Anonymous entry \d+$/),
      methodId: null,
    });
    expect(await getSubmission(id)).toMatchObject({ anonymous: true, anonymousUntil: null });
  });

  it('leaves the same where its owner took it back, and where a maintainer hid it', async () => {
    const [mine, hidden] = [await published(ada, { method: 'Taken back' }), await published(ada, { method: 'Rude' })];
    await unpublish(mine, ada.id);
    await hide(hidden, maintainer.id, 'A name that offends');
    expect(await findTombstone(mine)).toMatchObject({ what: 'unpublished', reason: null, method: 'Taken back' });
    expect(await findTombstone(hidden)).toMatchObject({ what: 'hidden', reason: null });
    expect(JSON.stringify(await findTombstone(hidden))).not.toContain('offends');
    expect(await status(read, eve, hidden)).toBe(410);
    expect(await status(read, ada, hidden)).toBe(200);
  });

  it('leaves nothing where it had not been public', async () => {
    const id = await scored(ada, { method: 'Never seen' });
    await giveUp(await viewerNamed(ada), id, 'mistake');
    expect(await findTombstone(id)).toBeNull();
  });
});

describe('sending a file again', () => {
  const typed = {
    task: 'livecell-wide',
    method: 'Second try',
    description: 'With a mistake',
    trainingData: 'train',
    paperUrl: 'https://example.org/paper',
    codeUrl: 'https://example.org/code',
    testImagesSeen: true,
    exposure: 'more-data' as const,
    anyCategory: true,
    anonymous: true,
    anonymousUntil: '2999-03-01',
  };

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['rejected', (id) => rejectSubmission(id, [{ code: 'not-json', message: 'broken' }], [])],
    ['failed', (id) => failSubmission(id, 'a thread died')],
  ])('keeps all that was said, for every member of the team, when it was %s', async (_state, end) => {
    const id = await submitted(ada, { ...typed, team: team.id, visibility: 'pending' });
    expect(await earlier(await viewerNamed(ada), id)).toBeUndefined(); // it waits for its score
    await startScoring(id, 1);
    await end(id);
    const shares = { licence: '', filesShared: false, cellsShown: false };
    const kept = { ...typed, ...shares, dataset: 'test', team: team.id, publish: true, scoreThreshold: '' };
    for (const who of [ada, bob]) expect(await earlier(await viewerNamed(who), id)).toEqual(kept);
    for (const who of [eve, maintainer]) expect(await earlier(await viewerNamed(who), id)).toBeUndefined();
    const { methodId, version } = (await getSubmission(id))!;
    const again = (await getSubmission(await submitted(bob, { ...typed, team: team.id })))!;
    expect(again).toMatchObject({ methodId, version: version + 1, teamId: team.id, anonymous: true });
  });
});

test('a suspended account reads and downloads what is its own, and changes nothing', async () => {
  const sam = await person('sam');
  const id = await scored(sam, { method: 'Before' });
  const open = await scored(ada, { method: 'Public' });
  await requestPublication(open, ada.id);
  await approve(open, maintainer.id);
  const before = await upload(sam);
  await db().update(users).set({ suspendedAt: new Date() }).where(eq(users.id, sam.id));

  for (const mine of [id, open]) {
    expect(await status(read, sam, mine)).toBe(200);
    expect(await status(receipt, sam, mine)).toBe(200);
  }
  expect((await upload(sam)).status).toBe(403);
  const withdrawn = new Request(`http://localhost${before.headers.get('location')}`, {
    method: 'DELETE',
    headers: { ...sam.bearer, 'tus-resumable': '1.0.0' },
  });
  expect((await handleUpload(withdrawn)).status).toBe(403);
  const response = await post(sam, { method: 'After' });
  expect(response.status).toBe(403);
  expect((await response.json()).detail).toMatch('suspended');
  await expect(giveUp(await viewerNamed(sam), id)).rejects.toMatchObject({ status: 403 });
  await expect(deleteFiles(await viewerNamed(sam), id)).rejects.toMatchObject({ status: 403 });

  await db().update(users).set({ suspendedAt: new Date() }).where(eq(users.id, maintainer.id));
  expect(await status(read, maintainer, id)).toBe(404);
  await db().update(users).set({ suspendedAt: null });
  expect(await status(read, maintainer, id)).toBe(200);
});
